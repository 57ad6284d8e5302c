//! Causal attention inside each sequence, with its backward. The probabilities are not kept: the backward pass
//! recomputes them from the scores and two numbers per row (as FlashAttention does), which is cheaper than memory.

use super::product::{Mat, small_product};
use super::real::{Real, exponentials, sum_of, vectorised};

/// Rows of queries handled together.
const ROWS: usize = 4;

/// Room for one head of one sequence.
#[derive(Default)]
pub(crate) struct Scratch<R> {
    keys: Vec<R>,
    values: Vec<R>,
    scores: Vec<R>,
    slopes: Vec<R>,
}

/// Width of a row of scores: whole register blocks.
pub(crate) fn padded(length: usize) -> usize {
    length.next_multiple_of(16)
}

/// Where one head of one sequence lies in rows of `3d` (queries, keys, values) and of `d`.
#[derive(Clone, Copy)]
struct Head {
    length: usize,
    width: usize,
    d: usize,
    column: usize,
}

impl Head {
    /// `part` 0: queries, 1: keys, 2: values. `length × width` inside rows of `3d`.
    fn part<R: Real>(self, qkv: &[R], part: usize) -> Mat<'_, R> {
        Mat::strided(&qkv[part * self.d + self.column..], self.length, self.width, 3 * self.d)
    }

    fn rows<R: Real>(self, rows: &[R]) -> Mat<'_, R> {
        Mat::strided(&rows[self.column..], self.length, self.width, self.d)
    }
}

