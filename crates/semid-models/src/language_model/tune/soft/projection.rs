//! From an item's embedding to a token: one linear layer, or two with GELU between them.
//!
//! The layers are kept at a scale at which AdamW moves them well: the projection is `length / √hidden` times what they say,
//! so that numbers of about one give tokens as long as the model's own.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::transformer::{
    Parameters, ProductRoom, Real, Tensors, activate, activate_back, disjoint, linear, linear_back, room,
};

/// Where each learned tensor lies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProjectionLayout {
    /// Numbers of an item's embedding.
    pub dim: usize,
    /// Width of the first of two layers, and its place.
    first: Option<(usize, Range<usize>, Range<usize>)>,
    last: Range<usize>,
    last_bias: Range<usize>,
    /// Width of the model.
    pub hidden: usize,
    /// `hidden`: what a hidden row is multiplied by before it meets the items.
    pub gain: Range<usize>,
    pub tensors: Tensors,
}

/// What a projection computed, and room for its gradient.
#[derive(Default)]
pub(crate) struct ProjectionRoom<R> {
    up: Vec<R>,
    active: Vec<R>,
    dactive: Vec<R>,
    dx: Vec<R>,
    products: ProductRoom,
}

impl ProjectionLayout {
    /// From `dim` numbers to `hidden`, over `wide` between two layers or none.
    pub fn new(dim: usize, wide: usize, hidden: usize) -> Self {
        let mut tensors = Tensors::default();
        let first = (wide > 0).then(|| {
            let weights = tensors.place("projection.first", dim, wide);
            (wide, weights, tensors.place("projection.first_bias", 1, wide))
        });
        let last = tensors.place("projection.last", if wide > 0 { wide } else { dim }, hidden);
        let last_bias = tensors.place("projection.last_bias", 1, hidden);
        let gain = tensors.place("answer.gain", 1, hidden);
        ProjectionLayout { dim, first, last, last_bias, hidden, gain, tensors }
    }

    /// Normal draws, scaled so that inputs of unit variance give outputs of unit variance.
    pub fn start(&self, mut rng: ChaCha8Rng) -> Vec<f32> {
        let mut parameters = vec![0.0f32; self.tensors.numbers()];
        let mut draw = |values: &mut [f32], deviation: f64| {
            for value in values {
                // Box–Muller: one normal draw from two uniform ones.
                let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
                *value = (deviation * (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32;
            }
        };
        let mut inputs = self.dim as f64;
        if let Some((wide, weights, _)) = &self.first {
            draw(&mut parameters[weights.clone()], 1.0 / inputs.sqrt());
            // The mean square of GELU over a standard normal number is .425.
            inputs = 0.425 * *wide as f64;
        }
        draw(&mut parameters[self.last.clone()], 1.0 / inputs.sqrt());
        parameters[self.gain.clone()].fill(1.0);
        parameters
    }

    /// `rows × hidden` from `rows × dim`, times `scale`.
    pub fn project<R: Real>(
        &self,
        parameters: Parameters<'_, R>,
        items: &[R],
        scale: R,
        out: &mut Vec<R>,
        at: &mut ProjectionRoom<R>,
    ) {
        let n = items.len() / self.dim.max(1);
        let input = match &self.first {
            Some((wide, weights, bias)) => {
                let up = room(&mut at.up, n * wide);
                linear(up, items, parameters.matrix(weights, *wide), parameters.at(bias), &mut at.products);
                activate(room(&mut at.active, n * wide), up);
                &at.active[..]
            }
            None => items,
        };
        let out = room(out, n * self.hidden);
        let weights = parameters.matrix(&self.last, self.hidden);
        linear(out, input, weights, parameters.at(&self.last_bias), &mut at.products);
        out.iter_mut().for_each(|value| *value = *value * scale);
    }

    /// Adds to `gradients` what `dout` (`rows × hidden`, overwritten) says about the layers, after [`Self::project`].
    pub fn project_back<R: Real>(
        &self,
        parameters: Parameters<'_, R>,
        gradients: &mut [R],
        items: &[R],
        scale: R,
        dout: &mut [R],
        at: &mut ProjectionRoom<R>,
    ) {
        let n = items.len() / self.dim.max(1);
        dout.iter_mut().for_each(|value| *value = *value * scale);
        let weights = parameters.matrix(&self.last, self.hidden);
        let ProjectionRoom { up, active, dactive, dx, products } = at;
        let Some((wide, first, first_bias)) = &self.first else {
            let [dlast, dbias] = disjoint(gradients, [&self.last, &self.last_bias]);
            linear_back(room(dx, n * self.dim), dlast, dbias, dout, items, weights, products);
            return;
        };
        let [dfirst, dfirst_bias, dlast, dbias] = disjoint(gradients, [first, first_bias, &self.last, &self.last_bias]);
        let dactive = room(dactive, n * wide);
        linear_back(dactive, dlast, dbias, dout, active, weights, products);
        activate_back(dactive, up);
        let weights = parameters.matrix(first, *wide);
        linear_back(room(dx, n * self.dim), dfirst, dfirst_bias, dactive, items, weights, products);
    }
}
