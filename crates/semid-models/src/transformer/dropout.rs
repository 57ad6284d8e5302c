//! Dropout without a mask in memory: whether a number is dropped is a hash of where it stands.

use super::real::{Real, vectorised};

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
pub(crate) fn mixed(mut x: u32) -> u32 {
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
