//! The loss and the gradient of every parameter, by hand, one pass from the output back to the embeddings.

use super::attention::attend_back;
use super::layers::{Dropout, activate_back, add_rows, dropped, linear_back, norm_back};
use super::layout::Layout;
use super::model::{Packed, Trace, forward, output_rows, room, site};
use super::product::{Mat, product};
use super::real::{Real, exponentials, vectorised};

/// What a batch, or a part of one, is to be taught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// The sequences; every length is a multiple of the levels.
    pub packed: Packed,
    /// Per position, the code to predict inside its level, or `UNTAUGHT`.
    pub targets: Vec<u32>,
}

/// A position that only gives context.
pub(crate) const UNTAUGHT: u32 = u32::MAX;

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

/// Sums over the positions taught, by level.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Losses {
    /// Objective, label smoothing included: nats.
    pub objective: f64,
    /// Cross-entropy by level: nats.
    pub entropy: Vec<f64>,
    /// Positions taught, by level.
    pub taught: Vec<u64>,
}

impl Losses {
    /// Adds another part's sums.
    pub fn add(&mut self, other: &Losses) {
        self.objective += other.objective;
        self.entropy.resize(self.entropy.len().max(other.entropy.len()), 0.0);
        self.taught.resize(self.taught.len().max(other.taught.len()), 0);
        for (level, (&entropy, &taught)) in other.entropy.iter().zip(&other.taught).enumerate() {
            self.entropy[level] += entropy;
            self.taught[level] += taught;
        }
    }

