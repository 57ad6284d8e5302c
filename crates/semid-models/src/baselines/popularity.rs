//! Popularity: the items that most training interactions are with, the same for everybody but for what they met already.

use semid_core::{History, RankedList, Ranker, Recommender, Result, TrainingData, Work};

use super::unknown_item;
use crate::top_k::{Met, TieOrder, rank_each};

/// Ranks by the number of training interactions. Equal counts come in a seeded order of each user's own: in raw order
/// they would favour items with low numbers, which are often those that a file's first users met.
#[derive(Clone, Copy, Debug)]
pub struct Popularity;

impl Recommender for Popularity {
    fn fit(&self, _work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        self.restore(train, &[])
    }

    /// Counts again: that is as fast as reading counts would be.
    fn restore(&self, train: &TrainingData<'_>, _weights: &[u8]) -> Result<Box<dyn Ranker>> {
        let mut counts = vec![0u64; train.catalog.len()];
        for &item in train.sequences.iter().flatten() {
            *counts.get_mut(item as usize).ok_or_else(|| unknown_item(item, train.catalog.len()))? += 1;
        }
        let mut order: Vec<u32> = (0..counts.len() as u32).collect();
        order.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
        Ok(Box::new(FittedPopularity { counts, order }))
    }
}

struct FittedPopularity {
    /// Training interactions of each item.
    counts: Vec<u64>,
    /// Items by count, highest first.
    order: Vec<u32>,
}

impl Ranker for FittedPopularity {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let ties = TieOrder::new(work.seed());
        rank_each(
            work,
            histories,
            || Met::nothing(self.counts.len()),
            |met, history| {
                // The history can take out at most its own length; all items as popular as the last one needed compete.
                let needed = k.saturating_add(history.items.len()).min(self.order.len());
                let lowest = self.order[..needed].last().map_or(0, |&item| self.counts[item as usize]);
                let count = |item: &u32| self.counts[*item as usize];
                met.with(history.items, |met| {
                    let candidates = self.order.iter().take_while(|item| count(item) >= lowest);
                    let candidates = candidates.filter(|&&item| !met[item as usize]);
                    ties.top_k(k, history.user, candidates.map(|item| (*item, count(item) as f64)))
                })
            },
        )
    }

    fn parameters(&self) -> usize {
        0
    }

    fn weights(&self) -> Option<Vec<u8>> {
        None
    }
}
