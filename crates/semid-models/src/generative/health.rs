//! Whether to believe a trained model: its first-token loss against a bigram table's.

use semid_core::{Case, History};

use super::layout::Layout;
use super::search::{SearchRoom, Searcher};

/// Mean cross-entropy, in nats, of the first token of each case's target under the model.
pub(crate) fn first_token_loss(searcher: &Searcher<'_>, cases: &[&Case]) -> f64 {
    let (vocabulary, mut room) = (&searcher.layout.vocabulary, SearchRoom::default());
    let (mut sum, mut count) = (0.0, 0u64);
    for case in cases {
        let logs = searcher.first_codes(&[History { user: case.user, items: &case.history }], &mut room);
        sum -= case.targets.iter().map(|&item| logs[vocabulary.item(item)[0] as usize]).sum::<f64>();
        count += case.targets.len() as u64;
    }
    sum / count.max(1) as f64
}

/// The same under a table of which first token follows which in the training sequences, each row smoothed towards the
/// single-token counts. The smoothing that suits the cases best is taken, which favours the table.
pub(crate) fn bigram_loss(layout: &Layout, sequences: &[Vec<u32>], cases: &[&Case]) -> f64 {
    let size = layout.vocabulary.size(0);
    let first = |item: u32| layout.vocabulary.item(item)[0] as usize;
    let mut single = vec![1.0; size];
    let mut follows = std::collections::HashMap::<(usize, usize), f64>::new();
    let mut outgoing = vec![0.0; size];
    for items in sequences {
        for &item in items {
            single[first(item)] += 1.0;
        }
        for pair in items.windows(2) {
            *follows.entry((first(pair[0]), first(pair[1]))).or_default() += 1.0;
            outgoing[first(pair[0])] += 1.0;
        }
    }
    let all: f64 = single.iter().sum();
    let loss = |smoothing: f64| {
        let mut losses = Vec::new();
        for case in cases {
            for &target in &case.targets {
                let base = single[first(target)] / all;
                let share = match case.history.last() {
                    Some(&last) => {
                        let seen = follows.get(&(first(last), first(target))).copied().unwrap_or(0.0);
                        (seen + smoothing * base) / (outgoing[first(last)] + smoothing)
                    }
                    None => base,
                };
                losses.push(-share.ln());
            }
        }
        losses.iter().sum::<f64>() / losses.len().max(1) as f64
    };
    [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0].map(loss).into_iter().fold(f64::INFINITY, f64::min)
}
