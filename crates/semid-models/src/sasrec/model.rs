//! SASRec itself: items in, hidden rows out, and what a lesson adds to every gradient.
//!
//! A row reads the item before the one it predicts (the first reads the opening) and its place in the window. The score of
//! an item is the inner product of its row of the table with the hidden row.

use super::layout::Layout;
use crate::transformer::{
    AnswerRoom, Asked, Dropout, Losses, Mat, Parameters, Real, Sequences, Trace, UNTAUGHT, add_rows, backward,
    cross_entropy, forward,
};

/// What is read where there is no item yet.
pub(super) const OPENING: u32 = u32::MAX;

/// What a batch, or a part of one, is to be taught; also what is read when ranking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lesson {
    /// Item that is read at each position, or [`OPENING`].
    pub inputs: Vec<u32>,
    /// Item to predict at each position, or `UNTAUGHT`.
    pub targets: Vec<u32>,
    /// Per position an item that the user never met; only where one is sampled.
    pub negatives: Vec<u32>,
    pub sequences: Sequences,
}

impl Lesson {
    /// Appends a window of items of which the ones from `taught` on are targets.
    pub fn push(&mut self, items: &[u32], taught: usize) {
        self.inputs.push(OPENING);
        self.inputs.extend(items.iter().take(items.len().saturating_sub(1)));
        self.targets.extend(items.iter().enumerate().map(|(at, &item)| if at >= taught { item } else { UNTAUGHT }));
        self.sequences.lengths.push(items.len());
    }

    /// Appends what is read to rank what comes after these items.
    pub fn push_open(&mut self, items: &[u32]) {
        self.inputs.push(OPENING);
        self.inputs.extend(items);
        self.sequences.lengths.push(items.len() + 1);
    }

    /// Forgets the windows and keeps the room.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.targets.clear();
        self.negatives.clear();
        self.sequences.lengths.clear();
    }
}

/// How a lesson is taught.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teaching {
    pub dropout: Option<Dropout>,
    /// What each position's loss counts: one over the positions taught in the whole batch.
    pub weight: f64,
}

/// Room for a lesson; reused from one to the next.
#[derive(Default)]
pub(super) struct Room<R> {
    pub trace: Trace<R>,
    answers: AnswerRoom<R>,
}

/// Reads the sequences; afterwards `trace.hidden` holds one row per position.
pub(super) fn read<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    lesson: &Lesson,
    dropout: Option<Dropout>,
    trace: &mut Trace<R>,
) {
    let d = layout.d();
    let mut rows = trace.input(lesson.inputs.len(), d).chunks_exact_mut(d).zip(&lesson.inputs);
    for &length in &lesson.sequences.lengths {
        for (place, (row, &item)) in rows.by_ref().take(length).enumerate() {
            let start = input_row(layout, item);
            let item = parameters.at(&(start..start + d));
            let position = &parameters.at(&layout.position)[place * d..][..d];
            for ((row, &a), &b) in row.iter_mut().zip(item).zip(position) {
                *row = a + b;
            }
        }
    }
    forward(&layout.stack, parameters, &lesson.sequences, dropout, trace);
}

/// Forward and backward: adds to `gradients`, returns the losses. Against sampled negatives where the lesson has them,
/// else by the softmax over the catalog.
pub(super) fn teach<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    room: &mut Room<R>,
) -> Losses {
    let Room { trace, answers } = room;
    read(layout, parameters, lesson, teaching.dropout, trace);
    let d = layout.d();
    let (hidden, dhidden) = trace.hidden_and_gradient();
    let dtable = &mut gradients[layout.item.clone()];
    let losses = if lesson.negatives.is_empty() {
        let asked = Asked {
            hidden: Mat::new(hidden, lesson.inputs.len(), d),
            table: parameters.matrix(&layout.item, d),
            label_smoothing: 0.0,
            weight: teaching.weight,
        };
        cross_entropy(asked, lesson.targets.iter().copied(), dhidden, d, dtable, answers)
    } else {
        sampled_binary(hidden, dhidden, parameters.at(&layout.item), dtable, lesson, teaching.weight)
    };
    let dinput = backward(&layout.stack, parameters, gradients, &lesson.sequences, teaching.dropout, trace);
    let mut rows = dinput.chunks_exact(d).zip(&lesson.inputs);
    for &length in &lesson.sequences.lengths {
        for (place, (row, &item)) in rows.by_ref().take(length).enumerate() {
            for start in [input_row(layout, item), layout.position.start + place * d] {
                add_rows(&mut gradients[start..start + d], row);
            }
        }
    }
    losses
}

/// −ln σ(h · target) − ln σ(−h · negative) at each position taught.
fn sampled_binary<R: Real>(
    hidden: &[R],
    dhidden: &mut [R],
    table: &[R],
    dtable: &mut [R],
    lesson: &Lesson,
    weight: f64,
) -> Losses {
    let d = hidden.len() / lesson.inputs.len().max(1);
    let mut losses = Losses::default();
    let asked = lesson.targets.iter().zip(&lesson.negatives);
    for ((hidden, dhidden), (&target, &negative)) in hidden.chunks_exact(d).zip(dhidden.chunks_exact_mut(d)).zip(asked)
    {
        dhidden.fill(R::default());
        if target == UNTAUGHT {
            continue;
        }
        for (item, wanted) in [(target, 1.0), (negative, 0.0)] {
            let at = item as usize * d..(item as usize + 1) * d;
            let (row, drow) = (&table[at.clone()], &mut dtable[at]);
            let score = row.iter().zip(hidden).map(|(a, b)| (*a * *b).wide()).sum::<f64>();
            // −ln σ(x) = ln(1 + e^−x), computed so that nothing overflows.
            let signed = if wanted > 0.5 { score } else { -score };
            losses.objective += (-signed).max(0.0) + (-signed.abs()).exp().ln_1p();
            let slope = R::of(weight * (1.0 / (1.0 + (-score).exp()) - wanted));
            for (((dh, dr), &h), &r) in dhidden.iter_mut().zip(drow).zip(hidden).zip(row) {
                *dh += slope * r;
                *dr += slope * h;
            }
        }
        losses.taught += 1;
    }
    losses
}

fn input_row(layout: &Layout, item: u32) -> usize {
    if item == OPENING { layout.opening.start } else { layout.row(item) }
}
