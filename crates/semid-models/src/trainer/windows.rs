//! Which items are targets when: long histories cut into windows, shuffled into batches, batches cut into shards.
//!
//! Every training item is a target exactly once an epoch, where an epoch takes all windows. A history of at most
//! `max_history + 1` items is one window. A longer one is cut into runs of `window_stride` targets, the first cut drawn
//! anew for every user and epoch; each run becomes a window that also reads as many items before it as `max_history + 1`
//! leaves room for.

use std::ops::Range;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Regime;

/// A stretch of one user's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Index into the training sequences.
    pub user: usize,
    /// The items read and predicted.
    pub items: Range<usize>,
    /// The first of `items` that is a target; the ones before only give context.
    pub taught: usize,
}

/// The batches of one epoch; `positions` says how many a window of so many items takes.
pub(crate) fn plan(
    sequences: &[Vec<u32>],
    regime: &Regime,
    positions: impl Fn(usize) -> usize,
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<Window>> {
    let (longest, stride) = (regime.max_history + 1, regime.window_stride);
    let mut windows = Vec::new();
    for (user, items) in sequences.iter().enumerate() {
        let length = items.len();
        if length == 0 {
            continue;
        }
        let mut end = if length <= longest { length } else { rng.random_range(1..=stride) };
        let mut taught = 0;
        while taught < length {
            windows.push(Window { user, items: end.saturating_sub(longest)..end, taught });
            (taught, end) = (end, length.min(end + stride));
        }
    }
    windows.shuffle(rng);
    windows.truncate(regime.windows_an_epoch);
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut sum = 0;
    for window in windows {
        sum += positions(window.items.len());
        batch.push(window);
        if sum >= regime.batch_positions {
            batches.push(std::mem::take(&mut batch));
            sum = 0;
        }
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Items taught in one epoch; where an epoch takes some of the windows only, about as many.
pub(crate) fn taught_an_epoch(sequences: &[Vec<u32>], regime: &Regime) -> usize {
    let windows = |items: &Vec<u32>| match items.len() {
        length if length <= regime.max_history + 1 => length.min(1),
        length => length.div_ceil(regime.window_stride),
    };
    let items: usize = sequences.iter().map(Vec::len).sum();
    let all: usize = sequences.iter().map(windows).sum();
    match regime.windows_an_epoch {
        some if some < all => (items as f64 * some as f64 / all as f64).ceil() as usize,
        _ => items,
    }
}

/// Cuts a batch into at most `shards` parts of about as many tokens each.
pub(crate) fn shards(batch: &[Window], shards: usize) -> Vec<&[Window]> {
    let total: usize = batch.iter().map(|window| window.items.len()).sum();
    let mut parts = Vec::with_capacity(shards);
    let (mut from, mut seen) = (0, 0);
    for (at, window) in batch.iter().enumerate() {
        seen += window.items.len();
        if seen * shards >= total * (parts.len() + 1) {
            parts.push(&batch[from..=at]);
            from = at + 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use semid_core::Seed;

    fn regime(max_history: usize, window_stride: usize) -> Regime {
        let any = crate::generative::GenerativeSettings::starter().regime(1);
        Regime { max_history, window_stride, batch_positions: 64, ..any }
    }

    #[test]
    fn every_item_is_a_target_exactly_once_and_has_the_context_promised() {
        let sequences: Vec<Vec<u32>> = [0, 1, 4, 11, 12, 97].iter().map(|&n| (0..n).collect()).collect();
        for stride in [1, 4, 11] {
            let batches = plan(&sequences, &regime(10, stride), |items| 4 * items, &mut Seed(3).rng("windows"));
            let mut times: Vec<Vec<u32>> = sequences.iter().map(|items| vec![0; items.len()]).collect();
            for window in batches.iter().flatten() {
                assert!(window.items.len() <= 11, "a window holds max_history + 1 items at most");
                let taught = window.taught..window.items.end;
                for (at, times) in taught.clone().zip(&mut times[window.user][taught]) {
                    *times += 1;
                    let context = at - window.items.start;
                    assert!(
                        context >= (11 - stride).min(at),
                        "a stride of {stride} leaves item {at} {context} before it"
                    );
                }
            }
            assert!(times.iter().flatten().all(|&n| n == 1), "a target once an epoch, no more and no less");
        }
    }

    #[test]
    fn shards_hold_the_batch_in_order_and_about_evenly() {
        let sequences: Vec<Vec<u32>> = (1..60).map(|n| (0..n % 9 + 1).collect()).collect();
        for batch in plan(&sequences, &regime(10, 11), |items| 3 * items, &mut Seed(3).rng("windows")) {
            let parts = shards(&batch, 4);
            assert_eq!(parts.concat(), batch, "no window is lost, doubled or moved");
            assert!(parts.len() <= 4 && parts.iter().all(|part| !part.is_empty()), "no empty shard");
        }
    }
}
