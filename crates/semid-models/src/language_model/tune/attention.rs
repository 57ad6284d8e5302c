//! Causal attention over a prefix that all sequences share and the sequences' own positions, query heads in groups over
//! one key head, with its gradient; and the rotary positions (Su et al. 2021).
//!
//! As in the shared transformer the probabilities are not kept: the backward pass recomputes them from the scores and two
//! numbers per row. The prefix takes no gradient: it is made of frozen weights alone.

use super::llama::LlamaShape;
use crate::transformer::attention::{first_cols, padded, transposed};
use crate::transformer::{Mat, Real, exponentials, small_product, sum_of, vectorised};

/// Rows of queries handled together.
const ROWS: usize = 4;

/// Rotated keys and the values of what stands before every sequence, for one layer: `length × keys` each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past<R> {
    pub keys: Vec<R>,
    pub values: Vec<R>,
}

/// Room for one key head of one sequence.
#[derive(Default)]
pub(crate) struct Scratch<R> {
    keys: Vec<R>,
    keys_across: Vec<R>,
    values: Vec<R>,
    values_across: Vec<R>,
    scores: Vec<R>,
    slopes: Vec<R>,
    dkeys: Vec<R>,
    dvalues: Vec<R>,
}

/// Cosine and sine by position and pair of numbers: `positions × width / 2`.
pub(crate) fn rotations<R: Real>(shape: &LlamaShape, positions: usize) -> Vec<[R; 2]> {
    let half = shape.width / 2;
    let angle = |at: usize, pair: usize| at as f64 * shape.rope_base.powf(-(pair as f64) / half as f64);
    let one = |at: usize, pair: usize| [R::of(angle(at, pair).cos()), R::of(angle(at, pair).sin())];
    (0..positions).flat_map(|at| (0..half).map(move |pair| one(at, pair))).collect()
}

/// Turns queries and keys of each row by its position, or back; sequences start at `first`.
pub(crate) fn rotate<R: Real>(
    qkv: &mut [R],
    shape: &LlamaShape,
    lengths: &[usize],
    first: usize,
    table: &[[R; 2]],
    back: bool,
) {
    let half = shape.width / 2;
    let mut rows = qkv.chunks_exact_mut(shape.qkv());
    for &length in lengths {
        for (at, row) in rows.by_ref().take(length).enumerate() {
            let turns = &table[(first + at) * half..(first + at + 1) * half];
            for head in row[..shape.queries() + shape.keys()].chunks_exact_mut(shape.width) {
                let (low, high) = head.split_at_mut(half);
                for ((a, b), &[cos, sin]) in low.iter_mut().zip(high).zip(turns) {
                    let sin = if back { -sin } else { sin };
                    (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                }
            }
        }
    }
}

/// `rows` of the past and of a sequence as one block, `(past + length) × width`.
fn gathered<'a, R: Real>(out: &'a mut Vec<R>, parts: [Mat<'_, R>; 2]) -> Mat<'a, R> {
    let (rows, width) = (parts[0].rows + parts[1].rows, parts[1].cols);
    out.clear();
    for part in parts {
        for row in 0..part.rows {
            out.extend_from_slice(&part.data[row * part.row_stride..][..width]);
        }
    }
    Mat::new(out, rows, width)
}

/// One sequence and its past.
#[derive(Clone, Copy)]
struct Read<'a, R> {
    shape: &'a LlamaShape,
    past: Option<&'a Past<R>>,
    /// Positions of the past.
    before: usize,
    /// `length × qkv`, rotated.
    qkv: &'a [R],
    length: usize,
}

impl<'a, R: Real> Read<'a, R> {
    fn column(&self, from: usize) -> Mat<'a, R> {
        Mat::strided(&self.qkv[from..], self.length, self.shape.width, self.shape.qkv())
    }

    fn queries(&self, head: usize) -> Mat<'a, R> {
        self.column(head * self.shape.width)
    }

    fn old(&self, rows: impl Fn(&'a Past<R>) -> &'a [R], head: usize) -> Mat<'a, R> {
        let (width, keys) = (self.shape.width, self.shape.keys());
        match self.past {
            Some(past) if self.before > 0 => Mat::strided(&rows(past)[head * width..], self.before, width, keys),
            _ => Mat::strided(&[], 0, width, keys),
        }
    }

    /// Keys of one key head, the past's first.
    fn keys(&self, head: usize) -> [Mat<'a, R>; 2] {
        [self.old(|past| &past.keys, head), self.column(self.shape.queries() + head * self.shape.width)]
    }

    fn values(&self, head: usize) -> [Mat<'a, R>; 2] {
        let own = self.column(self.shape.queries() + self.shape.keys() + head * self.shape.width);
        [self.old(|past| &past.values, head), own]
    }
}

