//! The training loop: epochs of batches, each cut into shards of a fixed number of rows whose gradients are added in their
//! order, so that the number of threads does not show.

use rand::Rng;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use semid_core::{Error, Result, Step, Work};

use super::network::{Layer, Layout};
use super::shard::{Objective, Shard};
use super::sinkhorn::balanced_codes;
use super::{GradientRoute, RqVaeSettings};
use crate::quantizer::kmeans::KMeans;
use crate::quantizer::{gaussian, subtract};

/// Rows whose gradient is computed by one thread at one go.
pub(super) const SHARD: usize = 256;
/// Rows that codebooks start from, and that dead codes are looked for among, at most.
const START_ROWS: usize = 16_384;
/// Rounds of the k-means that codebooks start from; in the first few, clusters are kept even.
const START_ROUNDS: usize = 10;
const START_EVEN_ROUNDS: usize = 3;
/// One row in so many is held out to judge by, where there are enough rows.
const HELD_OUT: usize = 20;
/// Numbers updated by one task.
const CHUNK: usize = 16 * 1024;

/// Learns from standardised rows (`rows × dim`); returns the parameters that rebuilt held-out rows best.
pub(super) fn train(work: &Work, settings: &RqVaeSettings, layout: &Layout, rows: &[f32]) -> Result<Vec<f32>> {
    let dim = layout.encoder.0[0].inputs;
    let mut order: Vec<usize> = (0..rows.len() / dim).collect();
    order.shuffle(&mut work.rng("rq-vae held-out rows"));
    // Where a row in twenty is none or two, what is learned from is judged by.
    let held_out = if order.len() >= 5 * HELD_OUT { order.len() / HELD_OUT } else { 0 };
    let held_out: Vec<usize> = order.drain(..held_out).collect();
    let judged_by = gathered(rows, dim, if held_out.is_empty() { &order } else { &held_out });

    let batches = order.len().div_ceil(settings.batch);
    let step = work.step("learning codebooks", settings.epochs * batches);
    let mut parameters = first_parameters(work, layout);
    first_codebooks(
        work,
        settings,
        layout,
        &gathered(rows, dim, &order[..order.len().min(START_ROWS)]),
        &mut parameters,
    )?;
    let mut learner = Learner { settings, layout, dim, rows, optimiser: AdamW::new(layout), shards: Vec::new() };
    let mut best = (f64::INFINITY, parameters.clone());
    let mut stale = 0;
    for epoch in 0..settings.epochs {
        let mut rng = work.rng(&format!("rq-vae epoch {epoch}"));
        order.shuffle(&mut rng);
        let mut used: Vec<Vec<u32>> = layout.levels.iter().map(|level| vec![0; level.len() / layout.latent]).collect();
        let mut loss = 0.0;
        for batch in 0..batches {
            let at = |batch: usize| batch * order.len() / batches;
            let share = (epoch * batches + batch) as f64 / (settings.epochs * batches) as f64;
            let rate = settings.learning_rate * (0.55 + 0.45 * (std::f64::consts::PI * share).cos());
            loss += learner.learn(work, &mut parameters, &order[at(batch)..at(batch + 1)], rate, &mut used)?;
            step.advance(1)?;
        }
        loss /= order.len() as f64;
        if !loss.is_finite() {
            return Err(Error::input(format!(
                "RQ-VAE diverged in epoch {}: its loss is no number any more. Lower the learning rate ({}).",
                epoch + 1,
                settings.learning_rate
            )));
        }
        let error = held_out_error(layout, &parameters, &judged_by);
        tell(&step, epoch, settings.epochs, loss, error, &used);
        if error < best.0 {
            best = (error, parameters.clone());
            stale = 0;
        } else {
            stale += 1;
            if stale >= settings.patience {
                break;
            }
        }
        if settings.restart_dead && epoch + 1 < settings.epochs {
            let sample = gathered(rows, dim, &order[..order.len().min(START_ROWS)]);
            learner.restart_dead(work, &mut parameters, &used, &sample, &mut rng)?;
        }
    }
    Ok(best.1)
}

/// What encoder gives for rows of `dim`: `rows × latent`.
pub(super) fn latents(layout: &Layout, parameters: &[f32], rows: &[f32]) -> Vec<f32> {
    let dim = layout.encoder.0[0].inputs;
    let blocks: Vec<Vec<f32>> = rows
        .par_chunks(SHARD * dim)
        .map(|rows| {
            let mut outputs = Vec::new();
            layout.encoder.forward(parameters, rows, &mut outputs);
            outputs.pop().unwrap_or_default()
        })
        .collect();
    blocks.concat()
}

