//! k-means on vectors of your own: seconds and inertia from the first k rows as start, to hold beside what other
//! libraries say of the same start and iterations.
//!
//! `cargo bench -p semid-models --bench kmeans -- VECTORS.npy [K [ITERATIONS]]` (f32 rows; without a file, seeded noise
//! of 12,000 × 384)
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::Instant;

use rand::Rng;
use semid_core::{Embeddings, Seed, Work};
use semid_models::quantizer::kmeans::KMeans;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let rows = arguments.first().map_or_else(noise, |file| npy(&std::fs::read(file).expect("a readable file")));
    let number = |at: usize, default: usize| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let (clusters, iterations) = (number(1, 256), number(2, 20));
    let kmeans = KMeans { dim: rows.dim(), iterations, even_iterations: 0 };
    let work = Work::new(Seed(1));
    for _ in 0..5 {
        let start = rows.values()[..clusters * rows.dim()].to_vec();
        let clock = Instant::now();
        let fitted = kmeans.fit(&work, rows.values(), start, || Ok(())).expect("a start of k rows");
        println!(
            r#"{{"name": "semid", "rows": {}, "seconds_wall": {:.4}, "inertia": {:.4}}}"#,
            rows.rows(),
            clock.elapsed().as_secs_f64(),
            fitted.inertia
        );
    }
    let clock = Instant::now();
    kmeans.start(&work, rows.values(), clusters, &mut Seed(1).rng("start")).expect("rows to draw from");
    println!(r#"{{"name": "semid k-means++ start", "seconds_wall": {:.4}}}"#, clock.elapsed().as_secs_f64());
}

fn noise() -> Embeddings {
    let mut rng = Seed(1).rng("noise");
    Embeddings::new(384, (0..12_000 * 384).map(|_| rng.random_range(-1.0..1.0)).collect()).expect("whole rows")
}

/// Rows of a `.npy` file of little-endian f32 in C order.
fn npy(bytes: &[u8]) -> Embeddings {
    let header_end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..header_end]).expect("a header of text");
    assert!(header.contains("<f4") && header.contains("False"), "f32 rows in C order: {header}");
    let shape = &header[header.find('(').expect("a shape") + 1..header.find(')').expect("a shape")];
    let dim: usize = shape.split(',').nth(1).and_then(|dim| dim.trim().parse().ok()).expect("rows × dim");
    let values = bytes[header_end..].chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().expect("4 bytes")));
    Embeddings::new(dim, values.collect()).expect("finite rows")
}
