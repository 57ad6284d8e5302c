//! Agreement between raters: Krippendorff's alpha for four levels of measurement, with a bootstrap interval over units.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Resampling;
use super::bootstrap::percentile;
use crate::{Error, Result};

/// What the numbers of a rating mean, which decides how far apart two of them are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum Measurement {
    /// Names: equal or not.
    Nominal,
    /// Ranks: the more ratings lie between two, the farther apart they are.
    Ordinal,
    /// Equal steps.
    Interval,
    /// Equal proportions, from a true zero.
    Ratio,
}

/// An agreement coefficient with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Coefficient {
    /// The value: 1 is perfect agreement, 0 what chance gives.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Units that at least two raters rated.
    pub units: u64,
    /// Raters.
    pub raters: u64,
}

/// Krippendorff's alpha over `units`, each with the ratings it was given, in any order:
///
/// `α = 1 − D_o / D_e`, `D_o = (1/n) Σ o_cv δ²(c, v)`, `D_e = 1/(n (n − 1)) Σ n_c n_v δ²(c, v)`
///
/// with the coincidences `o_cv = Σ_u pairs of c and v in u / (m_u − 1)`. Units with fewer than two ratings say nothing and
/// are left out. None where no unit has two ratings, or all ratings are equal, since then there is nothing to agree on.
///
/// Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011 (formulas of section C and the δ² of its appendix).
pub fn krippendorff_alpha(units: &[Vec<f64>], measurement: Measurement) -> Result<Option<f64>> {
    if let Some(row) = units.iter().position(|unit| unit.iter().any(|value| !value.is_finite())) {
        return Err(Error::NotFinite { what: "a rating", row });
    }
    let table = Table::new(units);
    let all: Vec<usize> = (0..table.units.len()).collect();
    Ok(table.alpha(&all, measurement))
}

/// Alpha with a 95 % percentile-bootstrap interval over units (Zapf, Castell, Morawietz and Karch 2016, which found it to
/// keep its level for nominal data). Resamples in which all ratings are equal say nothing and are left out.
pub fn alpha_interval(
    units: &[Vec<f64>],
    raters: u64,
    measurement: Measurement,
    resampling: &Resampling,
) -> Result<Option<Coefficient>> {
    let Some(value) = krippendorff_alpha(units, measurement)? else { return Ok(None) };
    let table = Table::new(units);
    let (count, resamples) = (table.units.len(), resampling.resamples as usize);
    let rng = resampling.seed.rng("alpha bootstrap");
    let mut values: Vec<f64> = (0..resamples)
        .into_par_iter()
        .filter_map(|resample| {
            let mut rng = rng.clone();
            rng.set_stream(resample as u64);
            let drawn: Vec<usize> = (0..count).map(|_| rng.random_range(0..count)).collect();
            table.alpha(&drawn, measurement)
        })
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = match values.is_empty() {
        true => (value, value),
        false => (percentile(&values, 0.025), percentile(&values, 0.975)),
    };
    Ok(Some(Coefficient { value, low, high, units: count as u64, raters }))
}

/// Units with two ratings or more, each as counts over the values that occur.
struct Table {
    values: Vec<f64>,
    units: Vec<Vec<f64>>,
}

impl Table {
    fn new(units: &[Vec<f64>]) -> Self {
        let mut values: Vec<f64> = units.iter().filter(|unit| unit.len() > 1).flatten().copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let counts = |unit: &Vec<f64>| {
            let mut counts = vec![0.0; values.len()];
            for value in unit {
                counts[values.partition_point(|known| known < value)] += 1.0;
            }
            counts
        };
        let units = units.iter().filter(|unit| unit.len() > 1).map(counts).collect();
        Table { values, units }
    }

    fn alpha(&self, units: &[usize], measurement: Measurement) -> Option<f64> {
        let size = self.values.len();
        let mut coincidences = vec![0.0; size * size];
        for &unit in units {
            let counts = &self.units[unit];
            let ratings: f64 = counts.iter().sum();
            for (c, &of_c) in counts.iter().enumerate().filter(|&(_, &count)| count > 0.0) {
                for (v, &of_v) in counts.iter().enumerate() {
                    let pairs = if c == v { of_c * (of_c - 1.0) } else { of_c * of_v };
                    coincidences[c * size + v] += pairs / (ratings - 1.0);
                }
            }
        }
        let margins: Vec<f64> = coincidences.chunks(size.max(1)).map(|row| row.iter().sum()).collect();
        let n: f64 = margins.iter().sum();
        let (mut observed, mut expected) = (0.0, 0.0);
        for c in 0..size {
            for v in 0..size {
                let distance = self.distance(measurement, c, v, &margins);
                observed += coincidences[c * size + v] * distance;
                expected += margins[c] * margins[v] * distance;
            }
        }
        (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
    }

    /// δ² of two values.
    fn distance(&self, measurement: Measurement, c: usize, v: usize, margins: &[f64]) -> f64 {
        let (one, other) = (self.values[c], self.values[v]);
        match measurement {
            _ if c == v => 0.0,
            Measurement::Nominal => 1.0,
            Measurement::Ordinal => {
                let between: f64 = margins[c.min(v)..=c.max(v)].iter().sum();
                (between - (margins[c] + margins[v]) / 2.0).powi(2)
            }
            Measurement::Interval => (one - other).powi(2),
            Measurement::Ratio if one + other == 0.0 => 0.0,
            Measurement::Ratio => ((one - other) / (one + other)).powi(2),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Seed;

    #[test]
    fn nothing_to_agree_on_is_no_number() {
        for units in [vec![], vec![vec![1.0]], vec![vec![3.0, 3.0], vec![3.0, 3.0]]] {
            assert_eq!(krippendorff_alpha(&units, Measurement::Ordinal).unwrap(), None, "{units:?}");
        }
        assert!(krippendorff_alpha(&[vec![f64::NAN, 1.0]], Measurement::Nominal).is_err(), "NaN is no rating");
    }

    #[test]
    fn perfect_agreement_is_one_and_its_interval_too() {
        let units: Vec<Vec<f64>> = (0..20).map(|unit| vec![f64::from(unit % 5); 3]).collect();
        let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 1 };
        let alpha = alpha_interval(&units, 3, Measurement::Ordinal, &resampling).unwrap().unwrap();
        assert_eq!((alpha.value, alpha.low, alpha.high), (1.0, 1.0, 1.0), "no resample disagrees");
    }
}
