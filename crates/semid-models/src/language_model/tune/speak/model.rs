//! The model with its new tokens: lessons in, the loss of their answers out, and the gradient of rows and adapters.

use std::ops::Range;

use super::lessons::Lesson;
use crate::language_model::tune::backward::backward;
use crate::language_model::tune::forward::{Network, Trace, forward};
use crate::language_model::tune::llama::FrozenLlama;
use crate::language_model::tune::lora::{Lora, LoraLayout, LoraSettings};
use crate::transformer::{
    Dropout, Losses, Mat, Matrix, Real, Tensors, exponentials, product, room, times, times_across, vectorised,
};

/// Where each learned tensor lies: the rows of the new tokens first, then the adapters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpeakLayout {
    /// `count × hidden`.
    pub tokens: Range<usize>,
    /// The same for the output; the input's rows where the model ties the two.
    pub outputs: Range<usize>,
    pub lora: LoraLayout,
    pub tensors: Tensors,
    /// Learned numbers before the adapters.
    pub rows: usize,
}

impl SpeakLayout {
    pub fn new(llama: &FrozenLlama, count: usize, lora: &LoraSettings) -> Self {
        let shape = llama.shape();
        let mut tensors = Tensors::default();
        let tokens = tensors.place("new_tokens.embed_tokens", count, shape.hidden);
        let outputs = match llama.layout.tied() {
            true => tokens.clone(),
            false => tensors.place("new_tokens.lm_head", count, shape.hidden),
        };
        let rows = tensors.numbers();
        let lora = LoraLayout::new(&mut tensors, shape, shape.layers, lora);
        SpeakLayout { tokens, outputs, lora, tensors, rows }
    }
}

/// The frozen side.
#[derive(Clone, Copy)]
pub(crate) struct Frozen<'a, R> {
    pub network: Network<'a, R>,
    /// `vocabulary × hidden`.
    pub embedding: &'a [R],
    pub output: Matrix<'a, R>,
    pub layout: &'a SpeakLayout,
}

/// Lessons computed together.
#[derive(Clone, Copy)]
pub(crate) struct Taught<'a> {
    pub lessons: &'a [Lesson],
    /// Index of the first row in the whole batch.
    pub first: usize,
    pub dropout: Option<Dropout>,
    /// What the loss of one token counts.
    pub weight: f64,
}

/// Room of one shard; reused from bite to bite.
#[derive(Default)]
pub(crate) struct SpeakRoom<R> {
    pub trace: Trace<R>,
    hidden: Vec<R>,
    dhidden: Vec<R>,
    old: Vec<R>,
    new: Vec<R>,
}

/// Answers whose logits are computed at once: 64 rows of 49,152 are 12 MB.
const ROWS: usize = 64;

