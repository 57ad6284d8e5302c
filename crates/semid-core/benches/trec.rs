//! Two million ranked rows by five metrics: seconds to read and to judge a TREC run.
//!
//! `cargo bench -p semid-core --bench trec [-- RUN QRELS --k 10]`; without files, lists made here. `cargo xtask bench
//! metrics` gives another tool the same files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_bench::measure;
use semid_core::metrics::Metric;
use semid_core::trec::{Qrels, Run, Ties, evaluate};

const USERS: usize = 20_000;
const DEPTH: usize = 100;
const ITEMS: u32 = 50_000;

fn main() {
    let (run, qrels) = match semid_bench::files().as_slice() {
        [run, qrels] => (std::fs::read(run).unwrap(), std::fs::read(qrels).unwrap()),
        _ => make(),
    };
    let k = semid_bench::option("k", 10);
    let metrics: Vec<Metric> = ["precision", "recall", "ndcg", "map", "hit_rate"]
        .map(|metric| format!("{metric}@{k}").parse().unwrap())
        .to_vec();
    let mut means = Vec::new();
    for _ in 0..5 {
        let (run, qrels) = measure("reading", &[], || (Run::parse(&run).unwrap(), Qrels::parse(&qrels).unwrap()));
        means = measure("judging", &[], || evaluate(&run, &qrels, &metrics, Ties::TrecEval).unwrap().means());
    }
    for (metric, mean) in metrics.iter().zip(means) {
        println!("{metric:<14} {mean:.12}");
    }
}

/// Lists of distinct items with descending scores; five relevant items a user, some of them listed.
fn make() -> (Vec<u8>, Vec<u8>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut run, mut qrels) = (Vec::new(), Vec::new());
    for user in 0..USERS {
        let mut item = rng.random_range(0..ITEMS);
        let mut score: f64 = 10.0;
        let mut listed = Vec::with_capacity(DEPTH);
        for rank in 1..=DEPTH {
            item = (item + 1 + rng.random_range(0..ITEMS / 200)) % ITEMS;
            score -= rng.random::<f64>() * 0.05;
            listed.push(item);
            writeln!(run, "u{user} Q0 i{item} {rank} {score} semid").unwrap();
        }
        let mut relevant: Vec<u32> =
            (0..5).map(|_| listed[rng.random_range(0..DEPTH)] + rng.random_range(0..2)).collect();
        relevant.sort_unstable();
        relevant.dedup();
        for item in relevant {
            writeln!(qrels, "u{user} 0 i{item} 1").unwrap();
        }
    }
    (run, qrels)
}
