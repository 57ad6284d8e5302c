//! Exponential, error function and activations, one number at a time, written so that loops over them vectorise.
//!
//! `FUSED` says whether a multiply-add is one instruction where the function is inlined; without it, `mul_add` would
//! be a call into the C library.

#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Adding and subtracting this rounds an f32 of less than 2^22 to a whole number, ties to even.
const ROUND: f32 = 12_582_912.0;

/// e^x to 2 units in the last place, for x clamped to [−87, 88]; NaN stays NaN.
#[inline(always)]
pub(super) fn exp<const FUSED: bool>(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = multiply_add::<FUSED>(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    // ln 2 in two parts, so that the remainder is exact.
    let r = multiply_add::<FUSED>(whole, -0.693_145_75, x);
    let r = multiply_add::<FUSED>(whole, -1.428_606_8e-6, r);
    let mut p = 1.0 / 720.0;
    p = multiply_add::<FUSED>(p, r, 1.0 / 120.0);
    p = multiply_add::<FUSED>(p, r, 1.0 / 24.0);
    p = multiply_add::<FUSED>(p, r, 1.0 / 6.0);
    p = multiply_add::<FUSED>(p, r, 0.5);
    p = multiply_add::<FUSED>(p, r, 1.0);
    p = multiply_add::<FUSED>(p, r, 1.0);
    // The low bits of `shifted` are the whole number: moved into the exponent, they are a power of two.
    p * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// The error function to 5e-7, as a rational function of x clamped to [−4, 4]; the coefficients are those of Eigen.
#[inline(always)]
pub(super) fn erf<const FUSED: bool>(x: f32) -> f32 {
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let s = x * x;
    let mut p = -2.726_142_3e-10;
    for coefficient in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2] {
        p = multiply_add::<FUSED>(p, s, coefficient);
    }
    let mut q = -1.456_607_2e-5;
    for coefficient in [-2.133_740_5e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2] {
        q = multiply_add::<FUSED>(q, s, coefficient);
    }
    x * p / q
}

/// Gaussian error linear unit (Hendrycks and Gimpel 2016), exact form.
#[inline(always)]
pub(super) fn gelu<const FUSED: bool>(x: f32) -> f32 {
    let half = 0.5 * x;
    multiply_add::<FUSED>(half, erf::<FUSED>(x * std::f32::consts::FRAC_1_SQRT_2), half)
}

/// The same with the tanh approximation that some models were trained with.
#[inline(always)]
pub(super) fn gelu_tanh<const FUSED: bool>(x: f32) -> f32 {
    // x/2 (1 + tanh u) = x / (1 + e^(−2u)), u = √(2/π) (x + 0.044715 x³)
    let u = 0.797_884_6 * multiply_add::<FUSED>(0.044_715 * x * x, x, x);
    x / (1.0 + exp::<FUSED>(-2.0 * u))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// erf by its series (small x) or continued fraction (large x), in f64.
    fn plain_erf(x: f64) -> f64 {
        if x.abs() < 3.0 {
            let (mut term, mut sum) = (x, x);
            for n in 1..200 {
                term *= -x * x / n as f64;
                sum += term / (2 * n + 1) as f64;
            }
            return sum * 2.0 / std::f64::consts::PI.sqrt();
        }
        let mut fraction = 0.0;
        for n in (1..=60).rev() {
            fraction = n as f64 / 2.0 / (x.abs() + fraction);
        }
        let tail = (-x * x).exp() / ((x.abs() + fraction) * std::f64::consts::PI.sqrt());
        x.signum() * (1.0 - tail)
    }

    fn grid(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0..=200_000).map(move |i| from + (to - from) * (i as f32 / 200_000.0))
    }

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        for x in grid(-86.9, 87.9) {
            let (got, want) = (f64::from(exp::<true>(x)), f64::from(x).exp());
            assert!(((got - want) / want).abs() < 2.5e-7, "exp({x}) = {want}, not {got}");
        }
        assert!(exp::<true>(f32::NAN).is_nan(), "a NaN must reach the check at the end");
    }

    #[test]
    fn erf_is_within_half_a_millionth_with_and_without_fused_multiply_add() {
        for x in grid(-6.0, 6.0) {
            let want = plain_erf(f64::from(x));
            for got in [erf::<true>(x), erf::<false>(x)] {
                assert!((f64::from(got) - want).abs() < 5e-7, "erf({x}) = {want}, not {got}");
            }
        }
    }

    #[test]
    fn gelu_forms_agree_with_their_definitions() {
        for x in grid(-9.0, 9.0) {
            let wide = f64::from(x);
            let want = 0.5 * wide * (1.0 + plain_erf(wide / 2f64.sqrt()));
            assert!((f64::from(gelu::<true>(x)) - want).abs() < 2e-6, "gelu({x}) = {want}");
            let u = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044715 * wide.powi(3));
            let want = 0.5 * wide * (1.0 + u.tanh());
            assert!((f64::from(gelu_tanh::<true>(x)) - want).abs() < 2e-6, "gelu_tanh({x}) = {want}");
        }
    }
}
