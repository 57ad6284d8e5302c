//! The generative model: tokens in, hidden rows out, and what a lesson adds to every gradient.
//!
//! A token's input is the embedding of the token before it, of its item's position in the window, and of the level it is
//! to predict; the output matrix of a level is the embedding of its tokens.

use super::layout::Layout;
use crate::transformer::{
    AnswerRoom, Asked, Dropout, Losses, Mat, Parameters, Real, Sequences, Trace, UNTAUGHT, add_rows, backward,
    cross_entropy, forward,
};

/// Sequences of tokens end to end. Position p of a sequence belongs to item p / levels and predicts level p % levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Token that is read at each position: the opening one, then the item tokens shifted by one.
    pub inputs: Vec<u32>,
    pub sequences: Sequences,
}

impl Packed {
    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.inputs.len()
    }

    /// Appends the positions that read these items: one per token, and one more for what comes next if `open`.
    pub fn push(&mut self, layout: &Layout, items: &[u32], open: bool) {
        let before = self.inputs.len();
        self.inputs.push(layout.vocabulary.opening());
        for &item in items {
            self.inputs.extend_from_slice(layout.vocabulary.item(item));
        }
        if !open {
            self.inputs.pop();
        }
        self.sequences.lengths.push(self.inputs.len() - before);
    }

    /// Forgets the sequences and keeps the room.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.sequences.lengths.clear();
    }
}

/// What a batch, or a part of one, is to be taught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// The sequences; every length is a multiple of the levels.
    pub packed: Packed,
    /// Per position, the code to predict inside its level, or `UNTAUGHT`.
    pub targets: Vec<u32>,
}

impl Lesson {
    /// Appends a window of items of which the ones from `taught` on are targets.
    pub fn push(&mut self, layout: &Layout, items: &[u32], taught: usize) {
        self.packed.push(layout, items, false);
        for (place, &item) in items.iter().enumerate() {
            for (level, &token) in layout.vocabulary.item(item).iter().enumerate() {
                let code = token - layout.vocabulary.offset(level) as u32;
                self.targets.push(if place >= taught { code } else { UNTAUGHT });
            }
        }
    }

    /// Forgets the windows and keeps the room.
    pub fn clear(&mut self) {
        self.packed.clear();
        self.targets.clear();
    }
}

/// How a lesson is taught.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Teaching {
    pub dropout: Option<Dropout>,
    pub label_smoothing: f64,
    /// What each position's loss counts: one over the positions taught in the whole batch.
    pub weight: f64,
}

/// Room for a lesson; reused from one to the next.
#[derive(Default)]
pub(crate) struct Room<R> {
    pub trace: Trace<R>,
    answers: AnswerRoom<R>,
}

/// Reads the sequences; afterwards `trace.hidden` holds one row per position.
pub(crate) fn read<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    packed: &Packed,
    dropout: Option<Dropout>,
    trace: &mut Trace<R>,
) {
    embed(layout, parameters, packed, trace.input(packed.positions(), layout.d()));
    forward(&layout.stack, parameters, &packed.sequences, dropout, trace);
}

/// Forward and backward: adds to `gradients`, returns the losses.
pub(crate) fn teach<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    room: &mut Room<R>,
) -> Losses {
    let Room { trace, answers } = room;
    read(layout, parameters, &lesson.packed, teaching.dropout, trace);
    let (d, levels) = (layout.d(), layout.levels());
    let (hidden, dhidden) = trace.hidden_and_gradient();
    let mut losses = Losses::default();
    for level in 0..levels {
        let from = (level * d).min(hidden.len());
        let asked = Asked {
            hidden: Mat::strided(&hidden[from..], lesson.packed.positions() / levels, d, levels * d),
            table: parameters.matrix(&layout.output(level), d),
            label_smoothing: teaching.label_smoothing,
            weight: teaching.weight,
        };
        let targets = lesson.targets.iter().skip(level).step_by(levels).copied();
        let dtable = &mut gradients[layout.output(level)];
        losses.add(&cross_entropy(asked, targets, &mut dhidden[from..], levels * d, dtable, answers));
    }
    let dinput = backward(&layout.stack, parameters, gradients, &lesson.packed.sequences, teaching.dropout, trace);
    embed_back(layout, gradients, &lesson.packed, dinput);
    losses
}

/// The inputs of all positions, `n × d`: token + position of the item + level.
fn embed<R: Real>(layout: &Layout, parameters: Parameters<'_, R>, packed: &Packed, out: &mut [R]) {
    let (d, levels) = (layout.d(), layout.levels());
    let mut rows = out.chunks_exact_mut(d).zip(&packed.inputs);
    for &length in &packed.sequences.lengths {
        for (place, (row, &token)) in rows.by_ref().take(length).enumerate() {
            embed_one(layout, parameters, row, token, place / levels, place % levels);
        }
    }
}

/// The input of one position.
pub(crate) fn embed_one<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    row: &mut [R],
    token: u32,
    position: usize,
    level: usize,
) {
    let d = layout.d();
    let token = &parameters.at(&layout.token)[token as usize * d..][..d];
    let position = &parameters.at(&layout.position)[position * d..][..d];
    let level = &parameters.at(&layout.level)[level * d..][..d];
    for (((row, &a), &b), &c) in row.iter_mut().zip(token).zip(position).zip(level) {
        *row = a + b + c;
    }
}

/// Adds each position's gradient to the rows it was embedded from.
fn embed_back<R: Real>(layout: &Layout, gradients: &mut [R], packed: &Packed, dinput: &[R]) {
    let (d, levels) = (layout.d(), layout.levels());
    let mut rows = dinput.chunks_exact(d).zip(&packed.inputs);
    for &length in &packed.sequences.lengths {
        for (place, (row, &token)) in rows.by_ref().take(length).enumerate() {
            for start in [
                layout.token.start + token as usize * d,
                layout.position.start + place / levels * d,
                layout.level.start + place % levels * d,
            ] {
                add_rows(&mut gradients[start..start + d], row);
            }
        }
    }
}
