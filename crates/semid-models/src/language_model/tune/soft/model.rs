//! What is asked of the model: rows of projected items in, hidden rows out, and which item comes next.

use std::collections::HashMap;

use super::projection::{ProjectionLayout, ProjectionRoom};
use crate::language_model::tune::backward::backward;
use crate::language_model::tune::forward::{Network, Prefix, Trace, forward};
use crate::transformer::{AnswerRoom, Asked, Dropout, Losses, Mat, Parameters, Real, cross_entropy, dropped, room};

/// The frozen side: the model, what stands before and after the items, and the items' embeddings.
#[derive(Clone, Copy)]
pub(crate) struct Frozen<'a, R> {
    pub network: Network<'a, R>,
    pub prefix: &'a Prefix<R>,
    /// Embeddings of the tokens between the last item and the answer, `tokens × hidden`.
    pub answer: &'a [R],
    /// `items × dim`, centred, of about unit variance.
    pub items: &'a [R],
    pub layout: &'a ProjectionLayout,
    /// What the projection is multiplied by.
    pub token_scale: f64,
    /// What a hidden row is multiplied by, besides the learned gain.
    pub answer_scale: f64,
}

/// Some histories, each with what comes next.
#[derive(Default)]
pub(crate) struct Lesson {
    /// Items read, of all histories end to end.
    pub read: Vec<u32>,
    /// Rows of each history, answer tokens included.
    pub lengths: Vec<usize>,
    /// Index of the first row in the whole batch.
    pub first: usize,
    /// Rows that answer, and the item each should tell.
    pub asked: Vec<(usize, u32)>,
}

impl Lesson {
    pub fn clear(&mut self) {
        self.read.clear();
        self.lengths.clear();
        self.asked.clear();
    }

    fn rows(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Adds a history of at least one item; returns its first row.
    pub fn push(&mut self, items: &[u32], answer_tokens: usize) -> usize {
        let row = self.rows();
        self.read.extend_from_slice(items);
        self.lengths.push(items.len() + answer_tokens);
        row
    }
}

/// Items that compete, and by how much the logit of each is corrected; no corrections: nothing is corrected.
pub(crate) struct Candidates<'a> {
    pub items: &'a [u32],
    pub corrections: &'a [f64],
}

/// Room of one shard; reused from bite to bite.
#[derive(Default)]
pub(crate) struct SoftRoom<R> {
    pub trace: Trace<R>,
    projection: ProjectionRoom<R>,
    table: Vec<R>,
    dtable: Vec<R>,
    embeddings: Vec<R>,
    inputs: Vec<R>,
    rows: Vec<usize>,
    queries: Vec<R>,
    dqueries: Vec<R>,
    wide: Vec<R>,
    dwide: Vec<R>,
    answers: AnswerRoom<R>,
}

