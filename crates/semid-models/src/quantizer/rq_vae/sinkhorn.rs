//! Balanced assignment by optimal transport (Sinkhorn and Knopp; Cuturi 2013), as LC-Rec (Zheng et al. 2024) does on the
//! last level: every code gets about the same number of rows, at the least distance in sum.

use rayon::prelude::*;
use semid_core::{Cancelled, Work};

use crate::products::{dot, multiply, packed};
use crate::transformer::{exponentials, vectorised};

/// How sharply rows tell costs apart at last, as a share of the range of distances; LC-Rec's value.
const SHARPNESS: f32 = 0.003;
/// Rounds in which codes are brought to their shares; the first are coarse, since from far away sharp ones hardly move.
const ROUNDS: usize = 30;

/// Distances held at once: on larger sets, rows are balanced in blocks.
const MOST_DISTANCES: usize = 1 << 24;
/// Rows whose distances are computed by one task.
const BLOCK: usize = 256;

/// The code of each row of `rows × dim` by balanced assignment to `codes × dim`.
pub(super) fn balanced_codes(work: &Work, rows: &[f32], codebook: &[f32], dim: usize) -> Result<Vec<u32>, Cancelled> {
    let codes = codebook.len() / dim;
    let columns = packed(codebook, dim);
    let norms: Vec<f32> = codebook.chunks_exact(dim).map(|code| dot(code, code)).collect();
    let mut assigned = Vec::with_capacity(rows.len() / dim);
    for rows in rows.chunks((MOST_DISTANCES / codes).max(BLOCK) * dim) {
        let mut distances = vec![0.0f32; rows.len() / dim * codes];
        distances.par_chunks_mut(BLOCK * codes).zip(rows.par_chunks(BLOCK * dim)).for_each(|(distances, rows)| {
            multiply(distances, rows, &columns);
            for (distances, row) in distances.chunks_exact_mut(codes).zip(rows.chunks_exact(dim)) {
                let own = dot(row, row);
                distances.iter_mut().zip(&norms).for_each(|(distance, norm)| {
                    *distance = (own - 2.0 * *distance + norm).max(0.0);
                });
            }
        });
        assigned.extend(balanced(work, &distances, codes)?);
    }
    Ok(assigned)
}

/// The code of each row, from squared distances `rows × codes`. Each code has a price, which rises while more rows want it
/// than its share; rows want codes by what they cost in sum, the more sharply the later the round.
fn balanced(work: &Work, distances: &[f32], codes: usize) -> Result<Vec<u32>, Cancelled> {
    let rows = distances.len() / codes.max(1);
    let (low, high) =
        distances.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &d| (low.min(d), high.max(d)));
    let range = (high - low).max(1e-12);
    let share = rows as f64 / codes as f64;
    let mut prices = vec![0.0f32; codes];
    for round in 0..ROUNDS {
        work.check()?;
        let spread = range * SHARPNESS.max(0.7f32.powi(round as i32));
        let wanted: Vec<Vec<f32>> =
            distances.par_chunks(BLOCK * codes).map(|distances| wanted(distances, &prices, spread)).collect();
        for (code, price) in prices.iter_mut().enumerate() {
            let wanted: f64 = wanted.iter().map(|wanted| f64::from(wanted[code])).sum();
            // A code out of reach of every row becomes a little cheaper each round, and not endlessly.
            *price += spread * (wanted / share).max(1e-12).ln() as f32;
        }
    }
    let cheapest = |distances: &[f32]| {
        let mut best = (0, f32::INFINITY);
        for (code, (distance, price)) in (0..).zip(distances.iter().zip(&prices)) {
            if distance + price < best.1 {
                best = (code, distance + price);
            }
        }
        best.0
    };
    Ok(distances.par_chunks(codes).map(cheapest).collect())
}

/// How many of these rows want each code: every row spreads itself over the codes by a softmax of what they cost.
fn wanted(distances: &[f32], prices: &[f32], spread: f32) -> Vec<f32> {
    let mut wanted = vec![0.0f32; prices.len()];
    let mut shares = vec![0.0f32; prices.len()];
    vectorised(
        #[inline(always)]
        || {
            for distances in distances.chunks_exact(prices.len()) {
                for ((share, distance), price) in shares.iter_mut().zip(distances).zip(prices) {
                    *share = -(distance + price) / spread;
                }
                let (_, sum) = exponentials(&mut shares);
                wanted.iter_mut().zip(&shares).for_each(|(wanted, share)| *wanted += share / sum);
            }
        },
    );
    wanted
}
