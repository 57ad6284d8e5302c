//! The settings of SASRec, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

use crate::trainer::{Problems, Regime, TrainingPrecision};

/// How SASRec is built and trained. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SasrecSettings {
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream: numbers that stand for an item.
    pub d_model: usize,
    /// Attention heads; must divide `d_model`.
    pub heads: usize,
    /// Width between the two products of a block's feed-forward half.
    pub feed_forward: usize,
    /// Share of the numbers dropped after the embedding and after each half of a block.
    pub dropout: f64,
    /// The model looks at this many of the last items.
    pub max_history: usize,
    /// Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other
    /// without overlap (cheapest), fewer give every target more context and cost proportionally more.
    pub window_stride: usize,
    /// Items in one optimiser step.
    pub batch_items: usize,
    /// Passes over the training interactions.
    pub epochs: usize,
    /// Highest learning rate, reached after the warm-up, falling along a cosine to a tenth.
    pub learning_rate: f64,
    /// Share of the training over which the learning rate rises from 0.
    pub warm_up_share: f64,
    /// AdamW's decoupled decay of matrices and embeddings.
    pub weight_decay: f64,
    /// Gradients longer than this (Euclidean norm) are shortened to it.
    pub clip_norm: f64,
    /// Epochs from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better NDCG@10 after which training stops.
    pub patience: usize,
    /// At most this many validation cases, drawn with the seed.
    pub validation_cases: usize,
    /// Parts a batch is cut into, each computed by one thread. Part of the settings and not of the machine, since the
    /// order in which gradients are added decides the last bits.
    pub shards: usize,
    /// What the products of training multiply; ranking multiplies f32.
    pub precision: TrainingPrecision,
}

impl SasrecSettings {
    /// Where to start under the softmax over the catalog: chosen on the validation cases of Amazon Beauty.
    pub fn starter() -> Self {
        SasrecSettings {
            layers: 2,
            d_model: 64,
            heads: 2,
            feed_forward: 256,
            dropout: 0.3,
            max_history: 20,
            window_stride: 21,
            batch_items: 1024,
            epochs: 24,
            learning_rate: 4e-3,
            warm_up_share: 0.05,
            weight_decay: 0.05,
            clip_norm: 1.0,
            validate_every: 2,
            patience: 4,
            validation_cases: 4000,
            shards: 4,
            precision: TrainingPrecision::F32,
        }
    }

    /// Where to start under the paper's loss, which tells less at each position: slower, longer, and more dropped.
    pub fn starter_sampled() -> Self {
        SasrecSettings { dropout: 0.5, learning_rate: 1e-3, epochs: 80, patience: 6, ..SasrecSettings::starter() }
    }

    /// What the training reads of them.
    pub(crate) fn regime(&self) -> Regime {
        Regime {
            dropout: self.dropout,
            max_history: self.max_history,
            window_stride: self.window_stride,
            windows_an_epoch: usize::MAX,
            batch_positions: self.batch_items,
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
        problems.check_shape(self.layers, self.d_model, self.heads);
        problems.check_counts(&[
            ("feed_forward", self.feed_forward, 1, 1 << 16),
            ("batch_items", self.batch_items, 1, 1 << 24),
        ]);
        problems.check_regime(&self.regime());
        problems.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_settings_can_be_used_and_all_problems_come_at_once() {
        assert_eq!(SasrecSettings::starter().problems(), vec![], "the defaults hold");
        let bad = SasrecSettings { heads: 5, dropout: f64::NAN, feed_forward: 0, ..SasrecSettings::starter() };
        let fields: Vec<_> = bad.problems().into_iter().map(|problem| problem.0).collect();
        assert_eq!(fields, ["heads", "feed_forward", "dropout"], "each wrong field is named, none of the others");
    }
}
