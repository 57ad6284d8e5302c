//! OPQ: optimized product quantization (Ge et al. 2013). Vectors are rotated, cut into as many parts as there are levels, and
//! each part is clustered on its own; without the rotation it is product quantization (Jégou et al. 2011). Codes of an ID
//! stand side by side, none is finer than another, as in the long IDs of RPG (Hou et al. 2025).

mod polar;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;
use semid_core::{CodeShape, CodeTable, Codebooks, Embeddings, Error, Quantizer, Result, Work};
use serde::{Deserialize, Serialize};

use super::artifact::{Reader, Writer, damaged};
use super::kmeans::KMeans;
use super::{by_distance, gaussian, learnable, mean, of_another_width};
use crate::products::dot;
use crate::transformer::{Mat, product};

/// Rows rotated, or whose products are summed, by one task.
const BLOCK: usize = 1024;

/// Settings of OPQ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opq {
    /// Parts a vector is cut into, one a level, and codes of each.
    pub shape: CodeShape,
    /// Lloyd's iterations at most, the rotation being fitted anew after each; then as many under the last rotation.
    pub iterations: u32,
    /// Whether vectors are rotated, so that the parts share what there is to tell; without, it is PQ.
    pub rotate: bool,
}

impl Opq {
    /// Good settings to start from for a shape.
    pub fn starter(shape: CodeShape) -> Self {
        Opq { shape, iterations: 25, rotate: true }
    }
}

impl Quantizer for Opq {
    fn fit(&self, work: &Work, embeddings: &Embeddings) -> Result<Box<dyn Codebooks>> {
        learnable("OPQ", &self.shape, embeddings)?;
        let (dim, levels, iterations) = (embeddings.dim(), self.shape.levels(), self.iterations as usize);
        if levels > dim {
            return Err(Error::input(format!(
                "OPQ cannot cut vectors of {dim} numbers into {levels} parts: ask for at most {dim} levels."
            )));
        }
        let mean = mean(embeddings);
        let rows = centred(embeddings.values(), &mean);
        let rounds = if self.rotate { iterations } else { 0 };
        let step = work.step("learning codebooks", rounds + levels * iterations);
        let rotation = if self.rotate { any_rotation(work, dim) } else { identity(dim) };
        let mut books = OpqCodebooks { shape: self.shape.clone(), mean, rotation, levels: Vec::with_capacity(levels) };
        let mut rotated = books.rotated(&rows);
        for (level, &codes) in self.shape.0.iter().enumerate() {
            let part = part(&rotated, dim, &books.range(level));
            let kmeans = KMeans { dim: books.range(level).len(), iterations: 0, even_iterations: 0 };
            let mut rng = work.rng(&format!("opq level {level}"));
            books.levels.push(kmeans.start(work, &part, codes as usize, &mut rng)?);
        }
        for round in 0..rounds {
            step.note(format!("rotation {} of {rounds}", round + 1));
            let mut rebuilt = vec![0.0f32; rows.len()];
            for level in 0..levels {
                let range = books.range(level);
                let one = KMeans { dim: range.len(), iterations: 1, even_iterations: 0 };
                let start = std::mem::take(&mut books.levels[level]);
                let clusters = one.fit(work, &part(&rotated, dim, &range), start, || work.check())?;
                for (row, &cluster) in rebuilt.chunks_exact_mut(dim).zip(&clusters.assignment) {
                    let from = cluster as usize * range.len();
                    row[range.clone()].copy_from_slice(&clusters.centroids[from..from + range.len()]);
                }
                books.levels[level] = clusters.centroids;
            }
            books.rotation = procrustes(&rows, &rebuilt, &books.rotation, dim);
            rotated = books.rotated(&rows);
            step.advance(1)?;
        }
        for level in 0..levels {
            step.set(rounds + level * iterations);
            step.note(format!("part {} of {levels}", level + 1));
            let range = books.range(level);
            let kmeans = KMeans { dim: range.len(), iterations, even_iterations: 0 };
            let start = std::mem::take(&mut books.levels[level]);
            let clusters = kmeans.fit(work, &part(&rotated, dim, &range), start, || step.advance(1))?;
            books.levels[level] = clusters.centroids;
        }
        Ok(Box::new(books))
    }
}

