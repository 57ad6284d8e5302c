//! Deals texts to workers: tokenised in parallel, sorted by length, in batches of about equal work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use semid_core::{Embeddings, Result, Work};

use super::forward::{Bert, Scratch};
use super::tokens::TextTokenizer;
use crate::kernels::Element;

/// Texts whose tokens are held at a time, so that memory does not grow with the catalog.
const WINDOW: usize = 16_384;
/// Tokens of a batch: enough to spread a weight over, few enough for the second-level cache.
const BATCH_TOKENS: usize = 256;

/// Texts by their place in the window, each with the row that its vector goes to.
type Batch<'a> = Vec<(usize, &'a mut [f32])>;

/// One row per text.
pub(super) fn embed<T: Element>(
    work: &Work,
    texts: &[String],
    tokenizer: &TextTokenizer,
    model: &Bert<T>,
) -> Result<Embeddings> {
    let step = work.step("embed", texts.len());
    let dim = model.dim();
    let mut values = vec![0.0f32; texts.len() * dim];
    let mut scratches: Vec<Scratch<T>> = Vec::new();
    scratches.resize_with(rayon::current_num_threads(), Scratch::default);
    for (texts, values) in texts.chunks(WINDOW).zip(values.chunks_mut(WINDOW * dim)) {
        let tokens: Vec<Vec<u32>> = texts
            .par_iter()
            .with_min_len(16)
            .map(|text| {
                work.check()?;
                tokenizer.ids(text)
            })
            .collect::<Result<_>>()?;
        // Longest first, so that the last batches, which some workers wait for, are short.
        let mut order: Batch<'_> = values.chunks_exact_mut(dim).enumerate().collect();
        order.sort_by_key(|(text, _)| std::cmp::Reverse(tokens[*text].len()));
        let batches: Vec<Mutex<Batch<'_>>> =
            batch_by_tokens(order, |text| tokens[text].len()).into_iter().map(Mutex::new).collect();
        let next = AtomicUsize::new(0);
        scratches.par_iter_mut().with_max_len(1).try_for_each(|scratch| {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut batch = batch.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let sequences: Vec<&[u32]> = batch.iter().map(|(text, _)| tokens[*text].as_slice()).collect();
                let mut rows: Vec<&mut [f32]> = batch.iter_mut().map(|(_, row)| &mut **row).collect();
                model.forward(work, &sequences, &mut rows, scratch)?;
                step.advance(rows.len())?;
            }
            Ok::<(), semid_core::Error>(())
        })?;
    }
    Embeddings::new(dim, values)
}

/// Consecutive texts until [`BATCH_TOKENS`] are reached; a longer text is a batch of its own.
fn batch_by_tokens(order: Batch<'_>, length: impl Fn(usize) -> usize) -> Vec<Batch<'_>> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    let mut filled = BATCH_TOKENS;
    for (text, row) in order {
        let tokens = length(text);
        match batches.last_mut() {
            Some(batch) if filled + tokens <= BATCH_TOKENS => {
                batch.push((text, row));
                filled += tokens;
            }
            _ => {
                batches.push(vec![(text, row)]);
                filled = tokens;
            }
        }
    }
    batches
}
