//! The decoder's forward pass over sequences laid end to end, and everything its backward pass needs of it.
//!
//! Pre-norm blocks as in GPT-2: x += mix(attention(norm(x))), x += down(gelu(up(norm(x)))). A token's input is the
//! embedding of the token before it, of its item's position in the window, and of the level it is to predict; the
//! output matrix is the token embedding. No padding is computed.

use super::attention::{Scratch, attend};
use super::layers::{Dropout, activate, add_dropped, dropped, linear, norm};
use super::layout::Layout;
use super::real::Real;

/// Sequences end to end. Position p of a sequence belongs to item p / levels and predicts level p % levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Token that is read at each position: the opening one, then the item tokens shifted by one.
    pub inputs: Vec<u32>,
    /// Tokens of each sequence.
    pub lengths: Vec<usize>,
    /// Index of the first position in the whole batch; places the dropout mask.
    pub first: usize,
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
        self.lengths.push(self.inputs.len() - before);
    }

    /// Forgets the sequences and keeps the room.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.lengths.clear();
    }
}

/// What one block computed; n rows.
#[derive(Default)]
pub(crate) struct BlockTrace<R> {
    /// `n × d`: the stream as it came in.
    pub x: Vec<R>,
    pub norm1_stats: Vec<[R; 2]>,
    /// `n × d`
    pub norm1: Vec<R>,
    /// `n × 3d`
    pub qkv: Vec<R>,
    /// `n × heads`
    pub attention_stats: Vec<[R; 2]>,
    /// `n × d`
    pub attention: Vec<R>,
    /// `n × d`: the stream between the halves.
    pub middle: Vec<R>,
    pub norm2_stats: Vec<[R; 2]>,
    /// `n × d`
    pub norm2: Vec<R>,
    /// `n × 4d`
    pub up: Vec<R>,
    /// `n × 4d`
    pub active: Vec<R>,
}

/// What a forward pass computed, and room for the backward pass; reused from batch to batch.
#[derive(Default)]
pub(crate) struct Trace<R> {
    pub blocks: Vec<BlockTrace<R>>,
    /// `n × d`: the stream after the last block.
    pub x: Vec<R>,
    pub norm_stats: Vec<[R; 2]>,
    /// `n × d`: what the output matrix is applied to.
    pub hidden: Vec<R>,
    /// Room of `n × d`.
    pub narrow: Vec<R>,
    /// Room of `n × 4d`.
    pub wide: Vec<R>,
    /// Gradient of the stream, `n × d`.
    pub dx: Vec<R>,
    /// Room of `n × d`.
    pub dnarrow: Vec<R>,
    /// Logits of one level.
    pub logits: Vec<R>,
    pub scratch: Scratch<R>,
}

/// Makes room for exactly `length` numbers; what they are is for the caller to say.
pub(crate) fn room<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    buffer.resize(length, T::default());
    buffer
}

/// Places of dropout masks: after the embedding 0, after the halves of block b 2b + 1 and 2b + 2.
pub(crate) fn site(block: usize, half: u32) -> u32 {
    2 * block as u32 + half
}

/// Runs the blocks; afterwards `trace.hidden` holds one row per position.
pub(crate) fn forward<R: Real>(
    layout: &Layout,
    parameters: &[R],
    packed: &Packed,
    dropout: Option<Dropout>,
    trace: &mut Trace<R>,
) {
    let (n, d, heads) = (packed.positions(), layout.d, layout.heads);
    let first = packed.first * d;
    trace.blocks.resize_with(layout.blocks.len(), BlockTrace::default);
    embed(layout, parameters, packed, room(&mut trace.narrow, n * d));
    dropped(room(&mut trace.x, n * d), &trace.narrow, dropout, 0, first);
    for (index, (at, block)) in layout.blocks.iter().zip(&mut trace.blocks).enumerate() {
        let p = |range: &std::ops::Range<usize>| &parameters[range.clone()];
        std::mem::swap(&mut block.x, &mut trace.x);
        room(&mut trace.x, n * d);
        let norm1 = room(&mut block.norm1, n * d);
        norm(norm1, room(&mut block.norm1_stats, n), &block.x, p(&at.norm1_gain), p(&at.norm1_bias));
        linear(room(&mut block.qkv, n * 3 * d), norm1, p(&at.qkv), p(&at.qkv_bias));
        let attention = room(&mut block.attention, n * d);
        let stats = room(&mut block.attention_stats, n * heads);
        attend(attention, stats, &block.qkv, &packed.lengths, d, heads, &mut trace.scratch);
        linear(room(&mut trace.narrow, n * d), attention, p(&at.mix), p(&at.mix_bias));
        let middle = room(&mut block.middle, n * d);
        add_dropped(middle, &block.x, &trace.narrow, dropout, site(index, 1), first);

        let norm2 = room(&mut block.norm2, n * d);
        norm(norm2, room(&mut block.norm2_stats, n), middle, p(&at.norm2_gain), p(&at.norm2_bias));
        let up = room(&mut block.up, n * 4 * d);
        linear(up, norm2, p(&at.up), p(&at.up_bias));
        let active = room(&mut block.active, n * 4 * d);
        activate(active, up);
        linear(&mut trace.narrow, active, p(&at.down), p(&at.down_bias));
        add_dropped(&mut trace.x, middle, &trace.narrow, dropout, site(index, 2), first);
    }
    let (gain, bias) = (&parameters[layout.norm_gain.clone()], &parameters[layout.norm_bias.clone()]);
    norm(room(&mut trace.hidden, n * d), room(&mut trace.norm_stats, n), &trace.x, gain, bias);
}

/// The inputs of all positions, `n × d`: token + position of the item + level.
fn embed<R: Real>(layout: &Layout, parameters: &[R], packed: &Packed, out: &mut [R]) {
    let (d, levels) = (layout.d, layout.levels());
    let mut rows = out.chunks_exact_mut(d).zip(&packed.inputs);
    for &length in &packed.lengths {
        for (place, (row, &token)) in rows.by_ref().take(length).enumerate() {
            embed_one(layout, parameters, row, token, place / levels, place % levels);
        }
    }
}

/// The input of one position.
pub(crate) fn embed_one<R: Real>(
    layout: &Layout,
    parameters: &[R],
    row: &mut [R],
    token: u32,
    position: usize,
    level: usize,
) {
    let d = layout.d;
    let token = &parameters[layout.token.start + token as usize * d..][..d];
    let position = &parameters[layout.position.start + position * d..][..d];
    let level = &parameters[layout.level.start + level * d..][..d];
    for (((row, &a), &b), &c) in row.iter_mut().zip(token).zip(position).zip(level) {
        *row = a + b + c;
    }
}

/// The rows of the output matrix for one level, `size × d`.
pub(crate) fn output_rows<'a, R>(layout: &Layout, parameters: &'a [R], level: usize) -> &'a [R] {
    let (offset, size) = (layout.vocabulary.offset(level), layout.vocabulary.size(level));
    &parameters[layout.token.start + offset * layout.d..][..size * layout.d]
}
