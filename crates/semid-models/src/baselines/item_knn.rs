//! Item-kNN: items that the same users met (Sarwar et al. 2001; cosine with shrinkage as in Ferrari Dacrema et al. 2019).

use rayon::prelude::*;
use semid_core::{Error, History, RankedList, Ranker, Recommender, Result, TrainingData, Work};
use serde::{Deserialize, Serialize};

use super::{check_recency, distinct_items, recent};
use crate::top_k::{Met, TieOrder, rank_each};

/// Settings of item-kNN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ItemKnnSettings {
    /// Neighbours kept per item: memory is at most items × neighbours × 8 bytes.
    pub neighbours: u32,
    /// What is added to the denominator of the cosine, in users: the higher, the less a few common users count.
    pub shrinkage: f64,
    /// How many of the last items of a history vote.
    pub history: u32,
    /// Weight of an item relative to the one after it: 1 weighs all alike.
    pub recency: f64,
}

impl ItemKnnSettings {
    /// Good settings to start from.
    pub fn starter() -> Self {
        ItemKnnSettings { neighbours: 200, shrinkage: 10.0, history: 20, recency: 0.6 }
    }
}

/// Scores an item by its similarity to the items of the history:
/// `Σ_h recency^age(h) · c(h, i) / (√(n_h · n_i) + shrinkage)`, where `c` counts the users who met both and `n` those who
/// met one. Items without any such user in common with the history are not listed.
#[derive(Clone, Debug)]
pub struct ItemKnn {
    settings: ItemKnnSettings,
}

impl ItemKnn {
    /// With these settings.
    pub fn new(settings: ItemKnnSettings) -> Self {
        ItemKnn { settings }
    }
}

impl Recommender for ItemKnn {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        check_recency(self.settings.recency)?;
        if !(self.settings.shrinkage >= 0.0 && self.settings.shrinkage.is_finite()) {
            let shrinkage = self.settings.shrinkage;
            return Err(Error::input(format!("A shrinkage of {shrinkage} users is not a number of 0 or more.")));
        }
        let items = train.catalog.len();
        let met_by_user = distinct_items(train.sequences, items)?;
        let mut users_of_item = vec![Vec::new(); items];
        for (user, met) in met_by_user.iter().enumerate() {
            met.iter().for_each(|&item| users_of_item[item as usize].push(user as u32));
        }
        let step = work.step("counting common users", items);
        let scratch = || (vec![0u32; items], Vec::new());
        let neighbours = (0..items as u32).into_par_iter().map_init(scratch, |(common, touched), item| {
            for &user in &users_of_item[item as usize] {
                for &other in &met_by_user[user as usize] {
                    if common[other as usize] == 0 {
                        touched.push(other);
                    }
                    common[other as usize] += 1;
                }
            }
            let own = users_of_item[item as usize].len() as f64;
            let mut similar: Vec<(u32, f32)> = Vec::with_capacity(touched.len());
            for other in touched.drain(..) {
                let both = f64::from(std::mem::take(&mut common[other as usize]));
                if other != item {
                    let norm = (own * users_of_item[other as usize].len() as f64).sqrt();
                    similar.push((other, (both / (norm + self.settings.shrinkage)) as f32));
                }
            }
            keep_best(&mut similar, self.settings.neighbours as usize);
            step.advance(1)?;
            Ok(similar)
        });
        let neighbours = neighbours.collect::<Result<Vec<_>>>()?;
        Ok(Box::new(FittedItemKnn { settings: self.settings.clone(), neighbours }))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        let neighbours = neighbours_from_bytes(weights, train.catalog.len()).ok_or_else(|| {
            Error::input("The stored item-kNN neighbours are damaged or of another catalog; delete them to fit again.")
        })?;
        Ok(Box::new(FittedItemKnn { settings: self.settings.clone(), neighbours }))
    }
}

struct FittedItemKnn {
    settings: ItemKnnSettings,
    /// Per item its most similar ones.
    neighbours: Vec<Vec<(u32, f32)>>,
}

impl Ranker for FittedItemKnn {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let items = self.neighbours.len();
        let ties = TieOrder::new(work.seed());
        let scratch = || (Met::nothing(items), vec![0.0f64; items], Vec::new());
        rank_each(work, histories, scratch, |(met, scores, touched): &mut (Met, Vec<f64>, Vec<u32>), history| {
            for (item, weight) in recent(history.items, self.settings.history, self.settings.recency) {
                for &(other, similarity) in self.neighbours.get(item as usize).into_iter().flatten() {
                    if scores[other as usize] == 0.0 {
                        touched.push(other);
                    }
                    scores[other as usize] += weight * f64::from(similarity);
                }
            }
            met.with(history.items, |met| {
                let scored = touched.drain(..).map(|item| (item, std::mem::take(&mut scores[item as usize])));
                ties.top_k(k, history.user, scored.filter(|&(item, _)| !met[item as usize]))
            })
        })
    }

    fn parameters(&self) -> usize {
        0
    }

    fn weights(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for similar in &self.neighbours {
            bytes.extend((similar.len() as u32).to_le_bytes());
            for (item, similarity) in similar {
                bytes.extend(item.to_le_bytes());
                bytes.extend(similarity.to_le_bytes());
            }
        }
        Some(bytes)
    }
}

/// The `count` most similar, best first; equals in the order of the catalog.
fn keep_best(similar: &mut Vec<(u32, f32)>, count: usize) {
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if count < similar.len() {
        similar.select_nth_unstable_by(count, order);
        similar.truncate(count);
    }
    similar.sort_unstable_by(order);
    similar.shrink_to_fit();
}

fn neighbours_from_bytes(bytes: &[u8], items: usize) -> Option<Vec<Vec<(u32, f32)>>> {
    let mut words = bytes.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
    let mut neighbours = Vec::with_capacity(items);
    for _ in 0..items {
        let count = u32::from_le_bytes(words.next()?);
        let pair = |_| {
            let (item, similarity) = (u32::from_le_bytes(words.next()?), f32::from_le_bytes(words.next()?));
            ((item as usize) < items && similarity.is_finite()).then_some((item, similarity))
        };
        neighbours.push((0..count).map(pair).collect::<Option<Vec<_>>>()?);
    }
    (words.next().is_none() && bytes.len().is_multiple_of(4)).then_some(neighbours)
}
