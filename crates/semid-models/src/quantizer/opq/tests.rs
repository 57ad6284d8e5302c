//! OPQ and PQ against what they are made of, said slowly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::Rng;
use semid_core::Seed;

use super::*;
use crate::quantizer::{codebooks_from_bytes, gaussian};

fn work() -> Work {
    Work::new(Seed(1))
}

/// Gaussian rows whose variance lies in a few dimensions that are close to each other: what PQ cuts badly.
fn lopsided(rows: usize, dim: usize) -> Embeddings {
    let mut rng = Seed(2).rng("lopsided");
    let value = |at: usize, rng: &mut _| gaussian(rng) * if at % dim < dim / 4 { 4.0 } else { 0.5 };
    Embeddings::new(dim, (0..rows * dim).map(|at| value(at, &mut rng)).collect()).unwrap()
}

fn fitted(rows: &Embeddings, shape: &[u32], rotate: bool) -> Box<dyn Codebooks> {
    Opq { rotate, iterations: 12, shape: CodeShape(shape.to_vec()) }.fit(&work(), rows).unwrap()
}

fn error(books: &dyn Codebooks, rows: &Embeddings) -> f64 {
    let decoded = books.decode(&books.encode(&work(), rows).unwrap()).unwrap();
    rows.values().iter().zip(decoded.values()).map(|(x, y)| f64::from(x - y).powi(2)).sum()
}

#[test]
fn without_rotation_each_part_is_clustered_on_its_own() {
    let rows = lopsided(400, 10);
    let books = fitted(&rows, &[8, 4, 16], false);
    let table = books.encode(&work(), &rows).unwrap();
    let mean = mean(&rows);
    // Parts are 0..3, 3..6, 6..10; every code is the nearest centroid by a plain search over distances.
    for (level, range) in [(0, 0..3), (1, 3..6), (2, 6..10)] {
        let centroid = |code: u32| {
            let codes = (0..3).map(|other| if other == level { code } else { 0 }).collect();
            let table = CodeTable { shape: CodeShape(vec![8, 4, 16]), codes };
            books.decode(&table).unwrap().values()[range.clone()].to_vec()
        };
        let centroids: Vec<Vec<f32>> = (0..[8, 4, 16][level]).map(centroid).collect();
        let mut sums = vec![(vec![0.0f64; range.len()], 0.0); centroids.len()];
        for (row, codes) in rows.iter().zip(table.iter()) {
            let distance = |centroid: &[f32]| -> f64 {
                row[range.clone()].iter().zip(centroid).map(|(x, c)| f64::from(x - c).powi(2)).sum()
            };
            let nearest = centroids.iter().map(|centroid| distance(centroid)).fold(f64::INFINITY, f64::min);
            assert!(distance(&centroids[codes[level] as usize]) <= nearest + 1e-4, "level {level}: the nearest code");
            let (sum, count) = &mut sums[codes[level] as usize];
            sum.iter_mut().zip(&row[range.clone()]).for_each(|(sum, &x)| *sum += f64::from(x));
            *count += 1.0;
        }
        assert!(sums.iter().all(|(_, count)| *count > 0.0), "level {level} uses all codes");
    }
    assert!(mean.len() == 10 && error(&*books, &rows) > 0.0, "codes lose something");
}

#[test]
fn the_rotation_lowers_the_error_where_parts_are_uneven() {
    let rows = lopsided(1_500, 16);
    let (plain, rotated) =
        (error(&*fitted(&rows, &[16; 4], false), &rows), error(&*fitted(&rows, &[16; 4], true), &rows));
    assert!(rotated < 0.8 * plain, "rotated {rotated} against {plain}");
}

