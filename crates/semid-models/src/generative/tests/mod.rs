//! Tests of the whole method: the gradient, the training, the search.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gradient;
mod ranking;
mod training;

use semid_core::{Seed, Work};

use super::{Generative, GenerativeRanker, GenerativeSettings, Positions};
pub(super) use crate::trainer::world::{Slot, World, cancelled_again_and_again};

/// Small enough for a test, every part switched on.
pub(super) fn settings() -> GenerativeSettings {
    GenerativeSettings {
        layers: 2,
        d_model: 24,
        heads: 2,
        dropout: 0.1,
        max_history: 6,
        window_stride: 5,
        batch_tokens: 300,
        epochs: 4,
        learning_rate: 5e-3,
        label_smoothing: 0.05,
        patience: 4,
        validation_cases: 40,
        beam: 20,
        shards: 3,
        ..GenerativeSettings::starter()
    }
}

/// Positions that are tokens under both softmaxes, and whole items under that of the trie.
pub(super) fn shapes() -> [GenerativeSettings; 3] {
    [(Positions::Tokens, false), (Positions::Tokens, true), (Positions::Items, true)]
        .map(|(positions, trie_softmax)| GenerativeSettings { positions, trie_softmax, ..settings() })
}

pub(super) fn trained(world: &World, settings: &GenerativeSettings) -> GenerativeRanker {
    Generative::new(settings.clone()).train(&Work::new(Seed(7)), &world.data()).unwrap()
}