/// Fitted codebooks of OPQ.
#[derive(Clone, Debug, PartialEq)]
pub struct OpqCodebooks {
    shape: CodeShape,
    /// What is taken off each dimension before the rotation.
    mean: Vec<f32>,
    /// `dim × dim`, orthogonal: a row vector times it is rotated.
    rotation: Vec<f32>,
    /// Per level `codes × dimensions of the part`.
    levels: Vec<Vec<f32>>,
}

impl OpqCodebooks {
    pub(super) const KIND: u32 = 4;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let shape = reader.shape()?;
        let dim = reader.word()? as usize;
        if dim == 0 || shape.levels() == 0 || shape.levels() > dim || shape.0.contains(&0) {
            return Err(damaged());
        }
        let mean = reader.floats(dim)?;
        let rotation = reader.floats(dim.checked_mul(dim).ok_or_else(damaged)?)?;
        let mut books = OpqCodebooks { shape, mean, rotation, levels: Vec::new() };
        for level in 0..books.shape.levels() {
            let (codes, width) = (books.shape.0[level] as usize, books.range(level).len());
            books.levels.push(reader.floats(codes.checked_mul(width).ok_or_else(damaged)?)?);
        }
        Ok(books)
    }

    fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Dimensions of the rotated vector that a level is about: as even as they can be cut.
    fn range(&self, level: usize) -> Range<usize> {
        let at = |level: usize| level * self.dim() / self.shape.levels();
        at(level)..at(level + 1)
    }

    fn centroid(&self, level: usize, code: u32) -> Option<&[f32]> {
        let width = self.range(level).len();
        let start = (code as usize).checked_mul(width)?;
        self.levels[level].get(start..start + width)
    }

    /// Centred rows, rotated.
    fn rotated(&self, rows: &[f32]) -> Vec<f32> {
        times(rows, Mat::new(&self.rotation, self.dim(), self.dim()))
    }
}

impl Codebooks for OpqCodebooks {
    fn shape(&self) -> &CodeShape {
        &self.shape
    }

    fn encode(&self, work: &Work, embeddings: &Embeddings) -> Result<CodeTable> {
        let (rows, levels, dim) = (embeddings.rows(), self.shape.levels(), self.dim());
        if embeddings.dim() != dim && rows > 0 {
            return Err(of_another_width(dim, embeddings.dim()));
        }
        let rotated = self.rotated(&centred(embeddings.values(), &self.mean));
        let mut codes = vec![0; rows * levels];
        let step = work.step("assigning codes", levels);
        for (level, centroids) in self.levels.iter().enumerate() {
            let range = self.range(level);
            let kmeans = KMeans { dim: range.len(), iterations: 0, even_iterations: 0 };
            let nearest = kmeans.assign(work, &part(&rotated, dim, &range), centroids, false)?;
            codes.chunks_exact_mut(levels).zip(&nearest.clusters).for_each(|(row, &code)| row[level] = code);
            step.advance(1)?;
        }
        Ok(CodeTable { shape: self.shape.clone(), codes })
    }

