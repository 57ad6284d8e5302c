//! A trained RQ-VAE: what turns vectors into codes and back.

use rayon::prelude::*;
use semid_core::{CodeShape, CodeTable, Codebooks, Embeddings, Result, Work};

use super::network::Layout;
use super::training::{SHARD, latents};
use crate::products::dot;
use crate::quantizer::artifact::{Reader, Writer, damaged};
use crate::quantizer::kmeans::KMeans;
use crate::quantizer::{by_distance, of_another_width, subtract};

/// Layers and latent numbers of stored codebooks that are believed.
const MOST_LAYERS: usize = 64;
const WIDEST: usize = 1 << 20;

/// Encoder, codebooks and decoder of a trained RQ-VAE.
#[derive(Clone, Debug, PartialEq)]
pub struct RqVaeCodebooks {
    pub(super) shape: CodeShape,
    /// Widths of the encoder's hidden layers.
    pub(super) hidden: Vec<usize>,
    pub(super) layout: Layout,
    pub(super) balanced: bool,
    /// What is taken off each dimension, then what it is divided by.
    pub(super) mean: Vec<f32>,
    pub(super) scale: Vec<f32>,
    /// As the layout says.
    pub(super) parameters: Vec<f32>,
}

impl RqVaeCodebooks {
    pub(in crate::quantizer) const KIND: u32 = 3;

    pub(in crate::quantizer) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let shape = reader.shape()?;
        let (dim, latent, layers) = (reader.word()? as usize, reader.word()? as usize, reader.word()? as usize);
        if layers > MOST_LAYERS {
            return Err(damaged());
        }
        let hidden: Vec<usize> = (0..layers).map(|_| Ok(reader.word()? as usize)).collect::<Result<_>>()?;
        let balanced = reader.word()? != 0;
        let believed = |width: &usize| (1..=WIDEST).contains(width);
        if !(believed(&dim) && believed(&latent) && hidden.iter().all(believed)) {
            return Err(damaged());
        }
        if shape.levels() == 0 || shape.0.iter().any(|&codes| !believed(&(codes as usize))) {
            return Err(damaged());
        }
        let (mean, scale) = (reader.floats(dim)?, reader.floats(dim)?);
        let layout = Layout::new(dim, &hidden, latent, &shape.0);
        let parameters = reader.floats(layout.parameters)?;
        if scale.iter().any(|&scale| scale <= 0.0) {
            return Err(damaged());
        }
        Ok(RqVaeCodebooks { shape, hidden, layout, balanced, mean, scale, parameters })
    }

    fn dim(&self) -> usize {
        self.mean.len()
    }

    /// `codes × latent` of a level.
    fn codebook(&self, level: usize) -> &[f32] {
        &self.parameters[self.layout.levels[level].clone()]
    }

    fn centroid(&self, level: usize, code: u32) -> Option<&[f32]> {
        let start = (code as usize).checked_mul(self.layout.latent)?;
        self.codebook(level).get(start..start + self.layout.latent)
    }

    /// Last codes for rows whose codes before it are set (`rows × levels`): among rows that share those, no code goes to
    /// more than its share, and whoever would lose most by another code is served first.
    fn own_last_codes(&self, work: &Work, codes: &[u32], residual: &[f32]) -> Result<Vec<u32>> {
        let (levels, latent) = (self.shape.levels(), self.layout.latent);
        let before = |row: &usize| &codes[row * levels..(row + 1) * levels - 1];
        let mut order: Vec<usize> = (0..codes.len() / levels).collect();
        order.sort_by(|a, b| before(a).cmp(before(b)).then(a.cmp(b)));
        let kmeans = KMeans { dim: latent, iterations: 0, even_iterations: 0 };
        let groups: Vec<&[usize]> = order.chunk_by(|a, b| before(a) == before(b)).collect();
        let dealt = groups.par_iter().map(|group| -> Result<Vec<u32>> {
            let rows: Vec<f32> =
                group.iter().flat_map(|&row| &residual[row * latent..(row + 1) * latent]).copied().collect();
            Ok(kmeans.assign(work, &rows, self.codebook(levels - 1), true)?.clusters)
        });
        let dealt: Vec<Vec<u32>> = dealt.collect::<Result<_>>()?;
        let mut last = vec![0; order.len()];
        for (&row, code) in order.iter().zip(dealt.into_iter().flatten()) {
            last[row] = code;
        }
        Ok(last)
    }

    /// What the encoder gives for rows as they come: `rows × latent`.
    fn latents(&self, rows: &[f32]) -> Vec<f32> {
        let mut rows = rows.to_vec();
        rows.par_chunks_exact_mut(self.dim()).for_each(|row| {
            row.iter_mut().zip(&self.mean).zip(&self.scale).for_each(|((x, mean), scale)| *x = (*x - mean) / scale);
        });
        latents(&self.layout, &self.parameters, &rows)
    }
}