impl<R: Real> Frozen<'_, R> {
    fn hidden(&self) -> usize {
        self.layout.hidden
    }

    /// The projections of some items, `items × hidden`.
    pub fn project(&self, parameters: Parameters<'_, R>, items: &[u32], at: &mut SoftRoom<R>) -> Vec<R> {
        let mut table = Vec::new();
        gather(&mut at.embeddings, items, self.items, self.layout.dim);
        self.layout.project(parameters, &at.embeddings, R::of(self.token_scale), &mut table, &mut at.projection);
        table
    }

    /// Writes the rows of a lesson and runs the model; `row_of` says where an item's projection lies in `table`.
    #[allow(clippy::too_many_arguments)] // Two call sites; a struct would only rename the arguments.
    fn read(
        &self,
        lesson: &Lesson,
        table: &[R],
        row_of: impl Fn(u32) -> usize,
        dropout: Option<Dropout>,
        keep: bool,
        inputs: &mut Vec<R>,
        trace: &mut Trace<R>,
    ) {
        let d = self.hidden();
        let tokens = self.answer.len() / d.max(1);
        inputs.clear();
        let mut read = lesson.read.iter();
        for &length in &lesson.lengths {
            for &item in read.by_ref().take(length - tokens) {
                let row = row_of(item) * d;
                inputs.extend_from_slice(&table[row..row + d]);
            }
            inputs.extend_from_slice(self.answer);
        }
        let n = lesson.rows();
        dropped(trace.input(n, d), inputs, dropout, 0, lesson.first * d);
        forward(&self.network, &lesson.lengths, Some(self.prefix), keep, trace);
    }

    /// The rows that meet the items, one for each of `rows`.
    fn queries(&self, gain: &[R], rows: impl Iterator<Item = usize>, hidden: &[R], out: &mut Vec<R>) {
        let (d, scale) = (self.hidden(), R::of(self.answer_scale));
        out.clear();
        for row in rows {
            let hidden = &hidden[row * d..(row + 1) * d];
            out.extend(hidden.iter().zip(gain).map(|(&x, &gain)| x * gain * scale));
        }
    }

    /// For ranking: the rows that meet the items, one a history, given the projections of the whole catalog.
    pub fn last_rows(
        &self,
        parameters: Parameters<'_, R>,
        lesson: &Lesson,
        table: &[R],
        at: &mut SoftRoom<R>,
        out: &mut Vec<R>,
    ) {
        self.read(lesson, table, |item| item as usize, None, false, &mut at.inputs, &mut at.trace);
        let mut end = 0;
        let ends = lesson.lengths.iter().map(|length| {
            end += length;
            end - 1
        });
        self.queries(parameters.at(&self.layout.gain), ends, &at.trace.hidden, out);
    }

    /// Forward and backward: adds to `gradients`. Candidates are sorted and hold every item of the lesson.
    pub fn teach(
        &self,
        parameters: Parameters<'_, R>,
        gradients: &mut [R],
        lesson: &Lesson,
        candidates: &Candidates<'_>,
        (dropout, weight): (Option<Dropout>, f64),
        at: &mut SoftRoom<R>,
    ) -> Losses {
        if lesson.asked.is_empty() {
            return Losses::default();
        }
        let (d, layout, scale) = (self.hidden(), self.layout, R::of(self.token_scale));
        let places: HashMap<u32, usize> = candidates.items.iter().enumerate().map(|(at, &item)| (item, at)).collect();
        let place = |item: u32| places.get(&item).copied().unwrap_or(0);
        gather(&mut at.embeddings, candidates.items, self.items, layout.dim);
        layout.project(parameters, &at.embeddings, scale, &mut at.table, &mut at.projection);
        self.read(lesson, &at.table, place, dropout, true, &mut at.inputs, &mut at.trace);

        let gain = parameters.at(&layout.gain);
        let asked = lesson.asked.iter().map(|&(row, _)| row);
        self.queries(gain, asked.clone(), &at.trace.hidden, &mut at.queries);
        let (n, classes) = (lesson.asked.len(), candidates.items.len());
        let targets = lesson.asked.iter().map(|&(_, item)| place(item) as u32);
        // A correction is one more column of the table, met by a one in every row.
        let corrected = !candidates.corrections.is_empty();
        let columns = if corrected { d + 1 } else { d };
        let dtable = room(&mut at.dtable, classes * columns);
        dtable.fill(R::default());
        let dqueries = room(&mut at.dqueries, n * columns);
        let (queries, table) = match corrected {
            true => {
                let ones = std::iter::repeat(R::ONE);
                let corrections = candidates.corrections.iter().map(|&value| R::of(value));
                (widened(&mut at.wide, &at.queries, d, ones), widened(&mut at.dwide, &at.table, d, corrections))
            }
            false => (&at.queries[..], &at.table[..]),
        };
        let range = 0..classes * columns;
        let asked_of = Asked {
            hidden: Mat::new(queries, n, columns),
            table: Parameters::exact(table).matrix(&range, columns),
            label_smoothing: 0.0,
            weight,
        };
        let losses = cross_entropy(asked_of, targets, dqueries, columns, dtable, &mut at.answers);
        if corrected {
            narrowed(&mut at.dqueries, n, d);
            narrowed(&mut at.dtable, classes, d);
        }

        let dhidden = room(&mut at.trace.dhidden, lesson.rows() * d);
        dhidden.fill(R::default());
        let answer_scale = R::of(self.answer_scale);
        let dgain = &mut gradients[layout.gain.clone()];
        for (row, dquery) in asked.zip(at.dqueries.chunks_exact(d)) {
            let hidden = &at.trace.hidden[row * d..(row + 1) * d];
            let dhidden = &mut dhidden[row * d..(row + 1) * d];
            for i in 0..d {
                dhidden[i] += dquery[i] * gain[i] * answer_scale;
                dgain[i] += dquery[i] * hidden[i] * answer_scale;
            }
        }
        let dinputs = backward(&self.network, &mut [], &lesson.lengths, Some(self.prefix), &mut at.trace);
        let dinputs = {
            let out = room(&mut at.inputs, dinputs.len());
            dropped(out, dinputs, dropout, 0, lesson.first * d);
            &*out
        };
        let tokens = self.answer.len() / d.max(1);
        item_rows(&mut at.rows, &lesson.lengths, tokens);
        for (&row, &item) in at.rows.iter().zip(&lesson.read) {
            let into = place(item) * d;
            for (sum, &value) in at.dtable[into..into + d].iter_mut().zip(&dinputs[row * d..(row + 1) * d]) {
                *sum += value;
            }
        }
        layout.project_back(parameters, gradients, &at.embeddings, scale, &mut at.dtable, &mut at.projection);
        losses
    }
}

/// The rows that hold items, in order.
fn item_rows(out: &mut Vec<usize>, lengths: &[usize], tokens: usize) {
    out.clear();
    let mut start = 0;
    for &length in lengths {
        out.extend(start..start + length - tokens);
        start += length;
    }
}

fn gather<R: Real>(out: &mut Vec<R>, items: &[u32], rows: &[R], dim: usize) {
    out.clear();
    items.iter().for_each(|&item| out.extend_from_slice(&rows[item as usize * dim..(item as usize + 1) * dim]));
}

/// Rows of `d` with one more number each.
fn widened<'a, R: Real>(out: &'a mut Vec<R>, rows: &[R], d: usize, more: impl Iterator<Item = R>) -> &'a [R] {
    out.clear();
    for (row, more) in rows.chunks_exact(d).zip(more) {
        out.extend_from_slice(row);
        out.push(more);
    }
    out
}

/// Rows of `d + 1` numbers without their last.
fn narrowed<R: Real>(rows: &mut Vec<R>, count: usize, d: usize) {
    for row in 0..count {
        rows.copy_within(row * (d + 1)..row * (d + 1) + d, row * d);
    }
    rows.truncate(count * d);
}
