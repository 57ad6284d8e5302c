//! The heads of a model whose positions are whole items: each level's reads the hidden row plus the embeddings of the
//! tokens before its own, and says the next token.
//!
//! At level l, y = h + Σ_{j<l} E_j(c_j); the first level reads norm(y), a later one norm(y + down(gelu(up(norm(y))))),
//! unless heads have no width.
//! They are taught with the true tokens before their own, so one pass teaches all levels of all positions.

use semid_core::TokenTrie;

use super::choices::{Choice, Choosing, entropy_among};
use super::layout::{HeadLayout, Layout};
use super::model::{Lesson, Teaching};
use crate::transformer::{
    AnswerRoom, Asked, Dropout, Losses, Mat, Parameters, ProductRoom, Real, UNTAUGHT, activate, activate_back,
    add_dropped, add_rows, cross_entropy, disjoint, dropped, linear, linear_back, norm, norm_back, room,
};

/// Room for the heads; reused from one lesson to the next.
#[derive(Default)]
pub(crate) struct HeadRoom<R> {
    levels: Vec<HeadTrace<R>>,
    /// `n × d`: the hidden rows and the tokens so far; on the way back, their gradient.
    sums: Vec<R>,
    logits: Vec<R>,
    answers: AnswerRoom<R>,
    spare: Spare<R>,
}

/// Room of `rows × d` or `rows × width` that nothing is kept in.
#[derive(Default)]
pub(crate) struct Spare<R> {
    narrow: Vec<R>,
    wide: Vec<R>,
    dy: Vec<R>,
    products: ProductRoom,
}

/// What one level's head read and computed.
#[derive(Default)]
pub(crate) struct HeadTrace<R> {
    /// Positions of the lesson that are asked; a row each. Empty when ranking.
    positions: Vec<usize>,
    choices: Vec<Choice>,
    /// `rows × d`: the hidden row and the tokens before.
    pub y: Vec<R>,
    inner_stats: Vec<[R; 2]>,
    /// `rows × d`
    inner: Vec<R>,
    /// `rows × width`
    up: Vec<R>,
    /// `rows × width`
    active: Vec<R>,
    /// `rows × d`: what the last norm reads.
    sum: Vec<R>,
    stats: Vec<[R; 2]>,
    /// `rows × d`: what the softmax reads.
    pub out: Vec<R>,
    /// `rows × d`
    dout: Vec<R>,
}

/// Teaches the heads: adds to `gradients`, sets `dhidden` (`n × d`), returns the losses of all levels.
pub(crate) fn teach_heads<R: Real>(
    (layout, heads, trie): (&Layout, &[HeadLayout], &TokenTrie),
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    (hidden, dhidden): (&[R], &mut [R]),
    at: &mut HeadRoom<R>,
) -> Losses {
    let HeadRoom { levels, sums, logits, answers, spare } = at;
    let (d, first) = (layout.d(), lesson.packed.sequences.first);
    let items = || lesson.targets.iter().enumerate().filter(|(_, item)| **item != UNTAUGHT);
    let token = |item: u32, level: usize| layout.token_row(layout.vocabulary.item(item)[level]);
    levels.resize_with(heads.len(), HeadTrace::default);
    room(sums, hidden.len()).copy_from_slice(hidden);
    let mut losses = Losses { objective: 0.0, taught: (items().count() * heads.len()) as u64 };
    for (level, (head, trace)) in heads.iter().zip(levels.iter_mut()).enumerate() {
        trace.ask(layout, lesson, trie, level, sums);
        trace.forward(layout, head, level, parameters, teaching.dropout, first, spare);
        let dtable = &mut gradients[layout.output(level)];
        let dout = room(&mut trace.dout, trace.out.len());
        let table = parameters.matrix(&layout.output(level), d);
        let (label_smoothing, weight) = (teaching.label_smoothing, teaching.weight);
        let asked = if layout.chooses_among_all(trie, level) {
            let hidden = Mat::new(&trace.out, trace.positions.len(), d);
            let wanted = trace.choices.iter().map(|choice| choice.wanted);
            cross_entropy(Asked { hidden, table, label_smoothing, weight }, wanted, dout, d, dtable, answers)
        } else {
            let choosing = Choosing { trie, table: table.values, d, label_smoothing, weight };
            entropy_among(choosing, &trace.choices, &trace.out, dout, dtable, logits)
        };
        losses.objective += asked.objective;
        for (position, &item) in items() {
            add_rows(&mut sums[position * d..(position + 1) * d], parameters.at(&token(item, level)));
        }
    }
    sums.fill(R::default());
    for (level, (head, trace)) in heads.iter().zip(levels.iter_mut()).enumerate().rev() {
        let dy = trace.backward(layout, head, level, parameters, gradients, teaching.dropout, first, spare);
        for (dy, position) in dy.chunks_exact(d).zip(&trace.positions) {
            add_rows(&mut sums[position * d..(position + 1) * d], dy);
        }
        // The sums now hold what the levels from this one on ask of h and of the tokens before them.
        if let Some(before) = level.checked_sub(1) {
            for (position, &item) in items() {
                add_rows(&mut gradients[token(item, before)], &sums[position * d..(position + 1) * d]);
            }
        }
    }
    dhidden.copy_from_slice(sums);
    losses
}

