//! The gradient of a stack of blocks by hand, one pass from the hidden rows back to the input rows.

use super::attention::attend_back;
use super::blocks::{Sequences, Trace, room, site};
use super::dropout::{Dropout, dropped};
use super::layers::{activate_back, linear_back, norm_back};
use super::layout::StackLayout;
use super::parameters::Parameters;
use super::real::Real;

/// Takes the gradient of the hidden rows from [`Trace::hidden_and_gradient`], adds to `gradients`, and returns the gradient
/// of the input rows, `n × d`.
pub(crate) fn backward<'t, R: Real>(
    stack: &StackLayout,
    parameters: Parameters<'_, R>,
    gradients: &mut [R],
    sequences: &Sequences,
    dropout: Option<Dropout>,
    trace: &'t mut Trace<R>,
) -> &'t [R] {
    let (n, d, heads, w) = (sequences.positions(), stack.shape.d, stack.shape.heads, stack.shape.wide);
    let first = sequences.first * d;
    let Trace { blocks, x, norm_stats, narrow, wide, dx, dnarrow, scratch, products, .. } = trace;
    let dx = room(dx, n * d);
    let dnarrow = room(dnarrow, n * d);
    dx.fill(R::default());
    {
        let [dgain, dbias] = disjoint(gradients, [&stack.norm_gain, &stack.norm_bias]);
        norm_back(dx, dgain, dbias, narrow, x, norm_stats, parameters.at(&stack.norm_gain));
    }
    for (index, (at, block)) in stack.blocks.iter().zip(blocks).enumerate().rev() {
        let p = |range| parameters.at(range);
        let [dgain1, dbias1, dqkv_w, dqkv_b, dmix, dmix_b, dgain2, dbias2, dup, dup_b, ddown, ddown_b] = disjoint(
            gradients,
            [
                &at.norm1_gain,
                &at.norm1_bias,
                &at.qkv,
                &at.qkv_bias,
                &at.mix,
                &at.mix_bias,
                &at.norm2_gain,
                &at.norm2_bias,
                &at.up,
                &at.up_bias,
                &at.down,
                &at.down_bias,
            ],
        );
        dropped(dnarrow, dx, dropout, site(index, 2), first);
        let wide = room(wide, n * w.max(3 * d));
        let dwide = &mut wide[..n * w];
        linear_back(dwide, ddown, ddown_b, dnarrow, &block.active, parameters.matrix(&at.down, d), products);
        activate_back(dwide, &block.up);
        linear_back(narrow, dup, dup_b, dwide, &block.norm2, parameters.matrix(&at.up, w), products);
        norm_back(dx, dgain2, dbias2, narrow, &block.middle, &block.norm2_stats, p(&at.norm2_gain));

        dropped(dnarrow, dx, dropout, site(index, 1), first);
        linear_back(narrow, dmix, dmix_b, dnarrow, &block.attention, parameters.matrix(&at.mix, d), products);
        let dqkv = &mut wide[..n * 3 * d];
        attend_back(
            dqkv,
            narrow,
            &block.attention,
            &block.attention_stats,
            &block.qkv,
            &sequences.lengths,
            d,
            heads,
            scratch,
        );
        linear_back(narrow, dqkv_w, dqkv_b, dqkv, &block.norm1, parameters.matrix(&at.qkv, 3 * d), products);
        norm_back(dx, dgain1, dbias1, narrow, &block.x, &block.norm1_stats, p(&at.norm1_gain));
    }
    dropped(dnarrow, dx, dropout, 0, first);
    dnarrow
}

/// Several parts of one buffer at once; the parts lie one after another in it.
pub(crate) fn disjoint<'a, R, const N: usize>(
    buffer: &'a mut [R],
    parts: [&std::ops::Range<usize>; N],
) -> [&'a mut [R]; N] {
    let (mut rest, mut start) = (buffer, 0);
    parts.map(|part| {
        let (_, from) = std::mem::take(&mut rest).split_at_mut(part.start - start);
        let (taken, after) = from.split_at_mut(part.len());
        (rest, start) = (after, part.end);
        taken
    })
}
