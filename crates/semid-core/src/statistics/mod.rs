//! Whether a difference is more than chance: intervals, paired tests, corrections for many tests, spread over seeds.
//!
//! Every function takes one value per user and needs no model of how they are distributed. Randomness comes from one
//! generator per fixed-size chunk of resamples, so the same seed gives the same bytes for any number of threads.

mod agreement;
mod beta;
mod binomial;
mod bootstrap;
mod correction;
mod crossed;
mod icc;
mod share;
mod sign_flip;
mod superiority;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub use agreement::{Coefficient, Measurement, alpha_interval, krippendorff_alpha};
pub use beta::f_tail;
pub use bootstrap::mean_interval;
pub use correction::{Correction, benjamini_hochberg, holm};
pub use crossed::{Answer, Crossed, Side, crossed};
pub use icc::{Intraclass, intraclass};
pub use share::{Share, share};
pub use sign_flip::sign_flip;
pub use superiority::{Superiority, spearman, superiority};

use crate::comparison::Difference;
use crate::{Error, Result, Seed};

/// How much resampling stands behind intervals and p-values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resampling {
    /// Where the randomness comes from.
    pub seed: Seed,
    /// Bootstrap resamples behind an interval; at least 1,000.
    pub resamples: u32,
    /// Sign flips behind a p-value. The smallest p is 1 / (flips + 1).
    pub flips: u32,
}

/// A mean with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean of the values themselves.
    pub mean: f64,
    /// 2.5th percentile of the resampled means.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// One arm minus another on the same users.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Mean difference with its interval over users.
    pub difference: Interval,
    /// Two-sided sign-flip p, (b + 1) / (m + 1).
    pub p: f64,
    /// d_z, the mean difference over the standard deviation of the differences (n − 1); none where that is 0.
    pub effect_size: Option<f64>,
    /// Users for whom the arm is better.
    pub wins: u64,
    /// Users for whom both are equal.
    pub ties: u64,
    /// Users for whom it is worse.
    pub losses: u64,
}

/// Compares an arm with another on the same users, in the same order. More is taken as better.
pub fn paired(arm: &[f64], against: &[f64], resampling: &Resampling) -> Result<Paired> {
    let differences = differences(arm, against)?;
    let difference = mean_interval(&differences, resampling)?;
    let (mean, sd) = mean_sd(&differences);
    Ok(Paired {
        difference,
        p: sign_flip(&differences, resampling)?,
        effect_size: sd.filter(|&sd| sd > 0.0).map(|sd| mean / sd),
        wins: differences.iter().filter(|&&d| d > 0.0).count() as u64,
        ties: differences.iter().filter(|&&d| d == 0.0).count() as u64,
        losses: differences.iter().filter(|&&d| d < 0.0).count() as u64,
    })
}

impl Paired {
    /// As a row of a comparison, before any correction. An effect size that is not defined (no spread) becomes 0.
    pub fn into_difference(self, arm: &str, against: &str, metric: &str) -> Difference {
        Difference {
            arm: arm.to_owned(),
            against: against.to_owned(),
            metric: metric.to_owned(),
            difference: self.difference.mean,
            low: self.difference.low,
            high: self.difference.high,
            p: self.p,
            p_adjusted: self.p,
            effect_size: self.effect_size.unwrap_or(0.0),
            wins: self.wins,
            ties: self.ties,
            losses: self.losses,
        }
    }
}

/// Student's paired t, for reference beside the sign-flip test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedT {
    /// The statistic.
    pub t: f64,
    /// n − 1.
    pub degrees: f64,
    /// Two-sided.
    pub p: f64,
}

/// Student's paired t-test; none with fewer than two users or where all differences are equal.
pub fn paired_t(arm: &[f64], against: &[f64]) -> Result<Option<PairedT>> {
    let differences = differences(arm, against)?;
    let (mean, sd) = mean_sd(&differences);
    let Some(sd) = sd.filter(|&sd| sd > 0.0) else { return Ok(None) };
    let n = differences.len() as f64;
    let t = mean / (sd / n.sqrt());
    let degrees = n - 1.0;
    let distribution = StudentsT::new(0.0, 1.0, degrees).map_err(|source| Error::inside("Student's t", source))?;
    Ok(Some(PairedT { t, degrees, p: 2.0 * distribution.cdf(-t.abs()) }))
}

