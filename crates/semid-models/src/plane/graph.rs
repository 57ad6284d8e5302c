//! Nearest neighbours, and the fuzzy graph they make.

use rayon::prelude::*;
use semid_core::{Result, Work};

use super::components::Reduced;

/// The nearest rows of each row with their distances, nearest first; the row itself is left out.
pub(crate) fn nearest(work: &Work, reduced: &Reduced, neighbours: usize) -> Result<Vec<Vec<(u32, f32)>>> {
    let rows = reduced.rows();
    let neighbours = neighbours.min(rows - 1);
    let step = work.step("nearest neighbours", rows);
    (0..rows)
        .into_par_iter()
        .map(|at| {
            let own = reduced.row(at);
            let distances = (0..rows).filter(|&other| other != at);
            let mut near: Vec<(u32, f32)> =
                distances.map(|other| (other as u32, squared_distance(own, reduced.row(other)))).collect();
            let order = |a: &(u32, f32), b: &(u32, f32)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
            if near.len() > neighbours {
                near.select_nth_unstable_by(neighbours, order);
                near.truncate(neighbours);
            }
            near.sort_unstable_by(order);
            near.iter_mut().for_each(|near| near.1 = near.1.sqrt());
            step.advance(1)?;
            Ok(near)
        })
        .collect()
}

/// Eight running sums, so that the compiler uses vector registers.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
}

/// An edge of the graph, each pair once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub from: u32,
    pub to: u32,
    /// How much the two belong together, up to 1.
    pub weight: f32,
}

/// The fuzzy union of every row's neighbourhood, in which the nearest neighbour counts 1 and the rest fall off so that
/// all together count log2 of their number.
pub(crate) fn edges(neighbours: &[Vec<(u32, f32)>]) -> Vec<Edge> {
    let mut directed: Vec<(u32, u32, f32)> = Vec::new();
    for (from, near) in neighbours.iter().enumerate() {
        let (nearest, scale) = fall_off(near);
        directed.extend(near.iter().map(|&(to, distance)| {
            let weight = (-(distance - nearest).max(0.0) / scale).exp();
            (from as u32, to, weight)
        }));
    }
    let mut pairs: Vec<((u32, u32), f32)> =
        directed.into_iter().map(|(a, b, weight)| ((a.min(b), a.max(b)), weight)).collect();
    pairs.sort_by_key(|pair| pair.0);
    pairs
        .chunk_by(|a, b| a.0 == b.0)
        .map(|both| {
            let weight = both.iter().map(|pair| pair.1).fold(0.0, |a, b| a + b - a * b);
            Edge { from: both[0].0.0, to: both[0].0.1, weight }
        })
        .collect()
}

/// Distance to the nearest, and the scale of the fall-off, by bisection.
fn fall_off(near: &[(u32, f32)]) -> (f32, f32) {
    let nearest = near.iter().map(|near| near.1).find(|&distance| distance > 0.0).unwrap_or(0.0);
    let target = (near.len().max(2) as f32).log2();
    let (mut low, mut high, mut scale) = (0.0f32, f32::INFINITY, 1.0f32);
    for _ in 0..64 {
        let sum: f32 = near.iter().map(|near| (-(near.1 - nearest).max(0.0) / scale).exp()).sum();
        if (sum - target).abs() < 1e-5 {
            break;
        }
        if sum > target {
            high = scale;
            scale = (low + high) / 2.0;
        } else {
            low = scale;
            scale = if high.is_finite() { (low + high) / 2.0 } else { scale * 2.0 };
        }
    }
    // Never so sharp that only the nearest counts at all.
    let mean = near.iter().map(|near| near.1).sum::<f32>() / near.len().max(1) as f32;
    (nearest, scale.clamp(1e-3 * mean.max(1e-12), f32::MAX))
}
