//! Layer norm, linear layers, dropout: each forward beside its backward, over rows laid end to end.

use super::product::{Mat, product};
use super::real::{Real, gelu, gelu_slope, sum_of, vectorised};

/// `out = x · w + bias`; x `n × inputs`, w `inputs × outputs`.
pub(crate) fn linear<R: Real>(out: &mut [R], x: &[R], w: &[R], bias: &[R]) {
    let (outputs, inputs) = (bias.len(), w.len() / bias.len());
    let n = out.len() / outputs;
    for row in out.chunks_exact_mut(outputs) {
        row.copy_from_slice(bias);
    }
    product(out, outputs, Mat::new(x, n, inputs), Mat::new(w, inputs, outputs), true);
}

/// Adds to the gradients of w and bias, and sets `dx = dout · wᵀ`.
pub(crate) fn linear_back<R: Real>(dx: &mut [R], dw: &mut [R], dbias: &mut [R], dout: &[R], x: &[R], w: &[R]) {
    let (outputs, inputs) = (dbias.len(), w.len() / dbias.len());
    let n = dout.len() / outputs;
    product(dw, outputs, Mat::new(x, n, inputs).t(), Mat::new(dout, n, outputs), true);
    product(dx, inputs, Mat::new(dout, n, outputs), Mat::new(w, inputs, outputs).t(), false);
    add_rows(dbias, dout);
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

/// Dropout whose mask is a hash of (step, place in the model, number's index in the batch): the backward pass
/// recomputes it, and it does not depend on how a batch was cut or on threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    /// Differs for every optimiser step.
    pub key: u32,
    /// Numbers whose hash is below this are dropped.
    pub threshold: u32,
    /// What the kept ones are multiplied by.
    pub scale: f64,
}

impl Dropout {
    /// Dropout of a share of the numbers, for one optimiser step; none for a share of 0.
    pub fn new(share: f64, key: u32) -> Option<Self> {
        let threshold = (share * f64::from(u32::MAX)) as u32;
        (share > 0.0).then(|| Dropout { key, threshold, scale: 1.0 / (1.0 - share) })
    }

    /// The mask of one place in the model.
    fn key_of(self, site: u32) -> u32 {
        mixed(self.key ^ mixed(site.wrapping_add(0x9e37_79b9)))
    }
}

/// A bijective hash of 32 bits with low bias (Wellons' lowbias32).
#[inline(always)]
fn mixed(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// `out = base + dropout(x)`; `first` is the index of `x[0]` in the whole batch.
pub(crate) fn add_dropped<R: Real>(
    out: &mut [R],
    base: &[R],
    x: &[R],
    dropout: Option<Dropout>,
    site: u32,
    first: usize,
) {
    let Some(dropout) = dropout else {
        for ((out, &base), &x) in out.iter_mut().zip(base).zip(x) {
            *out = base + x;
        }
        return;
    };
    let (key, scale) = (dropout.key_of(site), R::of(dropout.scale));
    vectorised(
        #[inline(always)]
        || {
            for (i, ((out, &base), &x)) in out.iter_mut().zip(base).zip(x).enumerate() {
                let kept = mixed((first + i) as u32 ^ key) >= dropout.threshold;
                let factor = if kept { scale } else { R::default() };
                *out = x.mul_add(factor, base);
            }
        },
    );
}

/// `out = dropout(x)`, which is both the forward pass without a base and the backward pass.
pub(crate) fn dropped<R: Real>(out: &mut [R], x: &[R], dropout: Option<Dropout>, site: u32, first: usize) {
    let Some(dropout) = dropout else {
        out.copy_from_slice(x);
        return;
    };
    let (key, scale) = (dropout.key_of(site), R::of(dropout.scale));
    vectorised(
        #[inline(always)]
        || {
            for (i, (out, &x)) in out.iter_mut().zip(x).enumerate() {
                let kept = mixed((first + i) as u32 ^ key) >= dropout.threshold;
                let factor = if kept { scale } else { R::default() };
                *out = x * factor;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_drops_its_share_keeps_the_mean_and_differs_by_step_and_place() {
        let ones = vec![1.0f64; 200_000];
        let draw = |key, site| {
            let mut out = vec![0.0; ones.len()];
            dropped(&mut out, &ones, Dropout::new(0.2, key), site, 0);
            out
        };
        let (a, b, c) = (draw(1, 1), draw(2, 1), draw(1, 2));
        let share = a.iter().filter(|&&x| x == 0.0).count() as f64 / a.len() as f64;
        assert!((share - 0.2).abs() < 0.005, "{share} of the numbers were dropped, asked for 0.2");
        for other in [&b, &c] {
            let both = a.iter().zip(other).filter(|(x, y)| **x == 0.0 && **y == 0.0).count() as f64 / a.len() as f64;
            assert!((both - 0.04).abs() < 0.005, "two masks drop together as often as independent ones, not {both}");
        }
    }

    #[test]
    fn a_mask_does_not_depend_on_how_the_batch_was_cut() {
        let x = vec![1.0f32; 64];
        let (mut whole, mut parts) = (vec![0.0; 64], vec![0.0; 64]);
        dropped(&mut whole, &x, Dropout::new(0.5, 7), 3, 100);
        dropped(&mut parts[..24], &x[..24], Dropout::new(0.5, 7), 3, 100);
        dropped(&mut parts[24..], &x[24..], Dropout::new(0.5, 7), 3, 124);
        assert_eq!(whole, parts, "the mask is a function of the place in the batch");
    }
}
