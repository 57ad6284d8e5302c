//! One shard of a batch: forward, quantization level by level, backward.

use super::network::{Layout, Outputs, past_codes};
use crate::transformer::{Mat, Real, product, sum_of};

/// What decides a step besides the parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objective {
    /// Weight of the commitment loss.
    pub commitment: f64,
    /// Whether the gradient is rotated on its way past the codes, and not passed straight through.
    pub rotated: bool,
    /// Rows of the whole batch, over which the loss is a mean.
    pub batch: usize,
}

/// Room of one shard, and what it found. The gradient of the loss is
///
/// `‖x − decoder(Σ e)‖² + Σ_l ‖sg[r_l] − e_l‖² + commitment · ‖r_l − sg[e_l]‖²`, a mean over the rows of the batch,
///
/// where `r_1` is the encoder's output, `e_l` the nearest code to `r_l`, `r_{l+1} = r_l − e_l` with `e_l` held fixed, and
/// `sg` stops the gradient.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard<R> {
    /// `rows × dim`, standardised.
    pub x: Vec<R>,
    /// Codes of each level, one a row.
    pub codes: Vec<Vec<u32>>,
    /// What the levels so far leave over, `rows × latent`.
    pub residual: Vec<R>,
    /// Σ over rows and dimensions of the squared error of the reconstruction.
    pub error: f64,
    /// Σ over levels, rows and dimensions of what a level leaves over, squared.
    pub left_over: f64,
    /// As the parameters lie.
    pub gradients: Vec<R>,
    encoder: Outputs<R>,
    decoder: Outputs<R>,
    /// Slope of the losses of the codes by the encoder's output.
    slope: Vec<R>,
    scores: Vec<R>,
}

impl<R: Real> Shard<R> {
    /// With these rows.
    pub fn of(x: Vec<R>) -> Self {
        Shard { x, ..Shard::default() }
    }

    /// Encodes the rows in `x`, so that `residual` is what the first level quantizes.
    pub fn encode(&mut self, layout: &Layout, parameters: &[R]) {
        layout.encoder.forward(parameters, &self.x, &mut self.encoder);
        self.residual = self.latent().to_vec();
        self.slope.clear();
        self.slope.resize(self.residual.len(), R::default());
        self.gradients.clear();
        self.gradients.resize(layout.parameters, R::default());
        self.codes.clear();
        (self.error, self.left_over) = (0.0, 0.0);
    }

    /// The nearest code of a level to each residual.
    pub fn nearest(&mut self, layout: &Layout, parameters: &[R], level: usize) -> Vec<u32> {
        let codebook = &parameters[layout.levels[level].clone()];
        let (rows, codes) = (self.residual.len() / layout.latent, codebook.len() / layout.latent);
        self.scores.resize(rows * codes, R::default());
        let (left, right) = (Mat::new(&self.residual, rows, layout.latent), Mat::new(codebook, codes, layout.latent));
        product(&mut self.scores, codes, left, right.t(), false);
        let half_norms: Vec<R> =
            codebook.chunks_exact(layout.latent).map(|e| R::of(0.5) * sum_of(e, e, |a, b| a * b)).collect();
        let nearest = |scores: &[R]| {
            let mut best = (0, R::of(1e30));
            for (code, (&score, &half)) in (0..).zip(scores.iter().zip(&half_norms)) {
                let distance = half - score;
                if distance < best.1 {
                    best = (code, distance);
                }
            }
            best.0
        };
        self.scores.chunks_exact(codes).map(nearest).collect()
    }

    /// Takes a level's codes off the residuals, and adds the losses of that level.
    pub fn descend(&mut self, layout: &Layout, parameters: &[R], level: usize, codes: Vec<u32>, objective: Objective) {
        let range = &layout.levels[level];
        let scale = 2.0 / objective.batch as f64;
        let (pull, commit) = (R::of(-scale), R::of(scale * objective.commitment));
        let residuals = self.residual.chunks_exact_mut(layout.latent).zip(self.slope.chunks_exact_mut(layout.latent));
        for ((residual, slope), &code) in residuals.zip(&codes) {
            let at = range.start + code as usize * layout.latent..range.start + (code as usize + 1) * layout.latent;
            residual.iter_mut().zip(&parameters[at.clone()]).for_each(|(rest, &code)| *rest = *rest - code);
            slope.iter_mut().zip(&*residual).for_each(|(slope, &rest)| *slope += commit * rest);
            self.gradients[at].iter_mut().zip(&*residual).for_each(|(sum, &rest)| *sum += pull * rest);
            self.left_over += sum_of(residual, residual, |a, b| a * b).wide();
        }
        self.codes.push(codes);
    }

    /// Decodes what the codes add up to and counts the error; without the backward pass.
    pub fn decode(&mut self, layout: &Layout, parameters: &[R]) -> Vec<R> {
        let quantized: Vec<R> = self.latent().iter().zip(&self.residual).map(|(&z, &rest)| z - rest).collect();
        layout.decoder.forward(parameters, &quantized, &mut self.decoder);
        let rebuilt = self.decoder.last().map_or(&[][..], Vec::as_slice);
        self.error = sum_of(rebuilt, &self.x, |y, x| (y - x) * (y - x)).wide();
        quantized
    }

    /// Decodes, and takes the gradient back to the encoder.
    pub fn backward(&mut self, layout: &Layout, parameters: &[R], objective: Objective) {
        let quantized = self.decode(layout, parameters);
        let scale = R::of(2.0 / objective.batch as f64);
        let rebuilt = self.decoder.last().map_or(&[][..], Vec::as_slice);
        let slope: Vec<R> = rebuilt.iter().zip(&self.x).map(|(&y, &x)| scale * (y - x)).collect();
        let gradients = &mut self.gradients;
        let slope = layout.decoder.backward(parameters, &quantized, &self.decoder, &slope, gradients, true);
        let latent = self.encoder.last().map_or(&[][..], Vec::as_slice);
        let rows = latent.chunks_exact(layout.latent).zip(quantized.chunks_exact(layout.latent));
        let slopes = slope.chunks_exact(layout.latent).zip(self.slope.chunks_exact_mut(layout.latent));
        for ((latent, quantized), (slope, out)) in rows.zip(slopes) {
            past_codes(objective.rotated, latent, quantized, slope, out);
        }
        layout.encoder.backward(parameters, &self.x, &self.encoder, &self.slope, gradients, false);
    }

    fn latent(&self) -> &[R] {
        self.encoder.last().map_or(&[][..], Vec::as_slice)
    }
}
