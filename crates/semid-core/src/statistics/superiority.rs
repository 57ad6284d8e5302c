//! Probability of superiority, with an interval that resamples whole clusters; Spearman's rank correlation.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Resampling;
use super::bootstrap::percentile;
use crate::{Error, Result};

/// P(one > other) + ½ P(one = other).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Superiority {
    /// .5: neither is rated higher.
    pub value: f64,
    /// Lower end of the 95 % interval over clusters.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Values of the one and of the other.
    pub n: [u64; 2],
    /// Clusters: people.
    pub clusters: u64,
}

/// The probability that a value of the one exceeds a value of the other, ties half: `U / (n m)`, also called the common
/// language effect size (McGraw and Wong 1992; Vargha and Delaney's A, 2000). Each cluster (a person) gives its values of
/// both sides; the 95 % percentile interval resamples clusters, since the values of one person are not independent.
pub fn superiority(clusters: &[(Vec<f64>, Vec<f64>)], resampling: &Resampling) -> Result<Option<Superiority>> {
    if let Some(row) = clusters.iter().position(|(one, other)| one.iter().chain(other).any(|value| !value.is_finite()))
    {
        return Err(Error::NotFinite { what: "a rating", row });
    }
    let mut points: Vec<f64> = clusters.iter().flat_map(|(one, other)| one.iter().chain(other)).copied().collect();
    points.sort_unstable_by(f64::total_cmp);
    points.dedup();
    let counted = |values: &[f64]| {
        let mut counts = vec![0.0; points.len()];
        values.iter().for_each(|value| counts[points.partition_point(|point| point < value)] += 1.0);
        counts
    };
    let counts: Vec<[Vec<f64>; 2]> = clusters.iter().map(|(one, other)| [counted(one), counted(other)]).collect();
    let value_of = |drawn: &mut dyn Iterator<Item = usize>| {
        let mut sums = [vec![0.0; points.len()], vec![0.0; points.len()]];
        for cluster in drawn {
            for (sum, of_cluster) in sums.iter_mut().zip(&counts[cluster]) {
                sum.iter_mut().zip(of_cluster).for_each(|(sum, count)| *sum += count);
            }
        }
        let [n, m] = [sums[0].iter().sum::<f64>(), sums[1].iter().sum::<f64>()];
        let (mut below, mut u) = (0.0, 0.0);
        for (one, other) in sums[0].iter().zip(&sums[1]) {
            u += one * (below + other / 2.0);
            below += other;
        }
        (n > 0.0 && m > 0.0).then(|| (u / (n * m), [n as u64, m as u64]))
    };
    let Some((value, n)) = value_of(&mut (0..counts.len())) else { return Ok(None) };
    let rng = resampling.seed.rng("superiority bootstrap");
    let mut values: Vec<f64> = (0..resampling.resamples as usize)
        .into_par_iter()
        .filter_map(|resample| {
            let mut rng = rng.clone();
            rng.set_stream(resample as u64);
            value_of(&mut (0..counts.len()).map(|_| rng.random_range(0..counts.len()))).map(|(value, _)| value)
        })
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = match values.is_empty() {
        true => (value, value),
        false => (percentile(&values, 0.025), percentile(&values, 0.975)),
    };
    Ok(Some(Superiority { value, low, high, n, clusters: counts.len() as u64 }))
}

/// Spearman's rank correlation: Pearson's of mid-ranks. None with fewer than three pairs or without spread.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || x.len() < 3 || x.iter().chain(y).any(|value| !value.is_finite()) {
        return None;
    }
    let (x, y) = (mid_ranks(x), mid_ranks(y));
    let middle = (x.len() + 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let spread = (product(&x, &x) * product(&y, &y)).sqrt();
    (spread > 0.0).then(|| product(&x, &y) / spread)
}

fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|&at| ranks[at] = rank);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Seed;

    #[test]
    fn people_who_always_prefer_one_leave_no_doubt_and_nobody_gives_no_number() {
        let resampling = Resampling { seed: Seed(3), resamples: 1000, flips: 1 };
        let clusters = vec![(vec![4.0, 5.0], vec![1.0, 2.0]); 6];
        let always = superiority(&clusters, &resampling).unwrap().unwrap();
        assert_eq!((always.value, always.low, always.high), (1.0, 1.0, 1.0), "every pair is won");
        assert_eq!(superiority(&[(vec![1.0], vec![])], &resampling).unwrap(), None, "there is no pair");
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None, "no spread, no correlation");
    }
}
