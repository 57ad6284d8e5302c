//! The ranking metrics against a plain, obviously right implementation: every order of every tied group is written out,
//! the metric is computed from its definition on the plain list, and the mean is taken.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::metrics::Metric;
use semid_core::metrics::ranking::{GradedCase, evaluate, evaluate_graded};
use semid_core::{Case, RankedEntry, RankedList};

const NAMES: [&str; 8] = ["precision", "recall", "hit_rate", "ndcg", "mrr", "map", "ndcg_linear", "ndcg_exponential"];
const CATALOG: usize = 30;

#[test]
fn ten_thousand_random_cases_agree_with_the_definitions() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut worst = 0.0f64;
    for number in 0..10_000 {
        let list = random_list(&mut rng);
        let targets = random_targets(&mut rng);
        let k = rng.random_range(1..=12);
        let metrics: Vec<Metric> = NAMES.iter().map(|name| format!("{name}@{k}").parse().unwrap()).collect();
        let case = GradedCase { user: number, targets: targets.clone() };
        let ours = evaluate_graded(std::slice::from_ref(&list), &[case], &metrics, CATALOG).unwrap();
        let plain_lists = plain_lists(&list, &targets);
        for (at, name) in NAMES.iter().enumerate() {
            let sum: f64 = plain_lists.iter().map(|plain| by_definition(name, plain, &targets, k)).sum();
            let truth = sum / plain_lists.len() as f64;
            let value = ours.per_user[at][0];
            worst = worst.max((value - truth).abs());
            assert!((value - truth).abs() < 1e-9, "{name}@{k} of {list:?} for {targets:?} is {truth}, not {value}");
        }
    }
    assert!(worst < 1e-11, "nothing but rounding separates the two, yet the worst case is off by {worst:e}");
}

#[test]
fn yes_or_no_targets_are_gains_of_one() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let metrics: Vec<Metric> = NAMES.iter().map(|name| format!("{name}@10").parse().unwrap()).collect();
    let lists: Vec<RankedList> = (0..500).map(|_| random_list(&mut rng)).collect();
    let targets: Vec<Vec<u32>> =
        (0..500).map(|_| random_targets(&mut rng).into_iter().map(|(item, _)| item).collect()).collect();
    let cases: Vec<Case> =
        targets.iter().map(|targets| Case { user: 0, history: vec![], targets: targets.clone() }).collect();
    let graded: Vec<GradedCase> = targets
        .iter()
        .map(|targets| GradedCase { user: 0, targets: targets.iter().map(|&item| (item, 1.0)).collect() })
        .collect();
    let plain = evaluate(&lists, &cases, &metrics, CATALOG).unwrap();
    assert_eq!(plain, evaluate_graded(&lists, &graded, &metrics, CATALOG).unwrap(), "both are one evaluator");
    assert_eq!(plain.per_user[3], plain.per_user[6], "linear gain of 1 is binary NDCG");
    assert_eq!(plain.per_user[3], plain.per_user[7], "2^1 − 1 is 1");
}

/// Up to six entries: single items, groups of up to four items (seldom more), and entries without item.
fn random_list(rng: &mut ChaCha8Rng) -> RankedList {
    let mut items: Vec<u32> = (0..CATALOG as u32).collect();
    items.shuffle(rng);
    let (mut score, mut orders) = (1.0, 1);
    let entries = (0..rng.random_range(0..7))
        .map(|_| {
            score -= f64::from(rng.random_range(0..2u8));
            let size = match rng.random_range(0..10) {
                0 => 0,
                1..5 => 1,
                5..7 => 2,
                7..9 => 3,
                _ => 4,
            };
            // Writing out more orders than this only takes longer.
            let size = if orders > 50 { size.min(1) } else { size };
            orders *= [1, 1, 2, 6, 24][size];
            RankedEntry { items: items.split_off(items.len() - size), score }
        })
        .collect();
    RankedList { entries }
}

fn random_targets(rng: &mut ChaCha8Rng) -> Vec<(u32, f64)> {
    let mut items: Vec<u32> = (0..CATALOG as u32).collect();
    items.shuffle(rng);
    items.truncate(rng.random_range(1..15));
    items.into_iter().map(|item| (item, f64::from(rng.random_range(1..4u8)))).collect()
}

/// All plain lists that the tied groups allow, each equally likely. None stands for an ID that is no item's.
fn plain_lists(list: &RankedList, targets: &[(u32, f64)]) -> Vec<Vec<Option<f64>>> {
    // Only the gains matter, so a plain list is a list of gains.
    let gain = |item: &u32| targets.iter().find(|(target, _)| target == item).map(|&(_, gain)| gain);
    let mut plain_lists: Vec<Vec<Option<f64>>> = vec![vec![]];
    for entry in &list.entries {
        let orders = if entry.items.is_empty() {
            vec![vec![None]]
        } else {
            permutations(&entry.items.iter().map(gain).collect::<Vec<_>>())
        };
        plain_lists =
            plain_lists.iter().flat_map(|start| orders.iter().map(move |order| [&start[..], order].concat())).collect();
    }
    plain_lists
}

fn permutations(of: &[Option<f64>]) -> Vec<Vec<Option<f64>>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    (0..of.len())
        .flat_map(|first| {
            let rest: Vec<_> = of.iter().enumerate().filter(|&(at, _)| at != first).map(|(_, &gain)| gain).collect();
            permutations(&rest).into_iter().map(move |tail| [&[of[first]], &tail[..]].concat())
        })
        .collect()
}

/// The metrics as they are written in the books, on a plain list of gains.
fn by_definition(name: &str, plain: &[Option<f64>], targets: &[(u32, f64)], k: usize) -> f64 {
    let top: Vec<f64> = plain.iter().take(k).map(|gain| gain.unwrap_or(0.0)).collect();
    let hits = top.iter().filter(|&&gain| gain > 0.0).count() as f64;
    let relevant = targets.len() as f64;
    match name {
        "precision" => hits / k as f64,
        "recall" => hits / relevant,
        "hit_rate" => f64::from(hits > 0.0),
        "mrr" => top.iter().position(|&gain| gain > 0.0).map_or(0.0, |at| 1.0 / (at as f64 + 1.0)),
        "map" => {
            let precision = |i: usize| top[..=i].iter().filter(|&&gain| gain > 0.0).count() as f64 / (i as f64 + 1.0);
            (0..top.len()).filter(|&i| top[i] > 0.0).map(precision).sum::<f64>() / relevant
        }
        "ndcg" => quotient(&top, targets, k, |gain| f64::from(gain > 0.0)),
        "ndcg_linear" => quotient(&top, targets, k, |gain| gain),
        "ndcg_exponential" => quotient(&top, targets, k, |gain| 2f64.powf(gain) - 1.0),
        _ => unreachable!("{name} is not written down here"),
    }
}

fn quotient(top: &[f64], targets: &[(u32, f64)], k: usize, gain: impl Fn(f64) -> f64) -> f64 {
    let sum = |list: &[f64]| -> f64 {
        list.iter().take(k).enumerate().map(|(i, &g)| gain(g) / (i as f64 + 2.0).log2()).sum()
    };
    let mut ideal: Vec<f64> = targets.iter().map(|&(_, gain)| gain).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    sum(top) / sum(&ideal)
}
