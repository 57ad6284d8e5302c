//! Training of sequence models: epochs of batches, each cut into shards that threads compute side by side; validation,
//! early stopping, checkpoints.
//!
//! The number of shards is a setting and gradients are added in their order, every draw comes from (seed, epoch) or
//! (seed, step), and a checkpoint lies between two steps: so the same settings and seed give the same bytes for any
//! number of threads and any number of interruptions.

mod adamw;
mod checkpoint;
mod regime;
mod validation;
pub(crate) mod weights;
mod windows;
#[cfg(test)]
pub(crate) mod world;

pub(crate) use adamw::{AdamW, Rates};
pub(crate) use checkpoint::{Position, State};
pub use regime::TrainingPrecision;
pub(crate) use regime::{Problems, Regime};
pub(crate) use validation::{histories, mean_ndcg};
pub(crate) use windows::Window;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use semid_core::{Case, Error, Ranker, Result, SeriesPoint, Step, TrainingData, Work};
use windows::{plan, shards};

use crate::transformer::{Dropout, Losses, Parameters, Place, Rounded, Tensors};

/// Positions computed at once inside a shard: activations stay near the cache, and a cancel is noticed in between.
const BITE_POSITIONS: usize = 1024;
/// A training that is killed loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(20);

/// What the training needs of a model.
pub(crate) trait Learner: Sync {
    /// Room of one shard; reused from one bite to the next.
    type Room: Default + Send;
    /// The trained model.
    type Ranker: Ranker;
    /// Names what is drawn for it and what is kept of it.
    const KEY: &'static str;
    /// What it is called in a sentence.
    const TITLE: &'static str;

    /// How it is trained.
    fn regime(&self) -> Regime;
    /// All that decides what is learned besides the seed, the sequences and the validation cases.
    fn identity(&self) -> Vec<u8>;
    /// What it learns.
    fn tensors(&self) -> &Tensors;
    /// The matrices that its products multiply by, tables of outputs among them.
    fn matrices(&self) -> Vec<Place>;
    /// Blocks that write into one residual stream.
    fn blocks(&self) -> usize;
    /// What the parameters are before the first step.
    fn start(&self, rng: ChaCha8Rng) -> Vec<f32> {
        self.tensors().start(self.blocks(), rng)
    }
    /// Positions computed at once inside a shard.
    fn bite_positions(&self) -> usize {
        BITE_POSITIONS
    }
    /// Positions that a window of so many items takes.
    fn positions(&self, items: usize) -> usize;
    /// Forward and backward over a bite: adds to `gradients`, returns the losses.
    fn teach(
        &self,
        parameters: Parameters<'_, f32>,
        gradients: &mut [f32],
        bite: Bite<'_>,
        room: &mut Self::Room,
    ) -> Losses;
    /// A model of these parameters.
    fn ranker(&self, parameters: Vec<f32>) -> Self::Ranker;
    /// Records at the end what there is to say about its health; `cases` are validation cases, at least one.
    fn examine(&self, _: &Self::Ranker, _: &Work, _: &Step<'_>, _cases: &[&Case], _at: u64) -> Result<()> {
        Ok(())
    }
}

/// Some windows of a batch, and how they are taught.
#[derive(Clone, Copy)]
pub(crate) struct Bite<'a> {
    sequences: &'a [Vec<u32>],
    windows: &'a [Window],
    /// Index of its first position in the whole batch.
    pub first: usize,
    pub dropout: Option<Dropout>,
    /// Differs for every optimiser step: where a model's own draws start.
    pub key: u32,
    /// One over the items taught in the whole batch.
    pub weight: f64,
}

impl<'a> Bite<'a> {
    /// Items read, which of them are the first taught, and all of that user's training items.
    pub fn windows(&self) -> impl Iterator<Item = (&'a [u32], usize, &'a [u32])> + use<'a> {
        let sequences = self.sequences;
        self.windows.iter().map(move |window| {
            let all = &sequences[window.user][..];
            (&all[window.items.clone()], window.taught - window.items.start, all)
        })
    }
}

/// Trains to the end, from a checkpoint where there is one; the parameters that validate best.
pub(crate) fn train<L: Learner>(learner: &L, work: &Work, data: &TrainingData<'_>) -> Result<L::Ranker> {
    let mut training = Training::new(learner, work, data)?;
    training.resume()?;
    training.round();
    training.run()
}

