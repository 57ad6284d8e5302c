//! Quantizers on vectors whose clusters are known, and the promises every codebook keeps.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::Rng;
use semid_core::{CodeShape, CodeTable, Codebooks, Embeddings, Error, Quantizer, Seed, Work};

use super::kmeans::{Clusters, KMeans};
use super::*;

fn work() -> Work {
    Work::new(Seed(1))
}

/// `rows × dim` around `centres` centres that are far apart; row `i` belongs to centre `i % centres`.
fn blobs(rows: usize, dim: usize, centres: usize) -> Embeddings {
    let mut rng = Seed(5).rng("blobs");
    let places: Vec<f32> = (0..centres * dim).map(|_| rng.random_range(-10.0..10.0)).collect();
    let value = |row: usize, at: usize| places[row % centres * dim + at];
    let values = (0..rows * dim).map(|n| value(n / dim, n % dim) + rng.random_range(-0.1f32..0.1)).collect();
    Embeddings::new(dim, values).unwrap()
}

fn noise(rows: usize, dim: usize) -> Embeddings {
    let mut rng = Seed(6).rng("noise");
    Embeddings::new(dim, (0..rows * dim).map(|_| rng.random_range(-1.0..1.0)).collect()).unwrap()
}

fn kmeans(rows: &Embeddings, clusters: usize, iterations: usize, even_iterations: usize) -> Clusters {
    let kmeans = KMeans { dim: rows.dim(), iterations, even_iterations };
    let start = kmeans.start(&work(), rows.values(), clusters, &mut Seed(1).rng("start")).unwrap();
    kmeans.fit(&work(), rows.values(), start, || Ok(())).unwrap()
}

/// Lloyd's iterations as the textbook has them, in f64.
fn textbook_lloyd(rows: &Embeddings, start: &[f32], iterations: usize) -> (Vec<usize>, f64) {
    let dim = rows.dim();
    let mut centroids: Vec<Vec<f64>> =
        start.chunks(dim).map(|row| row.iter().map(|&value| f64::from(value)).collect()).collect();
    let distance = |row: &[f32], centroid: &[f64]| -> f64 {
        row.iter().zip(centroid).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum()
    };
    let nearest = |centroids: &[Vec<f64>], row: &[f32]| -> (usize, f64) {
        let distances = centroids.iter().map(|centroid| distance(row, centroid)).enumerate();
        distances.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    };
    for _ in 0..iterations {
        let mut sums = vec![(vec![0.0; dim], 0.0); centroids.len()];
        for row in rows.iter() {
            let (sum, count) = &mut sums[nearest(&centroids, row).0];
            sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            *count += 1.0;
        }
        for (centroid, (sum, count)) in centroids.iter_mut().zip(&sums).filter(|(_, (_, count))| *count > 0.0) {
            *centroid = sum.iter().map(|sum| sum / count).collect();
        }
    }
    let last: Vec<(usize, f64)> = rows.iter().map(|row| nearest(&centroids, row)).collect();
    (last.iter().map(|(cluster, _)| *cluster).collect(), last.iter().map(|(_, distance)| distance).sum())
}

#[test]
fn lloyd_agrees_with_the_textbook() {
    let rows = noise(700, 19);
    let start = rows.values()[..23 * 19].to_vec();
    let kmeans = KMeans { dim: 19, iterations: 8, even_iterations: 0 };
    let ours = kmeans.fit(&work(), rows.values(), start.clone(), || Ok(())).unwrap();
    let (assignment, inertia) = textbook_lloyd(&rows, &start, 8);
    let agree = ours.assignment.iter().zip(&assignment).filter(|(a, b)| **a as usize == **b).count();
    assert!(agree >= 698, "the same clusters but for ties within rounding: {agree} of 700");
    assert!((ours.inertia / inertia - 1.0).abs() < 1e-3, "inertia {} against {inertia}", ours.inertia);
}

#[test]
fn kmeans_finds_clusters_that_are_there() {
    let found = kmeans(&blobs(600, 8, 12), 12, 30, 0);
    for row in 12..600 {
        assert_eq!(found.assignment[row], found.assignment[row % 12], "row {row} is with its like");
    }
    assert!(found.inertia < 600.0 * 8.0 * 0.01, "only the noise is left: {}", found.inertia);
}

#[test]
fn clusters_that_start_empty_are_refilled() {
    let rows = noise(300, 6);
    // All centroids start at one far place, so that all but one are empty at first.
    let start = [vec![50.0f32; 6], vec![60.0; 6 * 19]].concat();
    let kmeans = KMeans { dim: 6, iterations: 10, even_iterations: 0 };
    let found = kmeans.fit(&work(), rows.values(), start, || Ok(())).unwrap();
    let mut used = found.assignment.clone();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), 20, "every cluster ends with rows");
}

