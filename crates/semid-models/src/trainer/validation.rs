//! What a model is chosen by while it trains: NDCG@10 on a seeded sample of the validation cases.

use rand::seq::SliceRandom;
use semid_core::{Case, History, RankedList, Work};

use super::{Learner, Regime};

/// A seeded sample of the validation cases that have a target.
pub(super) fn sample<'a, L: Learner>(regime: &Regime, work: &Work, cases: &'a [Case]) -> Vec<&'a Case> {
    let mut cases: Vec<&Case> = cases.iter().filter(|case| !case.targets.is_empty()).collect();
    if cases.len() > regime.validation_cases {
        cases.shuffle(&mut work.rng(&format!("{} validation cases", L::KEY)));
        cases.truncate(regime.validation_cases);
    }
    cases
}

/// The histories of some cases.
pub(crate) fn histories<'a>(cases: &[&'a Case]) -> Vec<History<'a>> {
    cases.iter().map(|case| History { user: case.user, items: &case.history }).collect()
}

/// Mean NDCG@10 with binary gains; items that share an entry count in the mean over their orders.
pub(crate) fn mean_ndcg(lists: &[RankedList], cases: &[&Case]) -> f64 {
    let gain = |rank: usize| if rank < 10 { 1.0 / ((rank + 2) as f64).log2() } else { 0.0 };
    let sum: f64 = lists
        .iter()
        .zip(cases)
        .map(|(list, case)| {
            let (mut rank, mut gained) = (0, 0.0);
            for entry in &list.entries {
                let hits = entry.items.iter().filter(|item| case.targets.contains(item)).count();
                let ranks = entry.items.len().max(1);
                let mean = (rank..rank + ranks).map(gain).sum::<f64>() / ranks as f64;
                gained += hits as f64 * mean;
                rank += ranks;
            }
            gained / (0..case.targets.len()).map(gain).sum::<f64>()
        })
        .sum();
    sum / cases.len().max(1) as f64
}