#[test]
fn the_rotation_is_orthogonal_and_the_best_there_is() {
    let (dim, count) = (12, 200);
    let rows: Vec<f32> = lopsided(count, dim).values().to_vec();
    let target: Vec<f32> = lopsided(count, dim).values().iter().rev().copied().collect();
    let rotation = procrustes(&rows, &target, &identity(dim), dim);
    let miss = |rotation: &[f32]| -> f64 {
        let rotated = times(&rows, Mat::new(rotation, dim, dim));
        rotated.iter().zip(&target).map(|(x, y)| f64::from(x - y).powi(2)).sum()
    };
    for a in 0..dim {
        for b in 0..dim {
            let inner: f64 =
                (0..dim).map(|k| f64::from(rotation[k * dim + a]) * f64::from(rotation[k * dim + b])).sum();
            assert!((inner - f64::from(u8::from(a == b))).abs() < 1e-5, "columns {a} and {b}: {inner}");
        }
    }
    // Turning it a little in any plane makes it worse: it is a minimum.
    let best = miss(&rotation);
    let mut rng = Seed(3).rng("planes");
    for _ in 0..50 {
        let (a, b) = (rng.random_range(0..dim as u32) as usize, rng.random_range(0..dim as u32) as usize);
        let (sin, cos) = rng.random_range(-0.3f32..0.3).sin_cos();
        let mut turned = rotation.clone();
        for k in (0..dim).filter(|_| a != b) {
            let (x, y) = (rotation[k * dim + a], rotation[k * dim + b]);
            (turned[k * dim + a], turned[k * dim + b]) = (cos * x - sin * y, sin * x + cos * y);
        }
        assert!(miss(&turned) >= best * (1.0 - 1e-6), "another rotation misses by {} and not {best}", miss(&turned));
    }
}

#[test]
fn the_orthogonal_factor_of_a_known_product_is_found() {
    // A rotation by 30° times a symmetric positive definite matrix.
    let (sin, cos) = 30f64.to_radians().sin_cos();
    let (u, h) = ([cos, -sin, sin, cos], [3.0, 1.0, 1.0, 0.5]);
    let a = |row: usize, column: usize| u[row * 2] * h[column] + u[row * 2 + 1] * h[2 + column];
    let found = polar::orthogonal_factor(vec![a(0, 0), a(0, 1), a(1, 0), a(1, 1)], 2).unwrap();
    for (found, expected) in found.iter().zip(u) {
        assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
    }
    assert!(polar::orthogonal_factor(vec![0.0; 4], 2).is_none(), "nothing has no direction");
}

#[test]
fn opq_is_the_same_bytes_for_any_number_of_threads() {
    let rows = lopsided(1_300, 70);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let books = fitted(&rows, &[16, 8, 8], true);
            (books.to_bytes(), books.encode(&work(), &rows).unwrap())
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3), "threads do not show");
}

#[test]
fn small_catalogs_have_ids_too_and_what_cannot_be_is_said() {
    for items in [1, 2, 5] {
        let rows = lopsided(items, 8);
        for rotate in [false, true] {
            let books = fitted(&rows, &[16, 16], rotate);
            assert!(error(&*books, &rows) < 1e-6, "{items} items are their own centroids");
        }
    }
    let refused = |rows: &Embeddings, shape: &[u32]| match Opq::starter(CodeShape(shape.to_vec())).fit(&work(), rows) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    assert!(refused(&Embeddings::new(4, vec![]).unwrap(), &[2]).contains("empty catalog"), "nothing to learn from");
    assert!(refused(&lopsided(9, 4), &[2; 5]).contains("at most 4 levels"), "a part needs a dimension");
    let stopped = {
        let work = work();
        work.cancel().cancel();
        Opq::starter(CodeShape(vec![4, 4])).fit(&work, &lopsided(50, 4))
    };
    assert!(matches!(stopped, Err(Error::Cancelled)), "a cancel stops the learning");
}

#[test]
fn opq_comes_back_from_its_bytes_and_a_row_prefers_its_own_code() {
    let rows = lopsided(300, 12);
    let books = fitted(&rows, &[8, 4], true);
    let bytes = books.to_bytes();
    let back = codebooks_from_bytes(&bytes).unwrap();
    let table = books.encode(&work(), &rows).unwrap();
    assert_eq!(
        (back.to_bytes(), back.encode(&work(), &rows).unwrap()),
        (bytes.clone(), table.clone()),
        "nothing is lost"
    );
    for cut in (0..bytes.len()).step_by(31) {
        assert!(codebooks_from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for (row, codes) in rows.iter().zip(table.iter()) {
        assert_eq!(books.last_level_by_preference(row, codes)[0], codes[1], "its own code suits a row best");
    }
    assert!(books.decode(&CodeTable { shape: CodeShape(vec![9]), codes: vec![7] }).is_none(), "another shape");
    assert!(books.encode(&work(), &lopsided(3, 5)).is_err(), "vectors of another width");
}
