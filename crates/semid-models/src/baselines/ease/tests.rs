//! EASE against the textbook: a plain elimination in f64, and what can be worked out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::Rng;
use semid_core::{Catalog, Error, History, Item, NoCheckpoints, RankedList, Recommender, Seed, TrainingData, Work};

use super::*;

fn random_sequences(users: usize, items: u32) -> Vec<Vec<u32>> {
    let mut rng = Seed(3).rng("sequences");
    let one = |rng: &mut rand_chacha::ChaCha8Rng| {
        (0..rng.random_range(1..12)).map(|_| (f64::from(items) * rng.random::<f64>().powi(2)) as u32).collect()
    };
    (0..users).map(|_| one(&mut rng)).collect()
}

/// The inverse by Gauss and Jordan with pivoting.
fn gauss_jordan(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let mut inverse: Vec<f64> = (0..n * n).map(|at| if at / n == at % n { 1.0 } else { 0.0 }).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&x, &y| a[x * n + column].abs().total_cmp(&a[y * n + column].abs())).unwrap();
        for k in 0..n {
            a.swap(column * n + k, pivot * n + k);
            inverse.swap(column * n + k, pivot * n + k);
        }
        let scale = 1.0 / a[column * n + column];
        for k in 0..n {
            a[column * n + k] *= scale;
            inverse[column * n + k] *= scale;
        }
        for row in (0..n).filter(|&row| row != column) {
            let factor = a[row * n + column];
            if factor != 0.0 {
                for k in 0..n {
                    a[row * n + k] -= factor * a[column * n + k];
                    inverse[row * n + k] -= factor * inverse[column * n + k];
                }
            }
        }
    }
    inverse
}

fn dense_gram(sequences: &[Vec<u32>], items: usize, lambda: f64) -> Vec<f64> {
    let mut gram = vec![0.0; items * items];
    for sequence in sequences {
        let met: std::collections::BTreeSet<u32> = sequence.iter().copied().collect();
        for &a in &met {
            met.iter().for_each(|&b| gram[a as usize * items + b as usize] += 1.0);
        }
    }
    (0..items).for_each(|item| gram[item * items + item] += lambda);
    gram
}

fn fitted(lambda: f64, sequences: &[Vec<u32>], items: usize) -> semid_core::Result<Box<dyn Ranker>> {
    let catalog = Catalog { items: (0..items).map(|n| Item { key: n.to_string(), ..Item::default() }).collect() };
    let data = TrainingData {
        catalog: &catalog,
        sequences,
        validation: &[],
        embeddings: None,
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    Ease::new(EaseSettings { lambda }).fit(&Work::new(Seed(1)), &data)
}

fn lists(lambda: f64, sequences: &[Vec<u32>], items: usize, histories: &[&[u32]], k: usize) -> Vec<RankedList> {
    let histories: Vec<History<'_>> = histories.iter().zip(0..).map(|(&items, user)| History { user, items }).collect();
    fitted(lambda, sequences, items).unwrap().rank(&Work::new(Seed(1)), &histories, k).unwrap()
}

#[test]
fn the_blocked_inverse_equals_gauss_and_jordan() {
    for n in [1, 2, 100, BLOCK, BLOCK + 1, 2 * BLOCK + 77] {
        let mut gram = gram(&random_sequences(4 * n, n as u32), n, 3.0).unwrap();
        let expected = gauss_jordan(dense_gram(&random_sequences(4 * n, n as u32), n, 3.0), n);
        inverse::invert(&mut gram, n, || Ok(())).unwrap();
        for row in 0..n {
            for column in 0..=row {
                let (ours, theirs) = (gram[row * n + column], expected[row * n + column]);
                assert!((ours - theirs).abs() < 1e-12, "{n} items, [{row}, {column}]: {ours} against {theirs}");
            }
        }
    }
}

#[test]
fn scores_are_those_of_the_closed_form() {
    let (items, lambda) = (BLOCK + 40, 5.0);
    let sequences = random_sequences(900, items as u32);
    let inverse = gauss_jordan(dense_gram(&sequences, items, lambda), items);
    let weight = |from: usize, to: usize| -inverse[from * items + to] / inverse[to * items + to];
    let history = [7u32, 290, 3, 7];
    let list = &lists(lambda, &sequences, items, &[&history], items)[0];
    assert_eq!(list.entries.len(), items - 3, "all but what was met");
    for entry in &list.entries {
        let item = entry.items[0] as usize;
        let expected = weight(7, item) + weight(290, item) + weight(3, item);
        assert!((entry.score - expected).abs() < 1e-6, "item {item}: {} against {expected}", entry.score);
    }
}

#[test]
fn two_items_met_by_the_same_users_weigh_as_worked_out_by_hand() {
    // XᵀX + λI = [[3, 2], [2, 3]] for two users who met both and λ = 1; P ∝ [[3, −2], [−2, 3]], so B[0, 1] = 2/3.
    let list = &lists(1.0, &[vec![0, 1], vec![1, 0]], 3, &[&[0]], 3)[0];
    let scored: Vec<(u32, f64)> = list.entries.iter().map(|entry| (entry.items[0], entry.score)).collect();
    assert!(scored[0].0 == 1 && (scored[0].1 - 2.0 / 3.0).abs() < 1e-7, "{scored:?}");
    assert_eq!(scored[1], (2, 0.0), "an item nobody met has no weight");
}

#[test]
fn ease_is_the_same_bytes_for_any_number_of_threads() {
    let items = 2 * BLOCK + 30;
    let sequences = random_sequences(2_000, items as u32);
    let histories: Vec<&[u32]> = sequences[..50].iter().map(Vec::as_slice).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| lists(10.0, &sequences, items, &histories, 20))
    };
    let one = run(1);
    assert!(one == run(2), "threads do not show");
}

#[test]
fn an_empty_catalog_one_item_and_no_history_have_lists_of_their_own() {
    assert!(lists(1.0, &[], 0, &[&[]], 5)[0].entries.is_empty(), "no items, no list");
    assert!(lists(1.0, &[vec![0]], 1, &[&[0]], 5)[0].entries.is_empty(), "the only item was met");
    assert!(lists(1.0, &[vec![0, 1]], 2, &[&[]], 5)[0].entries.is_empty(), "no history, nothing to go by");
}

#[test]
fn what_cannot_be_fitted_is_said_in_a_sentence() {
    let refused = |lambda, sequences: &[Vec<u32>], items| match fitted(lambda, sequences, items) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    assert!(refused(0.0, &[], 2).contains("above 0"), "no penalty");
    assert!(refused(f64::NAN, &[], 2).contains("above 0"), "no number");
    assert!(refused(1.0, &[vec![5]], 2).contains("item 5"), "an item that is not in the catalog");
    assert!(refused(1.0, &[], 100_000).contains("120 GB"), "a matrix that fits no memory");
    assert!(refused(1e-300, &[vec![0, 1]], 2).contains("raise λ"), "a matrix without an inverse");
}

#[test]
fn a_cancel_stops_the_inversion() {
    let mut gram = gram(&random_sequences(50, 20), 20, 1.0).unwrap();
    let stopped = inverse::invert(&mut gram, 20, || Err(Error::Cancelled));
    assert!(matches!(stopped, Err(Error::Cancelled)), "the cancel was asked for before the first block");
}
