//! The forward pass of a llama over sequences laid end to end behind a prefix they share, and what its gradient needs.
//!
//! `x += mix(attention(norm(x)))`, `x += down(silu(gate(norm(x))) · up(norm(x)))`; a last norm gives the hidden rows
//! (Touvron et al. 2023). A block keeps the stream, the rotated queries, keys and values, the output of attention and the
//! two wide rows: about 23 kB a row and block of SmolLM2-135M; norms and the product of gate and up are computed again.

use super::attention::{Past, Scratch, attend, rotate, rotations};
use super::llama::{FrozenLlama, LayerLayout, LlamaShape};
use super::lora::{Lora, LoraRoom, Module};
use crate::transformer::{Parameters, ProductRoom, Real, Rounded, room, sum_of, times, vectorised};
use std::ops::Range;

/// A llama, or its first blocks, with or without adapters.
#[derive(Clone, Copy)]
pub(crate) struct Network<'a, R> {
    pub shape: &'a LlamaShape,
    pub layers: &'a [LayerLayout],
    pub norm: &'a Range<usize>,
    pub frozen: Parameters<'a, R>,
    pub lora: Option<Lora<'a, R>>,
}

impl<'a> Network<'a, f32> {
    /// The first `layers` blocks of a frozen model.
    pub fn new(llama: &'a FrozenLlama, layers: usize, rounded: Option<&'a Rounded>) -> Self {
        Network {
            shape: &llama.shape,
            layers: &llama.layout.layers[..layers.min(llama.layout.layers.len())],
            norm: &llama.layout.norm,
            frozen: llama.parameters(rounded),
            lora: None,
        }
    }
}

/// What stands before every sequence: keys and values by block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefix<R> {
    pub length: usize,
    pub layers: Vec<Past<R>>,
}

/// What one block computed; n rows.
#[derive(Default)]
pub(crate) struct LayerTrace<R> {
    /// `n × hidden`: the stream as it came in.
    pub x: Vec<R>,
    /// One over the root mean square of each row.
    pub scale1: Vec<R>,
    /// `n × qkv`, queries and keys rotated.
    pub qkv: Vec<R>,
    /// `n × heads`
    pub stats: Vec<[R; 2]>,
    /// `n × queries`
    pub attention: Vec<R>,
    /// `n × hidden`: the stream between the halves.
    pub middle: Vec<R>,
    pub scale2: Vec<R>,
    /// `n × 2 intermediate`
    pub gate_up: Vec<R>,
}

/// What a forward pass computed, and room for the backward pass; reused from bite to bite.
#[derive(Default)]
pub(crate) struct Trace<R> {
    pub layers: Vec<LayerTrace<R>>,
    /// `n × hidden`: the stream after the last block.
    pub x: Vec<R>,
    pub scale: Vec<R>,
    /// `n × hidden`
    pub hidden: Vec<R>,
    /// The gradient of the hidden rows, for the backward pass.
    pub dhidden: Vec<R>,
    pub rotations: Vec<[R; 2]>,
    pub narrow: Vec<R>,
    pub wide: Vec<R>,
    pub dx: Vec<R>,
    pub dnarrow: Vec<R>,
    pub dwide: Vec<R>,
    pub scratch: Scratch<R>,
    pub products: ProductRoom,
    pub lora: LoraRoom<R>,
}

impl<R: Real> Trace<R> {
    /// Where the input rows are written before [`forward`], `n × hidden`.
    pub fn input(&mut self, n: usize, hidden: usize) -> &mut [R] {
        room(&mut self.x, n * hidden)
    }
}

/// Each row over its root mean square, times a gain; `scales` gets one over the root mean square.
pub(crate) fn rms_norm<R: Real>(out: &mut [R], scales: &mut [R], x: &[R], gain: &[R], epsilon: f64) {
    let d = gain.len();
    vectorised(
        #[inline(always)]
        || {
            for ((out, x), scale) in out.chunks_exact_mut(d).zip(x.chunks_exact(d)).zip(scales) {
                let mean = sum_of(x, x, |a, b| a * b) * R::of(1.0 / d as f64);
                *scale = R::ONE / (mean + R::of(epsilon)).sqrt();
                for ((out, &x), &gain) in out.iter_mut().zip(x).zip(gain) {
                    *out = x * *scale * gain;
                }
            }
        },
    );
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(crate) fn sigmoid<R: Real>(x: R) -> R {
    R::ONE / (R::ONE + (-x).exp())
}

/// `silu(gate) · up` of each row.
pub(crate) fn gated<R: Real>(out: &mut [R], gate_up: &[R], wide: usize) {
    vectorised(
        #[inline(always)]
        || {
            for (out, row) in out.chunks_exact_mut(wide).zip(gate_up.chunks_exact(2 * wide)) {
                let (gate, up) = row.split_at(wide);
                for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
                    *out = gate * sigmoid(gate) * up;
                }
            }
        },
    );
}

