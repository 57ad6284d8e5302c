//! Seconds for judging two million ranks in memory, and for the intervals and tests of a large comparison.
//!
//! `cargo bench -p semid-core --bench evaluation`
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::metrics::Metric;
use semid_core::metrics::ranking::evaluate;
use semid_core::statistics::{Resampling, paired};
use semid_core::{Case, RankedEntry, RankedList, Seed};

const USERS: usize = 20_000;
const DEPTH: usize = 100;
const ITEMS: usize = 50_000;
const TESTS: usize = 24;

fn main() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let lists: Vec<RankedList> = (0..USERS).map(|_| list(&mut rng)).collect();
    let cases: Vec<Case> = lists
        .iter()
        .zip(0..)
        .map(|(list, user)| {
            let target = list.entries[rng.random_range(0..DEPTH)].items[0];
            Case { user, history: vec![], targets: vec![target] }
        })
        .collect();
    let metrics: Vec<Metric> =
        ["precision@10", "recall@10", "ndcg@10", "map@10", "mrr@10"].map(|key| key.parse().unwrap()).to_vec();
    report("judging 2,000,000 ranks by 5 metrics", || {
        black_box(evaluate(&lists, &cases, &metrics, ITEMS).unwrap());
    });

    let resampling = Resampling { seed: Seed(1), resamples: 2_000, flips: 10_000 };
    // As NDCG@10 comes out: most users 0, a few values for the others. Then the mean of three seeds. Then all
    // different, the dearest case.
    let one_seed: Vec<f64> = (0..22_363).map(|_| ndcg(&mut rng)).collect();
    let other_seed: Vec<f64> = (0..22_363).map(|_| ndcg(&mut rng)).collect();
    let three_seeds: Vec<f64> = (0..22_363).map(|_| (0..3).map(|_| ndcg(&mut rng)).sum::<f64>() / 3.0).collect();
    let continuous: Vec<f64> = (0..22_363).map(|_| rng.random()).collect();
    for (what, arm) in [("one seed", &one_seed), ("three seeds", &three_seeds), ("all different", &continuous)] {
        report(&format!("{TESTS} paired comparisons, 22,363 users, 10,000 flips, 2,000 resamples, {what}"), || {
            for _ in 0..TESTS {
                black_box(paired(arm, &other_seed, &resampling).unwrap());
            }
        });
    }
}

fn list(rng: &mut ChaCha8Rng) -> RankedList {
    let mut item = rng.random_range(0..ITEMS);
    let entries = (0..DEPTH)
        .map(|rank| {
            item = (item + 1 + rng.random_range(0..ITEMS / 200)) % ITEMS;
            RankedEntry { items: vec![item as u32], score: -(rank as f64) }
        })
        .collect();
    RankedList { entries }
}

fn ndcg(rng: &mut ChaCha8Rng) -> f64 {
    if rng.random_bool(0.06) { 1.0 / f64::from(rng.random_range(2..12u8)).log2() } else { 0.0 }
}

fn report(what: &str, mut run: impl FnMut()) {
    let mut seconds: Vec<f64> = (0..3)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!("{what}: {:.3} s (from {:.3} to {:.3})", seconds[1], seconds[0], seconds[2]);
}