    /// The centroids side by side, rotated back. None when a code is not of this shape.
    fn decode(&self, codes: &CodeTable) -> Option<Embeddings> {
        if codes.shape.levels() != self.shape.levels() {
            return None;
        }
        let dim = self.dim();
        let mut rotated = vec![0.0f32; codes.rows() * dim];
        for (row, codes) in rotated.chunks_exact_mut(dim).zip(codes.iter()) {
            for (level, &code) in codes.iter().enumerate() {
                row[self.range(level)].copy_from_slice(self.centroid(level, code)?);
            }
        }
        let mut values = times(&rotated, Mat::new(&self.rotation, dim, dim).t());
        for row in values.chunks_exact_mut(dim) {
            row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value += mean);
        }
        Embeddings::new(dim, values).ok()
    }

    /// Codes of the last level by distance to the last part. Empty when the row is not of this shape.
    fn last_level_by_preference(&self, row: &[f32], _codes: &[u32]) -> Vec<u32> {
        let last = self.shape.levels() - 1;
        if row.len() != self.dim() {
            return Vec::new();
        }
        let range = self.range(last);
        let rotated = self.rotated(&centred(row, &self.mean));
        let own = &rotated[range.clone()];
        by_distance(self.levels[last].chunks_exact(range.len()).map(|code| dot(code, code) - 2.0 * dot(code, own)))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Self::KIND);
        writer.shape(&self.shape);
        writer.word(self.dim() as u32);
        writer.floats(&self.mean);
        writer.floats(&self.rotation);
        self.levels.iter().for_each(|level| writer.floats(level));
        writer.finish()
    }
}

/// A rotation drawn evenly from all there are: the orthogonal factor of a matrix of normal draws. It spreads what there is
/// to tell over all parts; from the vectors as they are, a part that holds most of it would keep it.
fn any_rotation(work: &Work, dim: usize) -> Vec<f32> {
    let mut rng = work.rng("opq first rotation");
    let draws = (0..dim * dim).map(|_| f64::from(gaussian(&mut rng))).collect();
    let rotation = polar::orthogonal_factor(draws, dim);
    rotation.map_or_else(|| identity(dim), |rotation| rotation.iter().map(|&value| value as f32).collect())
}

/// The rotation `R` that brings `rows · R` nearest to `rebuilt` (Schönemann 1966): the orthogonal polar factor of
/// `rowsᵀ · rebuilt`. Directions in which nothing is to be gained stay as `before` has them.
fn procrustes(rows: &[f32], rebuilt: &[f32], before: &[f32], dim: usize) -> Vec<f32> {
    let count = rows.len() / dim;
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| f64::from(value)).collect() };
    // Summed in f64 and in the order of the rows: rows of the result are what threads share.
    let (left, right) = (wide(rows), wide(rebuilt));
    let mut sums = vec![0.0f64; dim * dim];
    sums.par_chunks_mut(64 * dim).enumerate().for_each(|(block, sums)| {
        let columns = Mat { cols: sums.len() / dim, ..Mat::strided(&left[block * 64..], count, dim, dim) };
        product(sums, dim, columns.t(), Mat::new(&right, count, dim), false);
    });
    let size = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt().max(1e-30);
    let nudge = 1e-6 / (dim as f64).sqrt();
    sums.iter_mut().zip(before).for_each(|(sum, &old)| *sum = *sum / size + nudge * f64::from(old));
    match polar::orthogonal_factor(sums, dim) {
        Some(rotation) => rotation.iter().map(|&value| value as f32).collect(),
        None => before.to_vec(),
    }
}

/// `rows · matrix`, in fixed blocks of rows.
fn times(rows: &[f32], matrix: Mat<'_, f32>) -> Vec<f32> {
    let (depth, width) = (matrix.rows, matrix.cols);
    let mut out = vec![0.0; rows.len() / depth * width];
    out.par_chunks_mut(BLOCK * width).zip(rows.par_chunks(BLOCK * depth)).for_each(|(out, rows)| {
        product(out, width, Mat::new(rows, rows.len() / depth, depth), matrix, false);
    });
    out
}

fn centred(rows: &[f32], mean: &[f32]) -> Vec<f32> {
    let mut rows = rows.to_vec();
    for row in rows.chunks_exact_mut(mean.len()) {
        row.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
    }
    rows
}

/// Some dimensions of all rows.
fn part(rows: &[f32], dim: usize, range: &Range<usize>) -> Vec<f32> {
    rows.chunks_exact(dim).flat_map(|row| &row[range.clone()]).copied().collect()
}

fn identity(dim: usize) -> Vec<f32> {
    (0..dim * dim).map(|at| if at / dim == at % dim { 1.0 } else { 0.0 }).collect()
}