/// `out` (`n × queries`) from rotated `qkv`; `stats` (`n × heads`) gets the largest score and one over the sum of
/// exponentials of each row.
#[allow(clippy::too_many_arguments)] // Two call sites; a struct would only rename the arguments.
pub(crate) fn attend<R: Real>(
    out: &mut [R],
    stats: &mut [[R; 2]],
    qkv: &[R],
    shape: &LlamaShape,
    lengths: &[usize],
    past: Option<&Past<R>>,
    before: usize,
    scratch: &mut Scratch<R>,
) {
    let (queries, heads, group) = (shape.queries(), shape.heads, shape.heads / shape.key_heads);
    let scale = R::of(1.0 / (shape.width as f64).sqrt());
    let mut start = 0;
    for &length in lengths {
        let qkv = &qkv[start * shape.qkv()..(start + length) * shape.qkv()];
        let read = Read { shape, past, before, qkv, length };
        let out = &mut out[start * queries..(start + length) * queries];
        let stats = &mut stats[start * heads..(start + length) * heads];
        vectorised(
            #[inline(always)]
            || {
                let Scratch { keys, keys_across, values, scores, .. } = &mut *scratch;
                for key_head in 0..shape.key_heads {
                    let keys = transposed(keys_across, gathered(keys, read.keys(key_head)));
                    let values = gathered(values, read.values(key_head));
                    let stride = keys.cols;
                    scores.clear();
                    scores.resize(ROWS * stride, R::default());
                    for head in key_head * group..(key_head + 1) * group {
                        let q = read.queries(head);
                        for row in (0..length).step_by(ROWS) {
                            let count = ROWS.min(length - row);
                            let seen = before + row + count;
                            let keys = first_cols(keys, padded(seen));
                            small_product(scores, stride, q.some_rows(row, count), keys, scale, false);
                            for r in 0..count {
                                let line = &mut scores[r * stride..][..seen];
                                let visible = before + row + r + 1;
                                let (top, sum) = exponentials(&mut line[..visible]);
                                line[visible..].fill(R::default());
                                let share = R::ONE / sum;
                                stats[(row + r) * heads + head] = [top, share];
                                line[..visible].iter_mut().for_each(|value| *value = *value * share);
                            }
                            let p = Mat::strided(scores, count, seen, stride);
                            let out = &mut out[row * queries + head * shape.width..];
                            small_product(out, queries, p, values.some_rows(0, seen), R::ONE, false);
                        }
                    }
                }
            },
        );
        start += length;
    }
}

/// Sets `dqkv` (of the rotated rows) from `dout`, given what [`attend`] saw and returned.
#[allow(clippy::too_many_arguments)] // The forward pass's arguments and their gradients.
pub(crate) fn attend_back<R: Real>(
    dqkv: &mut [R],
    dout: &[R],
    out: &[R],
    stats: &[[R; 2]],
    qkv: &[R],
    shape: &LlamaShape,
    lengths: &[usize],
    past: Option<&Past<R>>,
    before: usize,
    scratch: &mut Scratch<R>,
) {
    let (queries, all) = (shape.queries(), shape.qkv());
    let mut start = 0;
    for &length in lengths {
        let rows = start..start + length;
        let read = Read { shape, past, before, qkv: &qkv[rows.start * all..rows.end * all], length };
        let dqkv = &mut dqkv[rows.start * all..rows.end * all];
        let of_queries = rows.start * queries..rows.end * queries;
        let (out, dout) = (&out[of_queries.clone()], &dout[of_queries]);
        let stats = &stats[rows.start * shape.heads..rows.end * shape.heads];
        vectorised(
            #[inline(always)]
            || sequence_back(dqkv, dout, out, stats, read, scratch),
        );
        start += length;
    }
}

