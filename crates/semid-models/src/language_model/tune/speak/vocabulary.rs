//! The new tokens: one for each code of each level, and for each digit, behind the tokens that the model has.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use semid_core::labels::PrefixLabels;
use semid_core::{Result, SemanticIds};
use serde::{Deserialize, Serialize};

use crate::language_model::tune::{FrozenLlama, TextTokens};

/// Which token stands for which code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodeTokens {
    /// The first new token: as many as the model has.
    pub first: u32,
    /// Offset of each level among the new tokens, and one past the last.
    offsets: Vec<u32>,
}

impl CodeTokens {
    pub fn new(ids: &SemanticIds, vocabulary: usize) -> Self {
        let mut offsets = vec![0];
        for size in ids.position_sizes() {
            offsets.push(offsets[offsets.len() - 1] + size);
        }
        CodeTokens { first: vocabulary as u32, offsets }
    }

    /// Levels, the digit among them.
    pub fn levels(&self) -> usize {
        self.offsets.len() - 1
    }

    /// New tokens.
    pub fn count(&self) -> usize {
        self.offsets[self.levels()] as usize
    }

    /// The row of a code among the new tokens.
    pub fn row(&self, level: usize, code: u32) -> usize {
        (self.offsets[level] + code) as usize
    }

    /// The new tokens of a level.
    pub fn rows(&self, level: usize) -> Range<usize> {
        self.offsets[level] as usize..self.offsets[level + 1] as usize
    }

    /// The token of a code.
    pub fn token(&self, level: usize, code: u32) -> u32 {
        self.first + self.offsets[level] + code
    }

    /// The tokens that spell an item.
    pub fn of_item<'a>(&'a self, ids: &'a SemanticIds, item: u32) -> impl Iterator<Item = u32> + 'a {
        ids.row(item as usize).enumerate().map(|(level, code)| self.token(level, code))
    }

    /// Name and number of every new token.
    pub fn names(&self) -> impl Iterator<Item = (String, u32)> + '_ {
        (0..self.levels()).flat_map(move |level| {
            (0..self.rows(level).len() as u32)
                .map(move |code| (format!("<|sid_{level}_{code}|>"), self.token(level, code)))
        })
    }

    /// Rows to start from: the mean embedding of the words that label the prefixes a code ends, where it has such; else
    /// the mean embedding of all tokens. Each with a little noise, so that no two are the same. `count × hidden`.
    pub fn start(
        &self,
        llama: &FrozenLlama,
        labels: Option<&PrefixLabels>,
        text: &dyn TextTokens,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<f32>> {
        let (hidden, vocabulary) = (llama.shape().hidden, llama.shape().vocabulary);
        let mut mean = vec![0.0f64; hidden];
        for token in 0..vocabulary as u32 {
            let row = llama.embedding(token);
            mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / vocabulary as f64);
        }
        let mut sums = vec![0.0f64; self.count() * hidden];
        let mut counts = vec![0.0f64; self.count()];
        for entry in labels.into_iter().flat_map(PrefixLabels::iter) {
            let Some((&code, before)) = entry.prefix.split_last() else { continue };
            let (level, weight) = (before.len(), f64::from(entry.items));
            if level >= self.levels() || !self.rows(level).contains(&self.row(level, code)) {
                continue;
            }
            let row = self.row(level, code);
            for term in &entry.terms {
                // Words inside a text start with a space in most vocabularies.
                for token in text.plain(&format!(" {term}"))?.into_iter().filter(|&token| token < self.first) {
                    let sum = &mut sums[row * hidden..(row + 1) * hidden];
                    sum.iter_mut().zip(llama.embedding(token)).for_each(|(sum, &x)| *sum += weight * f64::from(x));
                    counts[row] += weight;
                }
            }
        }
        let spread = 0.5 * llama.embedding_norm() / (hidden as f64).sqrt();
        let mut rows = Vec::with_capacity(self.count() * hidden);
        for (sums, &count) in sums.chunks_exact(hidden).zip(&counts) {
            for (&sum, &mean) in sums.iter().zip(&mean) {
                let (middle, noise) = if count > 0.0 { (sum / count, 0.2 * spread) } else { (mean, spread) };
                rows.push((middle + noise * rng.random_range(-1.0..1.0)) as f32);
            }
        }
        Ok(rows)
    }
}
