//! What the model reads: histories as rows of tokens, padded to the longest of a group.

use candle_core::{DType, Device, Tensor};
use semid_core::{Result, SemanticIds};

use crate::generative::vocabulary::Vocabulary;
use crate::transformer::mixed;

/// The tokens of a catalog: the codes of all levels, the one that opens the decoder, the one that ends a history, and those
/// that users are hashed to.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub ids: Vocabulary,
    users: usize,
    max_history: usize,
}

impl Tokens {
    /// The tokens of these IDs; refuses IDs whose codes do not fit their shape.
    pub fn new(ids: &SemanticIds, users: usize, max_history: usize) -> Result<Self> {
        Ok(Tokens { ids: Vocabulary::new(ids)?, users, max_history })
    }

    /// Rows of the embedding.
    pub fn all(&self) -> usize {
        self.ids.tokens() + 1 + self.users
    }

    /// Tokens that a history of so many items is read as.
    pub fn length(&self, items: usize) -> usize {
        usize::from(self.users > 0) + items.min(self.max_history) * self.ids.levels() + 1
    }

    /// A user's token, the codes of the last items, the end: so even an empty history has something to be read.
    fn spell(&self, user: u32, items: &[u32]) -> Vec<u32> {
        let end = self.ids.tokens() as u32;
        let user = (self.users > 0).then(|| end + 1 + mixed(user) % self.users as u32);
        let recent = &items[items.len().saturating_sub(self.max_history)..];
        let codes = recent.iter().flat_map(|&item| self.ids.item(item)).copied();
        user.into_iter().chain(codes).chain([end]).collect()
    }

    /// Users with their items as a batch.
    pub fn batch<'a>(
        &self,
        histories: impl Iterator<Item = (u32, &'a [u32])>,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Batch> {
        let rows: Vec<Vec<u32>> = histories.map(|(user, items)| self.spell(user, items)).collect();
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        Batch::new(&rows, longest, dtype, device)
    }
}

/// Rows of tokens, padded at their ends.
pub(crate) struct Batch {
    /// [rows, length].
    pub tokens: Tensor,
    /// [rows, 1, 1, length]: 0 where there is a token, so far below 0 where there is none that a softmax gives 0.
    pub padding: Tensor,
}

impl Batch {
    /// Pads rows to `length`.
    pub fn new(rows: &[Vec<u32>], length: usize, dtype: DType, device: &Device) -> candle_core::Result<Self> {
        let filled = |row: &Vec<u32>, at: usize| row.get(at).copied();
        let places = || rows.iter().flat_map(|row| (0..length).map(move |at| filled(row, at)));
        let tokens: Vec<u32> = places().map(|token| token.unwrap_or(0)).collect();
        let padding: Vec<f32> = places().map(|token| if token.is_some() { 0.0 } else { FAR_BELOW }).collect();
        Ok(Batch {
            tokens: Tensor::from_vec(tokens, (rows.len(), length), device)?,
            padding: Tensor::from_vec(padding, (rows.len(), 1, 1, length), device)?.to_dtype(dtype)?,
        })
    }
}

/// Added to a score that must not count.
pub(crate) const FAR_BELOW: f32 = -1e30;
