//! The settings of TIGER, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

use crate::device::ComputeDevice;
use crate::trainer::Problems;

/// How TIGER is built, trained and decoded. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct TigerSettings {
    /// Blocks of the encoder, which reads the history.
    pub encoder_layers: usize,
    /// Blocks of the decoder, which writes the next item's ID.
    pub decoder_layers: usize,
    /// Width of the residual streams.
    pub d_model: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of one attention head; as in T5 the heads together need not be as wide as the model.
    pub head_width: usize,
    /// Width between the two products of a block's feed-forward half.
    pub feed_forward: usize,
    /// Share of the numbers dropped after embeddings, in attention, between the two products of a feed-forward half and
    /// after each part of a block.
    pub dropout: f64,
    /// The model looks at this many of the last items.
    pub max_history: usize,
    /// Tokens that users are hashed to, one of which opens each history; 0 for none.
    pub user_tokens: usize,
    /// Pairs of a history and its next item in one optimiser step.
    pub batch_pairs: usize,
    /// Passes over the pairs.
    pub epochs: usize,
    /// Highest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// How the learning rate falls after the warm-up.
    pub schedule: Schedule,
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
    /// Where it computes.
    pub device: ComputeDevice,
}

/// How the learning rate falls after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Along a cosine to a tenth at the end of the training.
    Cosine,
    /// With the inverse square root of the steps, as in the paper.
    InverseSquareRoot,
}

impl Schedule {
    /// The share of the highest learning rate when this share of the training is done.
    pub(crate) fn rate(self, progress: f64, warm_up: f64) -> f64 {
        if progress < warm_up {
            return progress / warm_up;
        }
        match self {
            Schedule::Cosine => {
                let rest = ((progress - warm_up) / (1.0 - warm_up).max(1e-9)).min(1.0);
                0.1 + 0.9 * 0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
            }
            Schedule::InverseSquareRoot => (warm_up / progress).sqrt(),
        }
    }
}

impl TigerSettings {
    /// The paper's model; a training of hours on a CPU, with AdamW's learning rate in place of the paper's .01.
    pub fn starter() -> Self {
        TigerSettings {
            encoder_layers: 4,
            decoder_layers: 4,
            d_model: 128,
            heads: 6,
            head_width: 64,
            feed_forward: 1024,
            dropout: 0.1,
            max_history: 20,
            user_tokens: 2000,
            batch_pairs: 256,
            epochs: 100,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            warm_up_share: 0.05,
            weight_decay: 0.05,
            label_smoothing: 0.0,
            clip_norm: 1.0,
            validate_every: 5,
            patience: 4,
            validation_cases: 1000,
            beam: 40,
            device: ComputeDevice::Cpu,
        }
    }

    /// What is wrong with the settings: field and sentence, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Problems::default();
        problems.check_counts(&[
            ("encoder_layers", self.encoder_layers, 1, 48),
            ("decoder_layers", self.decoder_layers, 1, 48),
            ("d_model", self.d_model, 4, 4096),
            ("heads", self.heads, 1, 256),
            ("head_width", self.head_width, 1, 1024),
            ("feed_forward", self.feed_forward, 1, 1 << 16),
            ("max_history", self.max_history, 1, 10_000),
            ("user_tokens", self.user_tokens, 0, 1 << 24),
            ("batch_pairs", self.batch_pairs, 1, 1 << 20),
            ("epochs", self.epochs, 1, 100_000),
            ("validate_every", self.validate_every, 1, 100_000),
            ("patience", self.patience, 1, 100_000),
            ("validation_cases", self.validation_cases, 1, usize::MAX),
            ("beam", self.beam, 1, 100_000),
        ]);
        problems.check_numbers(&[
            ("dropout", self.dropout, 0.0, 0.95),
            ("learning_rate", self.learning_rate, 1e-9, 10.0),
            ("warm_up_share", self.warm_up_share, 0.001, 1.0),
            ("weight_decay", self.weight_decay, 0.0, 10.0),
            ("label_smoothing", self.label_smoothing, 0.0, 0.95),
            ("clip_norm", self.clip_norm, 1e-6, 1e9),
        ]);
        if let Some(sentence) = self.device.problem() {
            problems.0.push(("device", sentence));
        }
        problems.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_settings_can_be_used_and_all_problems_come_at_once() {
        assert_eq!(TigerSettings::starter().problems(), vec![], "the defaults hold");
        let bad = TigerSettings { heads: 0, dropout: f64::NAN, beam: 0, ..TigerSettings::starter() };
        let fields: Vec<_> = bad.problems().into_iter().map(|problem| problem.0).collect();
        assert_eq!(fields, ["heads", "beam", "dropout"], "each wrong field is named, none of the others");
    }

    #[test]
    fn a_rate_rises_along_a_line_and_falls_as_its_schedule_says() {
        for schedule in [Schedule::Cosine, Schedule::InverseSquareRoot] {
            assert_eq!(schedule.rate(0.05, 0.1), 0.5, "half the warm-up is half the rate");
            assert!((schedule.rate(0.1, 0.1) - 1.0).abs() < 1e-12, "the warm-up ends at the highest rate");
        }
        assert!((Schedule::Cosine.rate(1.0, 0.1) - 0.1).abs() < 1e-12, "a cosine ends at a tenth");
        assert!(
            (Schedule::InverseSquareRoot.rate(0.4, 0.1) - 0.5).abs() < 1e-12,
            "four times the steps, half the rate"
        );
    }
}
