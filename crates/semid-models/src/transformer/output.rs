//! What is asked of hidden rows: a softmax over the rows of a table, its loss and its gradient.

use super::blocks::room;
use super::parameters::{Matrix, RoundedMatrix, padded};
use super::product::{Mat, product};
use super::real::{Real, exponentials, vectorised};
use crate::kernels::{self, AddTransposed, Bf16, Kernel, NR, Packed, RowSlope, RowSum, Slopes, Store, SumRows};

/// A row that only gives context.
pub(crate) const UNTAUGHT: u32 = u32::MAX;

/// Rows whose logits are computed at once, so that those of a large table stay near the cache.
const ROWS: usize = 256;

/// A question to hidden rows: which row of `table` comes next.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a, R> {
    /// `rows × d`.
    pub hidden: Mat<'a, R>,
    /// `classes × d`.
    pub table: Matrix<'a, R>,
    /// Share of the target's probability spread evenly over the classes.
    pub label_smoothing: f64,
    /// What the loss of a row counts.
    pub weight: f64,
}

/// Sums over the rows taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Losses {
    /// Objective, label smoothing included: nats.
    pub objective: f64,
    /// Answers asked for.
    pub taught: u64,
}

impl Losses {
    /// Adds another part's sums.
    pub fn add(&mut self, other: &Losses) {
        self.objective += other.objective;
        self.taught += other.taught;
    }

    /// Objective per answer.
    pub fn mean(&self) -> f64 {
        self.objective / self.taught.max(1) as f64
    }
}

/// Room for answers; reused from one to the next.
#[derive(Default)]
pub(crate) struct AnswerRoom<R> {
    logits: Vec<R>,
    sums: Vec<RowSum>,
    slopes: Vec<RowSlope>,
    targets: Vec<u32>,
    left: Vec<Bf16>,
    plain: Vec<Bf16>,
    pairs: Packed<Bf16>,
}

/// The loss of each row's softmax against its target (a class or [`UNTAUGHT`]). Sets `dhidden` (`rows × d`, rows
/// `dhidden_stride` apart), adds to `dtable` (`classes × d`).
pub(crate) fn cross_entropy<R: Real>(
    asked: Asked<'_, R>,
    mut targets: impl Iterator<Item = u32>,
    dhidden: &mut [R],
    dhidden_stride: usize,
    dtable: &mut [R],
    at: &mut AnswerRoom<R>,
) -> Losses {
    let (rows, d, classes) = (asked.hidden.rows, asked.hidden.cols, asked.table.rows);
    let table = Mat::new(asked.table.values, classes, d);
    let mut losses = Losses::default();
    for first in (0..rows).step_by(ROWS) {
        let count = ROWS.min(rows - first);
        let hidden = asked.hidden.some_rows(first, count);
        let dhidden = &mut dhidden[first * dhidden_stride..];
        at.targets.clear();
        at.targets.extend(targets.by_ref().take(count));
        if let (Some((kernel, rounded)), Some(numbers)) = (asked.table.rounded, R::singles(hidden.data))
            && let (Some(dhidden), Some(dtable)) = (R::singles_mut(dhidden), R::singles_mut(dtable))
        {
            let hidden = Mat::strided(numbers, count, d, hidden.row_stride);
            losses.add(&rounded_entropy(kernel, rounded, hidden, &asked, dhidden, dhidden_stride, dtable, at));
            continue;
        }
        let logits = room(&mut at.logits, count * classes);
        product(logits, classes, hidden, table.t(), false);
        for (row, &target) in logits.chunks_exact_mut(classes).zip(&at.targets) {
            if target == UNTAUGHT {
                row.fill(R::default());
                continue;
            }
            losses.objective += softmax_slope(row, target as usize, &asked);
            losses.taught += 1;
        }
        let dlogits = Mat::new(logits, count, classes);
        product(dhidden, dhidden_stride, dlogits, table, false);
        product(dtable, d, dlogits.t(), hidden, true);
    }
    losses
}