/// Columns `0..count` of a matrix.
#[inline(always)]
pub(crate) fn first_cols<R: Real>(mat: Mat<'_, R>, count: usize) -> Mat<'_, R> {
    Mat { cols: count, ..mat }
}

/// The transpose, written out so that its rows are contiguous: `width × padded length`, zero beyond the length.
#[inline(always)]
pub(crate) fn transposed<'a, R: Real>(out: &'a mut Vec<R>, mat: Mat<'_, R>) -> Mat<'a, R> {
    let stride = padded(mat.rows);
    out.clear();
    out.resize(mat.cols * stride, R::default());
    for row in 0..mat.rows {
        for (col, &value) in mat.data[row * mat.row_stride..][..mat.cols].iter().enumerate() {
            out[col * stride + row] = value;
        }
    }
    Mat::strided(out, mat.cols, stride, stride)
}

/// `out` (`n × d`) from `qkv` (`n × 3d`) for sequences of `lengths` tokens end to end. `stats` (`n × heads`) gets the
/// largest score and one over the sum of exponentials of each row.
pub(crate) fn attend<R: Real>(
    out: &mut [R],
    stats: &mut [[R; 2]],
    qkv: &[R],
    lengths: &[usize],
    d: usize,
    heads: usize,
    scratch: &mut Scratch<R>,
) {
    let width = d / heads;
    let scale = R::of(1.0 / (width as f64).sqrt());
    let mut start = 0;
    for &length in lengths {
        let (qkv, out) = (&qkv[start * 3 * d..(start + length) * 3 * d], &mut out[start * d..(start + length) * d]);
        let stats = &mut stats[start * heads..(start + length) * heads];
        vectorised(
            #[inline(always)]
            || {
                for h in 0..heads {
                    let head = Head { length, width, d, column: h * width };
                    attend_head(out, stats, qkv, head, h, heads, scale, scratch);
                }
            },
        );
        start += length;
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // One call site; a struct would only rename the arguments.
fn attend_head<R: Real>(
    out: &mut [R],
    stats: &mut [[R; 2]],
    qkv: &[R],
    head: Head,
    h: usize,
    heads: usize,
    scale: R,
    scratch: &mut Scratch<R>,
) {
    let (q, v) = (head.part(qkv, 0), head.part(qkv, 2));
    let keys = transposed(&mut scratch.keys, head.part(qkv, 1));
    let stride = keys.cols;
    scratch.scores.clear();
    scratch.scores.resize(ROWS * stride, R::default());
    let scores = &mut scratch.scores;
    for row in (0..head.length).step_by(ROWS) {
        let count = ROWS.min(head.length - row);
        let seen = row + count;
        small_product(scores, stride, q.some_rows(row, count), first_cols(keys, padded(seen)), scale, false);
        for r in 0..count {
            let line = &mut scores[r * stride..][..seen];
            let (top, sum) = exponentials(&mut line[..row + r + 1]);
            line[row + r + 1..].fill(R::default());
            let share = R::ONE / sum;
            stats[(row + r) * heads + h] = [top, share];
            for value in &mut line[..row + r + 1] {
                *value = *value * share;
            }
        }
        let p = Mat::strided(scores, count, seen, stride);
        small_product(&mut out[row * head.d + head.column..], head.d, p, v.some_rows(0, seen), R::ONE, false);
    }
}

/// Sets `dqkv` from `dout`, given what `attend` saw and returned.
#[allow(clippy::too_many_arguments)] // The forward pass's arguments and their gradients.
pub(crate) fn attend_back<R: Real>(
    dqkv: &mut [R],
    dout: &[R],
    out: &[R],
    stats: &[[R; 2]],
    qkv: &[R],
    lengths: &[usize],
    d: usize,
    heads: usize,
    scratch: &mut Scratch<R>,
) {
    let width = d / heads;
    let scale = R::of(1.0 / (width as f64).sqrt());
    let mut start = 0;
    for &length in lengths {
        let rows = start..start + length;
        let (qkv, dqkv) = (&qkv[rows.start * 3 * d..rows.end * 3 * d], &mut dqkv[rows.start * 3 * d..rows.end * 3 * d]);
        let (out, dout) = (&out[rows.start * d..rows.end * d], &dout[rows.start * d..rows.end * d]);
        let stats = &stats[rows.start * heads..rows.end * heads];
        vectorised(
            #[inline(always)]
            || {
                for h in 0..heads {
                    let head = Head { length, width, d, column: h * width };
                    attend_head_back(dqkv, dout, out, stats, qkv, head, h, heads, scale, scratch);
                }
            },
        );
        start += length;
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // One call site; a struct would only rename the arguments.
fn attend_head_back<R: Real>(
    dqkv: &mut [R],
    dout: &[R],
    out: &[R],
    stats: &[[R; 2]],
    qkv: &[R],
    head: Head,
    h: usize,
    heads: usize,
    scale: R,
    scratch: &mut Scratch<R>,
) {
    let Head { length, width, d, column } = head;
    let (q, k, o, go) = (head.part(qkv, 0), head.part(qkv, 1), head.rows(out), head.rows(dout));
    let keys = transposed(&mut scratch.keys, k);
    let values = transposed(&mut scratch.values, head.part(qkv, 2));
    let stride = keys.cols;
    scratch.scores.clear();
    scratch.scores.resize(length * stride, R::default());
    scratch.slopes.clear();
    scratch.slopes.resize(length * stride, R::default());
    let (p, ds) = (&mut scratch.scores[..], &mut scratch.slopes[..]);
    for row in (0..length).step_by(ROWS) {
        let count = ROWS.min(length - row);
        let seen = row + count;
        let (p, ds) = (&mut p[row * stride..], &mut ds[row * stride..]);
        small_product(p, stride, q.some_rows(row, count), first_cols(keys, padded(seen)), scale, false);
        small_product(ds, stride, go.some_rows(row, count), first_cols(values, padded(seen)), R::ONE, false);
        for r in 0..count {
            let at = row + r;
            let [top, share] = stats[at * heads + h];
            let line = at * d + column..at * d + column + width;
            let dot = sum_of(&out[line.clone()], &dout[line], |a, b| a * b);
            let (p, ds) = (&mut p[r * stride..][..padded(seen)], &mut ds[r * stride..][..padded(seen)]);
            for (p, ds) in p[..at + 1].iter_mut().zip(&mut ds[..at + 1]) {
                *p = (*p - top).exp() * share;
                *ds = *p * (*ds - dot) * scale;
            }
            p[at + 1..].fill(R::default());
            ds[at + 1..].fill(R::default());
        }
        let ds = Mat::strided(ds, count, seen, stride);
        small_product(&mut dqkv[row * 3 * d + column..], 3 * d, ds, k.some_rows(0, seen), R::ONE, false);
    }
    debug_assert_eq!(o.rows, length);
    // Keys and values of row j are seen by the rows from j on.
    for row in (0..length).step_by(ROWS) {
        let count = ROWS.min(length - row);
        let below = length - row;
        let from = row * stride + row;
        let t = |data| Mat { data, rows: count, cols: below, row_stride: 1, col_stride: stride };
        let at = row * 3 * d + column;
        small_product(&mut dqkv[at + d..], 3 * d, t(&ds[from..]), q.some_rows(row, below), R::ONE, false);
        small_product(&mut dqkv[at + 2 * d..], 3 * d, t(&p[from..]), go.some_rows(row, below), R::ONE, false);
    }
}
