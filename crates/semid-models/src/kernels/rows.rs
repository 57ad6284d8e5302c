//! Functions of one row: layer normalisation and softmax.
//!
//! Sums run in [`LANES`] lanes that are added in a fixed order, so that a row's result depends on nothing but the row.

use super::math::{exp, gelu_tanh, multiply_add};
use super::{Element, Kernel, portable};

/// Lanes of a sum: one register of AVX-512, two of AVX2, four of SSE2 and NEON.
const LANES: usize = 16;

/// Scale and shift of a layer normalisation (Ba et al. 2016), with its epsilon.
#[derive(Clone, Debug)]
pub struct Norm {
    /// One factor a column.
    pub scale: Vec<f32>,
    /// One summand a column.
    pub shift: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f32,
}

/// Normalises each row of `values` in place and writes what the next product multiplies to `out`.
pub fn layer_norm<T: Element>(kernel: Kernel, norm: &Norm, values: &mut [f32], out: &mut [T]) {
    let columns = norm.scale.len();
    assert!(norm.shift.len() == columns && values.len() == out.len(), "a norm and its rows are equally wide");
    for (values, out) in values.chunks_exact_mut(columns).zip(out.chunks_exact_mut(columns)) {
        #[cfg(target_arch = "x86_64")]
        {
            if kernel.has_avx512() {
                // SAFETY: `Kernel` values come from detection only.
                unsafe { layer_norm_row_avx512(norm, values, out) };
                continue;
            }
            if kernel.has_avx2() {
                // SAFETY: as above.
                unsafe { layer_norm_row_avx2(norm, values, out) };
                continue;
            }
        }
        let _ = kernel;
        layer_norm_row::<T, { portable::FUSED }>(norm, values, out);
    }
}

/// `out = e^(scale (value − largest))` for the first `count` of a row, zero for the rest; gives the sum.
pub fn softmax<T: Element>(kernel: Kernel, values: &[f32], count: usize, scale: f32, out: &mut [T]) -> f32 {
    assert!(count <= values.len() && count <= out.len(), "a row has as many numbers as it counts");
    out[count..].fill(T::default());
    #[cfg(target_arch = "x86_64")]
    {
        if kernel.has_avx512() {
            // SAFETY: `Kernel` values come from detection only.
            return unsafe { softmax_row_avx512(&values[..count], scale, &mut out[..count]) };
        }
        if kernel.has_avx2() {
            // SAFETY: as above.
            return unsafe { softmax_row_avx2(&values[..count], scale, &mut out[..count]) };
        }
    }
    let _ = kernel;
    softmax_row::<T, { portable::FUSED }>(&values[..count], scale, &mut out[..count])
}

/// Calls a function of one row compiled for the instructions of a kernel.
macro_rules! on_kernel {
    ($(#[$doc:meta])* $name:ident, $inner:ident, ($($argument:ident: $type:ty),*) $(-> $result:ty)?) => {
        $(#[$doc])*
        pub fn $name(kernel: Kernel, $($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($argument: $type),*) $(-> $result)? {
                    $inner::<true>($($argument),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($argument: $type),*) $(-> $result)? {
                    $inner::<true>($($argument),*)
                }
                if kernel.has_avx512() {
                    // SAFETY: `Kernel` values come from detection only.
                    return unsafe { avx512($($argument),*) };
                }
                if kernel.has_avx2() {
                    // SAFETY: as above.
                    return unsafe { avx2($($argument),*) };
                }
            }
            let _ = kernel;
            $inner::<{ portable::FUSED }>($($argument),*)
        }
    };
}

on_kernel!(
    /// `out = values / √(mean of squares + epsilon) × scale` (Zhang and Sennrich 2019).
    rms_norm, rms_norm_row, (scale: &[f32], epsilon: f32, values: &[f32], out: &mut [f32])
);
on_kernel!(
    /// `out = activation(gates) × values`: the gate of a feed-forward block (Shazeer 2020).
    gate, gate_row, (activation: GateActivation, gates: &[f32], values: &[f32], out: &mut [f32])
);
on_kernel!(
    /// GELU by its tanh approximation, in place.
    gelu_rows, gelu_row, (values: &mut [f32])
);
on_kernel!(
    /// `out = out + factor × values`: the next link of as many chains of sums.
    add_scaled, add_scaled_row, (factor: f32, values: &[f32], out: &mut [f32])
);
on_kernel!(
    /// The inner product as one chain of sums, as a product of matrices takes it.
    chain, chain_row, (left: &[f32], right: &[f32]) -> f32
);

/// What a gate applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateActivation {
    /// x / (1 + e^−x).
    Silu,
    /// GELU by its tanh approximation.
    GeluTanh,
}

#[inline(always)]
fn rms_norm_row<const FUSED: bool>(scale: &[f32], epsilon: f32, values: &[f32], out: &mut [f32]) {
    let mut lanes = [0.0f32; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] = multiply_add::<FUSED>(block[lane], block[lane], lanes[lane]);
        }
    }
    let rest: f32 = rest.iter().map(|value| value * value).sum();
    let mean = (lanes.iter().sum::<f32>() + rest) / values.len() as f32;
    let factor = 1.0 / (mean + epsilon).sqrt();
    for ((out, value), scale) in out.iter_mut().zip(values).zip(scale) {
        *out = value * factor * scale;
    }
}