#[inline(always)]
fn sequence_back<R: Real>(
    dqkv: &mut [R],
    dout: &[R],
    out: &[R],
    stats: &[[R; 2]],
    read: Read<'_, R>,
    scratch: &mut Scratch<R>,
) {
    let Read { shape, before, length, .. } = read;
    let (width, queries, all) = (shape.width, shape.queries(), shape.qkv());
    let (heads, group) = (shape.heads, shape.heads / shape.key_heads);
    let scale = R::of(1.0 / (width as f64).sqrt());
    let Scratch { keys, keys_across, values, values_across, scores, slopes, dkeys, dvalues } = scratch;
    for key_head in 0..shape.key_heads {
        let k = gathered(keys, read.keys(key_head));
        let keys = transposed(keys_across, k);
        let values = transposed(values_across, gathered(values, read.values(key_head)));
        let stride = keys.cols;
        dkeys.clear();
        dkeys.resize(length * width, R::default());
        dvalues.clear();
        dvalues.resize(length * width, R::default());
        for head in key_head * group..(key_head + 1) * group {
            let column = head * width;
            let (q, go) = (read.queries(head), Mat::strided(&dout[column..], length, width, queries));
            scores.clear();
            scores.resize(length * stride, R::default());
            slopes.clear();
            slopes.resize(length * stride, R::default());
            for row in (0..length).step_by(ROWS) {
                let count = ROWS.min(length - row);
                let seen = before + row + count;
                let (p, ds) = (&mut scores[row * stride..], &mut slopes[row * stride..]);
                small_product(p, stride, q.some_rows(row, count), first_cols(keys, padded(seen)), scale, false);
                small_product(ds, stride, go.some_rows(row, count), first_cols(values, padded(seen)), R::ONE, false);
                for r in 0..count {
                    let [top, share] = stats[(row + r) * heads + head];
                    let line = (row + r) * queries + column..(row + r) * queries + column + width;
                    let dot = sum_of(&out[line.clone()], &dout[line], |a, b| a * b);
                    let (p, ds) = (&mut p[r * stride..][..padded(seen)], &mut ds[r * stride..][..padded(seen)]);
                    let visible = before + row + r + 1;
                    for (p, ds) in p[..visible].iter_mut().zip(&mut ds[..visible]) {
                        *p = (*p - top).exp() * share;
                        *ds = *p * (*ds - dot) * scale;
                    }
                    p[visible..].fill(R::default());
                    ds[visible..].fill(R::default());
                }
                let ds = Mat::strided(ds, count, seen, stride);
                small_product(&mut dqkv[row * all + column..], all, ds, k.some_rows(0, seen), R::ONE, false);
            }
            // Key and value of row j are seen by the rows from j on.
            for row in (0..length).step_by(ROWS) {
                let (count, below) = (ROWS.min(length - row), length - row);
                let from = row * stride + before + row;
                let t = |data| Mat { data, rows: count, cols: below, row_stride: 1, col_stride: stride };
                let at = row * width;
                small_product(&mut dkeys[at..], width, t(&slopes[from..]), q.some_rows(row, below), R::ONE, true);
                small_product(&mut dvalues[at..], width, t(&scores[from..]), go.some_rows(row, below), R::ONE, true);
            }
        }
        for row in 0..length {
            let key = row * all + queries + key_head * width;
            dqkv[key..key + width].copy_from_slice(&dkeys[row * width..(row + 1) * width]);
            let value = key + shape.keys();
            dqkv[value..value + width].copy_from_slice(&dvalues[row * width..(row + 1) * width]);
        }
    }
}
