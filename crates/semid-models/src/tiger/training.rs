//! The training: epochs of batches, each cut into bites that threads compute side by side; validation, early stopping,
//! checkpoints.
//!
//! Bites are cut by length and never by the number of threads, each is computed on one thread, gradients are added in the
//! order of the bites, every draw comes from (seed, epoch) or (seed, step, bite), and a checkpoint lies between two steps:
//! so the same settings and seed give the same bytes for any number of threads and any number of interruptions.

use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use semid_core::{Case, Error, Ranker, Result, SemanticIds, SeriesPoint, Step, TrainingData, Work};

use super::checkpoint::{Position, fingerprint};
use super::inside;
use super::layers::Dropout;
use super::lesson::{Example, Lesson};
use super::model::Model;
use super::optimiser::{AdamW, Rates};
use super::pairs::{Pair, batches, bites, pairs};
use super::ranker::TigerRanker;
use super::settings::TigerSettings;
use super::tokens::Tokens;
use super::variables::Variables;
use crate::trainer::{histories, mean_ndcg};
use crate::transformer::mixed;

/// Tokens of a bite on a CPU: its graph stays below some 200 MB, and a cancel is noticed in between.
const BITE_TOKENS: usize = 1024;
/// The same on other devices, which want much to do at once.
const BITE_TOKENS_ELSEWHERE: usize = 16 * 1024;
/// A training that is killed loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// A training and where it stands.
pub(crate) struct Training<'a> {
    pub settings: &'a TigerSettings,
    pub ids: &'a SemanticIds,
    pub data: &'a TrainingData<'a>,
    pub work: &'a Work,
    pub device: Device,
    pub variables: Variables,
    pub optimiser: AdamW,
    /// Parameters of the best validation so far.
    pub best: Option<Vec<Tensor>>,
    pub at: Position,
    /// What a checkpoint must carry to be of this training.
    pub fingerprint: String,
    tokens: Tokens,
    model: Model,
    cases: Vec<&'a Case>,
    saved: Instant,
}

impl<'a> Training<'a> {
    /// At its start, or where a checkpoint left it.
    pub fn new(
        settings: &'a TigerSettings,
        ids: &'a SemanticIds,
        data: &'a TrainingData<'a>,
        work: &'a Work,
    ) -> Result<Self> {
        let device = settings.device.open()?;
        let tokens = Tokens::new(ids, settings.user_tokens, settings.max_history)?;
        let mut variables = Variables::default();
        let mut rng = work.rng("tiger start");
        let model = Model::new(settings, &tokens, &mut |name, shape, start| {
            variables.draw(&mut rng, name, shape, start, DType::F32, &device)
        });
        let model = model.map_err(inside)?;
        let mut cases: Vec<&Case> = data.validation.iter().filter(|case| !case.targets.is_empty()).collect();
        if cases.len() > settings.validation_cases {
            cases.shuffle(&mut work.rng("tiger validation cases"));
            cases.truncate(settings.validation_cases);
        }
        let mut training = Training {
            optimiser: AdamW::new(&variables).map_err(inside)?,
            fingerprint: fingerprint(settings, ids, data, work),
            at: Position::default(),
            best: None,
            saved: Instant::now(),
            settings,
            ids,
            data,
            work,
            device,
            variables,
            tokens,
            model,
            cases,
        };
        training.resume()?;
        Ok(training)
    }

    /// Trains to the end; the parameters that validate best.
    pub fn run(mut self) -> Result<TigerRanker> {
        let pairs = pairs(self.data.sequences);
        if pairs.is_empty() {
            return Err(Error::input(
                "No user has two training items, so there is no next item to learn. Import more interactions or loosen \
                 the k-core filter.",
            ));
        }
        let (work, epochs) = (self.work, self.settings.epochs);
        let step = work.step("train the recommender", pairs.len() * epochs);
        for point in &self.at.series {
            step.record(series_name(&point.series), point.at, point.value);
        }
        while self.at.epoch < epochs && self.at.stale < self.settings.patience {
            let epoch = self.at.epoch;
            let mut rng = work.rng(&format!("tiger epoch {epoch}"));
            let batches = batches(&pairs, self.settings.batch_pairs, &mut rng);
            step.set(epoch * pairs.len() + batches.iter().take(self.at.batch).map(Vec::len).sum::<usize>());
            while let Some(batch) = batches.get(self.at.batch) {
                let progress = epoch as f64 + (self.at.batch + 1) as f64 / batches.len() as f64;
                let nats = match self.step(batch, progress / epochs as f64) {
                    Err(Error::Cancelled) => return self.stop(),
                    nats => nats?,
                };
                self.at.nats += nats;
                self.at.asked += batch.len() * self.tokens.ids.levels();
                self.at.batch += 1;
                if self.saved.elapsed() > SAVE_EVERY {
                    self.save()?;
                }
                if step.advance(batch.len()).is_err() {
                    return self.stop();
                }
            }
            let loss = self.at.nats / self.at.asked.max(1) as f64;
            let mut points = vec![("training loss", loss)];
            step.note(format!("epoch {}, loss {loss:.3}", epoch + 1));
            let due = epoch + 1 == epochs || (epoch + 1).is_multiple_of(self.settings.validate_every);
            if due && !self.cases.is_empty() {
                let ndcg = match self.validate() {
                    Err(Error::Cancelled) => return self.stop(),
                    ndcg => ndcg?,
                };
                points.push(("validation ndcg@10", ndcg));
                step.note(format!("epoch {}, loss {loss:.3}, validation NDCG@10 {ndcg:.4}", epoch + 1));
            }
            self.close_epoch(&step, points);
        }
        match self.best.take() {
            Some(best) => self.ranker(&best),
            None => self.ranker(&self.variables.copies().map_err(inside)?),
        }
    }

