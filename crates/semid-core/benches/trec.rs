//! Two million ranked rows by five metrics: seconds to read and to judge a TREC run.
//!
//! `cargo bench -p semid-core --bench trec` writes the run and the qrels it made into a temporary folder and prints where,
//! so that another tool can be timed on the same files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::metrics::Metric;
use semid_core::trec::{Qrels, Run, Ties, evaluate};

const USERS: usize = 20_000;
const DEPTH: usize = 100;
const ITEMS: u32 = 50_000;

fn main() {
    let folder = std::env::temp_dir().join("semid-bench-trec");
    std::fs::create_dir_all(&folder).unwrap();
    let (run_path, qrels_path) = (folder.join("run"), folder.join("qrels"));
    let (run, qrels) = make();
    std::fs::File::create(&run_path).unwrap().write_all(&run).unwrap();
    std::fs::File::create(&qrels_path).unwrap().write_all(&qrels).unwrap();
    println!("run {} ({} MB), qrels {}", run_path.display(), run.len() >> 20, qrels_path.display());

    let metrics: Vec<Metric> =
        ["precision@10", "recall@10", "ndcg@10", "map@10", "hit_rate@10"].map(|key| key.parse().unwrap()).to_vec();
    let (mut reading, mut judging) = (Vec::new(), Vec::new());
    let mut means = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let (run, qrels) = (Run::parse(&run).unwrap(), Qrels::parse(&qrels).unwrap());
        reading.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        means = evaluate(&run, &qrels, &metrics, Ties::TrecEval).unwrap().means();
        judging.push(start.elapsed().as_secs_f64());
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        (times[times.len() / 2], times[0], times[times.len() - 1])
    };
    let (read, judged) = (median(&mut reading), median(&mut judging));
    println!("reading  {:.3} s (from {:.3} to {:.3})", read.0, read.1, read.2);
    println!("judging  {:.3} s (from {:.3} to {:.3})", judged.0, judged.1, judged.2);
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
