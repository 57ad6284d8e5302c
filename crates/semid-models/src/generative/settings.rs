//! The settings of the generative recommender, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

use crate::trainer::{Problems, Regime, TrainingPrecision};

/// What a position of the transformer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "GenerativePositions")]
pub enum Positions {
    /// One token of an ID, as in Rajput et al. 2023: an item takes as many positions as its ID has tokens.
    Tokens,
    /// A whole item, the sum of the embeddings of its tokens; the tokens of the next item are then told one after the
    /// other by small heads, each of which sees the tokens before it. Shorter sequences, and less to compute for each.
    Items,
}

/// How the generative recommender is built, trained and decoded. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct GenerativeSettings {
    /// What a position of the transformer reads.
    pub positions: Positions,
    /// Whether a token's softmax runs over the tokens that continue an ID of the catalog, in training and in ranking;
    /// else over all tokens of the level. A token that nothing else could follow then costs nothing.
    pub trie_softmax: bool,
    /// Whether the output matrix of a level is the embedding of its tokens (Press & Wolf 2017), not one of its own.
    pub tied: bool,
    /// Where positions are items, the width between the two products of a level's head; 0 for heads that only add the
    /// tokens before.
    pub head_width: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Attention heads; must divide `d_model`.
    pub heads: usize,
    /// Share of the numbers dropped after the embedding and after each half of a block.
    pub dropout: f64,
    /// The model looks at this many of the last items.
    pub max_history: usize,
    /// Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other
    /// without overlap (cheapest), fewer give every target more context and cost proportionally more.
    pub window_stride: usize,
    /// Tokens in one optimiser step.
    pub batch_tokens: usize,
    /// Passes over the training interactions.
    pub epochs: usize,
    /// Highest learning rate, reached after the warm-up, falling along a cosine to a tenth.
    pub learning_rate: f64,
    /// Share of the training over which the learning rate rises from 0.
    pub warm_up_share: f64,
    /// AdamW's decoupled decay of matrices and embeddings.
    pub weight_decay: f64,
    /// Share of the target probability spread evenly over the codes of the level.
    pub label_smoothing: f64,
    /// Gradients longer than this (Euclidean norm) are shortened to it.
    pub clip_norm: f64,
    /// Epochs from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better NDCG@10 after which training stops.
    pub patience: usize,
    /// At most this many validation cases, drawn with the seed.
    pub validation_cases: usize,
    /// Prefixes kept per level when ranking; never fewer than twice the length of the list asked for.
    pub beam: usize,
    /// Parts a batch is cut into, each computed by one thread. Part of the settings and not of the machine, since the
    /// order in which gradients are added decides the last bits.
    pub shards: usize,
    /// What the products of training multiply; ranking multiplies f32.
    pub precision: TrainingPrecision,
}

impl GenerativeSettings {
    /// Where to start: chosen on the validation cases of MovieLens-100K, with time in view. A larger catalog gains from a
    /// wider model that trains longer, as `experiments/beauty.toml` has it.
    pub fn starter() -> Self {
        GenerativeSettings {
            positions: Positions::Items,
            trie_softmax: true,
            tied: true,
            head_width: 128,
            layers: 2,
            d_model: 64,
            heads: 2,
            dropout: 0.2,
            max_history: 20,
            window_stride: 21,
            batch_tokens: 4096,
            epochs: 16,
            learning_rate: 3e-3,
            warm_up_share: 0.05,
            weight_decay: 0.05,
            label_smoothing: 0.0,
            clip_norm: 1.0,
            validate_every: 2,
            patience: 4,
            validation_cases: 1000,
            beam: 40,
            shards: 4,
            precision: TrainingPrecision::F32,
        }
    }

    /// What the training reads of them, for IDs of so many tokens.
    pub(crate) fn regime(&self, levels: usize) -> Regime {
        let tokens_a_position = match self.positions {
            Positions::Tokens => 1,
            Positions::Items => levels,
        };
        Regime {
            dropout: self.dropout,
            max_history: self.max_history,
            window_stride: self.window_stride,
            windows_an_epoch: usize::MAX,
            batch_positions: (self.batch_tokens / tokens_a_position).max(1),
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
            ("head_width", self.head_width, 0, 65_536),
            ("batch_tokens", self.batch_tokens, 1, 1 << 24),
            ("beam", self.beam, 1, 100_000),
        ]);
        problems.check_regime(&self.regime(1));
        problems.check_numbers(&[("label_smoothing", self.label_smoothing, 0.0, 0.95)]);
        problems.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_settings_can_be_used_and_all_problems_come_at_once() {
        assert_eq!(GenerativeSettings::starter().problems(), vec![], "the defaults hold");
        let bad = GenerativeSettings { heads: 5, dropout: f64::NAN, beam: 0, ..GenerativeSettings::starter() };
        let fields: Vec<_> = bad.problems().into_iter().map(|problem| problem.0).collect();
        assert_eq!(fields, ["heads", "beam", "dropout"], "each wrong field is named, none of the others");
    }
}