fn tell(step: &Step<'_>, epoch: usize, epochs: usize, loss: f64, error: f64, used: &[Vec<u32>]) {
    let at = epoch as u64 + 1;
    step.record("training loss", at, loss);
    step.record("held-out reconstruction error", at, error);
    let in_use: Vec<String> =
        used.iter().map(|level| level.iter().filter(|&&count| count > 0).count().to_string()).collect();
    let (at, in_use) = (epoch + 1, in_use.join(" · "));
    step.note(format!(
        "epoch {at} of {epochs}, loss {loss:.2}, reconstruction error {error:.3}, codes in use {in_use}"
    ));
}

/// Share of the variance of standardised rows that their codes lose.
fn held_out_error(layout: &Layout, parameters: &[f32], rows: &[f32]) -> f64 {
    let dim = layout.encoder.0[0].inputs;
    let sums: Vec<(f64, f64)> = rows
        .par_chunks(SHARD * dim)
        .map(|rows| {
            let mut shard = Shard::of(rows.to_vec());
            let objective = Objective { commitment: 0.0, rotated: false, batch: 1 };
            shard.encode(layout, parameters);
            for level in 0..layout.levels.len() {
                let codes = shard.nearest(layout, parameters, level);
                shard.descend(layout, parameters, level, codes, objective);
            }
            shard.decode(layout, parameters);
            (shard.error, rows.iter().map(|&x| f64::from(x).powi(2)).sum())
        })
        .collect();
    let (error, whole) = sums.iter().fold((0.0, 0.0), |(a, b), (error, whole)| (a + error, b + whole));
    error / f64::max(whole, 1e-12)
}

/// Weights of He et al. (2015) for layers that ReLU follows, and of variance 1 / inputs for the last; biases and codebooks
/// are 0.
fn first_parameters(work: &Work, layout: &Layout) -> Vec<f32> {
    let mut rng = work.rng("rq-vae weights");
    let mut parameters = vec![0.0; layout.parameters];
    for network in [&layout.encoder, &layout.decoder] {
        for (at, Layer { inputs, weight, .. }) in network.0.iter().enumerate() {
            let variance = if at + 1 < network.0.len() { 2.0 } else { 1.0 } / *inputs as f32;
            parameters[weight.clone()].iter_mut().for_each(|value| *value = variance.sqrt() * gaussian(&mut rng));
        }
    }
    parameters
}

/// Level by level from k-means on what the levels before leave over of these rows, or small and at random.
fn first_codebooks(
    work: &Work,
    settings: &RqVaeSettings,
    layout: &Layout,
    rows: &[f32],
    parameters: &mut [f32],
) -> Result<()> {
    let mut residual = latents(layout, parameters, rows);
    for (level, range) in layout.levels.iter().enumerate() {
        let mut rng = work.rng(&format!("rq-vae codebook {level}"));
        let codes = range.len() / layout.latent;
        if !settings.kmeans_start {
            let bound = 1.0 / codes as f32;
            parameters[range.clone()].iter_mut().for_each(|value| *value = rng.random_range(-bound..bound));
            continue;
        }
        let kmeans = KMeans { dim: layout.latent, iterations: START_ROUNDS, even_iterations: START_EVEN_ROUNDS };
        let start = kmeans.start(work, &residual, codes, &mut rng)?;
        let clusters = kmeans.fit(work, &residual, start, || work.check())?;
        subtract(&mut residual, &clusters.centroids, &clusters.assignment, layout.latent);
        parameters[range.clone()].copy_from_slice(&clusters.centroids);
    }
    Ok(())
}

/// What one step of the optimiser after the other needs.
struct Learner<'a> {
    settings: &'a RqVaeSettings,
    layout: &'a Layout,
    dim: usize,
    rows: &'a [f32],
    optimiser: AdamW,
    shards: Vec<Shard<f32>>,
}