/// Times the first bites of a training, one a shard and side by side as they will be; what all of it takes.
pub(crate) fn pace<L: Learner>(learner: &L, work: &Work, data: &TrainingData<'_>) -> Result<Pace> {
    let mut training = Training::new(learner, work, data)?;
    training.round();
    let positions =
        |windows: &[Window]| -> usize { windows.iter().map(|one| learner.positions(one.items.len())).sum() };
    let mut rng = work.rng(&format!("{} epoch 0", L::KEY));
    let batches = plan(data.sequences, &training.regime, |items| learner.positions(items), &mut rng);
    let windows: Vec<Window> = batches.concat();
    let shards = training.regime.shards;
    let few = shards * learner.bite_positions() / positions(&windows).div_ceil(windows.len().max(1)).max(1);
    let few = &windows[..few.clamp(1, windows.len())];
    let mut rooms: Vec<L::Room> = Vec::new();
    rooms.resize_with(shards, L::Room::default);
    let mut gradients = vec![vec![0.0; learner.tensors().numbers()]; shards];
    // The first step also fetches memory from the system.
    let mut seconds = f64::MAX;
    for _ in 0..2 {
        let started = Instant::now();
        training.step(few, 1.0, &mut rooms, &mut gradients)?;
        seconds = seconds.min(started.elapsed().as_secs_f64());
    }
    Ok(Pace { timed: positions(few), seconds, an_epoch: positions(&windows) })
}

/// Positions that were timed, how long they took, and the positions of an epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub timed: usize,
    pub seconds: f64,
    pub an_epoch: usize,
}

struct Training<'a, L> {
    learner: &'a L,
    regime: Regime,
    data: &'a TrainingData<'a>,
    work: &'a Work,
    fingerprint: [u8; 32],
    cases: Vec<&'a Case>,
    state: State,
    /// The parameters as products in bf16 read them.
    rounded: Option<Rounded>,
    saved: Instant,
}

impl<'a, L: Learner> Training<'a, L> {
    /// At its start.
    fn new(learner: &'a L, work: &'a Work, data: &'a TrainingData<'a>) -> Result<Self> {
        check(data)?;
        let regime = learner.regime();
        Ok(Training {
            learner,
            data,
            work,
            fingerprint: fingerprint(learner, work, data),
            cases: validation::sample::<L>(&regime, work, data.validation),
            regime,
            state: State {
                optimiser: AdamW::new(learner.tensors().numbers()),
                parameters: learner.start(work.rng(&format!("{} start", L::KEY))),
                at: Position::default(),
                best: None,
            },
            rounded: None,
            saved: Instant::now(),
        })
    }

    /// Rounds the parameters where products multiply in bf16.
    fn round(&mut self) {
        let (learner, parameters) = (self.learner, &self.state.parameters);
        self.rounded =
            self.regime.precision.kernel().map(|kernel| Rounded::new(kernel, learner.matrices(), parameters));
    }

    fn resume(&mut self) -> Result<()> {
        if let Some(bytes) = self.data.checkpoints.load()?
            && let Some(state) = State::from_bytes(&bytes, &self.fingerprint, self.learner.tensors().numbers())
        {
            self.state = state;
        }
        Ok(())
    }

