//! The settings of soft tokens, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

use crate::trainer::{Problems, Regime, TrainingPrecision};

/// What a projected item competes with while the projection learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum SoftSoftmax {
    /// Every item of the catalog.
    Catalog,
    /// The items met by the users computed together, and `negatives` more drawn evenly; each logit is corrected by how
    /// likely its item was to be among them (Bengio & Senécal 2008).
    Sampled,
}

/// How soft tokens are read, learned and ranked by. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SoftTokenSettings {
    /// Text before the items.
    pub prompt: String,
    /// Text between the last item and the answer. Without one, each item's own position answers what comes after it, and
    /// a history is taught at all its positions in one pass; with one, only one position of a pass can be taught.
    pub answer: String,
    /// Width between the two layers of the projection, which GELU parts; 0 makes the projection one linear layer.
    pub projection_hidden: usize,
    /// Blocks of the model that are used, from the first; 0 takes all. Fewer are faster in proportion.
    pub layers: usize,
    /// What the next item competes with.
    pub softmax: SoftSoftmax,
    /// Items drawn evenly for a sampled softmax.
    pub negatives: usize,
    /// Share of the numbers of a projected item dropped where the model reads it.
    pub dropout: f64,
    /// The model reads this many of the last items.
    pub max_history: usize,
    /// Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other without
    /// overlap.
    pub window_stride: usize,
    /// Windows (users, but for long histories) in one epoch, drawn anew for each; 0 takes all.
    pub windows_an_epoch: usize,
    /// Rows through the network in one optimiser step.
    pub batch_rows: usize,
    /// Passes over the training interactions.
    pub epochs: usize,
    /// Highest learning rate, reached after the warm-up, falling along a cosine to a tenth.
    pub learning_rate: f64,
    /// Share of the training over which the learning rate rises from 0.
    pub warm_up_share: f64,
    /// AdamW's decoupled decay of the projection.
    pub weight_decay: f64,
    /// Gradients longer than this (Euclidean norm) are shortened to it.
    pub clip_norm: f64,
    /// Epochs from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better NDCG@10 after which training stops.
    pub patience: usize,
    /// At most this many validation cases, drawn with the seed.
    pub validation_cases: usize,
    /// Parts a batch is cut into, each computed by one thread.
    pub shards: usize,
    /// What products with the frozen weights multiply, in training as in ranking.
    pub precision: TrainingPrecision,
}

impl SoftTokenSettings {
    /// Where to start: one linear layer, all blocks, every position taught by the whole catalog.
    pub fn starter() -> Self {
        SoftTokenSettings {
            prompt: "A user liked these items, one after another:".to_owned(),
            answer: String::new(),
            projection_hidden: 0,
            layers: 0,
            softmax: SoftSoftmax::Catalog,
            negatives: 1024,
            dropout: 0.1,
            max_history: 20,
            window_stride: 21,
            windows_an_epoch: 0,
            batch_rows: 1024,
            epochs: 10,
            learning_rate: 2e-3,
            warm_up_share: 0.05,
            weight_decay: 0.01,
            clip_norm: 1.0,
            validate_every: 1,
            patience: 3,
            validation_cases: 500,
            shards: 4,
            precision: TrainingPrecision::Bf16,
        }
    }

    /// What the training reads of them.
    pub(crate) fn regime(&self) -> Regime {
        Regime {
            dropout: self.dropout,
            max_history: self.max_history,
            window_stride: self.window_stride,
            windows_an_epoch: if self.windows_an_epoch == 0 { usize::MAX } else { self.windows_an_epoch },
            batch_positions: self.batch_rows,
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            warm_up_share: self.warm_up_share,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            validate_every: self.validate_every,
            patience: self.patience,
            validation_cases: self.validation_cases,
            shards: self.shards,
            precision: self.precision,
        }
    }

    /// What is wrong with the settings: field and sentence, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Problems::default();
        problems.check_counts(&[
            ("projection_hidden", self.projection_hidden, 0, 1 << 16),
            ("layers", self.layers, 0, 1024),
            ("negatives", self.negatives, 0, 1 << 24),
            ("batch_rows", self.batch_rows, 1, 1 << 24),
        ]);
        problems.check_regime(&self.regime());
        problems.0
    }
}
