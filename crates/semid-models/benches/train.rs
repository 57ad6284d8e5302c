//! Training steps of the generative recommender over tokens: 3 layers, width 128, 64 sequences of 20 items × 4 tokens, a vocabulary
//! of 1,032, random IDs. Prints one JSON line with the median of the steps.
//!
//! `cargo bench -p semid-models --bench train -- [--threads 2]`

use std::time::Instant;

use rand::Rng;
use semid_core::{Catalog, CodeShape, Item, NoCheckpoints, Result, Seed, SemanticId, SemanticIds, TrainingData, Work};
use semid_models::generative::{Generative, GenerativeSettings, Positions};

const SEQUENCES: usize = 64;
const ITEMS: usize = 20;
const CODES: u32 = 258;
const RUNS: usize = 5;
const STEPS: usize = 4;

fn main() -> Result<()> {
    let threads = semid_bench::option("threads", 2);
    let mut rng = Seed(1).rng("bench");
    let ids = (0..2000).map(|item| SemanticId {
        codes: (0..3).map(|_| rng.random_range(0..CODES)).collect(),
        suffix: Some((item % CODES) as u16),
    });
    let ids = SemanticIds { shape: CodeShape::uniform(3, CODES), suffixes: CODES as u16, ids: ids.collect() };
    let catalog = Catalog { items: vec![Item::default(); ids.len()] };
    let mut rng = Seed(2).rng("bench");
    let sequences: Vec<Vec<u32>> =
        (0..SEQUENCES).map(|_| (0..ITEMS).map(|_| rng.random_range(0..2000)).collect()).collect();
    let data = TrainingData {
        catalog: &catalog,
        sequences: &sequences,
        validation: &[],
        embeddings: None,
        ids: Some(&ids),
        checkpoints: &NoCheckpoints,
    };
    let settings = GenerativeSettings {
        positions: Positions::Tokens,
        trie_softmax: false,
        layers: 3,
        d_model: 128,
        heads: 4,
        dropout: 0.0,
        batch_tokens: SEQUENCES * ITEMS * 4,
        epochs: STEPS,
        ..GenerativeSettings::starter()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|why| semid_core::Error::inside("starting threads", why))?;
    // Longer and shorter trainings differ in steps only, so what opens and closes a training cancels out.
    let seconds = |epochs| -> Result<f64> {
        let method = Generative::new(GenerativeSettings { epochs, ..settings.clone() });
        let started = Instant::now();
        pool.install(|| method.train(&Work::new(Seed(1)), &data))?;
        Ok(started.elapsed().as_secs_f64())
    };
    let mut steps = Vec::new();
    for _ in 0..RUNS {
        let short = seconds(1)?;
        steps.push((seconds(1 + STEPS)? - short) / STEPS as f64);
    }
    steps.sort_by(f64::total_cmp);
    let step = steps[RUNS / 2];
    let tokens = SEQUENCES * ITEMS * 4;
    println!(
        "{{\"name\":\"semid\",\"threads\":{threads},\"tokens_per_step\":{tokens},\"seconds_wall\":{step:.4},\
         \"tokens_per_second\":{:.0}}}",
        tokens as f64 / step
    );
    Ok(())
}
