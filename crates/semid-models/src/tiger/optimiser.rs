//! AdamW (Loshchilov & Hutter 2019) over tensors on any device; unlike candle's own, its memory can be saved.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::variables::Variables;

/// The optimiser's memory of past gradients, in the order of the variables.
pub(crate) struct AdamW {
    /// Means of the gradients.
    pub mean: Vec<Tensor>,
    /// Means of their squares.
    pub square: Vec<Tensor>,
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

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.98;

impl AdamW {
    /// No memory yet.
    pub fn new(variables: &Variables) -> Result<Self> {
        let zeros = || variables.all().map(Tensor::zeros_like).collect::<Result<Vec<_>>>();
        Ok(AdamW { mean: zeros()?, square: zeros()?, steps: 0 })
    }

    /// Updates the variables from the gradients of the parts of a batch, which are added in their order; returns the
    /// gradient's norm before clipping, and changes nothing when it is not finite.
    pub fn update(&mut self, variables: &Variables, parts: &[Vec<Tensor>], rates: Rates) -> Result<f64> {
        let sum = |index: usize| {
            let mut sum = parts[0][index].clone();
            for part in &parts[1..] {
                sum = (sum + &part[index])?;
            }
            let square = sum.sqr()?.sum_all()?.to_scalar::<f32>()?;
            Ok((sum, f64::from(square)))
        };
        let gradients = (0..variables.0.len()).into_par_iter().map(sum).collect::<Result<Vec<(Tensor, f64)>>>()?;
        let norm = gradients.iter().map(|(_, square)| square).sum::<f64>().sqrt();
        if !norm.is_finite() {
            return Ok(norm);
        }
        self.steps += 1;
        let steps = self.steps.min(1 << 20) as i32;
        let clip = (rates.clip_norm / norm).min(1.0);
        let (unbias1, unbias2) = (1.0 - BETA1.powi(steps), 1.0 - BETA2.powi(steps));
        let step = rates.learning_rate / unbias1;
        variables.0.par_iter().zip(&gradients).zip(self.mean.par_iter_mut().zip(&mut self.square)).try_for_each(
            |((variable, (gradient, _)), (mean, square))| {
                let value = variable.tensor.as_tensor().detach();
                *mean = ((&*mean * BETA1)? + (gradient * (clip * (1.0 - BETA1)))?)?;
                *square = ((&*square * BETA2)? + (gradient.sqr()? * (clip * clip * (1.0 - BETA2)))?)?;
                let slope = (&*mean / ((&*square / unbias2)?.sqrt()? + 1e-8)?)?;
                let decay = if variable.decays { rates.learning_rate * rates.weight_decay } else { 0.0 };
                variable.tensor.set(&((value * (1.0 - decay))? - (slope * step)?)?)
            },
        )?;
        Ok(norm)
    }
}
