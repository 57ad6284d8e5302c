//! A share of hits against chance: the exact and the Wilson interval, and the exact binomial test.

use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;

use super::beta::beta_quantile;
use crate::{Error, Result};

/// Hits of trials, with both intervals and the test against chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Share {
    /// Hits.
    pub hits: u64,
    /// Trials.
    pub trials: u64,
    /// hits / trials.
    pub share: f64,
    /// What guessing gives.
    pub chance: f64,
    /// The exact 95 % interval.
    pub exact: [f64; 2],
    /// Wilson's 95 % interval.
    pub wilson: [f64; 2],
    /// Two-sided p of the exact binomial test against chance.
    pub p: f64,
}

/// The share of `hits` in `trials` against `chance`.
///
/// The exact interval is Clopper and Pearson's (1934), from quantiles of the beta distribution; Wilson's (1927) is
/// `(p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)` with z = Φ⁻¹(.975). p adds up all outcomes that are at most as
/// likely as what was seen. Trials of one person are taken as independent; tests by participant and by item do without.
pub fn share(hits: u64, trials: u64, chance: f64) -> Result<Share> {
    if trials == 0 || hits > trials || !(0.0..=1.0).contains(&chance) {
        return Err(Error::input(format!("{hits} hits of {trials} trials at a chance of {chance} are no share.")));
    }
    let (k, n) = (hits as f64, trials as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(0.025, k, n - k + 1.0) };
    let high = if hits == trials { 1.0 } else { beta_quantile(0.975, k + 1.0, n - k) };
    const Z: f64 = 1.959_963_984_540_054;
    let share = k / n;
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
    // At the ends rounding must not step over them.
    let wilson = [if hits == 0 { 0.0 } else { middle - reach }, if hits == trials { 1.0 } else { middle + reach }];
    Ok(Share { hits, trials, share, chance, exact: [low, high], wilson, p: two_sided(hits, trials, chance) })
}

fn two_sided(hits: u64, trials: u64, chance: f64) -> f64 {
    let likely = |k: u64| {
        let of = |count: u64, p: f64| if count == 0 { 0.0 } else { count as f64 * p.ln() };
        (ln_binomial(trials, k) + of(k, chance) + of(trials - k, 1.0 - chance)).exp()
    };
    // The allowance is scipy's: outcomes as likely but for rounding count as as likely.
    let bar = likely(hits) * (1.0 + 1e-7);
    (0..=trials).map(likely).filter(|&likely| likely <= bar).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trials_are_no_share() {
        assert!(share(0, 0, 0.25).is_err(), "nothing was tried");
        assert!(share(3, 2, 0.25).is_err(), "more hits than trials");
    }
}