#[test]
fn balance_caps_every_cluster() {
    let rows = blobs(500, 8, 3);
    let sizes = |found: &Clusters| {
        let mut sizes = vec![0usize; 7];
        found.assignment.iter().for_each(|&cluster| sizes[cluster as usize] += 1);
        sizes
    };
    let even = kmeans(&rows, 7, 15, 15);
    assert!(sizes(&even).iter().all(|&size| size <= 500usize.div_ceil(7)), "at most ⌈500 / 7⌉: {:?}", sizes(&even));
    assert!(sizes(&kmeans(&rows, 7, 15, 0)).iter().any(|&size| size > 72), "free clusters are not that even");
}

#[test]
fn fewer_different_rows_than_clusters_leave_clusters_empty_and_nothing_else() {
    let rows = Embeddings::new(2, [[1.0, 1.0], [2.0, 2.0]].concat().repeat(5)).unwrap();
    let found = kmeans(&rows, 6, 10, 0);
    assert_eq!(found.inertia, 0.0, "two places, two centroids on them");
    assert!(found.centroids.iter().all(|value| value.is_finite()), "unused centroids are numbers too");
}

#[test]
fn rq_kmeans_is_the_same_bytes_for_any_number_of_threads() {
    let rows = noise(2_000, 24);
    let run = |threads: usize, balanced: bool| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let settings = RqKMeans { balanced, ..RqKMeans::starter(CodeShape(vec![32, 16])) };
        pool.install(|| {
            let books = settings.fit(&work(), &rows).unwrap();
            (books.to_bytes(), books.encode(&work(), &rows).unwrap())
        })
    };
    for balanced in [false, true] {
        let one = run(1, balanced);
        for threads in [2, 3] {
            assert!(run(threads, balanced) == one, "{threads} threads, balanced: {balanced}");
        }
    }
}

#[test]
fn each_level_brings_the_decoded_vectors_nearer() {
    let rows = noise(1_500, 16);
    let mut errors = Vec::new();
    for standardise in [false, true] {
        for levels in 1..=3 {
            let settings = RqKMeans { standardise, ..RqKMeans::starter(CodeShape::uniform(levels, 32)) };
            let books = settings.fit(&work(), &rows).unwrap();
            let decoded = books.decode(&books.encode(&work(), &rows).unwrap()).unwrap();
            let squares = rows.values().iter().zip(decoded.values()).map(|(x, y)| f64::from(x - y).powi(2));
            errors.push(squares.sum::<f64>());
        }
    }
    assert!(errors[0] > errors[1] && errors[1] > errors[2], "plain: {errors:?}");
    assert!(errors[3] > errors[4] && errors[4] > errors[5], "standardised: {errors:?}");
}

#[test]
fn no_level_of_structureless_vectors_collapses_into_one_code() {
    let rows = noise(1_500, 128);
    for seed in 0..5 {
        let books = RqKMeans::starter(CodeShape::uniform(3, 64)).fit(&Work::new(Seed(seed)), &rows).unwrap();
        let table = books.encode(&work(), &rows).unwrap();
        let distinct: std::collections::HashSet<&[u32]> = table.iter().collect();
        assert!(distinct.len() > 1_400, "seed {seed} leaves only {} different IDs", distinct.len());
        for level in 0..3 {
            let mut sizes = [0; 64];
            table.iter().for_each(|row| sizes[row[level] as usize] += 1);
            assert!(sizes.iter().all(|&size| size < 150), "seed {seed}, level {level}: {sizes:?}");
        }
    }
}

#[test]
fn every_code_is_used_on_every_level() {
    let rows = noise(1_000, 16);
    let books = RqKMeans::starter(CodeShape::uniform(3, 64)).fit(&work(), &rows).unwrap();
    let table = books.encode(&work(), &rows).unwrap();
    for level in 0..3 {
        let used: std::collections::HashSet<u32> = table.iter().map(|row| row[level]).collect();
        assert_eq!(used.len(), 64, "level {level}");
    }
}