impl<R: Real> HeadTrace<R> {
    /// Gathers the positions that have something to say at a level.
    fn ask(&mut self, layout: &Layout, lesson: &Lesson, trie: &TokenTrie, level: usize, sums: &[R]) {
        let d = layout.d();
        self.positions.clear();
        self.choices.clear();
        self.y.clear();
        for (position, &item) in lesson.targets.iter().enumerate() {
            if item == UNTAUGHT {
                continue;
            }
            let node = (level..layout.levels()).fold(trie.leaf(item), |node, _| trie.parent(node));
            // Where only one token can follow there is nothing to learn.
            if layout.trie_softmax && trie.children(node).len() < 2 {
                continue;
            }
            let wanted = layout.vocabulary.item(item)[level] - layout.vocabulary.offset(level) as u32;
            self.choices.push(Choice { at: self.positions.len() * d, node, wanted });
            self.positions.push(position);
            self.y.extend_from_slice(&sums[position * d..(position + 1) * d]);
        }
    }

    /// From `y` to `out`; `first` is the index of the lesson's first position in the whole batch.
    #[allow(clippy::too_many_arguments)] // The forward pass of one layer.
    pub fn forward(
        &mut self,
        layout: &Layout,
        head: &HeadLayout,
        level: usize,
        parameters: Parameters<'_, R>,
        dropout: Option<Dropout>,
        first: usize,
        spare: &mut Spare<R>,
    ) {
        let (d, n) = (layout.d(), self.y.len() / layout.d());
        let p = |range| parameters.at(range);
        let sum = room(&mut self.sum, n * d);
        match &head.inner {
            None => sum.copy_from_slice(&self.y),
            Some(at) => {
                let inner = room(&mut self.inner, n * d);
                norm(inner, room(&mut self.inner_stats, n), &self.y, p(&at.norm_gain), p(&at.norm_bias));
                let (up, active) = (room(&mut self.up, n * at.width), room(&mut self.active, n * at.width));
                linear(up, inner, parameters.matrix(&at.up, at.width), p(&at.up_bias), &mut spare.products);
                activate(active, up);
                let narrow = room(&mut spare.narrow, n * d);
                let down = parameters.matrix(&at.down, d);
                linear(narrow, active, down, p(&at.down_bias), &mut spare.products);
                if self.positions.is_empty() {
                    add_dropped(sum, &self.y, narrow, None, 0, 0);
                }
                let rows = sum.chunks_exact_mut(d).zip(self.y.chunks_exact(d)).zip(narrow.chunks_exact(d));
                for (((sum, y), narrow), position) in rows.zip(&self.positions) {
                    add_dropped(sum, y, narrow, dropout, layout.site(level), (first + position) * d);
                }
            }
        }
        norm(room(&mut self.out, n * d), room(&mut self.stats, n), sum, p(&head.norm_gain), p(&head.norm_bias));
    }

    /// From `dout` to the gradient of `y`, which is returned; adds to `gradients`.
    #[allow(clippy::too_many_arguments)] // The backward pass of one layer.
    fn backward<'s>(
        &mut self,
        layout: &Layout,
        head: &HeadLayout,
        level: usize,
        parameters: Parameters<'_, R>,
        gradients: &mut [R],
        dropout: Option<Dropout>,
        first: usize,
        spare: &'s mut Spare<R>,
    ) -> &'s [R] {
        let d = layout.d();
        let n = self.positions.len();
        let Spare { narrow, wide, dy, products } = spare;
        let dy = room(dy, n * d);
        dy.fill(R::default());
        let [dgain, dbias] = disjoint(gradients, [&head.norm_gain, &head.norm_bias]);
        norm_back(dy, dgain, dbias, &self.dout, &self.sum, &self.stats, parameters.at(&head.norm_gain));
        let Some(at) = &head.inner else { return dy };
        let [dgain, dbias, dup, dup_bias, ddown, ddown_bias] =
            disjoint(gradients, [&at.norm_gain, &at.norm_bias, &at.up, &at.up_bias, &at.down, &at.down_bias]);
        let (narrow, wide) = (room(narrow, n * d), room(wide, n * at.width));
        for ((narrow, dy), position) in narrow.chunks_exact_mut(d).zip(dy.chunks_exact(d)).zip(&self.positions) {
            dropped(narrow, dy, dropout, layout.site(level), (first + position) * d);
        }
        linear_back(wide, ddown, ddown_bias, narrow, &self.active, parameters.matrix(&at.down, d), products);
        activate_back(wide, &self.up);
        linear_back(narrow, dup, dup_bias, wide, &self.inner, parameters.matrix(&at.up, at.width), products);
        norm_back(dy, dgain, dbias, narrow, &self.y, &self.inner_stats, parameters.at(&at.norm_gain));
        dy
    }
}
