//! The gradient of [`super::forward`] by hand, one pass from the hidden rows back to the input rows. Frozen weights take
//! none; adapters do.

use super::attention::{attend_back, rotate};
use super::forward::{Network, Prefix, Trace, gated, rms_norm, sigmoid};
use super::lora::Module;
use crate::transformer::{Real, room, times_across, vectorised};

/// Adds the gradient through a norm to `dx`.
fn rms_norm_back<R: Real>(dx: &mut [R], dout: &[R], x: &[R], scales: &[R], gain: &[R]) {
    let d = gain.len();
    let share = R::of(1.0 / d as f64);
    vectorised(
        #[inline(always)]
        || {
            let rows = dx.chunks_exact_mut(d).zip(dout.chunks_exact(d)).zip(x.chunks_exact(d)).zip(scales);
            for (((dx, dout), x), &scale) in rows {
                let mut lanes = [R::default(); 16];
                let whole = d - d % 16;
                for start in (0..whole).step_by(16) {
                    let (o, g, v) = (&dout[start..][..16], &gain[start..][..16], &x[start..][..16]);
                    for lane in 0..16 {
                        lanes[lane] = (o[lane] * g[lane]).mul_add(v[lane], lanes[lane]);
                    }
                }
                let mut dot = R::default();
                lanes.into_iter().for_each(|lane| dot += lane);
                for i in whole..d {
                    dot += dout[i] * gain[i] * x[i];
                }
                let pull = dot * scale * scale * scale * share;
                for i in 0..d {
                    dx[i] += dout[i] * gain[i] * scale - x[i] * pull;
                }
            }
        },
    );
}

/// Turns the gradient of `silu(gate) · up` into that of gate and up.
fn gated_back<R: Real>(dgate_up: &mut [R], dactive: &[R], gate_up: &[R], wide: usize) {
    vectorised(
        #[inline(always)]
        || {
            let rows = dgate_up.chunks_exact_mut(2 * wide).zip(dactive.chunks_exact(wide));
            for ((out, dactive), row) in rows.zip(gate_up.chunks_exact(2 * wide)) {
                let (gate, up) = row.split_at(wide);
                let (dgate, dup) = out.split_at_mut(wide);
                for i in 0..wide {
                    let open = sigmoid(gate[i]);
                    let slope = open * (gate[i] * (R::ONE - open) + R::ONE);
                    dgate[i] = dactive[i] * up[i] * slope;
                    dup[i] = dactive[i] * gate[i] * open;
                }
            }
        },
    );
}

/// Takes the gradient of the hidden rows from `trace.dhidden` after a pass that kept its trace, adds those of the
/// adapters to `gradients` (the flat buffer their places are of; not read without adapters), and returns the gradient of
/// the input rows, `n × hidden`.
pub(crate) fn backward<'t, R: Real>(
    network: &Network<'_, R>,
    gradients: &mut [R],
    lengths: &[usize],
    prefix: Option<&Prefix<R>>,
    trace: &'t mut Trace<R>,
) -> &'t [R] {
    let Network { shape, layers, norm, frozen, lora } = *network;
    let n: usize = lengths.iter().sum();
    let (d, wide, qkv_width, queries) = (shape.hidden, shape.intermediate, shape.qkv(), shape.queries());
    let before = prefix.map_or(0, |prefix| prefix.length);
    let Trace {
        layers: traces, x, scale, dhidden, rotations, narrow, wide: active, dx, dnarrow, dwide, scratch, ..
    } = trace;
    let (products, low) = (&mut trace.products, &mut trace.lora);
    let dx = room(dx, n * d);
    dx.fill(R::default());
    rms_norm_back(dx, dhidden, x, scale, frozen.at(norm));
    for (index, (at, layer)) in layers.iter().zip(traces.iter()).enumerate().rev() {
        let past = prefix.and_then(|prefix| prefix.layers.get(index));
        // The feed-forward half.
        let dactive = room(active, n * wide);
        times_across(dactive, dx, frozen.matrix(&at.down, d), products);
        if let Some(lora) = lora.filter(|lora| lora.reads(index, Module::Down)) {
            let active = room(dwide, n * wide);
            gated(active, &layer.gate_up, wide);
            lora.back(index, Module::Down, gradients, dactive, dx, d, active, low);
        }
        let dgate_up = room(dwide, n * 2 * wide);
        gated_back(dgate_up, dactive, &layer.gate_up, wide);
        let dnorm = room(dnarrow, n * d);
        times_across(dnorm, dgate_up, frozen.matrix(&at.gate_up, 2 * wide), products);
        if let Some(lora) = lora.filter(|lora| lora.reads(index, Module::Up)) {
            let norm2 = room(narrow, n * d);
            rms_norm(norm2, room(scale, n), &layer.middle, frozen.at(&at.norm2), shape.epsilon);
            for module in [Module::Gate, Module::Up] {
                lora.back(index, module, gradients, dnorm, dgate_up, 2 * wide, norm2, low);
            }
        }
        rms_norm_back(dx, dnorm, &layer.middle, &layer.scale2, frozen.at(&at.norm2));

        // Attention.
        let dattention = room(active, n * queries);
        times_across(dattention, dx, frozen.matrix(&at.mix, d), products);
        if let Some(lora) = lora {
            lora.back(index, Module::Output, gradients, dattention, dx, d, &layer.attention, low);
        }
        let dqkv = room(dwide, n * qkv_width);
        attend_back(
            dqkv,
            dattention,
            &layer.attention,
            &layer.stats,
            &layer.qkv,
            shape,
            lengths,
            past,
            before,
            scratch,
        );
        rotate(dqkv, shape, lengths, before, rotations, true);
        let dnorm = room(dnarrow, n * d);
        times_across(dnorm, dqkv, frozen.matrix(&at.qkv, qkv_width), products);
        if let Some(lora) = lora.filter(|lora| lora.reads(index, Module::Query)) {
            let norm1 = room(narrow, n * d);
            rms_norm(norm1, room(scale, n), &layer.x, frozen.at(&at.norm1), shape.epsilon);
            for module in [Module::Query, Module::Key, Module::Value] {
                lora.back(index, module, gradients, dnorm, dqkv, qkv_width, norm1, low);
            }
        }
        rms_norm_back(dx, dnorm, &layer.x, &layer.scale1, frozen.at(&at.norm1));
    }
    dx
}
