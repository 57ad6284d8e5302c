//! EASE: the linear item-item model with a closed form (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data").
//! Shallow, exact, and hard to beat on many catalogs; its price is a matrix of all pairs of items.

mod inverse;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use semid_core::{Error, History, RankedList, Ranker, Recommender, Result, TrainingData, Work};
use serde::{Deserialize, Serialize};

use super::{distinct_items, unknown_item};
use crate::top_k::{Met, TieOrder, rank_each};

/// Items at most: 12 bytes for each pair of them while fitting, so 7.5 GB.
const MOST_ITEMS: usize = 25_000;
/// Rows of the weights written by one task.
const BLOCK: usize = 256;

/// Settings of EASE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct EaseSettings {
    /// L2 penalty on the weights, in interactions, since it is added to each item's count: the higher, the less items with
    /// few interactions are believed.
    pub lambda: f64,
}

impl EaseSettings {
    /// Good settings to start from.
    pub fn starter() -> Self {
        EaseSettings { lambda: 100.0 }
    }
}

/// Scores an item by the weights that the items of the history give it: `Σ_h B[h, i]` over the distinct items of the whole
/// history. `B` minimises `‖X − X·B‖² + λ‖B‖²` under a zero diagonal, where `X` is users × items of ones and zeros:
/// with `P = (XᵀX + λI)⁻¹`, `B[h, i] = −P[h, i] / P[i, i]`. An empty history gives an empty list.
#[derive(Clone, Debug)]
pub struct Ease {
    settings: EaseSettings,
}

impl Ease {
    /// With these settings.
    pub fn new(settings: EaseSettings) -> Self {
        Ease { settings }
    }
}

impl Recommender for Ease {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        let (lambda, items) = (self.settings.lambda, train.catalog.len());
        if !(lambda > 0.0 && lambda.is_finite()) {
            return Err(Error::input(format!(
                "EASE needs a penalty λ above 0, and {lambda} is none: without it items that are met together always could \
                 not be told apart. Start from {}.",
                EaseSettings::starter().lambda
            )));
        }
        if items > MOST_ITEMS {
            let gigabytes = 12e-9 * (items as f64).powi(2);
            return Err(Error::input(format!(
                "EASE weighs every pair of items, and {items} items would take {gigabytes:.0} GB of memory: filter the data \
                 set to at most {MOST_ITEMS} items with a k-core, or leave EASE out."
            )));
        }
        let mut gram = gram(train.sequences, items, lambda)?;
        let blocks = items.div_ceil(inverse::BLOCK);
        let step = work.step("inverting the item matrix", inverse::PASSES * blocks);
        inverse::invert(&mut gram, items, || Ok(step.advance(1)?))?;
        Ok(Box::new(FittedEase { items, weights: weights(&gram, items) }))
    }

    /// Fits again: no weights are kept, since they take more room than they take time.
    fn restore(&self, train: &TrainingData<'_>, _weights: &[u8]) -> Result<Box<dyn Ranker>> {
        self.fit(&Work::new(semid_core::Seed(0)), train)
    }
}

struct FittedEase {
    items: usize,
    /// `items × items`: row `h` is what item `h` in a history adds to the score of each item.
    weights: Vec<f32>,
}

impl Ranker for FittedEase {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let ties = TieOrder::new(work.seed());
        let scratch = || (Met::nothing(self.items), vec![0.0f64; self.items], Vec::new());
        rank_each(work, histories, scratch, |(met, scores, distinct), history| {
            distinct.clear();
            distinct.extend(history.items.iter().copied().filter(|&item| (item as usize) < self.items));
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.is_empty() {
                return RankedList::default();
            }
            scores.fill(0.0);
            for &item in distinct.iter() {
                let row = &self.weights[item as usize * self.items..][..self.items];
                scores.iter_mut().zip(row).for_each(|(score, &weight)| *score += f64::from(weight));
            }
            met.with(history.items, |met| {
                let candidates = (0..self.items as u32).filter(|&item| !met[item as usize]);
                ties.top_k(k, history.user, candidates.map(|item| (item, scores[item as usize])))
            })
        })
    }

    fn parameters(&self) -> usize {
        self.items * self.items.saturating_sub(1)
    }

    /// None: 4 bytes for each pair of items, for two minutes of computing.
    fn weights(&self) -> Option<Vec<u8>> {
        None
    }
}

/// The lower triangle of `XᵀX + λI`, `items × items`: how many users met both items, and on the diagonal how many met the
/// one, plus λ.
fn gram(sequences: &[Vec<u32>], items: usize, lambda: f64) -> Result<Vec<f64>> {
    let met_by_user = distinct_items(sequences, items)?;
    let mut users_of_item = vec![Vec::new(); items];
    for (user, met) in met_by_user.iter().enumerate() {
        for &item in met {
            users_of_item.get_mut(item as usize).ok_or_else(|| unknown_item(item, items))?.push(user);
        }
    }
    let mut gram = vec![0.0f64; items * items];
    gram.par_chunks_mut(items.max(1)).zip(&users_of_item).enumerate().for_each(|(item, (row, users))| {
        for &user in users {
            met_by_user[user].iter().take_while(|&&other| other as usize <= item).for_each(|&other| {
                row[other as usize] += 1.0;
            });
        }
        row[item] += lambda;
    });
    Ok(gram)
}

/// `B[h, i] = −P[h, i] / P[i, i]` with a zero diagonal, from the lower triangle of the symmetric `P`.
fn weights(inverse: &[f64], items: usize) -> Vec<f32> {
    let scales: Vec<f64> = (0..items).map(|item| -1.0 / inverse[item * items + item]).collect();
    let mut weights = vec![0.0f32; items * items];
    weights.par_chunks_mut((BLOCK * items).max(1)).enumerate().for_each(|(block, rows)| {
        let first = block * BLOCK;
        for (row, item) in rows.chunks_exact_mut(items).zip(first..) {
            for (other, weight) in row[..item].iter_mut().enumerate() {
                *weight = (inverse[item * items + other] * scales[other]) as f32;
            }
        }
        // Above the diagonal the inverse is read by its rows, which lie in order in memory.
        for other in first..items {
            let own = &inverse[other * items..][..items];
            for (row, item) in rows.chunks_exact_mut(items).zip(first..).take_while(|(_, item)| *item < other) {
                row[other] = (own[item] * scales[other]) as f32;
            }
        }
    });
    weights
}