    /// Objective per position taught.
    pub fn mean(&self) -> f64 {
        self.objective / self.taught.iter().sum::<u64>().max(1) as f64
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

/// Forward and backward: adds to `gradients`, returns the losses.
pub(crate) fn teach<R: Real>(
    layout: &Layout,
    parameters: &[R],
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    trace: &mut Trace<R>,
) -> Losses {
    forward(layout, parameters, &lesson.packed, teaching.dropout, trace);
    let losses = output_and_back(layout, parameters, gradients, lesson, teaching, trace);
    blocks_back(layout, parameters, gradients, &lesson.packed, teaching.dropout, trace);
    losses
}

/// Softmax cross-entropy over the codes of each position's level; leaves the gradient of `hidden` in `trace.narrow`.
fn output_and_back<R: Real>(
    layout: &Layout,
    parameters: &[R],
    gradients: &mut [R],
    lesson: &Lesson,
    teaching: Teaching,
    trace: &mut Trace<R>,
) -> Losses {
    let (n, d, levels) = (lesson.packed.positions(), layout.d, layout.levels());
    let rows = n / levels;
    let mut losses = Losses { objective: 0.0, entropy: vec![0.0; levels], taught: vec![0; levels] };
    let dhidden = room(&mut trace.narrow, n * d);
    for level in 0..levels {
        let size = layout.vocabulary.size(level);
        let table = Mat::new(output_rows(layout, parameters, level), size, d);
        let hidden = Mat::strided(&trace.hidden[(level * d).min(n * d)..], rows, d, levels * d);
        let logits = room(&mut trace.logits, rows * size);
        product(logits, size, hidden, table.t(), false);
        let targets = lesson.targets.iter().skip(level).step_by(levels);
        for (row, &target) in logits.chunks_exact_mut(size).zip(targets) {
            if target == UNTAUGHT {
                row.fill(R::default());
                continue;
            }
            let (entropy, objective) = softmax_slope(row, target as usize, teaching);
            losses.entropy[level] += entropy;
            losses.objective += objective;
            losses.taught[level] += 1;
        }
        let dlogits = Mat::new(logits, rows, size);
        product(&mut dhidden[(level * d).min(n * d)..], levels * d, dlogits, table, false);
        let start = layout.token.start + layout.vocabulary.offset(level) * d;
        product(&mut gradients[start..start + size * d], d, dlogits.t(), hidden, true);
    }
    losses
}

/// Turns a row of logits into the gradient of the weighted loss; returns (cross-entropy, objective).
fn softmax_slope<R: Real>(row: &mut [R], target: usize, teaching: Teaching) -> (f64, f64) {
    let (size, smooth) = (row.len() as f64, teaching.label_smoothing);
    let (at_target, spread) = (row[target].wide(), if smooth > 0.0 { row.iter().map(|x| x.wide()).sum() } else { 0.0 });
    vectorised(
        #[inline(always)]
        || {
            let (top, sum) = exponentials(row);
            let normaliser = top.wide() + sum.wide().ln();
            let (factor, even) = (R::of(teaching.weight) / sum, R::of(teaching.weight * smooth / size));
            for value in row.iter_mut() {
                *value = value.mul_add(factor, -even);
            }
            row[target] = row[target] - R::of(teaching.weight * (1.0 - smooth));
            let entropy = normaliser - at_target;
            let objective = (1.0 - smooth) * entropy + smooth * (normaliser - spread / size);
            (entropy, objective)
        },
    )
}

fn blocks_back<R: Real>(
    layout: &Layout,
    parameters: &[R],
    gradients: &mut [R],
    packed: &Packed,
    dropout: Option<Dropout>,
    trace: &mut Trace<R>,
) {
    let (n, d, heads) = (packed.positions(), layout.d, layout.heads);
    let first = packed.first * d;
    let Trace { blocks, x, norm_stats, narrow, wide, dx, dnarrow, scratch, .. } = trace;
    let dx = room(dx, n * d);
    let dnarrow = room(dnarrow, n * d);
    dx.fill(R::default());
    {
        let [dgain, dbias] = disjoint(gradients, [&layout.norm_gain, &layout.norm_bias]);
        norm_back(dx, dgain, dbias, narrow, x, norm_stats, &parameters[layout.norm_gain.clone()]);
    }
    for (index, (at, block)) in layout.blocks.iter().zip(blocks).enumerate().rev() {
        let p = |range: &std::ops::Range<usize>| &parameters[range.clone()];
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
        let wide = room(wide, n * 4 * d);
        linear_back(wide, ddown, ddown_b, dnarrow, &block.active, p(&at.down));
        activate_back(wide, &block.up);
        linear_back(narrow, dup, dup_b, wide, &block.norm2, p(&at.up));
        norm_back(dx, dgain2, dbias2, narrow, &block.middle, &block.norm2_stats, p(&at.norm2_gain));

        dropped(dnarrow, dx, dropout, site(index, 1), first);
        linear_back(narrow, dmix, dmix_b, dnarrow, &block.attention, p(&at.mix));
        let dqkv = &mut wide[..n * 3 * d];
        attend_back(
            dqkv,
            narrow,
            &block.attention,
            &block.attention_stats,
            &block.qkv,
            &packed.lengths,
            d,
            heads,
            scratch,
        );
        linear_back(narrow, dqkv_w, dqkv_b, dqkv, &block.norm1, p(&at.qkv));
        norm_back(dx, dgain1, dbias1, narrow, &block.x, &block.norm1_stats, p(&at.norm1_gain));
    }
    dropped(dnarrow, dx, dropout, 0, first);
    embed_back(layout, gradients, packed, dnarrow);
}

/// Adds each position's gradient to the rows it was embedded from.
fn embed_back<R: Real>(layout: &Layout, gradients: &mut [R], packed: &Packed, dout: &[R]) {
    let (d, levels) = (layout.d, layout.levels());
    let mut rows = dout.chunks_exact(d).zip(&packed.inputs);
    for &length in &packed.lengths {
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

/// Several parts of one buffer at once; the parts lie one after another in it.
fn disjoint<'a, R, const N: usize>(buffer: &'a mut [R], parts: [&std::ops::Range<usize>; N]) -> [&'a mut [R]; N] {
    let (mut rest, mut start) = (buffer, 0);
    parts.map(|part| {
        let (_, from) = std::mem::take(&mut rest).split_at_mut(part.start - start);
        let (taken, after) = from.split_at_mut(part.len());
        (rest, start) = (after, part.end);
        taken
    })
}
