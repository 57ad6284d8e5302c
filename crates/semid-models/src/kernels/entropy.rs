//! A softmax over the columns of a product, without ever writing the product down: one pass finds each row's normaliser,
//! a second one computes the product again and leaves the gradient, in the two layouts that the next products read.
//!
//! Products of bf16 are cheap beside memory: writing and reading the numbers of a large catalog costs more than computing
//! them twice.

use super::Bf16;
use super::element::Element;
use super::finish::Finish;
use super::math::{exp, multiply_add};
use super::packed::{NR, Packed};

/// Half a tile's columns: lanes in which sums run.
const LANES: usize = 16;

/// What one row knows of its softmax so far, in lanes that are added in a fixed order at the end.
#[derive(Clone, Copy, Debug)]
pub struct RowSum {
    largest: [f32; LANES],
    sum: [f32; LANES],
    /// Sum of the numbers themselves.
    total: [f32; LANES],
    /// The number in the column that is asked for.
    wanted: f32,
}

impl RowSum {
    /// Nothing seen.
    pub const EMPTY: RowSum = RowSum { largest: [-1e30; LANES], sum: [0.0; LANES], total: [0.0; LANES], wanted: 0.0 };

    /// ln Σ exp of the row's numbers.
    pub fn normaliser(&self) -> f64 {
        let largest = self.largest.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let share = |(sum, lane): (&f32, &f32)| f64::from(*sum) * f64::from(lane - largest).exp();
        f64::from(largest) + self.sum.iter().zip(&self.largest).map(share).sum::<f64>().ln()
    }

    /// Σ of the row's numbers.
    pub fn total(&self) -> f64 {
        self.total.iter().map(|value| f64::from(*value)).sum()
    }

    /// The number in the column that is asked for.
    pub fn wanted(&self) -> f64 {
        f64::from(self.wanted)
    }
}

/// The first pass. `wanted` names a column for each row, or none by a number that is no column.
pub struct SumRows<'a> {
    /// One a row of the product.
    pub rows: &'a mut [RowSum],
    /// One a row of the product.
    pub wanted: &'a [u32],
    /// Whether totals are wanted, too.
    pub totals: bool,
}

impl Finish for SumRows<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        let state = self.rows[row..].iter_mut().zip(&self.wanted[row..]);
        for (numbers, (state, &wanted)) in sums.iter().zip(state) {
            let mut numbers = *numbers;
            if let Some(number) = numbers[..width].get((wanted as usize).wrapping_sub(column)) {
                state.wanted = *number;
            }
            if self.totals {
                for lane in 0..LANES {
                    state.total[lane] += numbers[lane] + numbers[lane + LANES];
                }
            }
            // Columns that are padding have no share.
            numbers[width..].fill(-1e30);
            for lane in 0..LANES {
                let (a, b) = (numbers[lane], numbers[lane + LANES]);
                let higher = if a > b { a } else { b };
                let largest = if higher > state.largest[lane] { higher } else { state.largest[lane] };
                let before = state.sum[lane] * exp::<FUSED>(state.largest[lane] - largest);
                state.sum[lane] = before + exp::<FUSED>(a - largest) + exp::<FUSED>(b - largest);
                state.largest[lane] = largest;
            }
        }
    }
}

/// What the second pass needs of a row.
#[derive(Clone, Copy, Debug)]
pub struct RowSlope {
    /// ln Σ exp of its numbers.
    pub normaliser: f32,
    /// What its loss counts.
    pub weight: f32,
    /// What is taken from every column's share: the evenly spread part of the target.
    pub even: f32,
    /// The column asked for.
    pub wanted: u32,
    /// What is taken from its share besides.
    pub at_wanted: f32,
}

/// The second pass: `weight · exp(number − normaliser) − even`, less `at_wanted` in the column asked for.
pub struct Slopes<'a> {
    /// One a row of the product.
    pub rows: &'a [RowSlope],
    /// `rows × stride`: the slopes as the left side of a product; `stride` is at least the columns, padded to a tile.
    pub plain: &'a mut [Bf16],
    /// Numbers between two rows of `plain`.
    pub stride: usize,
    /// The same as the right side of a product whose depth is the rows: see [`Slopes::pairs_of`].
    pub pairs: &'a mut [u32],
    /// Numbers in a panel of `pairs`.
    pub panel: usize,
}

impl Slopes<'_> {
    /// Makes room for slopes of `rows × columns` as the right side of a product; the numbers in its panels as pairs, and
    /// how many a panel has.
    pub fn pairs_of(packed: &mut Packed<Bf16>, rows: usize, columns: usize, padded_rows: usize) -> (&mut [u32], usize) {
        let panel = padded_rows / 2 * NR;
        (bytemuck::cast_slice_mut(packed.room(columns, rows, padded_rows)), panel)
    }
}

impl Finish for Slopes<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, _width: usize, sums: &[[f32; NR]]) {
        let panel = &mut self.pairs[column / NR * self.panel..][..self.panel];
        let mut upper = [Bf16::default(); NR];
        for (at, (numbers, slope)) in (row..).zip(sums.iter().zip(&self.rows[row..])) {
            let mut values = [0.0f32; NR];
            for lane in 0..NR {
                values[lane] =
                    multiply_add::<FUSED>(exp::<FUSED>(numbers[lane] - slope.normaliser), slope.weight, -slope.even);
            }
            if let Some(value) = values.get_mut((slope.wanted as usize).wrapping_sub(column)) {
                *value -= slope.at_wanted;
            }
            let plain: &mut [Bf16; NR] = match self.plain[at * self.stride + column..].first_chunk_mut() {
                Some(plain) => plain,
                None => continue,
            };
            for lane in 0..NR {
                plain[lane] = Bf16::from_f32(values[lane]);
            }
            let line = &mut panel[at / 2 * NR..][..NR];
            if at % 2 == 0 {
                upper = *plain;
                for lane in 0..NR {
                    line[lane] = u32::from(plain[lane].0);
                }
            } else if at > row {
                for lane in 0..NR {
                    line[lane] = u32::from(upper[lane].0) | (u32::from(plain[lane].0) << 16);
                }
            } else {
                // The row above was in another tile.
                for lane in 0..NR {
                    line[lane] = (line[lane] & 0xffff) | (u32::from(plain[lane].0) << 16);
                }
            }
        }
    }
}
