//! What a plane must keep of the space it comes from.
#![allow(clippy::unwrap_used)]

use rand::Rng;
use semid_core::{Embeddings, Seed, Work};

use super::{components, graph, plane};

/// Forty clouds of ten rows in 32 dimensions, each with a shape of its own.
fn clouds() -> Embeddings {
    let mut rng = Seed(3).rng("clouds");
    let mut draw = move || (0..4).map(|_| rng.random::<f32>() - 0.5).sum::<f32>();
    let middles: Vec<Vec<f32>> = (0..40).map(|_| (0..32).map(|_| draw()).collect()).collect();
    let values = (0..400).flat_map(|row| middles[row / 10].iter().map(|x| x + 0.25 * draw()).collect::<Vec<_>>());
    Embeddings::new(32, values.collect()).unwrap()
}

/// The nearest rows of one row, each with how near it is.
type Near = Vec<(u32, f32)>;

/// Share of each row's ten nearest that are among its ten nearest in `places` (`rows × dim`).
fn recall(work: &Work, truth: &[Near], dim: usize, places: Vec<f32>) -> f64 {
    let near = graph::nearest(work, &components::Reduced { dim, values: places }, 10).unwrap();
    let found = |(a, b): (&Near, &Near)| a.iter().filter(|x| b.iter().any(|y| x.0 == y.0)).count() as f64 / 10.0;
    truth.iter().zip(&near).map(found).sum::<f64>() / truth.len() as f64
}

#[test]
fn near_in_the_space_is_near_on_the_plane_far_more_than_by_chance_or_on_two_components() {
    let (work, embeddings) = (Work::new(Seed(1)), clouds());
    let whole = components::principal(&work, &embeddings, 32).unwrap();
    let truth = graph::nearest(&work, &whole, 10).unwrap();
    let places: Vec<f32> = plane(&work, &embeddings).unwrap().into_iter().flatten().collect();
    assert!(places.iter().all(|x| (-1.0..=1.0).contains(x)), "inside the square");
    let two = components::principal(&work, &embeddings, 2).unwrap().values;
    let [on_plane, on_two] = [places, two].map(|places| recall(&work, &truth, 2, places));
    assert!(on_plane > 0.6, "10 of 399 by chance are .025; the plane keeps {on_plane}");
    assert!(on_plane > on_two + 0.2, "two components keep {on_two}, the plane {on_plane}");
}

#[test]
fn the_same_seed_gives_the_same_plane_for_any_number_of_threads() {
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| plane(&Work::new(Seed(5)), &clouds()).unwrap())
    };
    assert_eq!(made(1), made(2), "threads never show");
}

#[test]
fn few_equal_or_empty_rows_have_places_too() {
    let work = Work::new(Seed(1));
    for rows in 0..4 {
        let equal = Embeddings::new(3, vec![0.5; rows * 3]).unwrap_or_default();
        let places = plane(&work, &equal).unwrap();
        assert_eq!(places.len(), rows, "one a row");
        assert!(places.iter().flatten().all(|x| x.is_finite()), "{rows} equal rows have finite places: {places:?}");
    }
    let zeros = Embeddings::new(2, vec![0.0; 40]).unwrap();
    assert!(
        plane(&work, &zeros).unwrap().iter().flatten().all(|x| x.is_finite()),
        "texts without words are no trouble"
    );
}

#[test]
fn principal_components_are_those_of_a_stretched_cloud() {
    let mut rng = Seed(2).rng("stretched");
    let values =
        (0..300).flat_map(|_| [1.0, 0.3, 0.05].map(|width| 3.0f32 * 0.0 + width * (rng.random::<f32>() - 0.5)));
    let mut values: Vec<f32> = values.collect();
    // Far from the origin, so that bringing rows to length 1 leaves the shape.
    values.chunks_exact_mut(3).for_each(|row| row[2] += 10.0);
    let reduced = components::principal(&Work::new(Seed(1)), &Embeddings::new(3, values.clone()).unwrap(), 2).unwrap();
    let variance =
        |axis: usize| reduced.values.chunks_exact(2).map(|row| f64::from(row[axis]).powi(2)).sum::<f64>() / 300.0;
    assert!(variance(0) > 5.0 * variance(1), "strongest first: {} and {}", variance(0), variance(1));
    let along: f64 =
        values.chunks_exact(3).zip(reduced.values.chunks_exact(2)).map(|(x, y)| f64::from(x[0] * y[0])).sum();
    let (a, b) = (
        values.chunks_exact(3).map(|x| f64::from(x[0]).powi(2)).sum::<f64>(),
        reduced.values.chunks_exact(2).map(|y| f64::from(y[0]).powi(2)).sum::<f64>(),
    );
    assert!((along / (a * b).sqrt()).abs() > 0.98, "the first component is the long axis");
}
