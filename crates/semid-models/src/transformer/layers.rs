//! Layer norm, linear layers, activation: each forward beside its backward, over rows laid end to end.

use super::parameters::{Matrix, padded};
use super::product::{Mat, product};
use super::real::{Real, gelu, gelu_slope, sum_of, vectorised};
use crate::kernels::{self, Activation, AddBiasActivate, AddTransposed, Bf16, Packed, Store};

/// Room for what products in bf16 multiply; reused from one to the next.
#[derive(Default)]
pub(crate) struct ProductRoom {
    left: Vec<Bf16>,
    right: Packed<Bf16>,
}

/// `out = x · w + bias`; x `n × inputs`, w `inputs × outputs`.
pub(crate) fn linear<R: Real>(out: &mut [R], x: &[R], w: Matrix<'_, R>, bias: &[R], at: &mut ProductRoom) {
    let (inputs, outputs) = (w.rows, w.cols);
    let n = out.len() / outputs;
    if let (Some((kernel, w)), Some(x), Some(bias)) = (w.rounded, R::singles(x), R::singles(bias))
        && let Some(out) = R::singles_mut(out)
    {
        kernels::rounded(&mut at.left, x, n, inputs, inputs, padded(inputs));
        let left = kernels::Matrix { numbers: &at.left, rows: n, stride: padded(inputs) };
        let mut finish = AddBiasActivate { bias, activation: Activation::Identity, out, stride: outputs };
        kernels::product(kernel, left, &w.by_columns, &mut finish);
        return;
    }
    for row in out.chunks_exact_mut(outputs) {
        row.copy_from_slice(bias);
    }
    product(out, outputs, Mat::new(x, n, inputs), Mat::new(w.values, inputs, outputs), true);
}

/// Adds to the gradients of w and bias, and sets `dx = dout · wᵀ`.
pub(crate) fn linear_back<R: Real>(
    dx: &mut [R],
    dw: &mut [R],
    dbias: &mut [R],
    dout: &[R],
    x: &[R],
    w: Matrix<'_, R>,
    at: &mut ProductRoom,
) {
    let (inputs, outputs) = (w.rows, w.cols);
    let n = dout.len() / outputs;
    add_rows(dbias, dout);
    if let (Some((kernel, w)), Some(dx), Some(dw), Some(dout), Some(x)) =
        (w.rounded, R::singles_mut(dx), R::singles_mut(dw), R::singles(dout), R::singles(x))
    {
        kernels::rounded(&mut at.left, dout, n, outputs, outputs, padded(outputs));
        let left = kernels::Matrix { numbers: &at.left, rows: n, stride: padded(outputs) };
        kernels::product(kernel, left, &w.by_rows, &mut Store { out: dx, stride: inputs, add: false });
        // The narrower side is transposed, which costs more than packing the wider one.
        if inputs <= outputs {
            kernels::transposed(kernel, &mut at.left, x, n, inputs, inputs, padded(n));
            at.right.round_columns(dout, n, outputs, outputs, padded(n));
            let left = kernels::Matrix { numbers: &at.left, rows: inputs, stride: padded(n) };
            kernels::product(kernel, left, &at.right, &mut Store { out: dw, stride: outputs, add: true });
        } else {
            kernels::transposed(kernel, &mut at.left, dout, n, outputs, outputs, padded(n));
            at.right.round_columns(x, n, inputs, inputs, padded(n));
            let left = kernels::Matrix { numbers: &at.left, rows: outputs, stride: padded(n) };
            kernels::product(kernel, left, &at.right, &mut AddTransposed { out: dw, stride: outputs });
        }
        return;
    }
    product(dw, outputs, Mat::new(x, n, inputs).t(), Mat::new(dout, n, outputs), true);
    product(dx, inputs, Mat::new(dout, n, outputs), Mat::new(w.values, inputs, outputs).t(), false);
}

/// `out = x · w` where nothing of w learns; x `n × inputs`, w `inputs × outputs`.
pub(crate) fn times<R: Real>(out: &mut [R], x: &[R], w: Matrix<'_, R>, at: &mut ProductRoom) {
    let (inputs, outputs) = (w.rows, w.cols);
    let n = out.len() / outputs;
    if let (Some((kernel, w)), Some(x)) = (w.rounded, R::singles(x))
        && let Some(out) = R::singles_mut(out)
    {
        kernels::rounded(&mut at.left, x, n, inputs, inputs, padded(inputs));
        let left = kernels::Matrix { numbers: &at.left, rows: n, stride: padded(inputs) };
        kernels::product(kernel, left, &w.by_columns, &mut Store { out, stride: outputs, add: false });
        return;
    }
    product(out, outputs, Mat::new(x, n, inputs), Mat::new(w.values, inputs, outputs), false);
}

