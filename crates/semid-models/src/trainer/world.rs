//! What trainings of any model are tested on.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng;
use semid_core::{
    Case, Catalog, Checkpoints, CodeShape, Error, History, Item, NoCheckpoints, Result, Seed, SemanticId, SemanticIds,
    TrainingData, Work,
};

/// A small world in which what comes next depends on what came before: users walk round one of several rings of items.
pub(crate) struct World {
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

/// Keeps the last state.
#[derive(Default)]
pub(crate) struct Slot(pub Mutex<Option<Vec<u8>>>);

impl Checkpoints for Slot {
    fn load(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().clone())
    }
    fn save(&self, state: &[u8]) -> Result<()> {
        *self.0.lock().unwrap() = Some(state.to_vec());
        Ok(())
    }
}

/// Cancels a training later and later, so that cancels fall into batches, validations and between them, until it reaches
/// its end; returns what it learned and how often it was cancelled.
pub(crate) fn cancelled_again_and_again<T>(
    world: &World,
    train: impl Fn(&Work, &TrainingData<'_>) -> Result<T>,
) -> (T, u32) {
    let slot = Slot::default();
    let data = TrainingData { checkpoints: &slot, ..world.data() };
    let mut cancelled = 0;
    loop {
        let work = Work::new(Seed(7));
        let cancel = work.cancel();
        let watched = work.clone();
        let wait = Duration::from_micros(1500 * u64::from(cancelled + 1));
        // The last stretch may be over before anybody has looked.
        let over = AtomicBool::new(false);
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while watched.view().steps.is_empty() && !over.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                std::thread::sleep(wait);
                cancel.cancel();
            });
            let result = train(&work, &data);
            over.store(true, Ordering::Relaxed);
            result
        });
        match result {
            Ok(learned) => return (learned, cancelled),
            Err(Error::Cancelled) => cancelled += 1,
            Err(other) => panic!("{other}"),
        }
    }
}
