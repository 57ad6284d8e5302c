//! The settings of the generative recommender, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

/// How the generative recommender is built, trained and decoded. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct GenerativeSettings {
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
}

impl GenerativeSettings {
    /// Where to start: chosen on the validation cases of MovieLens-100K, with time in view.
    pub fn starter() -> Self {
        GenerativeSettings {
            layers: 2,
            d_model: 64,
            heads: 2,
            dropout: 0.2,
            max_history: 20,
            window_stride: 21,
            batch_tokens: 4096,
            epochs: 16,
            learning_rate: 2e-3,
            warm_up_share: 0.1,
            weight_decay: 0.05,
            label_smoothing: 0.0,
            clip_norm: 1.0,
            validate_every: 2,
            patience: 3,
            validation_cases: 1000,
            beam: 40,
            shards: 4,
        }
    }

    /// What is wrong with the settings: field and sentence, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut check = |field, holds: bool, sentence: String| {
            if !holds {
                problems.push((field, sentence));
            }
        };
        let within = |value: usize, low: usize, high: usize| (low..=high).contains(&value);
        check("layers", within(self.layers, 1, 48), format!("layers is {}; choose 1 to 48.", self.layers));
        check("d_model", within(self.d_model, 4, 4096), format!("d_model is {}; choose 4 to 4096.", self.d_model));
        check(
            "heads",
            self.heads > 0 && self.d_model.is_multiple_of(self.heads.max(1)),
            format!("heads is {}; choose a number that divides d_model ({}).", self.heads, self.d_model),
        );
        check(
            "max_history",
            within(self.max_history, 1, 10_000),
            format!("max_history is {}; choose 1 to 10000 items.", self.max_history),
        );
        check(
            "window_stride",
            within(self.window_stride, 1, self.max_history + 1),
            format!("window_stride is {}; choose 1 to max_history + 1.", self.window_stride),
        );
        for (field, value, high) in [
            ("batch_tokens", self.batch_tokens, 1 << 24),
            ("epochs", self.epochs, 100_000),
            ("validate_every", self.validate_every, 100_000),
            ("patience", self.patience, 100_000),
            ("validation_cases", self.validation_cases, usize::MAX),
            ("beam", self.beam, 100_000),
            ("shards", self.shards, 1024),
        ] {
            check(field, within(value, 1, high), format!("{field} is {value}; choose 1 to {high}."));
        }
        for (field, value, low, high) in [
            ("dropout", self.dropout, 0.0, 0.95),
            ("learning_rate", self.learning_rate, 1e-9, 10.0),
            ("warm_up_share", self.warm_up_share, 0.0, 1.0),
            ("weight_decay", self.weight_decay, 0.0, 10.0),
            ("label_smoothing", self.label_smoothing, 0.0, 0.95),
            ("clip_norm", self.clip_norm, 1e-6, 1e9),
        ] {
            check(field, (low..=high).contains(&value), format!("{field} is {value}; choose {low} to {high}."));
        }
        problems
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