fn sum_into<R: Real>(out: &mut [R], a: &[R], b: &[R]) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = a + b;
    }
}

/// Runs the blocks over the rows in [`Trace::input`]; afterwards `trace.hidden` holds one row a position. Without `keep`
/// the blocks share one trace, and there is no way back.
pub(crate) fn forward<R: Real>(
    network: &Network<'_, R>,
    lengths: &[usize],
    prefix: Option<&Prefix<R>>,
    keep: bool,
    trace: &mut Trace<R>,
) {
    pass(network, lengths, prefix, keep, trace, |_| ());
}

/// The keys and values of some rows, to stand before other sequences: as many positions as `rows` has rows.
pub(crate) fn prefix_of<R: Real>(network: &Network<'_, R>, rows: &[R], trace: &mut Trace<R>) -> Prefix<R> {
    let (shape, length) = (network.shape, rows.len() / network.shape.hidden);
    let mut prefix = Prefix { length, layers: Vec::new() };
    if length == 0 {
        return prefix;
    }
    trace.input(length, shape.hidden).copy_from_slice(rows);
    pass(network, &[length], None, false, trace, |qkv| {
        let part = |from: usize| {
            qkv.chunks_exact(shape.qkv()).flat_map(|row| row[from..from + shape.keys()].iter().copied()).collect()
        };
        prefix.layers.push(Past { keys: part(shape.queries()), values: part(shape.queries() + shape.keys()) });
    });
    prefix
}

fn pass<R: Real>(
    network: &Network<'_, R>,
    lengths: &[usize],
    prefix: Option<&Prefix<R>>,
    keep: bool,
    trace: &mut Trace<R>,
    mut seen: impl FnMut(&[R]),
) {
    let Network { shape, layers, norm, frozen, lora } = *network;
    let n: usize = lengths.iter().sum();
    let (d, wide, qkv_width, queries) = (shape.hidden, shape.intermediate, shape.qkv(), shape.queries());
    let before = prefix.map_or(0, |prefix| prefix.length);
    let positions = before + lengths.iter().copied().max().unwrap_or(0);
    if trace.rotations.len() < positions * shape.width / 2 {
        trace.rotations = rotations(shape, positions.next_multiple_of(64));
    }
    trace.layers.resize_with(if keep { layers.len() } else { 1 }, LayerTrace::default);
    let Trace {
        layers: traces, x, scale, hidden, rotations, narrow, wide: active, scratch, products, lora: low, ..
    } = trace;
    for (index, at) in layers.iter().enumerate() {
        let layer = &mut traces[if keep { index } else { 0 }];
        let past = prefix.and_then(|prefix| prefix.layers.get(index));
        std::mem::swap(&mut layer.x, x);
        let x = room(x, n * d);
        let norm1 = room(narrow, n * d);
        rms_norm(norm1, room(&mut layer.scale1, n), &layer.x, frozen.at(&at.norm1), shape.epsilon);
        let qkv = room(&mut layer.qkv, n * qkv_width);
        times(qkv, norm1, frozen.matrix(&at.qkv, qkv_width), products);
        if let Some(lora) = lora {
            for module in [Module::Query, Module::Key, Module::Value] {
                lora.add(index, module, qkv, qkv_width, norm1, low);
            }
        }
        rotate(qkv, shape, lengths, before, rotations, false);
        seen(qkv);
        let attention = room(&mut layer.attention, n * queries);
        attend(attention, room(&mut layer.stats, n * shape.heads), qkv, shape, lengths, past, before, scratch);
        let mixed = room(narrow, n * d);
        times(mixed, attention, frozen.matrix(&at.mix, d), products);
        if let Some(lora) = lora {
            lora.add(index, Module::Output, mixed, d, attention, low);
        }
        let middle = room(&mut layer.middle, n * d);
        sum_into(middle, &layer.x, mixed);

        let norm2 = room(narrow, n * d);
        rms_norm(norm2, room(&mut layer.scale2, n), middle, frozen.at(&at.norm2), shape.epsilon);
        let gate_up = room(&mut layer.gate_up, n * 2 * wide);
        times(gate_up, norm2, frozen.matrix(&at.gate_up, 2 * wide), products);
        if let Some(lora) = lora {
            for module in [Module::Gate, Module::Up] {
                lora.add(index, module, gate_up, 2 * wide, norm2, low);
            }
        }
        let active = room(active, n * wide);
        gated(active, gate_up, wide);
        let down = room(narrow, n * d);
        times(down, active, frozen.matrix(&at.down, d), products);
        if let Some(lora) = lora {
            lora.add(index, Module::Down, down, d, active, low);
        }
        sum_into(x, middle, down);
    }
    rms_norm(room(hidden, n * d), room(scale, n), x, frozen.at(norm), shape.epsilon);
}
