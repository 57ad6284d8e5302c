//! The forward pass of a stack of blocks over sequences laid end to end, and everything its backward pass needs of it.
//!
//! Pre-norm blocks as in GPT-2: x += mix(attention(norm(x))), x += down(gelu(up(norm(x)))); a last norm gives the hidden
//! rows. Whoever uses the stack writes the input rows and reads the hidden ones. No padding is computed.

use super::attention::{Scratch, attend};
use super::dropout::{Dropout, add_dropped, dropped};
use super::layers::{ProductRoom, activate, linear, norm};
use super::layout::StackLayout;
use super::parameters::Parameters;
use super::real::Real;

/// Sequences end to end, one row a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sequences {
    /// Positions of each sequence.
    pub lengths: Vec<usize>,
    /// Index of the first position in the whole batch; places the dropout mask.
    pub first: usize,
}

impl Sequences {
    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.lengths.iter().sum()
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
    /// `n × wide`
    pub up: Vec<R>,
    /// `n × wide`
    pub active: Vec<R>,
}

/// What a forward pass computed, and room for the backward pass; reused from batch to batch.
#[derive(Default)]
pub(crate) struct Trace<R> {
    pub blocks: Vec<BlockTrace<R>>,
    /// `n × d`: the stream after the last block.
    pub x: Vec<R>,
    pub norm_stats: Vec<[R; 2]>,
    /// `n × d`: what is read by whoever uses the stack.
    pub hidden: Vec<R>,
    /// Room of `n × d`.
    pub(super) narrow: Vec<R>,
    /// Room of `n × wide`.
    pub(super) wide: Vec<R>,
    /// Gradient of the stream, `n × d`.
    pub(super) dx: Vec<R>,
    /// Room of `n × d`.
    pub(super) dnarrow: Vec<R>,
    pub(super) scratch: Scratch<R>,
    pub(super) products: ProductRoom,
}

impl<R: Real> Trace<R> {
    /// Where the input rows are written before [`forward`], `n × d`.
    pub fn input(&mut self, n: usize, d: usize) -> &mut [R] {
        room(&mut self.narrow, n * d)
    }

    /// The hidden rows, and where their gradient is written before [`super::backward()`], both `n × d`.
    pub fn hidden_and_gradient(&mut self) -> (&[R], &mut [R]) {
        let length = self.hidden.len();
        (&self.hidden, room(&mut self.narrow, length))
    }
}

/// Makes room for exactly `length` numbers; what they are is for the caller to say.
pub(crate) fn room<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    buffer.resize(length, T::default());
    buffer
}

/// Places of dropout masks: on the input 0, after the halves of block b 2b + 1 and 2b + 2.
pub(super) fn site(block: usize, half: u32) -> u32 {
    2 * block as u32 + half
}

/// Runs the blocks over the rows in [`Trace::input`]; afterwards `trace.hidden` holds one row per position.
pub(crate) fn forward<R: Real>(
    stack: &StackLayout,
    parameters: Parameters<'_, R>,
    sequences: &Sequences,
    dropout: Option<Dropout>,
    trace: &mut Trace<R>,
) {
    let (n, d, heads, w) = (sequences.positions(), stack.shape.d, stack.shape.heads, stack.shape.wide);
    let first = sequences.first * d;
    trace.blocks.resize_with(stack.blocks.len(), BlockTrace::default);
    dropped(room(&mut trace.x, n * d), &trace.narrow, dropout, 0, first);
    for (index, (at, block)) in stack.blocks.iter().zip(&mut trace.blocks).enumerate() {
        let p = |range| parameters.at(range);
        std::mem::swap(&mut block.x, &mut trace.x);
        room(&mut trace.x, n * d);
        let norm1 = room(&mut block.norm1, n * d);
        norm(norm1, room(&mut block.norm1_stats, n), &block.x, p(&at.norm1_gain), p(&at.norm1_bias));
        linear(
            room(&mut block.qkv, n * 3 * d),
            norm1,
            parameters.matrix(&at.qkv, 3 * d),
            p(&at.qkv_bias),
            &mut trace.products,
        );
        let attention = room(&mut block.attention, n * d);
        let stats = room(&mut block.attention_stats, n * heads);
        attend(attention, stats, &block.qkv, &sequences.lengths, d, heads, &mut trace.scratch);
        linear(
            room(&mut trace.narrow, n * d),
            attention,
            parameters.matrix(&at.mix, d),
            p(&at.mix_bias),
            &mut trace.products,
        );
        let middle = room(&mut block.middle, n * d);
        add_dropped(middle, &block.x, &trace.narrow, dropout, site(index, 1), first);

        let norm2 = room(&mut block.norm2, n * d);
        norm(norm2, room(&mut block.norm2_stats, n), middle, p(&at.norm2_gain), p(&at.norm2_bias));
        let up = room(&mut block.up, n * w);
        linear(up, norm2, parameters.matrix(&at.up, w), p(&at.up_bias), &mut trace.products);
        let active = room(&mut block.active, n * w);
        activate(active, up);
        linear(&mut trace.narrow, active, parameters.matrix(&at.down, d), p(&at.down_bias), &mut trace.products);
        add_dropped(&mut trace.x, middle, &trace.narrow, dropout, site(index, 2), first);
    }
    let (gain, bias) = (parameters.at(&stack.norm_gain), parameters.at(&stack.norm_bias));
    norm(room(&mut trace.hidden, n * d), room(&mut trace.norm_stats, n), &trace.x, gain, bias);
}
