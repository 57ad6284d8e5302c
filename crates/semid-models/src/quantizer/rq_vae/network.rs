//! Encoder and decoder: linear layers with ReLU between them over one flat buffer of parameters, forward and backward. Over
//! [`Real`], so that candle's gradient can judge ours in f64.

use std::ops::Range;

use crate::transformer::{Mat, Real, product, sum_of};

/// Where everything an RQ-VAE learns lies in one flat buffer: the layers of the encoder, those of the decoder, and the
/// codebooks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub encoder: Network,
    pub decoder: Network,
    /// Per level `codes × latent`.
    pub levels: Vec<Range<usize>>,
    /// Numbers in a latent vector.
    pub latent: usize,
    /// Numbers in all.
    pub parameters: usize,
}

impl Layout {
    /// `dim` → hidden widths → `latent` and the same way back, with a codebook of so many codes for each level.
    pub fn new(dim: usize, hidden: &[usize], latent: usize, codes: &[u32]) -> Self {
        let way: Vec<usize> = [&[dim], hidden, &[latent]].concat();
        let mut at = 0;
        let encoder = Network::new(&way, &mut at);
        let decoder = Network::new(&way.iter().rev().copied().collect::<Vec<_>>(), &mut at);
        let levels = codes.iter().map(|&codes| take(&mut at, codes as usize * latent)).collect();
        Layout { encoder, decoder, levels, latent, parameters: at }
    }
}

/// A stack of linear layers, all but the last followed by ReLU.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Network(pub Vec<Layer>);

/// One linear layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    /// `inputs × outputs`.
    pub weight: Range<usize>,
    /// `outputs`.
    pub bias: Range<usize>,
}

/// What each layer gave for some rows, first to last: `rows × outputs` each.
pub(super) type Outputs<R> = Vec<Vec<R>>;

impl Network {
    fn new(widths: &[usize], at: &mut usize) -> Self {
        let layer = |pair: &[usize]| {
            let (inputs, outputs) = (pair[0], pair[1]);
            Layer { inputs, outputs, weight: take(at, inputs * outputs), bias: take(at, outputs) }
        };
        Network(widths.windows(2).map(layer).collect())
    }

    /// Runs `rows × inputs` through the layers.
    pub fn forward<R: Real>(&self, parameters: &[R], x: &[R], outputs: &mut Outputs<R>) {
        outputs.resize_with(self.0.len(), Vec::new);
        for (at, layer) in self.0.iter().enumerate() {
            let (before, rest) = outputs.split_at_mut(at);
            let (x, y) = (before.last().map_or(x, Vec::as_slice), &mut rest[0]);
            let rows = x.len() / layer.inputs;
            y.clear();
            (0..rows).for_each(|_| y.extend_from_slice(&parameters[layer.bias.clone()]));
            let weight = Mat::new(&parameters[layer.weight.clone()], layer.inputs, layer.outputs);
            product(y, layer.outputs, Mat::new(x, rows, layer.inputs), weight, true);
            if at + 1 < self.0.len() {
                y.iter_mut().for_each(|value| *value = value.max(R::default()));
            }
        }
    }

    /// Takes the slope of the loss by the outputs back through the layers: adds to `gradients`, and returns the slope by
    /// the inputs where it is wanted.
    pub fn backward<R: Real>(
        &self,
        parameters: &[R],
        x: &[R],
        outputs: &Outputs<R>,
        slope: &[R],
        gradients: &mut [R],
        inputs_too: bool,
    ) -> Vec<R> {
        let mut slope = slope.to_vec();
        for (at, layer) in self.0.iter().enumerate().rev() {
            let x = if at == 0 { x } else { &outputs[at - 1] };
            let rows = x.len() / layer.inputs;
            let by_output = Mat::new(&slope, rows, layer.outputs);
            let weight = &mut gradients[layer.weight.clone()];
            product(weight, layer.outputs, Mat::new(x, rows, layer.inputs).t(), by_output, true);
            for row in slope.chunks_exact(layer.outputs) {
                gradients[layer.bias.clone()].iter_mut().zip(row).for_each(|(sum, &slope)| *sum += slope);
            }
            if at == 0 && !inputs_too {
                return Vec::new();
            }
            let mut below = vec![R::default(); rows * layer.inputs];
            let weight = Mat::new(&parameters[layer.weight.clone()], layer.inputs, layer.outputs);
            product(&mut below, layer.inputs, by_output, weight.t(), false);
            if at > 0 {
                // Where ReLU gave nothing, nothing flows back.
                let off = below.iter_mut().zip(x).filter(|(_, output)| **output <= R::default());
                off.for_each(|(slope, _)| *slope = R::default());
            }
            slope = below;
        }
        slope
    }
}

/// How the gradient gets past the choice of a code, which has none of its own.
pub(super) fn past_codes<R: Real>(rotated: bool, latent: &[R], quantized: &[R], slope: &[R], out: &mut [R]) {
    let square = |x: &[R]| sum_of(x, x, |a, b| a * b);
    let (z, q) = (square(latent).sqrt(), square(quantized).sqrt());
    let tiny = R::of(1e-6);
    if !rotated || z <= tiny || q <= tiny {
        out.iter_mut().zip(slope).for_each(|(out, &slope)| *out += slope);
        return;
    }
    // The transpose of (‖q‖ / ‖z‖) · R, where R turns the direction of z into that of q (Fifty et al. 2024, section 4):
    // R = I − 2·r·rᵀ + 2·q̂·ẑᵀ with r the direction of ẑ + q̂.
    let between: Vec<R> = latent.iter().zip(quantized).map(|(&a, &b)| a / z + b / q).collect();
    let length = square(&between);
    let along = sum_of(&between, slope, |a, b| a * b) / if length > tiny { length } else { tiny };
    let towards = sum_of(quantized, slope, |a, b| a * b) / q;
    let (two, scale) = (R::of(2.0), q / z);
    for (((out, &slope), &between), &latent) in out.iter_mut().zip(slope).zip(&between).zip(latent) {
        *out += scale * (slope - two * along * between + two * towards * latent / z);
    }
}

fn take(at: &mut usize, count: usize) -> Range<usize> {
    *at += count;
    *at - count..*at
}
