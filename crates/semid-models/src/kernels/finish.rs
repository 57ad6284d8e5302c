//! What happens to a tile of sums while it is in the first-level cache.

use super::Element;
use super::math::{gelu, gelu_tanh};
use super::packed::NR;

/// Takes tiles of a product. `FUSED`: see [`super::math`].
pub trait Finish {
    /// `sums` has one row of [`NR`] per row of the tile, of which `width` columns count; its corner is (row, column).
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]);
}

/// The function between the two products of a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// None.
    Identity,
    /// Exact GELU.
    Gelu,
    /// GELU by its tanh approximation.
    GeluTanh,
    /// max(0, x).
    Relu,
    /// tanh.
    Tanh,
}

impl Activation {
    #[inline(always)]
    fn apply<const FUSED: bool>(self, values: &mut [f32; NR]) {
        match self {
            Activation::Identity => {}
            Activation::Gelu => values.iter_mut().for_each(|x| *x = gelu::<FUSED>(*x)),
            Activation::GeluTanh => values.iter_mut().for_each(|x| *x = gelu_tanh::<FUSED>(*x)),
            Activation::Relu => values.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
            Activation::Tanh => values.iter_mut().for_each(|x| *x = x.tanh()),
        }
    }
}

/// `out = activation(sums + bias)`.
pub struct AddBiasActivate<'a, T> {
    /// One number a column.
    pub bias: &'a [f32],
    /// Applied after the bias.
    pub activation: Activation,
    /// `rows × stride`.
    pub out: &'a mut [T],
    /// Numbers between two rows of `out`.
    pub stride: usize,
}

impl<T: Element> Finish for AddBiasActivate<'_, T> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        let mut bias = [0.0; NR];
        bias[..width].copy_from_slice(&self.bias[column..column + width]);
        let out = self.out[row * self.stride + column..].chunks_mut(self.stride);
        for (sums, out) in sums.iter().zip(out) {
            let mut values = [0.0; NR];
            for lane in 0..NR {
                values[lane] = sums[lane] + bias[lane];
            }
            self.activation.apply::<FUSED>(&mut values);
            store(&values, width, out);
        }
    }
}

/// `out = out + sums + bias`.
pub struct AddBiasResidual<'a> {
    /// One number a column.
    pub bias: &'a [f32],
    /// `rows × stride`: the residual, added to in place.
    pub out: &'a mut [f32],
    /// Numbers between two rows of `out`.
    pub stride: usize,
}

impl Finish for AddBiasResidual<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        let bias = &self.bias[column..column + width];
        let out = self.out[row * self.stride + column..].chunks_mut(self.stride);
        for (sums, out) in sums.iter().zip(out) {
            for ((out, sum), bias) in out[..width].iter_mut().zip(sums).zip(bias) {
                *out += sum + bias;
            }
        }
    }
}

/// `out = sums × scale of the row`.
pub struct Scatter<'a, T> {
    /// One number a row.
    pub scales: &'a [f32],
    /// `rows × stride`.
    pub out: &'a mut [T],
    /// Numbers between two rows of `out`.
    pub stride: usize,
}

impl<T: Element> Finish for Scatter<'_, T> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        let out = self.out[row * self.stride + column..].chunks_mut(self.stride);
        for ((sums, out), scale) in sums.iter().zip(out).zip(&self.scales[row..]) {
            let mut values = [0.0; NR];
            for lane in 0..NR {
                values[lane] = sums[lane] * scale;
            }
            store(&values, width, out);
        }
    }
}

/// `out = sums`, or `out += sums`.
pub struct Store<'a> {
    /// `rows × stride`.
    pub out: &'a mut [f32],
    /// Numbers between two rows of `out`.
    pub stride: usize,
    /// Whether to add to what is there.
    pub add: bool,
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        for (offset, sums) in sums.iter().enumerate() {
            let start = (row + offset) * self.stride + column;
            let out = &mut self.out[start..start + width];
            if self.add {
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
            } else {
                out.copy_from_slice(&sums[..width]);
            }
        }
    }
}

/// `out += sumsᵀ`: a column of the product is a row of `out`.
pub struct AddTransposed<'a> {
    /// `columns × stride`.
    pub out: &'a mut [f32],
    /// Numbers between two rows of `out`.
    pub stride: usize,
}

impl Finish for AddTransposed<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        for lane in 0..width {
            let start = (column + lane) * self.stride + row;
            let out = &mut self.out[start..start + sums.len()];
            out.iter_mut().zip(sums).for_each(|(out, sums)| *out += sums[lane]);
        }
    }
}

#[inline(always)]
fn store<T: Element>(values: &[f32; NR], width: usize, out: &mut [T]) {
    if width == NR {
        // A fixed length lets the compiler store whole registers.
        let (out, _) = out.split_at_mut(NR);
        for lane in 0..NR {
            out[lane] = T::from_f32(values[lane]);
        }
    } else {
        for (out, value) in out[..width].iter_mut().zip(values) {
            *out = T::from_f32(*value);
        }
    }
}
