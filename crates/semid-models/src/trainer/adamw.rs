//! AdamW (Loshchilov & Hutter 2019) over flat buffers, the gradients of the shards added in a fixed order.

use rayon::prelude::*;

use crate::transformer::{Tensors, sum_of, vectorised};

/// The optimiser's memory of past gradients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AdamW {
    /// Mean of the gradients.
    pub mean: Vec<f32>,
    /// Mean of their squares.
    pub square: Vec<f32>,
    /// Updates done.
    pub steps: u64,
}

/// One update's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub clip_norm: f64,
}

/// Numbers handled by one task: fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 16 * 1024;
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.98;

impl AdamW {
    /// No memory yet.
    pub fn new(parameters: usize) -> Self {
        AdamW { mean: vec![0.0; parameters], square: vec![0.0; parameters], steps: 0 }
    }

    /// Updates the parameters from the shards' gradients and clears those; returns the gradient's norm before clipping.
    pub fn update(&mut self, tensors: &Tensors, parameters: &mut [f32], shards: &mut [Vec<f32>], rates: Rates) -> f64 {
        let Some((total, others)) = shards.split_first_mut() else { return 0.0 };
        let others = &*others;
        let squares: Vec<f64> = total
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(chunk, total)| {
                let at = chunk * CHUNK..chunk * CHUNK + total.len();
                vectorised(
                    #[inline(always)]
                    || {
                        for other in others {
                            for (total, &other) in total.iter_mut().zip(&other[at.clone()]) {
                                *total += other;
                            }
                        }
                        f64::from(sum_of(total, total, |a, b| a * b))
                    },
                )
            })
            .collect();
        let norm = squares.iter().sum::<f64>().sqrt();
        self.steps += 1;
        let clip = if norm > rates.clip_norm { (rates.clip_norm / norm) as f32 } else { 1.0 };
        let steps = self.steps.min(1 << 20) as i32;
        let (unbias1, unbias2) = (1.0 - BETA1.powi(steps), 1.0 - BETA2.powi(steps));
        let rate = rates.learning_rate as f32 / unbias1;
        let decay = (rates.learning_rate * rates.weight_decay) as f32;
        let decaying = tensors.0.iter().filter(|tensor| tensor.decays()).map(|tensor| tensor.at.clone());
        for range in decaying {
            parameters[range].par_chunks_mut(CHUNK).for_each(|chunk| chunk.iter_mut().for_each(|p| *p -= decay * *p));
        }
        parameters
            .par_chunks_mut(CHUNK)
            .zip(self.mean.par_chunks_mut(CHUNK))
            .zip(self.square.par_chunks_mut(CHUNK))
            .zip(total.par_chunks(CHUNK))
            .for_each(|(((parameters, mean), square), gradient)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (((p, mean), square), &g) in parameters.iter_mut().zip(mean).zip(square).zip(gradient) {
                            let g = g * clip;
                            *mean = BETA1 * *mean + (1.0 - BETA1) * g;
                            *square = BETA2 * *square + (1.0 - BETA2) * g * g;
                            *p -= rate * *mean / ((*square / unbias2).sqrt() + 1e-8);
                        }
                    },
                );
            });
        shards.par_iter_mut().for_each(|gradients| gradients.fill(0.0));
        norm
    }
}
