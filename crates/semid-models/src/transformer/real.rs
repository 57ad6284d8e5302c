//! The numbers the fused model is written over: f32 to train with, f64 so that a numeric gradient can judge it; and
//! the elementwise passes, written so that the compiler vectorises them for the machine at hand.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A floating-point number that the model can be computed in.
pub trait Real:
    Copy
    + Default
    + Debug
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + 'static
{
    /// One.
    const ONE: Self;
    /// Rounds to the type.
    fn of(value: f64) -> Self;
    /// Widens.
    fn wide(self) -> f64;
    /// `self · a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// e to the power of self, to about 2 units in the last place, without a branch; arguments below −87 count as −87.
    fn exp(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// The larger one.
    fn max(self, other: Self) -> Self;
    /// The same numbers, if they are f32.
    fn singles(numbers: &[Self]) -> Option<&[f32]>;
    /// The same numbers, if they are f32.
    fn singles_mut(numbers: &mut [Self]) -> Option<&mut [f32]>;
}

impl Real for f32 {
    const ONE: f32 = 1.0;
    #[inline(always)]
    fn of(value: f64) -> f32 {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32) -> f32 {
        f32::mul_add(self, a, b)
    }
    #[inline(always)]
    fn exp(self) -> f32 {
        // Cody–Waite reduction to |r| ≤ ln 2 / 2, a degree-6 polynomial (Cephes' expf), and the power of two put into
        // the exponent. Adding 1.5 · 2²³ rounds to an integer and leaves that integer in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let x = if self > -87.0 { self } else { -87.0 };
        let x = if x < 88.0 { x } else { 88.0 };
        let shifted = f32::mul_add(x, std::f32::consts::LOG2_E, ROUND);
        let n = shifted - ROUND;
        let r = f32::mul_add(n, -0.693_359_4, x);
        let r = f32::mul_add(n, 2.121_944_4e-4, r);
        let p = f32::mul_add(1.987_569_1e-4, r, 1.398_199_9e-3);
        let p = f32::mul_add(p, r, 8.333_452e-3);
        let p = f32::mul_add(p, r, 4.166_579_6e-2);
        let p = f32::mul_add(p, r, 1.666_666_5e-1);
        let p = f32::mul_add(p, r, 0.5);
        let p = f32::mul_add(p * r, r, r + 1.0);
        p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
    }
    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn max(self, other: f32) -> f32 {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn singles(numbers: &[f32]) -> Option<&[f32]> {
        Some(numbers)
    }
    #[inline(always)]
    fn singles_mut(numbers: &mut [f32]) -> Option<&mut [f32]> {
        Some(numbers)
    }
}

impl Real for f64 {
    const ONE: f64 = 1.0;
    #[inline(always)]
    fn of(value: f64) -> f64 {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn mul_add(self, a: f64, b: f64) -> f64 {
        f64::mul_add(self, a, b)
    }
    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn max(self, other: f64) -> f64 {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn singles(_: &[f64]) -> Option<&[f32]> {
        None
    }
    #[inline(always)]
    fn singles_mut(_: &mut [f64]) -> Option<&mut [f32]> {
        None
    }
}

/// Runs a loop compiled for the widest vectors this machine has.
#[inline(always)]
pub(crate) fn vectorised<O, F: FnOnce() -> O>(body: F) -> O {
    struct Body<F>(F);
    impl<O, F: FnOnce() -> O> pulp::NullaryFnOnce for Body<F> {
        type Output = O;
        #[inline(always)]
        fn call(self) -> O {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Body(body))
}

/// Lanes of the partial sums below: fixed, so that a sum does not depend on the machine's vectors.
const LANES: usize = 16;

/// Σ f(x, y) over two rows of one length.
#[inline(always)]
pub(crate) fn sum_of<R: Real>(x: &[R], y: &[R], f: impl Fn(R, R) -> R) -> R {
    let mut lanes = [R::default(); LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let tail = xs.remainder().iter().zip(ys.remainder());
    let mut rest = R::default();
    for (&a, &b) in tail {
        rest += f(a, b);
    }
    for (a, b) in xs.zip(ys) {
        for lane in 0..LANES {
            lanes[lane] += f(a[lane], b[lane]);
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            let upper = lanes[lane + width];
            lanes[lane] += upper;
        }
        width /= 2;
    }
    lanes[0] + rest
}

/// The largest of a row; the least value for an empty one.
#[inline(always)]
pub(crate) fn largest<R: Real>(x: &[R]) -> R {
    let mut lanes = [R::of(-1e30); LANES];
    let xs = x.chunks_exact(LANES);
    let mut best = lanes[0];
    for &a in xs.remainder() {
        best = best.max(a);
    }
    for a in xs {
        for lane in 0..LANES {
            lanes[lane] = lanes[lane].max(a[lane]);
        }
    }
    lanes.iter().fold(best, |best, &lane| best.max(lane))
}

/// x becomes exp(x − largest); returns (largest, sum of the exponentials).
#[inline(always)]
pub(crate) fn exponentials<R: Real>(x: &mut [R]) -> (R, R) {
    let top = largest(x);
    for value in x.iter_mut() {
        *value = (*value - top).exp();
    }
    let sum = sum_of(x, x, |a, _| a);
    (top, sum)
}

/// GELU in its tanh form, written as x · sigmoid(1.5958 (x + 0.044715 x³)).
#[inline(always)]
pub(crate) fn gelu<R: Real>(x: R) -> R {
    x * gate(x).0
}

/// Its derivative.
#[inline(always)]
pub(crate) fn gelu_slope<R: Real>(x: R) -> R {
    let (gate, square) = gate(x);
    let inner = R::of(1.595_769_121_605_730_9) * square.mul_add(R::of(3.0 * 0.044_715), R::ONE);
    (x * (gate * (R::ONE - gate))).mul_add(inner, gate)
}

#[inline(always)]
fn gate<R: Real>(x: R) -> (R, R) {
    let square = x * x;
    let inner = x * square.mul_add(R::of(1.595_769_121_605_730_9 * 0.044_715), R::of(1.595_769_121_605_730_9));
    (R::ONE / (R::ONE + (-inner).exp()), square)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_fast_exponential_agrees_with_the_library_over_its_whole_range() {
        let worst = (-87_000..88_000)
            .map(|step| step as f32 / 1000.0)
            .map(|x| (f64::from(Real::exp(x)) / f64::from(x).exp() - 1.0).abs())
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "a relative error of {worst} is more than a few units in the last place");
        assert!(Real::exp(-1000.0f32) < 1e-37, "far below zero it is nothing, and no NaN");
    }

    #[test]
    fn gelu_is_the_tanh_form_and_its_slope_the_difference_quotient() {
        for step in -60..60 {
            let x = f64::from(step) / 10.0;
            let tanh = 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x * x * x)).tanh());
            assert!((gelu(x) - tanh).abs() < 1e-12, "the sigmoid form equals the tanh form at {x}");
            let quotient = (gelu(x + 1e-6) - gelu(x - 1e-6)) / 2e-6;
            assert!((gelu_slope(x) - quotient).abs() < 1e-8, "the slope is the derivative at {x}");
        }
    }

    #[test]
    fn sums_and_maxima_take_in_the_tail() {
        let x: Vec<f64> = (0..37).map(f64::from).collect();
        assert_eq!(sum_of(&x, &x, |a, _| a), 666.0, "0 + … + 36");
        assert_eq!(largest(&x), 36.0, "the last of the tail is the largest");
    }
}
