//! LSH: codes from the signs of random projections (Charikar 2002), the ID scheme without learning that TIGER's table
//! compares with. Similar vectors get similar codes; nothing is fitted but the mean.

use rayon::prelude::*;
use semid_core::{CodeShape, CodeTable, Codebooks, Embeddings, Error, Quantizer, Result, Work};
use serde::{Deserialize, Serialize};

use super::artifact::{Reader, Writer, damaged};
use super::gaussian;
use crate::products::{multiply, packed};

/// Settings of LSH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lsh {
    /// Levels and codes; the codes of each level are a power of two, one random hyperplane per bit.
    pub shape: CodeShape,
}

impl Quantizer for Lsh {
    fn fit(&self, work: &Work, embeddings: &Embeddings) -> Result<Box<dyn Codebooks>> {
        if let Some(codes) = self.shape.0.iter().find(|codes| !codes.is_power_of_two()) {
            return Err(Error::input(format!(
                "LSH cannot make {codes} codes on a level, because each hyperplane doubles them: use a power of two, \
                 such as {}.",
                codes.clamp(&2, &(1 << 16)).next_power_of_two()
            )));
        }
        if self.shape.levels() == 0 {
            return Err(Error::input("LSH needs at least one level."));
        }
        if embeddings.rows() == 0 {
            return Err(Error::input("LSH cannot learn from an empty catalog: import items first."));
        }
        let dim = embeddings.dim();
        let mut rng = work.rng("lsh hyperplanes");
        let planes = (0..bits(&self.shape) * dim).map(|_| gaussian(&mut rng)).collect();
        Ok(Box::new(LshCodebooks { shape: self.shape.clone(), dim, mean: super::mean(embeddings), planes }))
    }
}

/// The hyperplanes of a fitted LSH.
#[derive(Clone, Debug, PartialEq)]
pub struct LshCodebooks {
    shape: CodeShape,
    dim: usize,
    mean: Vec<f32>,
    /// `bits × dim`, level after level, the highest bit of a code first.
    planes: Vec<f32>,
}

impl LshCodebooks {
    pub(super) const KIND: u32 = 2;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let shape = reader.shape()?;
        let dim = reader.word()? as usize;
        if dim == 0 || shape.levels() == 0 || shape.0.iter().any(|codes| !codes.is_power_of_two()) {
            return Err(damaged());
        }
        let mean = reader.floats(dim)?;
        let planes = reader.floats(bits(&shape).checked_mul(dim).ok_or_else(damaged)?)?;
        Ok(LshCodebooks { shape, dim, mean, planes })
    }

    /// `rows × bits`: on which side of each hyperplane a row lies, and how far off.
    fn projections(&self, rows: &[f32]) -> Vec<f32> {
        let mut centred = rows.to_vec();
        for row in centred.chunks_exact_mut(self.dim) {
            row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
        }
        let bits = bits(&self.shape);
        let mut out = vec![0.0; rows.len() / self.dim * bits];
        multiply(&mut out, &centred, &packed(&self.planes, self.dim));
        out
    }
}

impl Codebooks for LshCodebooks {
    fn shape(&self) -> &CodeShape {
        &self.shape
    }

    fn encode(&self, work: &Work, embeddings: &Embeddings) -> Result<CodeTable> {
        if embeddings.dim() != self.dim && embeddings.rows() > 0 {
            return Err(Error::input(format!(
                "These hyperplanes are for vectors of {} numbers, and the embeddings have {}: draw them again with this \
                 encoder.",
                self.dim,
                embeddings.dim()
            )));
        }
        let step = work.step("assigning codes", embeddings.rows());
        let bits = bits(&self.shape);
        let blocks: Vec<Vec<u32>> = embeddings
            .values()
            .par_chunks(256 * self.dim)
            .map(|rows| {
                let projections = self.projections(rows);
                let mut codes = Vec::with_capacity(rows.len() / self.dim * self.shape.levels());
                for row in 0..rows.len() / self.dim {
                    let mut sides = projections[row * bits..(row + 1) * bits].iter();
                    for level in &self.shape.0 {
                        let sides = sides.by_ref().take(level.ilog2() as usize);
                        codes.push(sides.fold(0, |code, &side| (code << 1) | u32::from(side > 0.0)));
                    }
                }
                step.advance(rows.len() / self.dim)?;
                Ok(codes)
            })
            .collect::<Result<_>>()?;
        Ok(CodeTable { shape: self.shape.clone(), codes: blocks.concat() })
    }

    /// None: a side of a hyperplane does not say where a vector was.
    fn decode(&self, _codes: &CodeTable) -> Option<Embeddings> {
        None
    }

    /// Codes of the last level by how far the row would have to move to get them: the sum of its distances to the
    /// hyperplanes on whose other side the code lies.
    fn last_level_by_preference(&self, row: &[f32], _codes: &[u32]) -> Vec<u32> {
        let codes = self.shape.0[self.shape.levels() - 1];
        if row.len() != self.dim {
            return Vec::new();
        }
        let sides = self.projections(row);
        let sides = &sides[sides.len() - codes.ilog2() as usize..];
        let cost = |code: u32| -> f64 {
            let wrong = sides.iter().rev().enumerate().filter(|&(bit, &side)| ((code >> bit) & 1 == 1) != (side > 0.0));
            wrong.map(|(_, &side)| f64::from(side.abs())).sum()
        };
        let costs: Vec<f64> = (0..codes).map(cost).collect();
        let mut order: Vec<u32> = (0..codes).collect();
        order.sort_by(|&a, &b| costs[a as usize].total_cmp(&costs[b as usize]).then(a.cmp(&b)));
        order
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Self::KIND);
        writer.shape(&self.shape);
        writer.word(self.dim as u32);
        writer.floats(&self.mean);
        writer.floats(&self.planes);
        writer.finish()
    }
}

fn bits(shape: &CodeShape) -> usize {
    shape.0.iter().map(|codes| codes.ilog2() as usize).sum()
}