    fn close_epoch(&mut self, step: &Step<'_>, points: Vec<(&'static str, f64)>) {
        let at = &mut self.at;
        (at.epoch, at.batch, at.nats, at.asked) = (at.epoch + 1, 0, 0.0, 0);
        for (series, value) in points {
            step.record(series, at.epoch as u64, value);
            at.series.push(SeriesPoint { series: series.to_owned(), at: at.epoch as u64, value });
        }
    }

    /// Keeps the state for the next time.
    fn stop(mut self) -> Result<TigerRanker> {
        self.save()?;
        Err(Error::Cancelled)
    }

    fn save(&mut self) -> Result<()> {
        self.data.checkpoints.save(&self.to_bytes()?)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// One optimiser step; `progress` is the share of the training that is done after it. Returns the sum of the nats.
    fn step(&mut self, batch: &[Pair], progress: f64) -> Result<f64> {
        let settings = self.settings;
        let cpu = self.device.is_cpu();
        let bites = bites(batch, &self.tokens, if cpu { BITE_TOKENS } else { BITE_TOKENS_ELSEWHERE });
        let key = step_key(self.work, self.optimiser.steps);
        let asked = (batch.len() * self.tokens.ids.levels()) as f64;
        let teach = |(index, bite): (usize, &&[Pair])| {
            self.work.check()?;
            let drop = Dropout::new(settings.dropout, mixed(key ^ mixed(index as u32)));
            self.teach(bite, asked, &drop).map_err(inside)
        };
        let taught: Vec<(f64, Vec<Tensor>)> = match cpu {
            true => bites.par_iter().enumerate().map(teach).collect::<Result<_>>()?,
            false => bites.iter().enumerate().map(teach).collect::<Result<_>>()?,
        };
        let nats: f64 = taught.iter().map(|(nats, _)| nats).sum();
        let of_bites: Vec<Vec<Tensor>> = taught.into_iter().map(|(_, gradients)| gradients).collect();
        let rates = Rates {
            learning_rate: settings.learning_rate * settings.schedule.rate(progress, settings.warm_up_share),
            weight_decay: settings.weight_decay,
            clip_norm: settings.clip_norm,
        };
        let norm = match nats.is_finite() {
            true => self.optimiser.update(&self.variables, &of_bites, rates).map_err(inside)?,
            false => f64::NAN,
        };
        if !norm.is_finite() {
            return Err(Error::input(format!(
                "Training TIGER broke down at step {}: the loss is no longer a finite number. Lower learning_rate (now \
                 {}) or clip_norm (now {}).",
                self.optimiser.steps, settings.learning_rate, settings.clip_norm
            )));
        }
        Ok(nats)
    }

    /// Forward and backward over a bite: the sum of its nats, and the gradient of every variable.
    fn teach(&self, bite: &[Pair], asked: f64, drop: &Dropout) -> candle_core::Result<(f64, Vec<Tensor>)> {
        let sequences = self.data.sequences;
        let example =
            |pair: &Pair| Example { user: pair.user, history: pair.history(sequences), item: pair.item(sequences) };
        let examples: Vec<Example<'_>> = bite.iter().map(example).collect();
        let lesson = Lesson::new(&self.model, &self.tokens, &examples, self.settings.label_smoothing, drop)?;
        let store = (lesson.objective / asked)?.backward()?;
        Ok((f64::from(lesson.nats.to_scalar::<f32>()?), self.variables.gradients(&store)?))
    }

    /// NDCG@10 on the sampled validation cases; keeps the parameters if they are the best so far.
    fn validate(&mut self) -> Result<f64> {
        let copies = self.variables.copies().map_err(inside)?;
        let lists = self.ranker(&copies)?.rank(self.work, &histories(&self.cases), 10)?;
        let ndcg = mean_ndcg(&lists, &self.cases);
        if self.best.is_none() || ndcg > self.at.best_ndcg {
            (self.best, self.at.best_ndcg, self.at.stale) = (Some(copies), ndcg, 0);
        } else {
            self.at.stale += 1;
        }
        Ok(ndcg)
    }

    /// A model of these values of the variables.
    fn ranker(&self, values: &[Tensor]) -> Result<TigerRanker> {
        let mut values = values.iter();
        TigerRanker::new(self.settings, self.ids, |name, _| {
            let value = values.next().ok_or_else(|| Error::input(format!("TIGER has no value for {name}.")))?;
            Ok(value.clone())
        })
    }
}

/// The series a resumed training records again, under the names it had.
fn series_name(series: &str) -> &'static str {
    match series {
        "training loss" => "training loss",
        _ => "validation ndcg@10",
    }
}

/// A key for the draws of one optimiser step.
fn step_key(work: &Work, step: u64) -> u32 {
    let mut hasher = blake3::Hasher::new_keyed(&work.seed().key("tiger dropout"));
    hasher.update(&step.to_le_bytes());
    let digest = hasher.finalize();
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