/// The same for one block of rows, multiplied in bf16; the logits are computed twice and written down never.
#[allow(clippy::too_many_arguments)] // One call site; a struct would only rename the arguments.
fn rounded_entropy<R: Real>(
    kernel: Kernel,
    table: &RoundedMatrix,
    hidden: Mat<'_, f32>,
    asked: &Asked<'_, R>,
    dhidden: &mut [f32],
    dhidden_stride: usize,
    dtable: &mut [f32],
    at: &mut AnswerRoom<R>,
) -> Losses {
    let (count, d, classes) = (hidden.rows, hidden.cols, asked.table.rows);
    let (smooth, weight) = (asked.label_smoothing, asked.weight);
    kernels::rounded(&mut at.left, hidden.data, count, d, hidden.row_stride, padded(d));
    let left = kernels::Matrix { numbers: &at.left, rows: count, stride: padded(d) };
    at.sums.clear();
    at.sums.resize(count, RowSum::EMPTY);
    let mut sums = SumRows { rows: &mut at.sums, wanted: &at.targets, totals: smooth > 0.0 };
    kernels::product(kernel, left, &table.by_rows, &mut sums);

    let mut losses = Losses::default();
    at.slopes.clear();
    for (sums, &target) in at.sums.iter().zip(&at.targets) {
        let normaliser = sums.normaliser();
        let taught = target != UNTAUGHT;
        if taught {
            let spread = sums.total() / classes as f64;
            losses.objective += (1.0 - smooth) * (normaliser - sums.wanted()) + smooth * (normaliser - spread);
            losses.taught += 1;
        }
        let weight = if taught { weight } else { 0.0 };
        at.slopes.push(RowSlope {
            normaliser: normaliser as f32,
            weight: weight as f32,
            even: (weight * smooth / classes as f64) as f32,
            wanted: target,
            at_wanted: (weight * (1.0 - smooth)) as f32,
        });
    }
    let stride = classes.next_multiple_of(NR);
    at.plain.resize(count * stride, Bf16::default());
    let (pairs, panel) = Slopes::pairs_of(&mut at.pairs, count, classes, padded(count));
    let mut slopes = Slopes { rows: &at.slopes, plain: &mut at.plain, stride, pairs, panel };
    kernels::product(kernel, left, &table.by_rows, &mut slopes);

    let left = kernels::Matrix { numbers: &at.plain, rows: count, stride };
    kernels::product(kernel, left, &table.by_columns, &mut Store { out: dhidden, stride: dhidden_stride, add: false });
    kernels::transposed(kernel, &mut at.left, hidden.data, count, d, hidden.row_stride, padded(count));
    let left = kernels::Matrix { numbers: &at.left, rows: d, stride: padded(count) };
    kernels::product(kernel, left, &at.pairs, &mut AddTransposed { out: dtable, stride: d });
    losses
}

/// Turns a row of logits into the gradient of the weighted loss; returns the objective.
fn softmax_slope<R: Real>(row: &mut [R], target: usize, asked: &Asked<'_, R>) -> f64 {
    let (size, smooth) = (row.len() as f64, asked.label_smoothing);
    let (at_target, spread) = (row[target].wide(), if smooth > 0.0 { row.iter().map(|x| x.wide()).sum() } else { 0.0 });
    vectorised(
        #[inline(always)]
        || {
            let (top, sum) = exponentials(row);
            let normaliser = top.wide() + sum.wide().ln();
            let (factor, even) = (R::of(asked.weight) / sum, R::of(asked.weight * smooth / size));
            for value in row.iter_mut() {
                *value = value.mul_add(factor, -even);
            }
            row[target] = row[target] - R::of(asked.weight * (1.0 - smooth));
            (1.0 - smooth) * (normaliser - at_target) + smooth * (normaliser - spread / size)
        },
    )
}