impl Learner<'_> {
    /// One step on a batch; returns the sum of the losses of its rows.
    fn learn(
        &mut self,
        work: &Work,
        parameters: &mut [f32],
        batch: &[usize],
        rate: f64,
        used: &mut [Vec<u32>],
    ) -> Result<f64> {
        let (layout, settings) = (self.layout, self.settings);
        let objective = Objective {
            commitment: settings.commitment,
            rotated: settings.gradient == GradientRoute::Rotation,
            batch: batch.len(),
        };
        let last = layout.levels.len() - 1;
        let free = if settings.balanced { last } else { last + 1 };
        self.shards.resize_with(batch.len().div_ceil(SHARD), Shard::default);
        self.shards.par_iter_mut().zip(batch.par_chunks(SHARD)).for_each(|(shard, batch)| {
            shard.x = gathered(self.rows, self.dim, batch);
            shard.encode(layout, parameters);
            for level in 0..free {
                let codes = shard.nearest(layout, parameters, level);
                shard.descend(layout, parameters, level, codes, objective);
            }
        });
        let mut balanced = Vec::new();
        if settings.balanced {
            let residual: Vec<f32> = self.shards.iter().flat_map(|shard| &shard.residual).copied().collect();
            balanced = balanced_codes(work, &residual, &parameters[layout.levels[last].clone()], layout.latent)?;
        }
        self.shards.par_iter_mut().enumerate().for_each(|(at, shard)| {
            if settings.balanced {
                let rows = shard.residual.len() / layout.latent;
                let codes = balanced[at * SHARD..at * SHARD + rows].to_vec();
                shard.descend(layout, parameters, last, codes, objective);
            }
            shard.backward(layout, parameters, objective);
        });
        let mut loss = 0.0;
        for shard in &self.shards {
            loss += shard.error + (1.0 + settings.commitment) * shard.left_over;
            for (used, codes) in used.iter_mut().zip(&shard.codes) {
                codes.iter().for_each(|&code| used[code as usize] += 1);
            }
        }
        let gradients: Vec<&[f32]> = self.shards.iter().map(|shard| shard.gradients.as_slice()).collect();
        self.optimiser.update(layout, parameters, &gradients, rate, settings.weight_decay);
        Ok(loss)
    }

    /// Puts each code that no row chose onto the residual of a row drawn among the sample, and forgets its past gradients.
    fn restart_dead(
        &mut self,
        work: &Work,
        parameters: &mut [f32],
        used: &[Vec<u32>],
        sample: &[f32],
        rng: &mut impl Rng,
    ) -> Result<()> {
        let Some(deepest) = used.iter().rposition(|level| level.contains(&0)) else { return Ok(()) };
        let latent = self.layout.latent;
        let kmeans = KMeans { dim: latent, iterations: 0, even_iterations: 0 };
        let mut residual = latents(self.layout, parameters, sample);
        for (range, used) in self.layout.levels.iter().zip(used).take(deepest + 1) {
            for (code, _) in used.iter().enumerate().filter(|(_, used)| **used == 0) {
                let row = rng.random_range(0..(residual.len() / latent) as u64) as usize * latent;
                let at = range.start + code * latent..range.start + (code + 1) * latent;
                parameters[at.clone()].copy_from_slice(&residual[row..row + latent]);
                self.optimiser.forget(at);
            }
            let codebook = &parameters[range.clone()];
            let nearest = kmeans.assign(work, &residual, codebook, false)?;
            subtract(&mut residual, codebook, &nearest.clusters, latent);
        }
        Ok(())
    }
}

/// AdamW (Loshchilov and Hutter 2019) over the flat buffer.
struct AdamW {
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: i32,
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;

impl AdamW {
    fn new(layout: &Layout) -> Self {
        AdamW { mean: vec![0.0; layout.parameters], square: vec![0.0; layout.parameters], steps: 0 }
    }

    /// One step along the sum of the gradients, added in their order.
    fn update(&mut self, layout: &Layout, parameters: &mut [f32], gradients: &[&[f32]], rate: f64, decay: f64) {
        self.steps = self.steps.saturating_add(1);
        for layer in layout.encoder.0.iter().chain(&layout.decoder.0) {
            let keep = (1.0 - rate * decay) as f32;
            parameters[layer.weight.clone()].iter_mut().for_each(|value| *value *= keep);
        }
        let (unbias, unbias_square) = (1.0 - BETA1.powi(self.steps), 1.0 - BETA2.powi(self.steps));
        let rate = rate as f32 / unbias;
        let moments = self.mean.par_chunks_mut(CHUNK).zip(self.square.par_chunks_mut(CHUNK));
        parameters.par_chunks_mut(CHUNK).zip(moments).enumerate().for_each(|(chunk, (parameters, (mean, square)))| {
            let mut sum = vec![0.0f32; parameters.len()];
            for gradients in gradients {
                let gradients = &gradients[chunk * CHUNK..];
                sum.iter_mut().zip(gradients).for_each(|(sum, gradient)| *sum += gradient);
            }
            for (((value, mean), square), g) in parameters.iter_mut().zip(mean).zip(square).zip(sum) {
                *mean = BETA1 * *mean + (1.0 - BETA1) * g;
                *square = BETA2 * *square + (1.0 - BETA2) * g * g;
                *value -= rate * *mean / ((*square / unbias_square).sqrt() + 1e-8);
            }
        });
    }

    fn forget(&mut self, at: std::ops::Range<usize>) {
        self.mean[at.clone()].fill(0.0);
        self.square[at].fill(0.0);
    }
}

/// Some rows, one after the other.
fn gathered(rows: &[f32], dim: usize, which: &[usize]) -> Vec<f32> {
    which.iter().flat_map(|&row| &rows[row * dim..(row + 1) * dim]).copied().collect()
}
