//! A language model that learns to recommend: projected item embeddings as tokens ([`SoftTokens`]), or a vocabulary that
//! holds the codes of IDs ([`SpeakItems`]).
//!
//! The model is a llama whose weights are frozen ([`FrozenLlama`]): they take no gradient and keep no optimiser state. The
//! forward pass and its gradient are written by hand over the house's products (`forward`, `backward`), so a bite of a
//! batch keeps only what the gradient reads. What learns lies in one flat buffer: a projection, or rows of new tokens and
//! low-rank adapters (`lora`).

mod attention;
mod backward;
mod forward;
mod llama;
mod lora;
mod soft;
mod speak;
#[cfg(test)]
mod tests;

pub use llama::{FrozenLlama, LlamaShape};
pub use lora::{LoraModules, LoraSettings};
pub use soft::{SoftSoftmax, SoftTokenRanker, SoftTokenSettings, SoftTokens};
pub use speak::{AdapterFiles, ChatFrame, LessonShares, SpeakItems, SpeakRanker, SpeakSettings};

use semid_core::Result;
use serde::{Deserialize, Serialize};

use super::LocalModel;

/// Turns text into the tokens of a model.
pub trait TextTokens: Send + Sync {
    /// The tokens of a prompt as it stands: control tokens where their names are written, nothing put before or after.
    fn tokens(&self, prompt: &str) -> Result<Vec<u32>>;

    /// The tokens of what others wrote, such as titles: names of control tokens in it are letters like others.
    fn plain(&self, text: &str) -> Result<Vec<u32>>;
}

impl TextTokens for LocalModel {
    fn tokens(&self, prompt: &str) -> Result<Vec<u32>> {
        self.tokenizer.as_written(prompt)
    }

    fn plain(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.plain(text)
    }
}

/// How long a training will take, from a few steps that were timed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TrainingEstimate {
    /// Rows that go through the network in one epoch.
    pub rows_an_epoch: u64,
    /// Seconds for one thousand of them, forward and backward.
    pub seconds_a_thousand_rows: f64,
    /// Most epochs there will be; early stopping may end before.
    pub epochs: u64,
    /// Seconds for all of them, validations not counted.
    pub seconds: f64,
}

impl TrainingEstimate {
    /// Extrapolates.
    pub(crate) fn new(rows_an_epoch: usize, epochs: usize, rows_timed: usize, seconds: f64) -> Self {
        let a_thousand = 1000.0 * seconds / rows_timed.max(1) as f64;
        TrainingEstimate {
            rows_an_epoch: rows_an_epoch as u64,
            seconds_a_thousand_rows: a_thousand,
            epochs: epochs as u64,
            seconds: a_thousand * rows_an_epoch as f64 * epochs as f64 / 1000.0,
        }
    }
}
