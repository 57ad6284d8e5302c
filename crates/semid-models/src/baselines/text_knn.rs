//! Text-kNN: items whose text is like that of the last few items. No interaction is learned from, so that what it gains
//! over popularity is what the text alone knows.

use rayon::prelude::*;
use semid_core::{Embeddings, Error, History, RankedList, Ranker, Recommender, Result, TrainingData, Work};
use serde::{Deserialize, Serialize};

use super::{check_recency, recent};
use crate::kernels::Packed;
use crate::products::{dot, multiply, packed};
use crate::top_k::{Best, Met, TieOrder};

/// Items whose scores are made at one go.
const TILE: usize = 1024;
/// Histories that share a pass over the items.
const BLOCK: usize = 64;

/// Settings of text-kNN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct TextKnnSettings {
    /// How many of the last items of a history are looked at.
    pub history: u32,
    /// Weight of an item relative to the one after it: 1 weighs all alike.
    pub recency: f64,
    /// How the similarities to those items become one score.
    pub pooling: Pooling,
}

/// How similarities to several items become one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their weighted mean: near to all of them.
    Mean,
    /// The highest weighted one: near to any of them.
    Max,
}

impl TextKnnSettings {
    /// Good settings to start from.
    pub fn starter() -> Self {
        TextKnnSettings { history: 10, recency: 0.7, pooling: Pooling::Mean }
    }
}

/// Scores an item by the cosine of its embedding with those of the last items of the history. An empty history gives an
/// empty list.
#[derive(Clone, Debug)]
pub struct TextKnn {
    settings: TextKnnSettings,
}

impl TextKnn {
    /// With these settings.
    pub fn new(settings: TextKnnSettings) -> Self {
        TextKnn { settings }
    }
}

impl Recommender for TextKnn {
    fn fit(&self, _work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        self.restore(train, &[])
    }

    /// Normalises again: that is as fast as reading would be.
    fn restore(&self, train: &TrainingData<'_>, _weights: &[u8]) -> Result<Box<dyn Ranker>> {
        check_recency(self.settings.recency)?;
        let embeddings = train.embeddings.ok_or_else(|| {
            Error::input("Text-kNN compares embeddings, and there are none: embed the catalog first.")
        })?;
        if embeddings.rows() != train.catalog.len() {
            return Err(Error::input(format!(
                "Text-kNN needs one embedding per item, but there are {} for {} items: embed the catalog again.",
                embeddings.rows(),
                train.catalog.len()
            )));
        }
        Ok(Box::new(FittedTextKnn::new(self.settings.clone(), embeddings)))
    }
}

struct FittedTextKnn {
    settings: TextKnnSettings,
    dim: usize,
    /// `items × dim`, each row of length 1 (or 0).
    rows: Vec<f32>,
    /// The same as the right sides of products, `TILE` items each.
    tiles: Vec<Packed<f32>>,
}

impl FittedTextKnn {
    fn new(settings: TextKnnSettings, embeddings: &Embeddings) -> Self {
        let dim = embeddings.dim();
        let mut rows = embeddings.values().to_vec();
        rows.par_chunks_exact_mut(dim).for_each(|row| {
            let norm = dot(row, row).sqrt();
            if norm > 0.0 {
                row.iter_mut().for_each(|value| *value /= norm);
            }
        });
        let tiles = rows.par_chunks(TILE * dim).map(|tile| packed(tile, dim)).collect();
        FittedTextKnn { settings, dim, rows, tiles }
    }

    /// What is multiplied with the items for one history: one row that is the weighted mean, or one per item.
    fn push_queries(&self, history: &[u32], queries: &mut Vec<f32>) -> usize {
        let row = |item: u32| self.rows.get(item as usize * self.dim..(item as usize + 1) * self.dim);
        let weighted = recent(history, self.settings.history, self.settings.recency)
            .filter_map(|(item, weight)| row(item).map(|row| (row, weight as f32)));
        let before = queries.len();
        match self.settings.pooling {
            Pooling::Max => weighted.for_each(|(row, weight)| queries.extend(row.iter().map(|value| weight * value))),
            Pooling::Mean => {
                let mut total = 0.0;
                for (row, weight) in weighted {
                    queries.resize(before + self.dim, 0.0);
                    queries[before..].iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
                    total += weight;
                }
                queries[before..].iter_mut().for_each(|sum| *sum /= total);
            }
        }
        (queries.len() - before) / self.dim
    }

    fn rank_block(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let ties = TieOrder::new(work.seed());
        let mut best: Vec<Best> = histories.iter().map(|history| ties.best(k, history.user)).collect();
        let mut queries = Vec::new();
        let counts: Vec<usize> =
            histories.iter().map(|history| self.push_queries(history.items, &mut queries)).collect();
        let mut met = Met::nothing(self.rows.len() / self.dim);
        let mut scores = Vec::new();
        for (tile, columns) in self.tiles.iter().enumerate() {
            work.check()?;
            let items = columns.columns();
            scores.resize(queries.len() / self.dim * items, 0.0);
            multiply(&mut scores, &queries, columns);
            let mut scores = &mut scores[..];
            for ((history, best), &count) in histories.iter().zip(&mut best).zip(&counts) {
                let (own, rest) = std::mem::take(&mut scores).split_at_mut(count * items);
                scores = rest;
                let Some((pooled, others)) = own.split_at_mut_checked(items) else { continue };
                for other in others.chunks_exact(items) {
                    pooled.iter_mut().zip(other).for_each(|(score, &other)| *score = score.max(other));
                }
                met.with(history.items, |met| {
                    for (item, &score) in (tile * TILE..).zip(pooled.iter()) {
                        if !met[item] {
                            best.offer(item as u32, f64::from(score));
                        }
                    }
                });
            }
        }
        Ok(best.into_iter().map(Best::into_list).collect())
    }
}

impl Ranker for FittedTextKnn {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let step = work.step("ranking", histories.len());
        let blocks = histories.par_chunks(BLOCK).map(|block| {
            let lists = self.rank_block(work, block, k)?;
            step.advance(block.len())?;
            Ok(lists)
        });
        Ok(blocks.collect::<Result<Vec<_>>>()?.concat())
    }

    fn parameters(&self) -> usize {
        0
    }

    fn weights(&self) -> Option<Vec<u8>> {
        None
    }
}
