//! Quantizers: vectors become codes, coarse to fine.

mod artifact;
pub mod kmeans;
mod lsh;
mod opq;
mod rq_kmeans;
mod rq_vae;
#[cfg(test)]
mod tests;

pub use artifact::codebooks_from_bytes;
pub use lsh::{Lsh, LshCodebooks};
pub use opq::{Opq, OpqCodebooks};
use rand::Rng;
use rayon::prelude::*;
pub use rq_kmeans::{RqKMeans, RqKMeansCodebooks};
pub use rq_vae::{GradientRoute, RqVae, RqVaeCodebooks, RqVaeSettings};
use semid_core::{CodeShape, Embeddings, Error, Result};

/// Refuses a shape without codes and a catalog without items.
fn learnable(title: &str, shape: &CodeShape, embeddings: &Embeddings) -> Result<()> {
    if shape.levels() == 0 || shape.0.contains(&0) {
        return Err(Error::input(format!(
            "{title} cannot learn the shape {:?}: give at least one level, and at least one code on each.",
            shape.0
        )));
    }
    if embeddings.rows() == 0 {
        return Err(Error::input(format!("{title} cannot learn from an empty catalog: import items first.")));
    }
    Ok(())
}

/// Vectors of another width than the codebooks'.
fn of_another_width(dim: usize, found: usize) -> Error {
    Error::input(format!(
        "These codebooks are for vectors of {dim} numbers, and the embeddings have {found}: learn the codebooks again with \
         this encoder."
    ))
}

/// The mean of the rows, summed in f64 in their order.
fn mean(embeddings: &Embeddings) -> Vec<f32> {
    let mut sums = vec![0.0f64; embeddings.dim()];
    for row in embeddings.iter() {
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.iter().map(|sum| (sum / embeddings.rows().max(1) as f64) as f32).collect()
}

/// Mean and standard deviation of each dimension; 1 for a dimension that is the same in all rows.
fn moments(embeddings: &Embeddings) -> (Vec<f32>, Vec<f32>) {
    let mean = mean(embeddings);
    let mut squares = vec![0.0f64; embeddings.dim()];
    for row in embeddings.iter() {
        let parts = squares.iter_mut().zip(row).zip(&mean);
        parts.for_each(|((sum, &value), &mean)| *sum += (f64::from(value) - f64::from(mean)).powi(2));
    }
    let deviation = |sum: &f64| (sum / embeddings.rows() as f64).sqrt() as f32;
    let scale = squares.iter().map(deviation).map(|deviation| if deviation > 1e-12 { deviation } else { 1.0 });
    (mean, scale.collect())
}

fn standardised(embeddings: &Embeddings, mean: &[f32], scale: &[f32]) -> Vec<f32> {
    let mut values = embeddings.values().to_vec();
    for row in values.chunks_exact_mut(mean.len()) {
        row.iter_mut().zip(mean).zip(scale).for_each(|((value, mean), scale)| *value = (*value - mean) / scale);
    }
    values
}

/// Takes the centroid of its cluster off each row.
fn subtract(rows: &mut [f32], centroids: &[f32], assignment: &[u32], dim: usize) {
    rows.par_chunks_exact_mut(dim).zip(assignment.par_iter()).for_each(|(row, &cluster)| {
        let centroid = &centroids[cluster as usize * dim..(cluster as usize + 1) * dim];
        row.iter_mut().zip(centroid).for_each(|(value, part)| *value -= part);
    });
}

/// Codes from the nearest to the farthest, the first of equals first.
fn by_distance(distances: impl Iterator<Item = f32>) -> Vec<u32> {
    let distances: Vec<f32> = distances.collect();
    let mut order: Vec<u32> = (0..distances.len() as u32).collect();
    order.sort_by(|&a, &b| distances[a as usize].total_cmp(&distances[b as usize]).then(a.cmp(&b)));
    order
}

/// A normal draw by Box and Muller's transform.
fn gaussian(rng: &mut impl Rng) -> f32 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
}