    fn run(mut self) -> Result<L::Ranker> {
        let items = windows::taught_an_epoch(self.data.sequences, &self.regime);
        let (work, epochs) = (self.work, self.regime.epochs);
        let step = work.step("train the recommender", items * epochs);
        for point in &self.state.at.series {
            step.record(series_name(&point.series), point.at, point.value);
        }
        let mut rooms: Vec<L::Room> = Vec::new();
        rooms.resize_with(self.regime.shards, L::Room::default);
        let mut gradients = vec![vec![0.0; self.learner.tensors().numbers()]; self.regime.shards];
        while self.state.at.epoch < epochs && self.state.at.stale < self.regime.patience {
            let epoch = self.state.at.epoch;
            let mut rng = work.rng(&format!("{} epoch {epoch}", L::KEY));
            let batches = plan(self.data.sequences, &self.regime, |items| self.learner.positions(items), &mut rng);
            let done = self.state.at.batch.min(batches.len());
            step.set(epoch * items + batches[..done].iter().map(|batch| taught(batch)).sum::<usize>());
            while self.state.at.batch < batches.len() {
                let batch = &batches[self.state.at.batch];
                let progress = epoch as f64 + (self.state.at.batch + 1) as f64 / batches.len() as f64;
                let losses = match self.step(batch, progress / epochs as f64, &mut rooms, &mut gradients) {
                    Err(Error::Cancelled) => return self.stop(),
                    losses => losses?,
                };
                self.state.at.losses.add(&losses);
                self.state.at.batch += 1;
                if self.saved.elapsed() > SAVE_EVERY {
                    self.save()?;
                }
                if step.advance(taught(batch)).is_err() {
                    return self.stop();
                }
            }
            let loss = self.state.at.losses.mean();
            let last = epoch + 1 == epochs;
            let mut points = vec![("training loss", loss)];
            step.note(format!("epoch {}, loss {loss:.3}", epoch + 1));
            if !self.cases.is_empty() && (last || (epoch + 1).is_multiple_of(self.regime.validate_every)) {
                match self.validate() {
                    Err(Error::Cancelled) => return self.stop(),
                    ndcg => {
                        let ndcg = ndcg?;
                        points.push(("validation ndcg@10", ndcg));
                        step.note(format!("epoch {}, loss {loss:.3}, validation NDCG@10 {ndcg:.4}", epoch + 1));
                    }
                }
            }
            self.state.at.epoch += 1;
            self.state.at.batch = 0;
            self.state.at.losses = Losses::default();
            for (series, value) in points {
                let point = SeriesPoint { series: series.to_owned(), at: self.state.at.epoch as u64, value };
                step.record(series, point.at, point.value);
                self.state.at.series.push(point);
            }
        }
        self.finish(&step)
    }

    /// Keeps the state for the next time.
    fn stop(mut self) -> Result<L::Ranker> {
        self.save()?;
        Err(Error::Cancelled)
    }

    fn save(&mut self) -> Result<()> {
        self.data.checkpoints.save(&self.state.to_bytes(&self.fingerprint))?;
        self.saved = Instant::now();
        Ok(())
    }

    /// One optimiser step; `progress` is the share of the training that is done after it.
    fn step(
        &mut self,
        batch: &[Window],
        progress: f64,
        rooms: &mut [L::Room],
        gradients: &mut [Vec<f32>],
    ) -> Result<Losses> {
        let (regime, learner) = (&self.regime, self.learner);
        let parts = shards(batch, regime.shards);
        let key = step_key::<L>(self.work, self.state.optimiser.steps);
        let whole = Bite {
            sequences: self.data.sequences,
            windows: batch,
            first: 0,
            dropout: Dropout::new(regime.dropout, key),
            key,
            weight: 1.0 / taught(batch).max(1) as f64,
        };
        let positions =
            |windows: &[Window]| windows.iter().map(|window| learner.positions(window.items.len())).sum::<usize>();
        let mut first = 0;
        let mut place = |part: &&[Window]| {
            first += positions(part);
            first - positions(part)
        };
        let firsts: Vec<usize> = parts.iter().map(&mut place).collect();
        let parameters = Parameters::with(&self.state.parameters, self.rounded.as_ref());
        let work = self.work;
        let losses: Vec<Result<Losses>> = parts
            .par_iter()
            .zip(&firsts)
            .zip(rooms.par_iter_mut())
            .zip(gradients.par_iter_mut())
            .map(|(((part, &first), room), gradients)| {
                let mut losses = Losses::default();
                let (mut rest, mut first) = (*part, first);
                while !rest.is_empty() {
                    work.check()?;
                    let windows;
                    (windows, rest) = rest.split_at(fitting(learner, rest));
                    losses.add(&learner.teach(parameters, gradients, Bite { windows, first, ..whole }, room));
                    first += positions(windows);
                }
                Ok(losses)
            })
            .collect();
        let mut sum = Losses::default();
        for losses in losses {
            match losses {
                Ok(losses) => sum.add(&losses),
                Err(why) => {
                    gradients.iter_mut().for_each(|gradients| gradients.fill(0.0));
                    return Err(why);
                }
            }
        }
        let rates = Rates {
            learning_rate: regime.learning_rate * schedule(progress, regime.warm_up_share),
            weight_decay: regime.weight_decay,
            clip_norm: regime.clip_norm,
        };
        let norm = if sum.objective.is_finite() {
            self.state.optimiser.update(learner.tensors(), &mut self.state.parameters, gradients, rates)
        } else {
            f64::NAN
        };
        if !norm.is_finite() {
            return Err(Error::input(format!(
                "Training {} broke down at step {}: the loss is no longer a finite number. \
                 Lower learning_rate (now {}) or clip_norm (now {}).",
                L::TITLE,
                self.state.optimiser.steps,
                regime.learning_rate,
                regime.clip_norm
            )));
        }
        if let Some(rounded) = &mut self.rounded {
            rounded.refresh(&self.state.parameters);
        }
        Ok(sum)
    }

