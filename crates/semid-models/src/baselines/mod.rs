//! Baselines: recommenders that name items directly and take seconds. What a generative model has to beat.

mod ease;
mod item_knn;
mod popularity;
#[cfg(test)]
mod tests;
mod text_knn;

pub use ease::{Ease, EaseSettings};
pub use item_knn::{ItemKnn, ItemKnnSettings};
pub use popularity::Popularity;
pub use text_knn::{Pooling, TextKnn, TextKnnSettings};

use rayon::prelude::*;
use semid_core::{Error, Result};

/// The training sequences name an item that the catalog does not have.
fn unknown_item(item: u32, items: usize) -> Error {
    Error::input(format!(
        "The training sequences name item {item}, but the catalog has only {items} items: import both together."
    ))
}

/// Each user's items, ascending and each once.
fn distinct_items(sequences: &[Vec<u32>], items: usize) -> Result<Vec<Vec<u32>>> {
    let distinct = sequences.par_iter().map(|sequence| {
        let mut met = sequence.clone();
        met.sort_unstable();
        met.dedup();
        match met.last() {
            Some(&last) if last as usize >= items => Err(unknown_item(last, items)),
            _ => Ok(met),
        }
    });
    distinct.collect()
}

/// Weights of the last `length` items of a history, the newest first and with weight 1, each older one `recency` times
/// the one after it.
fn recent(history: &[u32], length: u32, recency: f64) -> impl Iterator<Item = (u32, f64)> {
    let mut weight = 1.0;
    history.iter().rev().take(length as usize).map(move |&item| {
        let this = weight;
        weight *= recency;
        (item, this)
    })
}

fn check_recency(recency: f64) -> Result<()> {
    if recency > 0.0 && recency <= 1.0 {
        return Ok(());
    }
    Err(Error::input(format!("A recency weight of {recency} is not above 0 and at most 1: use 1 to weigh all alike.")))
}
