//! The layout: edges pull, random pairs push.

use rand::Rng;
use semid_core::{Result, Work};

use super::components::Reduced;
use super::graph::Edge;

/// The curve 1 / (1 + A·d^2B) of attraction for a minimum distance of 0.1 and a spread of 1, as in the authors' program.
const A: f32 = 1.576_943_5;
const B: f32 = 0.895_060_9;
/// Random rows pushed away for every pull.
const PUSHES: usize = 5;
/// The longest step in one coordinate.
const LONGEST: f32 = 4.0;

/// The first two principal components, as wide as the authors start, with a little noise so that equal rows part.
pub(crate) fn start(work: &Work, reduced: &Reduced) -> Vec<[f32; 2]> {
    let mut rng = work.rng("plane start");
    let widest = reduced.values.chunks_exact(reduced.dim).flat_map(|row| &row[..reduced.dim.min(2)]);
    let widest = widest.fold(0.0f32, |widest, x| widest.max(x.abs()));
    let scale = if widest > 0.0 { 10.0 / widest } else { 0.0 };
    (0..reduced.rows())
        .map(|row| {
            let of = reduced.row(row);
            [0, 1].map(|axis| of.get(axis).copied().unwrap_or(0.0) * scale + (rng.random::<f32>() - 0.5) * 2e-2)
        })
        .collect()
}

/// Moves the places along the edges, each as often as its weight asks for.
pub(crate) fn improve(work: &Work, places: &mut [[f32; 2]], edges: &[Edge]) -> Result<()> {
    let epochs: usize = if places.len() <= 10_000 { 500 } else { 200 };
    let heaviest = edges.iter().map(|edge| edge.weight).fold(0.0, f32::max);
    let edges: Vec<Edge> =
        edges.iter().copied().filter(|edge| edge.weight * epochs as f32 >= heaviest && heaviest > 0.0).collect();
    let every: Vec<f32> = edges.iter().map(|edge| heaviest / edge.weight).collect();
    let mut due = every.clone();
    let mut dice = Dice(work.rng("plane layout").random());
    let step = work.step("lay out the plane", epochs);
    for epoch in 0..epochs {
        let rate = 1.0 - epoch as f32 / epochs as f32;
        for (at, edge) in edges.iter().enumerate() {
            if due[at] > epoch as f32 + 1.0 {
                continue;
            }
            due[at] += every[at];
            for (from, to) in [(edge.from, edge.to), (edge.to, edge.from)] {
                let (from, to) = (from as usize, to as usize);
                pull(places, from, to, rate);
                for _ in 0..PUSHES {
                    let other = dice.below(places.len());
                    if other != from {
                        push(places, from, other, rate);
                    }
                }
            }
        }
        step.advance(1)?;
    }
    Ok(())
}

fn pull(places: &mut [[f32; 2]], from: usize, to: usize, rate: f32) {
    let apart = squared(places[from], places[to]);
    if apart <= 0.0 {
        return;
    }
    let strength = -2.0 * A * B * apart.powf(B - 1.0) / (1.0 + A * apart.powf(B));
    let other = places[to];
    for (place, other) in places[from].iter_mut().zip(other) {
        *place += (strength * (*place - other)).clamp(-LONGEST, LONGEST) * rate;
    }
}

fn push(places: &mut [[f32; 2]], from: usize, other: usize, rate: f32) {
    let apart = squared(places[from], places[other]);
    let strength = 2.0 * B / ((0.001 + apart) * (1.0 + A * apart.powf(B)));
    let other = places[other];
    for (place, other) in places[from].iter_mut().zip(other) {
        *place += (strength * (*place - other)).clamp(-LONGEST, LONGEST) * rate;
    }
}

fn squared(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1])
}

/// Moved and scaled alike on both axes, so that all lie in −1 … 1.
pub(crate) fn fit(places: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let ends = |axis: usize| {
        let of_axis = places.iter().map(|place| place[axis]);
        of_axis.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let [across, up] = [ends(0), ends(1)];
    let half = ((across.1 - across.0).max(up.1 - up.0) / 2.0).max(f32::MIN_POSITIVE);
    let middle = [(across.0 + across.1) / 2.0, (up.0 + up.1) / 2.0];
    places.iter().map(|place| [0, 1].map(|axis| ((place[axis] - middle[axis]) / half).clamp(-1.0, 1.0))).collect()
}

/// Quick draws (splitmix64): the layout asks for some hundred million.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((((x ^ (x >> 31)) >> 32) * end as u64) >> 32) as usize
    }
}
