//! The generative model: tokens or items in, hidden rows out, and what a lesson adds to every gradient.
//!
//! Where positions are tokens, one's input is the embedding of the token before it, of its item's position in the window,
//! and of the level it is to predict. Where they are items, it is the sum of the embeddings of the tokens of the item
//! before and its position, and `heads` tell the next item's tokens.

use semid_core::TokenTrie;

use super::choices::{Choice, Choosing, entropy_among};
use super::heads::{HeadRoom, teach_heads};
use super::layout::{Layout, Reading};
use crate::transformer::{
    AnswerRoom, Asked, Dropout, Losses, Mat, Parameters, Real, Sequences, Trace, UNTAUGHT, add_rows, backward,
    cross_entropy, forward,
};

/// What is read in place of an item before the first one.
const OPENING: u32 = u32::MAX;

/// Sequences end to end. Where positions are tokens, position p of a sequence belongs to item p / levels and predicts level
/// p % levels; where they are items, position p predicts item p.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// What is read at each position: the opening, then the tokens or items shifted by one.
    pub inputs: Vec<u32>,
    pub sequences: Sequences,
}

impl Packed {
    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.inputs.len()
    }

    /// Appends the positions that read these items, and one more for what comes next if `open`.
    pub fn push(&mut self, layout: &Layout, items: &[u32], open: bool) {
        let before = self.inputs.len();
        match layout.reading {
            Reading::Tokens { .. } => {
                self.inputs.push(layout.vocabulary.opening());
                for &item in items {
                    self.inputs.extend_from_slice(layout.vocabulary.item(item));
                }
            }
            Reading::Items { .. } => {
                self.inputs.push(OPENING);
                self.inputs.extend_from_slice(items);
            }
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
    /// The sequences; where positions are tokens, every length is a multiple of the levels.
    pub packed: Packed,
    /// Per position, the item to predict a token of, or all of, or `UNTAUGHT`.
    pub targets: Vec<u32>,
}

impl Lesson {
    /// Appends a window of items of which the ones from `taught` on are targets.
    pub fn push(&mut self, layout: &Layout, items: &[u32], taught: usize) {
        self.packed.push(layout, items, false);
        for (place, &item) in items.iter().enumerate() {
            let target = if place >= taught { item } else { UNTAUGHT };
            self.targets.extend(std::iter::repeat_n(target, layout.positions_an_item()));
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
    /// What the loss of a token counts. Where positions are tokens, one over the tokens taught in the whole batch; where
    /// they are items, one over the items, so that an item counts as the sum of its tokens.
    pub weight: f64,
}

/// Room for a lesson; reused from one to the next.
#[derive(Default)]
pub(crate) struct Room<R> {
    pub trace: Trace<R>,
    answers: AnswerRoom<R>,
    choices: Vec<Choice>,
    logits: Vec<R>,
    heads: HeadRoom<R>,
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
    trie: &TokenTrie,
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    room: &mut Room<R>,
) -> Losses {
    read(layout, parameters, &lesson.packed, teaching.dropout, &mut room.trace);
    let losses = match &layout.reading {
        Reading::Tokens { .. } => teach_tokens(layout, trie, parameters, gradients, lesson, teaching, room),
        Reading::Items { heads } => {
            let rows = room.trace.hidden_and_gradient();
            teach_heads((layout, heads, trie), parameters, gradients, lesson, teaching, rows, &mut room.heads)
        }
    };
    let sequences = &lesson.packed.sequences;
    let dinput = backward(&layout.stack, parameters, gradients, sequences, teaching.dropout, &mut room.trace);
    embed_back(layout, gradients, &lesson.packed, dinput);
    losses
}

/// The losses of positions that are tokens, and the gradient of their hidden rows.
fn teach_tokens<R: Real>(
    layout: &Layout,
    trie: &TokenTrie,
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    room: &mut Room<R>,
) -> Losses {
    let (d, levels) = (layout.d(), layout.levels());
    let Room { trace, answers, choices, logits, .. } = room;
    let (hidden, dhidden) = trace.hidden_and_gradient();
    let (label_smoothing, weight) = (teaching.label_smoothing, teaching.weight);
    let mut losses = Losses::default();
    for level in 0..levels {
        let table = parameters.matrix(&layout.output(level), d);
        let dtable = &mut gradients[layout.output(level)];
        let asked = lesson.targets.iter().enumerate().skip(level).step_by(levels);
        let code = |item: u32| layout.vocabulary.item(item)[level] - layout.vocabulary.offset(level) as u32;
        losses.add(&if layout.chooses_among_all(trie, level) {
            let from = (level * d).min(hidden.len());
            let hidden = Mat::strided(&hidden[from..], lesson.packed.positions() / levels, d, levels * d);
            let targets = asked.map(|(_, &item)| if item == UNTAUGHT { UNTAUGHT } else { code(item) });
            let asked = Asked { hidden, table, label_smoothing, weight };
            cross_entropy(asked, targets, &mut dhidden[from..], levels * d, dtable, answers)
        } else {
            choices.clear();
            for (position, &item) in asked {
                let at = position * d;
                if item == UNTAUGHT {
                    dhidden[at..at + d].fill(R::default());
                    continue;
                }
                let node = (level..levels).fold(trie.leaf(item), |node, _| trie.parent(node));
                choices.push(Choice { at, node, wanted: code(item) });
            }
            let choosing = Choosing { trie, table: table.values, d, label_smoothing, weight };
            entropy_among(choosing, choices, hidden, dhidden, dtable, logits)
        });
    }
    losses
}

/// The inputs of all positions, `n × d`.
fn embed<R: Real>(layout: &Layout, parameters: Parameters<'_, R>, packed: &Packed, out: &mut [R]) {
    let d = layout.d();
    let mut rows = out.chunks_exact_mut(d).zip(&packed.inputs);
    for &length in &packed.sequences.lengths {
        for (place, (row, &input)) in rows.by_ref().take(length).enumerate() {
            embed_one(layout, parameters, row, input, place);
        }
    }
}

/// The input of one position: what is read there, its item's position and, where it is a token, its level.
pub(crate) fn embed_one<R: Real>(
    layout: &Layout,
    parameters: Parameters<'_, R>,
    row: &mut [R],
    input: u32,
    place: usize,
) {
    row.fill(R::default());
    for_each_part(layout, input, place, |part| add_rows(row, parameters.at(&part)));
}

/// Adds each position's gradient to the rows it was embedded from.
fn embed_back<R: Real>(layout: &Layout, gradients: &mut [R], packed: &Packed, dinput: &[R]) {
    let d = layout.d();
    let mut rows = dinput.chunks_exact(d).zip(&packed.inputs);
    for &length in &packed.sequences.lengths {
        for (place, (row, &input)) in rows.by_ref().take(length).enumerate() {
            for_each_part(layout, input, place, |part| add_rows(&mut gradients[part], row));
        }
    }
}

/// The rows of which an input is the sum.
fn for_each_part(layout: &Layout, input: u32, place: usize, mut part: impl FnMut(std::ops::Range<usize>)) {
    let d = layout.d();
    let row = |table: &std::ops::Range<usize>, index: usize| table.start + index * d..table.start + (index + 1) * d;
    match &layout.reading {
        Reading::Tokens { level } => {
            part(layout.token_row(input));
            part(row(&layout.position, place / layout.levels()));
            part(row(level, place % layout.levels()));
        }
        Reading::Items { .. } => {
            if input == OPENING {
                part(layout.token_row(layout.vocabulary.opening()));
            } else {
                layout.vocabulary.item(input).iter().for_each(|&token| part(layout.token_row(token)));
            }
            part(row(&layout.position, place));
        }
    }
}
