//! Quantizers: vectors become codes, coarse to fine.

mod artifact;
pub mod kmeans;
mod lsh;
mod rq_kmeans;
#[cfg(test)]
mod tests;

pub use artifact::codebooks_from_bytes;
pub use lsh::{Lsh, LshCodebooks};
pub use rq_kmeans::{RqKMeans, RqKMeansCodebooks};
use semid_core::Embeddings;

/// The mean of the rows, summed in f64 in their order.
fn mean(embeddings: &Embeddings) -> Vec<f32> {
    let mut sums = vec![0.0f64; embeddings.dim()];
    for row in embeddings.iter() {
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.iter().map(|sum| (sum / embeddings.rows().max(1) as f64) as f32).collect()
}