/// `out = x · wᵀ` where nothing of w learns; x `n × outputs`: the gradient of what [`times`] read.
pub(crate) fn times_across<R: Real>(out: &mut [R], x: &[R], w: Matrix<'_, R>, at: &mut ProductRoom) {
    let (inputs, outputs) = (w.rows, w.cols);
    let n = out.len() / inputs;
    if let (Some((kernel, w)), Some(x)) = (w.rounded, R::singles(x))
        && let Some(out) = R::singles_mut(out)
    {
        kernels::rounded(&mut at.left, x, n, outputs, outputs, padded(outputs));
        let left = kernels::Matrix { numbers: &at.left, rows: n, stride: padded(outputs) };
        kernels::product(kernel, left, &w.by_rows, &mut Store { out, stride: inputs, add: false });
        return;
    }
    product(out, inputs, Mat::new(x, n, outputs), Mat::new(w.values, inputs, outputs).t(), false);
}

/// `sum += Σ` of the rows.
pub(crate) fn add_rows<R: Real>(sum: &mut [R], rows: &[R]) {
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sum.len()) {
                for (sum, &value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}

/// Layer norm of each row (Ba et al. 2016); `stats` gets (mean, 1/deviation) of each row.
pub(crate) fn norm<R: Real>(out: &mut [R], stats: &mut [[R; 2]], x: &[R], gain: &[R], bias: &[R]) {
    let d = gain.len();
    let share = R::of(1.0 / d as f64);
    vectorised(
        #[inline(always)]
        || {
            for ((out, x), stats) in out.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(stats) {
                let mean = sum_of(x, x, |a, _| a) * share;
                let variance = sum_of(x, x, |a, _| (a - mean) * (a - mean)) * share;
                let scale = R::ONE / (variance + R::of(1e-5)).sqrt();
                *stats = [mean, scale];
                for i in 0..d {
                    out[i] = ((x[i] - mean) * scale).mul_add(gain[i], bias[i]);
                }
            }
        },
    );
}

/// Adds the gradient through a layer norm to `dx`, and to those of gain and bias.
pub(crate) fn norm_back<R: Real>(
    dx: &mut [R],
    dgain: &mut [R],
    dbias: &mut [R],
    dout: &[R],
    x: &[R],
    stats: &[[R; 2]],
    gain: &[R],
) {
    let d = gain.len();
    let share = R::of(1.0 / d as f64);
    vectorised(
        #[inline(always)]
        || {
            let rows = dx.chunks_exact_mut(d).zip(dout.chunks_exact(d)).zip(x.chunks_exact(d)).zip(stats);
            for (((dx, dout), x), &[mean, scale]) in rows {
                let mean_g = sum_of(dout, gain, |a, g| a * g) * share;
                // Σ dout · gain · x̂ without a third operand: x̂ = (x − mean) · scale, so the sum splits in two.
                let mut dot = R::default();
                let mut lanes = [R::default(); 16];
                let whole = d - d % 16;
                for start in (0..whole).step_by(16) {
                    let (o, g, v) = (&dout[start..][..16], &gain[start..][..16], &x[start..][..16]);
                    for lane in 0..16 {
                        lanes[lane] = (o[lane] * g[lane]).mul_add((v[lane] - mean) * scale, lanes[lane]);
                    }
                }
                for lane in lanes {
                    dot += lane;
                }
                for i in whole..d {
                    dot += dout[i] * gain[i] * ((x[i] - mean) * scale);
                }
                let mean_gx = dot * share;
                for i in 0..d {
                    let unit = (x[i] - mean) * scale;
                    dx[i] += scale * (dout[i] * gain[i] - mean_g - unit * mean_gx);
                    dgain[i] += dout[i] * unit;
                    dbias[i] += dout[i];
                }
            }
        },
    );
}

/// `out = gelu(x)`.
pub(crate) fn activate<R: Real>(out: &mut [R], x: &[R]) {
    vectorised(
        #[inline(always)]
        || {
            for (out, &x) in out.iter_mut().zip(x) {
                *out = gelu(x);
            }
        },
    );
}

/// `d *= gelu'(x)`.
pub(crate) fn activate_back<R: Real>(d: &mut [R], x: &[R]) {
    vectorised(
        #[inline(always)]
        || {
            for (d, &x) in d.iter_mut().zip(x) {
                *d = *d * gelu_slope(x);
            }
        },
    );
}