impl Codebooks for RqVaeCodebooks {
    fn shape(&self) -> &CodeShape {
        &self.shape
    }

    /// The nearest code on each level; under balance, rows that share the codes before the last level get last codes of their
    /// own, as far as there are any.
    fn encode(&self, work: &Work, embeddings: &Embeddings) -> Result<CodeTable> {
        let (rows, levels) = (embeddings.rows(), self.shape.levels());
        if embeddings.dim() != self.dim() && rows > 0 {
            return Err(of_another_width(self.dim(), embeddings.dim()));
        }
        let latent = self.layout.latent;
        let mut residual = self.latents(embeddings.values());
        let kmeans = KMeans { dim: latent, iterations: 0, even_iterations: 0 };
        let mut codes = vec![0; rows * levels];
        let step = work.step("assigning codes", levels);
        for level in 0..levels {
            let codebook = self.codebook(level);
            let assigned = if self.balanced && level + 1 == levels {
                self.own_last_codes(work, &codes, &residual)?
            } else {
                kmeans.assign(work, &residual, codebook, false)?.clusters
            };
            subtract(&mut residual, codebook, &assigned, latent);
            codes.chunks_exact_mut(levels).zip(&assigned).for_each(|(row, &code)| row[level] = code);
            step.advance(1)?;
        }
        Ok(CodeTable { shape: self.shape.clone(), codes })
    }

    /// What the decoder makes of the sum of the codes, brought back to the scale of the embeddings. None when a code is not
    /// of this shape.
    fn decode(&self, codes: &CodeTable) -> Option<Embeddings> {
        if codes.shape.levels() != self.shape.levels() {
            return None;
        }
        let latent = self.layout.latent;
        let mut quantized = vec![0.0f32; codes.rows() * latent];
        for (sum, row) in quantized.chunks_exact_mut(latent).zip(codes.iter()) {
            for (level, &code) in row.iter().enumerate() {
                sum.iter_mut().zip(self.centroid(level, code)?).for_each(|(sum, value)| *sum += value);
            }
        }
        let blocks: Vec<Vec<f32>> = quantized
            .par_chunks(SHARD * latent)
            .map(|rows| {
                let mut outputs = Vec::new();
                self.layout.decoder.forward(&self.parameters, rows, &mut outputs);
                outputs.pop().unwrap_or_default()
            })
            .collect();
        let mut values = blocks.concat();
        for row in values.chunks_exact_mut(self.dim()) {
            row.iter_mut().zip(&self.scale).zip(&self.mean).for_each(|((x, scale), mean)| *x = *x * scale + mean);
        }
        Embeddings::new(self.dim(), values).ok()
    }

    /// Codes of the last level by distance to what the levels before leave over of the latent vector. Empty when the row or
    /// the codes are not of this shape.
    fn last_level_by_preference(&self, row: &[f32], codes: &[u32]) -> Vec<u32> {
        let last = self.shape.levels() - 1;
        if row.len() != self.dim() || codes.len() < last {
            return Vec::new();
        }
        let mut residual = self.latents(row);
        for (level, &code) in codes[..last].iter().enumerate() {
            let Some(centroid) = self.centroid(level, code) else { return Vec::new() };
            residual.iter_mut().zip(centroid).for_each(|(value, part)| *value -= part);
        }
        let distance = |code: &[f32]| dot(code, code) - 2.0 * dot(code, &residual);
        by_distance(self.codebook(last).chunks_exact(self.layout.latent).map(distance))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Self::KIND);
        writer.shape(&self.shape);
        [self.dim(), self.layout.latent, self.hidden.len()].iter().for_each(|&word| writer.word(word as u32));
        self.hidden.iter().for_each(|&width| writer.word(width as u32));
        writer.word(u32::from(self.balanced));
        writer.floats(&self.mean);
        writer.floats(&self.scale);
        writer.floats(&self.parameters);
        writer.finish()
    }
}