    /// NDCG@10 on the sampled validation cases; keeps the parameters if they are the best so far.
    fn validate(&mut self) -> Result<f64> {
        let ranker = self.learner.ranker(self.state.parameters.clone());
        let lists = ranker.rank(self.work, &validation::histories(&self.cases), 10)?;
        let ndcg = validation::mean_ndcg(&lists, &self.cases);
        if self.state.best.is_none() || ndcg > self.state.at.best_ndcg {
            self.state.best = Some(self.state.parameters.clone());
            self.state.at.best_ndcg = ndcg;
            self.state.at.stale = 0;
        } else {
            self.state.at.stale += 1;
        }
        Ok(ndcg)
    }

    /// The best parameters as a ranker, and what there is to say about their health.
    fn finish(self, step: &Step<'_>) -> Result<L::Ranker> {
        let ranker = self.learner.ranker(self.state.best.unwrap_or(self.state.parameters));
        if !self.cases.is_empty() {
            self.learner.examine(&ranker, self.work, step, &self.cases, self.state.at.epoch as u64)?;
        }
        Ok(ranker)
    }
}

/// Items that are targets.
fn taught(windows: &[Window]) -> usize {
    windows.iter().map(|window| window.items.end - window.taught).sum()
}

/// How many of the windows fit one bite; the first always does.
fn fitting<L: Learner>(learner: &L, windows: &[Window]) -> usize {
    let mut sum = 0;
    let fitting = windows.iter().take_while(|window| {
        sum += learner.positions(window.items.len());
        sum <= learner.bite_positions()
    });
    fitting.count().max(1)
}

/// The series a resumed training records again, under the names it had.
fn series_name(series: &str) -> &'static str {
    match series {
        "training loss" => "training loss",
        _ => "validation ndcg@10",
    }
}

/// The share of the highest learning rate: up along a line, down along a cosine to a tenth.
pub(crate) fn schedule(progress: f64, warm_up: f64) -> f64 {
    if progress < warm_up {
        return progress / warm_up;
    }
    let rest = ((progress - warm_up) / (1.0 - warm_up).max(1e-9)).min(1.0);
    0.1 + 0.9 * 0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
}

/// A key for the draws of one optimiser step.
fn step_key<L: Learner>(work: &Work, step: u64) -> u32 {
    let key = work.seed().key(&format!("{} dropout", L::KEY));
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(&step.to_le_bytes());
    let bytes = hasher.finalize();
    u32::from_le_bytes([bytes.as_bytes()[0], bytes.as_bytes()[1], bytes.as_bytes()[2], bytes.as_bytes()[3]])
}

pub(crate) fn check(data: &TrainingData<'_>) -> Result<()> {
    let items = data.catalog.len();
    let cases = data.validation.iter().flat_map(|case| case.history.iter().chain(&case.targets));
    if let Some(item) = data.sequences.iter().flatten().chain(cases).find(|&&item| item as usize >= items) {
        return Err(Error::input(format!(
            "An interaction names item {item}, but the catalog has {items} items. Import the data again."
        )));
    }
    if data.sequences.iter().all(Vec::is_empty) {
        return Err(Error::input(
            "There is no training interaction to learn from. Import more interactions or loosen the k-core filter.",
        ));
    }
    Ok(())
}

/// Which training a checkpoint belongs to: model, settings, seed, sequences and validation cases.
fn fingerprint<L: Learner>(learner: &L, work: &Work, data: &TrainingData<'_>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(&format!("semid {} training v2", L::KEY));
    hasher.update(&learner.identity());
    hasher.update(&work.seed().0.to_le_bytes());
    let mut row = |numbers: &mut dyn Iterator<Item = u32>| {
        let bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    };
    for items in data.sequences {
        row(&mut items.iter().copied());
    }
    for case in data.validation {
        row(&mut std::iter::once(case.user).chain(case.history.iter().copied()));
        row(&mut case.targets.iter().copied());
    }
    *hasher.finalize().as_bytes()
}
