//! Beam search of the generative recommender: users a second over 12,101 items of 3 × 256 codes and a digit, histories of
//! 20 items, lists of 20 from a beam of 40. Prints one JSON line with the median of the rounds.
//!
//! `cargo bench -p semid-models --bench beam -- [--threads 2]`; `beam.py` beside it is the same search in PyTorch.

use std::time::Instant;

use rand::Rng;
use semid_core::{
    Catalog, CodeShape, History, Item, NoCheckpoints, RankedList, Ranker, Result, Seed, SemanticId, SemanticIds,
    TrainingData, Work,
};
use semid_models::generative::{Generative, GenerativeSettings};

const ITEMS: u32 = 12_101;
const CODES: u32 = 256;
const DIGITS: u32 = 16;
const USERS: usize = 2_000;
const HISTORY: usize = 20;
const LIST: usize = 20;
const RUNS: usize = 5;

fn main() -> Result<()> {
    let threads = semid_bench::option("threads", 2);
    let mut rng = Seed(1).rng("bench");
    // As crowded as those of a real catalog: the first codes are few, the last ones many.
    let ids = (0..ITEMS).map(|item| SemanticId {
        codes: vec![rng.random_range(0..CODES), rng.random_range(0..CODES / 6), rng.random_range(0..CODES)],
        suffix: Some((item % DIGITS) as u16),
    });
    let ids = SemanticIds { shape: CodeShape::uniform(3, CODES), suffixes: DIGITS as u16, ids: ids.collect() };
    let catalog = Catalog { items: vec![Item::default(); ids.len()] };
    let mut rng = Seed(2).rng("bench");
    let mut history = |items: usize| -> Vec<u32> { (0..items).map(|_| rng.random_range(0..ITEMS)).collect() };
    let sequences: Vec<Vec<u32>> = (0..8).map(|_| history(HISTORY)).collect();
    let histories: Vec<Vec<u32>> = (0..USERS).map(|_| history(HISTORY)).collect();
    let histories: Vec<History<'_>> =
        histories.iter().enumerate().map(|(user, items)| History { user: user as u32, items }).collect();
    let data = TrainingData {
        catalog: &catalog,
        sequences: &sequences,
        validation: &[],
        embeddings: None,
        ids: Some(&ids),
        checkpoints: &NoCheckpoints,
    };
    let settings = GenerativeSettings {
        d_model: 128,
        heads: 4,
        head_width: 256,
        epochs: 1,
        beam: 2 * LIST,
        ..GenerativeSettings::starter()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|why| semid_core::Error::inside("starting threads", why))?;
    let work = Work::new(Seed(1));
    let ranker = pool.install(|| Generative::new(settings).train(&work, &data))?;
    let mut rounds = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let lists = pool.install(|| ranker.rank(&work, &histories, LIST))?;
        rounds.push(started.elapsed().as_secs_f64());
        // Items that share an ID are one entry and take as many ranks.
        let ranks = |list: &RankedList| list.entries.iter().map(|entry| entry.items.len()).sum::<usize>();
        assert!(lists.iter().all(|list| ranks(list) >= LIST), "every user has a whole list");
    }
    rounds.sort_by(f64::total_cmp);
    let seconds = rounds[RUNS / 2];
    println!(
        "{{\"name\":\"semid\",\"threads\":{threads},\"users\":{USERS},\"seconds_wall\":{seconds:.4},\"users_per_second\":{:.0}}}",
        USERS as f64 / seconds
    );
    Ok(())
}
