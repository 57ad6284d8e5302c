//! Tests of the whole method: the gradient, the training, the search.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gradient;
mod ranking;
mod training;

use rand::Rng;
use semid_core::{
    Case, Catalog, CodeShape, History, Item, NoCheckpoints, Seed, SemanticId, SemanticIds, TrainingData, Work,
};

use super::{Generative, GenerativeRanker, GenerativeSettings};

/// A small world in which what comes next depends on what came before: users walk round one of several rings of items.
pub(super) struct World {
    pub catalog: Catalog,
    pub ids: SemanticIds,
    pub sequences: Vec<Vec<u32>>,
    pub validation: Vec<Case>,
}

impl World {
    /// `rings` rings of 8 items; an item's ID is its ring, its place and a digit.
    pub fn new(rings: u32, users: usize) -> Self {
        let mut rng = Seed(11).rng("world");
        let items = rings * 8;
        let ids =
            (0..items).map(|item| SemanticId { codes: vec![item / 8, item % 8], suffix: Some((item % 2) as u16) });
        let walks: Vec<Vec<u32>> = (0..users)
            .map(|_| {
                let (mut ring, mut place) = (rng.random_range(0..rings), rng.random_range(0..8));
                (0..rng.random_range(4..30))
                    .map(|_| {
                        place = (place + 1) % 8;
                        if rng.random_range(0..10) == 0 {
                            ring = (ring + 1) % rings;
                        }
                        ring * 8 + place
                    })
                    .collect()
            })
            .collect();
        let validation = walks.iter().enumerate().map(|(user, walk)| {
            let (last, before) = walk.split_last().unwrap();
            // Walks come round again; the list leaves the history out, so the history stops short of a full round.
            Case { user: user as u32, history: before[before.len().saturating_sub(5)..].to_vec(), targets: vec![*last] }
        });
        World {
            catalog: Catalog { items: vec![Item::default(); items as usize] },
            ids: SemanticIds { shape: CodeShape(vec![rings, 8]), suffixes: 2, ids: ids.collect() },
            validation: validation.collect(),
            sequences: walks
                .into_iter()
                .map(|mut walk| {
                    walk.pop();
                    walk
                })
                .collect(),
        }
    }

    pub fn data(&self) -> TrainingData<'_> {
        TrainingData {
            catalog: &self.catalog,
            sequences: &self.sequences,
            validation: &self.validation,
            embeddings: None,
            ids: Some(&self.ids),
            checkpoints: &NoCheckpoints,
        }
    }

    pub fn histories(&self) -> Vec<History<'_>> {
        self.validation.iter().map(|case| History { user: case.user, items: &case.history }).collect()
    }
}

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

pub(super) fn trained(world: &World, settings: &GenerativeSettings) -> GenerativeRanker {
    Generative::new(settings.clone()).train(&Work::new(Seed(7)), &world.data()).unwrap()
}
