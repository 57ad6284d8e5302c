//! The softmax over the tokens that continue an ID of the catalog: loss and gradient of rows that each have their own
//! few choices.

use semid_core::TokenTrie;

use crate::transformer::{Losses, Real, exponentials, room, sum_of, vectorised};

/// A row that is to say which token comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Where the row starts, in the hidden numbers and in their gradient.
    pub at: usize,
    /// The prefix so far; its children are the choices.
    pub node: u32,
    /// The code that is wanted.
    pub wanted: u32,
}

/// How rows are asked.
#[derive(Clone, Copy)]
pub(crate) struct Choosing<'a, R> {
    pub trie: &'a TokenTrie,
    /// `size × d`: a row a code of the level.
    pub table: &'a [R],
    pub d: usize,
    /// Share of the target's probability spread evenly over the choices.
    pub label_smoothing: f64,
    /// What the loss of a row counts.
    pub weight: f64,
}

/// The loss of each row's softmax over its choices. Sets the rows of `dhidden` that are asked, adds to `dtable`.
pub(crate) fn entropy_among<R: Real>(
    choosing: Choosing<'_, R>,
    choices: &[Choice],
    hidden: &[R],
    dhidden: &mut [R],
    dtable: &mut [R],
    logits: &mut Vec<R>,
) -> Losses {
    let mut losses = Losses::default();
    vectorised(
        #[inline(always)]
        || {
            for choice in choices {
                let row = choice.at..choice.at + choosing.d;
                losses.objective += one(&choosing, choice, &hidden[row.clone()], &mut dhidden[row], dtable, logits);
                losses.taught += 1;
            }
        },
    );
    losses
}

#[inline(always)]
fn one<R: Real>(
    choosing: &Choosing<'_, R>,
    choice: &Choice,
    hidden: &[R],
    dhidden: &mut [R],
    dtable: &mut [R],
    logits: &mut Vec<R>,
) -> f64 {
    let Choosing { trie, table, d, label_smoothing: smooth, weight } = *choosing;
    let children = trie.children(choice.node);
    let count = children.len();
    dhidden.fill(R::default());
    // Where only one token can follow there is nothing to learn.
    if count < 2 {
        return 0.0;
    }
    let row = |child: u32| {
        let start = trie.code(child) as usize * d;
        start..start + d
    };
    let logits = room(logits, count);
    let mut wanted = 0;
    for ((place, logit), child) in logits.iter_mut().enumerate().zip(children.clone()) {
        *logit = sum_of(hidden, &table[row(child)], |a, b| a * b);
        if trie.code(child) == choice.wanted {
            wanted = place;
        }
    }
    let at_wanted = logits[wanted].wide();
    let spread = if smooth > 0.0 { logits.iter().map(|logit| logit.wide()).sum::<f64>() / count as f64 } else { 0.0 };
    let (top, sum) = exponentials(logits);
    let normaliser = top.wide() + sum.wide().ln();
    let (factor, even) = (R::of(weight) / sum, R::of(weight * smooth / count as f64));
    for ((place, share), child) in logits.iter().enumerate().zip(children) {
        let mut slope = share.mul_add(factor, -even);
        if place == wanted {
            slope = slope - R::of(weight * (1.0 - smooth));
        }
        let (out, dout) = (&table[row(child)], &mut dtable[row(child)]);
        for i in 0..d {
            dhidden[i] = slope.mul_add(out[i], dhidden[i]);
            dout[i] = slope.mul_add(hidden[i], dout[i]);
        }
    }
    (1.0 - smooth) * (normaliser - at_wanted) + smooth * (normaliser - spread)
}