#[inline(always)]
fn gate_row<const FUSED: bool>(activation: GateActivation, gates: &[f32], values: &[f32], out: &mut [f32]) {
    let all = out.iter_mut().zip(gates).zip(values);
    match activation {
        GateActivation::Silu => all.for_each(|((out, &gate), value)| *out = gate / (1.0 + exp::<FUSED>(-gate)) * value),
        GateActivation::GeluTanh => all.for_each(|((out, &gate), value)| *out = gelu_tanh::<FUSED>(gate) * value),
    }
}

#[inline(always)]
fn gelu_row<const FUSED: bool>(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = gelu_tanh::<FUSED>(*value));
}

#[inline(always)]
fn add_scaled_row<const FUSED: bool>(factor: f32, values: &[f32], out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out = multiply_add::<FUSED>(factor, value, *out);
    }
}

#[inline(always)]
fn chain_row<const FUSED: bool>(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).fold(0.0, |sum, (&left, &right)| multiply_add::<FUSED>(left, right, sum))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn layer_norm_row_avx512<T: Element>(norm: &Norm, values: &mut [f32], out: &mut [T]) {
    layer_norm_row::<T, true>(norm, values, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn layer_norm_row_avx2<T: Element>(norm: &Norm, values: &mut [f32], out: &mut [T]) {
    layer_norm_row::<T, true>(norm, values, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn softmax_row_avx512<T: Element>(values: &[f32], scale: f32, out: &mut [T]) -> f32 {
    softmax_row::<T, true>(values, scale, out)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn softmax_row_avx2<T: Element>(values: &[f32], scale: f32, out: &mut [T]) -> f32 {
    softmax_row::<T, true>(values, scale, out)
}

#[inline(always)]
fn layer_norm_row<T: Element, const FUSED: bool>(norm: &Norm, values: &mut [f32], out: &mut [T]) {
    let count = values.len() as f32;
    let mean = lane_sum(values, |value| value) / count;
    let variance = lane_sum(values, |value| (value - mean) * (value - mean)) / count;
    let factor = 1.0 / (variance + norm.epsilon).sqrt();
    for (((value, out), scale), shift) in values.iter_mut().zip(out).zip(&norm.scale).zip(&norm.shift) {
        *value = multiply_add::<FUSED>((*value - mean) * factor, *scale, *shift);
        *out = T::from_f32(*value);
    }
}

#[inline(always)]
fn softmax_row<T: Element, const FUSED: bool>(values: &[f32], scale: f32, out: &mut [T]) -> f32 {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            *largest = if *value > *largest { *value } else { *largest };
        }
    }
    for (largest, value) in largest.iter_mut().zip(rest) {
        *largest = if *value > *largest { *value } else { *largest };
    }
    let largest = largest.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let mut sums = [0.0f32; LANES];
    let (out_chunks, out_rest) = out.as_chunks_mut::<LANES>();
    for (chunk, out) in chunks.iter().zip(out_chunks) {
        for lane in 0..LANES {
            let value = exp::<FUSED>((chunk[lane] - largest) * scale);
            sums[lane] += value;
            out[lane] = T::from_f32(value);
        }
    }
    for ((value, out), sum) in rest.iter().zip(out_rest).zip(&mut sums) {
        let value = exp::<FUSED>((*value - largest) * scale);
        *sum += value;
        *out = T::from_f32(value);
    }
    add_lanes(sums)
}

#[inline(always)]
fn lane_sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += term(chunk[lane]);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += term(*value);
    }
    add_lanes(sums)
}

#[inline(always)]
fn add_lanes(mut sums: [f32; LANES]) -> f32 {
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}
