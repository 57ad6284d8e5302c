//! What the blocks are made of, from candle operations that have a backward: candle's fused norm and softmax have none,
//! and would end the gradients without an error.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use crate::transformer::mixed;

/// `x` [..., in] times `weights` [in, out].
pub(crate) fn linear(x: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (mut shape, (depth, width)) = (x.dims().to_vec(), weights.dims2()?);
    shape.pop();
    shape.push(width);
    x.reshape(((), depth))?.matmul(weights)?.reshape(shape)
}

/// T5's norm (Zhang & Sennrich 2019): the last dimension over its root mean square, times a gain; no mean is taken off.
pub(crate) fn rms_norm(x: &Tensor, gain: &Tensor) -> Result<Tensor> {
    let last = x.rank() - 1;
    let inverse = (x.sqr()?.mean_keepdim(last)? + 1e-6)?.sqrt()?.recip()?;
    x.broadcast_mul(&inverse)?.broadcast_mul(gain)
}

/// Shares over the last dimension that sum to 1.
pub(crate) fn softmax(x: &Tensor) -> Result<Tensor> {
    let last = x.rank() - 1;
    let raised = x.broadcast_sub(&x.max_keepdim(last)?.detach())?.exp()?;
    raised.broadcast_mul(&raised.sum_keepdim(last)?.recip()?)
}

/// The logarithm of [`softmax`].
pub(crate) fn log_softmax(x: &Tensor) -> Result<Tensor> {
    let last = x.rank() - 1;
    let centred = x.broadcast_sub(&x.max_keepdim(last)?.detach())?;
    centred.broadcast_sub(&centred.exp()?.sum_keepdim(last)?.log()?)
}

/// The bucket of T5's relative positions for a key `distance` places after its query (Raffel et al. 2020): half the
/// buckets stand for one distance each, the other half for ranges that widen like a logarithm up to 128. An encoder
/// spends half of them on keys ahead, a decoder sees none.
pub(crate) fn bucket(distance: i64, both_ways: bool) -> u32 {
    let (buckets, ahead) = match both_ways {
        true => (BUCKETS as i64 / 2, if distance > 0 { BUCKETS as i64 / 2 } else { 0 }),
        false => (BUCKETS as i64, 0),
    };
    let away = if both_ways { distance.abs() } else { (-distance).max(0) };
    let exact = buckets / 2;
    if away < exact {
        return (ahead + away) as u32;
    }
    let wide = (away as f64 / exact as f64).ln() / (FARTHEST / exact as f64).ln() * (buckets - exact) as f64;
    (ahead + (exact + wide as i64).min(buckets - 1)) as u32
}

/// Buckets of relative positions.
pub(crate) const BUCKETS: usize = 32;
const FARTHEST: f64 = 128.0;

/// Dropout of one forward pass. Whether a number is dropped is a hash of (key, place in the model, index), so that a mask
/// needs no memory, the backward pass finds it again, and threads do not show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropout {
    share: f64,
    key: u32,
    places: std::cell::Cell<u32>,
}

impl Dropout {
    /// Dropout of this share; `key` differs for every part of every optimiser step.
    pub fn new(share: f64, key: u32) -> Self {
        Dropout { share, key, places: std::cell::Cell::new(0) }
    }

    /// `x` with its share of numbers at 0 and the others scaled up; the next call has another mask.
    pub fn on(&self, x: Tensor) -> Result<Tensor> {
        if self.share == 0.0 {
            return Ok(x);
        }
        self.places.set(self.places.get() + 1);
        let mask = Mask {
            key: mixed(self.key ^ mixed(self.places.get())),
            threshold: (self.share * f64::from(u32::MAX)) as u32,
            scale: 1.0 / (1.0 - self.share),
        };
        let x = x.contiguous()?;
        if x.device().is_cpu() {
            return x.apply_op1(mask);
        }
        let factors: Vec<f32> = (0..x.elem_count()).map(|index| mask.factor(index) as f32).collect();
        &x * Tensor::from_vec(factors, x.shape(), x.device())?.to_dtype(x.dtype())?
    }
}

#[derive(Clone, Copy)]
struct Mask {
    key: u32,
    threshold: u32,
    scale: f64,
}

impl Mask {
    #[inline(always)]
    fn factor(self, index: usize) -> f64 {
        if mixed(index as u32 ^ self.key) >= self.threshold { self.scale } else { 0.0 }
    }
}

impl CustomOp1 for Mask {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((from, to)) = layout.contiguous_offsets() else { bail!("dropout works on contiguous tensors") };
        let dropped = match storage {
            CpuStorage::F32(x) => {
                let kept = self.scale as f32;
                let factor = |index: usize| if self.factor(index) > 0.0 { kept } else { 0.0 };
                CpuStorage::F32(x[from..to].iter().enumerate().map(|(index, x)| x * factor(index)).collect())
            }
            CpuStorage::F64(x) => {
                CpuStorage::F64(x[from..to].iter().enumerate().map(|(index, x)| x * self.factor(index)).collect())
            }
            _ => bail!("dropout works on f32 and f64"),
        };
        Ok((dropped, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        gradient.contiguous()?.apply_op1(*self).map(Some)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn buckets_are_those_of_t5() {
        // From `T5Attention._relative_position_bucket` of transformers with 32 buckets and a farthest distance of 128.
        let both: Vec<u32> =
            [-200, -128, -64, -20, -9, -8, -7, -1, 0, 1, 7, 8, 16, 127].map(|distance| bucket(distance, true)).to_vec();
        assert_eq!(both, [15, 15, 14, 10, 8, 8, 7, 1, 0, 17, 23, 24, 26, 31]);
        let back: Vec<u32> =
            [-200, -128, -64, -32, -20, -16, -15, -1, 0, 1, 9].map(|distance| bucket(distance, false)).to_vec();
        assert_eq!(back, [31, 31, 26, 21, 17, 16, 15, 1, 0, 0, 0]);
    }

    #[test]
    fn dropout_drops_its_share_keeps_the_mean_and_differs_by_call() {
        let ones = Tensor::ones(100_000, DType::F32, &Device::Cpu).unwrap();
        let drop = Dropout::new(0.2, 7);
        let draw = || drop.on(ones.clone()).unwrap().to_vec1::<f32>().unwrap();
        let (a, b) = (draw(), draw());
        let share = a.iter().filter(|x| **x == 0.0).count() as f64 / a.len() as f64;
        assert!((share - 0.2).abs() < 0.01, "{share} of the numbers were dropped, asked for 0.2");
        let both = a.iter().zip(&b).filter(|(x, y)| **x == 0.0 && **y == 0.0).count() as f64 / a.len() as f64;
        assert!((both - 0.04).abs() < 0.01, "two masks drop together as often as independent ones, not {both}");
        assert!(a.iter().all(|&x| x == 0.0 || x == 1.25), "what is kept is scaled up");
    }
}
