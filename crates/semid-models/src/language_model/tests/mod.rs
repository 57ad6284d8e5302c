//! The local model against plain or other implementations, on small files of random weights.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod families;
mod files;
mod plain;
mod reuse;
mod searching;

use semid_core::{Seed, Work};

fn work() -> Work {
    Work::new(Seed(7))
}

/// The largest difference of two rows, relative to the largest number of the second.
fn difference(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len(), "two rows of the same length");
    let largest = want.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    got.iter().zip(want).fold(0.0f32, |most, (got, want)| most.max((got - want).abs())) / largest
}