#[test]
fn the_most_preferred_last_code_is_the_one_the_row_has() {
    let rows = noise(400, 16);
    for books in [
        RqKMeans::starter(CodeShape(vec![16, 8])).fit(&work(), &rows).unwrap(),
        Lsh { shape: CodeShape(vec![16, 8]) }.fit(&work(), &rows).unwrap(),
    ] {
        let table = books.encode(&work(), &rows).unwrap();
        for (row, codes) in rows.iter().zip(table.iter()) {
            let order = books.last_level_by_preference(row, codes);
            assert_eq!(order[0], codes[1], "its own code suits a row best");
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..8).collect::<Vec<_>>(), "every code is ranked once");
        }
        assert!(books.last_level_by_preference(&[1.0], &[0, 0]).is_empty(), "a row of another width has no preference");
    }
}

#[test]
fn lsh_codes_follow_the_angle() {
    let rows = noise(500, 32);
    let books = Lsh { shape: CodeShape(vec![1 << 10, 1 << 10]) }.fit(&work(), &rows).unwrap();
    let table = books.encode(&work(), &rows).unwrap();
    let differing =
        |a: usize, b: usize| -> u32 { table.row(a).iter().zip(table.row(b)).map(|(x, y)| (x ^ y).count_ones()).sum() };
    // A bit differs with probability angle / π (Charikar 2002): over all pairs the mean share is near a half.
    let mean = (1..500).map(|other| f64::from(differing(0, other))).sum::<f64>() / 499.0;
    assert!((8.0..12.0).contains(&mean), "unrelated rows differ in about half of 20 bits: {mean}");
    let nudged: Vec<f32> = rows.row(0).iter().map(|value| value * 1.01).collect();
    let near = Embeddings::new(32, nudged).unwrap();
    let code = books.encode(&work(), &near).unwrap();
    let changed: u32 = code.row(0).iter().zip(table.row(0)).map(|(x, y)| (x ^ y).count_ones()).sum();
    assert!(changed <= 1, "a row hardly moved keeps its codes: {changed} bits changed");
}

#[test]
fn codebooks_come_back_from_their_bytes_and_damage_is_noticed() {
    let rows = noise(300, 12);
    for books in [
        RqKMeans { balanced: true, standardise: true, ..RqKMeans::starter(CodeShape(vec![8, 4])) }.fit(&work(), &rows),
        Lsh { shape: CodeShape(vec![8, 4]) }.fit(&work(), &rows),
    ] {
        let books = books.unwrap();
        let bytes = books.to_bytes();
        let back = codebooks_from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), bytes, "nothing is lost on the way");
        assert_eq!(back.encode(&work(), &rows).unwrap(), books.encode(&work(), &rows).unwrap(), "same codes");
        for cut in 0..bytes.len().min(200) {
            assert!(codebooks_from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(codebooks_from_bytes(&[&bytes[..], &[0]].concat()).is_err(), "a byte too many");
        let mut damaged = bytes.clone();
        damaged[12..16].fill(0xff);
        assert!(codebooks_from_bytes(&damaged).is_err(), "four billion levels are not believed");
    }
}

#[test]
fn what_cannot_be_learned_is_said_in_a_sentence() {
    let rows = noise(10, 4);
    let message = |result: semid_core::Result<Box<dyn Codebooks>>| match result {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    let refused = message(Lsh { shape: CodeShape(vec![100]) }.fit(&work(), &rows));
    assert!(refused.contains("power of two, such as 128"), "{refused}");
    assert!(message(RqKMeans::starter(CodeShape(vec![])).fit(&work(), &rows)).contains("at least one level"), "shape");
    let empty = Embeddings::new(4, vec![]).unwrap();
    assert!(message(RqKMeans::starter(CodeShape(vec![2])).fit(&work(), &empty)).contains("empty catalog"), "no rows");
    let books = RqKMeans::starter(CodeShape(vec![2])).fit(&work(), &rows).unwrap();
    assert!(books.encode(&work(), &noise(3, 5)).is_err(), "vectors of another width");
    assert!(books.decode(&CodeTable { shape: CodeShape(vec![9]), codes: vec![7] }).is_none(), "an unknown code");
}

#[test]
fn one_item_has_an_id_like_any_other() {
    let row = noise(1, 4);
    let books = RqKMeans::starter(CodeShape::uniform(3, 256)).fit(&work(), &row).unwrap();
    let table = books.encode(&work(), &row).unwrap();
    assert_eq!(books.decode(&table).unwrap().values(), row.values(), "one item is its own centroid");
}

#[test]
fn a_cancel_stops_the_learning() {
    let work = work();
    work.cancel().cancel();
    let stopped = RqKMeans::starter(CodeShape::uniform(2, 8)).fit(&work, &noise(100, 4));
    assert!(matches!(stopped, Err(Error::Cancelled)), "the cancel was asked for before the first iteration");
}
