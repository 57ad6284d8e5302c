//! Corrections for many tests, as adjusted p-values that keep the order of the p-values.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Which correction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// Holm's step-down method: bounds the probability of any false discovery.
    #[default]
    Holm,
    /// Benjamini and Hochberg's step-up method: bounds the expected share of false discoveries.
    BenjaminiHochberg,
}

impl Correction {
    /// "Holm", "Benjamini–Hochberg".
    pub fn title(self) -> &'static str {
        match self {
            Correction::Holm => "Holm",
            Correction::BenjaminiHochberg => "Benjamini–Hochberg",
        }
    }

    /// Adjusted p-values in the order given.
    pub fn adjust(self, p: &[f64]) -> Result<Vec<f64>> {
        match self {
            Correction::Holm => holm(p),
            Correction::BenjaminiHochberg => benjamini_hochberg(p),
        }
    }
}

/// Holm's adjusted p-values: with p sorted, the running maximum of (tests − rank + 1) · p, at most 1.
pub fn holm(p: &[f64]) -> Result<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut highest = 0.0f64;
    for (rank, &at) in order.iter().enumerate() {
        highest = highest.max((p.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = highest;
    }
    Ok(adjusted)
}

/// Benjamini and Hochberg's adjusted p-values: with p sorted, the running minimum from the end of tests / rank · p.
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>> {
    let order = ascending(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut lowest = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        lowest = lowest.min(p.len() as f64 / (rank + 1) as f64 * p[at]);
        adjusted[at] = lowest;
    }
    Ok(adjusted)
}

fn ascending(p: &[f64]) -> Result<Vec<usize>> {
    if let Some(at) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::input(format!(
            "The p-value of test {} is {}, which is not between 0 and 1.",
            at + 1,
            p[at]
        )));
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_step_down_never_rejects_after_accepting() {
        let adjusted = holm(&[0.001, 0.045, 0.040]).unwrap();
        assert!(adjusted[2] <= adjusted[1], "adjusted p-values keep the order of the p-values: {adjusted:?}");
        assert!((adjusted[1] - 0.08).abs() < 1e-15, ".045 cannot be below .040's 2 · .040");
    }

    #[test]
    fn nothing_is_adjusted_to_nothing_and_one_test_stays() {
        for correction in [Correction::Holm, Correction::BenjaminiHochberg] {
            assert!(correction.adjust(&[]).unwrap().is_empty(), "no test, no p");
            assert_eq!(correction.adjust(&[0.03]).unwrap(), [0.03], "one test needs no correction");
        }
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for wrong in [f64::NAN, -0.1, 1.1] {
            assert!(holm(&[0.5, wrong]).is_err(), "{wrong} is no p-value");
            assert!(benjamini_hochberg(&[0.5, wrong]).is_err(), "{wrong} is no p-value");
        }
    }
}