impl<R: Real> Frozen<'_, R> {
    pub fn hidden(&self) -> usize {
        self.network.shape.hidden
    }

    /// Whether these parameters hold adapters, which in the first phase they do not.
    fn network<'a>(&'a self, parameters: &'a [R], dropout: Option<Dropout>, first: usize) -> Network<'a, R> {
        let with = parameters.len() > self.layout.rows;
        let lora = with.then_some(Lora { layout: &self.layout.lora, values: parameters, dropout, first });
        Network { lora, ..self.network }
    }

    /// The embedding of an old or a new token.
    pub fn embed<'a>(&'a self, parameters: &'a [R], token: u32) -> &'a [R] {
        let (d, known) = (self.hidden(), self.embedding.len() / self.hidden());
        match (token as usize).checked_sub(known) {
            None => &self.embedding[token as usize * d..][..d],
            Some(row) => &parameters[self.layout.tokens.start + row * d..][..d],
        }
    }

    /// The model with its adapters, for reading alone.
    pub fn reading<'a>(&'a self, parameters: &'a [R]) -> Network<'a, R> {
        self.network(parameters, None, 0)
    }

    /// Forward and backward over some lessons: adds to `gradients`, as long as `parameters`.
    pub fn teach(&self, parameters: &[R], gradients: &mut [R], taught: Taught<'_>, at: &mut SpeakRoom<R>) -> Losses {
        let (d, known) = (self.hidden(), self.embedding.len() / self.hidden());
        let network = self.network(parameters, taught.dropout, taught.first);
        let lengths: Vec<usize> = taught.lessons.iter().map(Lesson::rows).collect();
        let n: usize = lengths.iter().sum();
        let SpeakRoom { trace, hidden, dhidden, old, new } = at;
        let inputs = || taught.lessons.iter().flat_map(|lesson| lesson.tokens[..lesson.rows()].iter().copied());
        for (row, token) in trace.input(n, d).chunks_exact_mut(d).zip(inputs()) {
            row.copy_from_slice(self.embed(parameters, token));
        }
        forward(&network, &lengths, None, true, trace);

        let (mut rows, mut targets, mut start) = (Vec::new(), Vec::new(), 0);
        for lesson in taught.lessons {
            rows.extend(start + lesson.answer - 1..start + lesson.rows());
            targets.extend(lesson.tokens[lesson.answer..].iter().map(|&token| token as usize));
            start += lesson.rows();
        }
        room(&mut trace.dhidden, n * d).fill(R::default());
        let mut losses = Losses::default();
        let outputs = &parameters[self.layout.outputs.clone()];
        let count = outputs.len() / d;
        for (rows, targets) in rows.chunks(ROWS).zip(targets.chunks(ROWS)) {
            let m = rows.len();
            hidden.clear();
            rows.iter().for_each(|row| hidden.extend_from_slice(&trace.hidden[row * d..(row + 1) * d]));
            let (old, new) = (room(old, m * known), room(new, m * count));
            times_across(old, hidden, self.output, &mut trace.products);
            product(new, count, Mat::new(hidden, m, d), Mat::new(outputs, count, d).t(), false);
            for ((old, new), &target) in old.chunks_exact_mut(known).zip(new.chunks_exact_mut(count)).zip(targets) {
                losses.objective += slopes(old, new, target, taught.weight);
                losses.taught += 1;
            }
            let dhidden = room(dhidden, m * d);
            times(dhidden, old, self.output, &mut trace.products);
            let new = Mat::new(new, m, count);
            product(dhidden, d, new, Mat::new(outputs, count, d), true);
            product(&mut gradients[self.layout.outputs.clone()], d, new.t(), Mat::new(hidden, m, d), true);
            for (row, dhidden) in rows.iter().zip(dhidden.chunks_exact(d)) {
                trace.dhidden[row * d..(row + 1) * d].copy_from_slice(dhidden);
            }
        }
        let dinputs = backward(&network, gradients, &lengths, None, trace);
        for (dinput, token) in dinputs.chunks_exact(d).zip(inputs()) {
            if let Some(row) = (token as usize).checked_sub(known) {
                let into = &mut gradients[self.layout.tokens.start + row * d..][..d];
                into.iter_mut().zip(dinput).for_each(|(sum, &value)| *sum += value);
            }
        }
        losses
    }
}

/// Turns the logits of one answer, over old and new tokens, into the gradient of its weighted loss; returns its nats.
fn slopes<R: Real>(old: &mut [R], new: &mut [R], target: usize, weight: f64) -> f64 {
    let known = old.len();
    let wanted = if target < known { old[target] } else { new[target - known] }.wide();
    vectorised(
        #[inline(always)]
        || {
            let (old_top, old_sum) = exponentials(old);
            let (new_top, new_sum) = exponentials(new);
            let top = old_top.max(new_top);
            let (old_part, new_part) = ((old_top - top).exp(), (new_top - top).exp());
            let sum = old_sum * old_part + new_sum * new_part;
            let (old_share, new_share) = (R::of(weight) * old_part / sum, R::of(weight) * new_part / sum);
            old.iter_mut().for_each(|value| *value = *value * old_share);
            new.iter_mut().for_each(|value| *value = *value * new_share);
            let slot = if target < known { &mut old[target] } else { &mut new[target - known] };
            *slot = *slot - R::of(weight);
            top.wide() + sum.wide().ln() - wanted
        },
    )
}