/// The mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The mean and the standard deviation (n − 1), which is none with fewer than two values.
pub fn mean_sd(values: &[f64]) -> (f64, Option<f64>) {
    let mean = mean(values);
    if values.len() < 2 {
        return (mean, None);
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, Some((squares / (values.len() - 1) as f64).sqrt()))
}

/// For each user the mean over seeds; all seeds must have judged the same users.
pub fn mean_over_seeds(by_seed: &[&[f64]]) -> Result<Vec<f64>> {
    let Some(first) = by_seed.first() else { return Ok(Vec::new()) };
    if by_seed.iter().any(|values| values.len() != first.len()) {
        return Err(Error::input("The seeds were judged on different numbers of users; they cannot be averaged."));
    }
    let seeds = by_seed.len() as f64;
    Ok((0..first.len()).map(|user| by_seed.iter().map(|values| values[user]).sum::<f64>() / seeds).collect())
}

fn differences(arm: &[f64], against: &[f64]) -> Result<Vec<f64>> {
    if arm.len() != against.len() {
        return Err(Error::input(format!(
            "A paired comparison needs the same users on both sides, but there are {} and {}.",
            arm.len(),
            against.len()
        )));
    }
    Ok(arm.iter().zip(against).map(|(a, b)| a - b).collect())
}

/// Refuses values that are no numbers, and nothing at all.
fn refuse_unsound(values: &[f64], what: &'static str) -> Result<()> {
    if values.is_empty() {
        return Err(Error::input(format!("There is no value to compute {what} from.")));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(Error::NotFinite { what, row }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const RESAMPLING: Resampling = Resampling { seed: Seed(7), resamples: 1000, flips: 1000 };

    #[test]
    fn equal_arms_tie_everywhere_and_prove_nothing() {
        let values = [0.5, 0.0, 1.0];
        let result = paired(&values, &values, &RESAMPLING).unwrap();
        assert_eq!(result.p, 1.0, "no flip of zeros is less extreme than zeros");
        assert_eq!((result.wins, result.ties, result.losses), (0, 3, 0), "each user is a tie");
        assert_eq!(result.difference, Interval::default(), "every resample of zeros has mean 0");
        assert_eq!(result.effect_size, None, "without spread d_z is not defined");
    }

    #[test]
    fn different_users_cannot_be_paired() {
        let message = paired(&[1.0], &[1.0, 2.0], &RESAMPLING).unwrap_err().to_string();
        assert!(message.contains("1 and 2"), "the sentence names both numbers: {message}");
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        assert!(paired(&[f64::NAN], &[1.0], &RESAMPLING).is_err(), "a mean over NaN means nothing");
        assert!(mean_interval(&[], &RESAMPLING).is_err(), "nobody was judged");
        assert!(mean_interval(&[f64::INFINITY], &RESAMPLING).is_err(), "infinity is not a value of a metric");
    }

    #[test]
    fn spread_over_seeds_divides_by_one_less_than_the_seeds() {
        let (mean, sd) = mean_sd(&[0.1, 0.2, 0.3]);
        assert!((mean - 0.2).abs() < 1e-15 && (sd.unwrap() - 0.1).abs() < 1e-15, "sd of .1 .2 .3 is .1");
        assert_eq!(mean_sd(&[0.1]).1, None, "one seed has no spread");
        assert_eq!(mean_over_seeds(&[&[0.0, 1.0], &[1.0, 1.0]]).unwrap(), [0.5, 1.0], "a mean for each user");
        assert!(mean_over_seeds(&[&[0.0, 1.0], &[1.0]]).is_err(), "seeds must share their users");
    }
}
