//! Quantiles and tails of the beta and the F distribution, by bisection on the regularised incomplete beta function: slow
//! and right to the last digits.

use statrs::function::beta::beta_reg;

/// The x at which the beta distribution with `a`, `b` has reached `p`.
pub(super) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        match beta_reg(a, b, middle) < p {
            true => low = middle,
            false => high = middle,
        }
    }
    (low + high) / 2.0
}

/// The F at which the F distribution with `d1`, `d2` degrees of freedom has reached `p`.
pub(super) fn f_quantile(p: f64, d1: f64, d2: f64) -> f64 {
    // From the small side, so that 1 − x loses no digits where x is near 1.
    let rest = beta_quantile(1.0 - p, d2 / 2.0, d1 / 2.0);
    d2 * (1.0 - rest) / (d1 * rest)
}

/// P(F ≥ f) with `d1`, `d2` degrees of freedom.
pub fn f_tail(f: f64, d1: f64, d2: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    beta_reg(d2 / 2.0, d1 / 2.0, d2 / (d2 + d1 * f))
}
