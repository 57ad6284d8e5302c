//! The training in two phases: first the rows of the new tokens alone, then adapters and rows together.
//!
//! As in the shared training, a batch is cut into shards by the settings and never by the number of threads, gradients are
//! added in their order, every draw comes from (seed, epoch) or (seed, step), and a checkpoint lies between two steps: so
//! the same settings and seed give the same bytes for any number of threads and any number of interruptions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use rayon::prelude::*;
use semid_core::{Case, Error, Ranker, Result, SeriesPoint, Step, TrainingData, Work};

use super::lessons::{Lesson, Lessons};
use super::model::{SpeakRoom, Taught};
use super::ranker::SpeakRanker;
use super::world::World;
use crate::language_model::tune::TrainingEstimate;
use crate::trainer::{AdamW, Position, Rates, State, histories, mean_ndcg, schedule};
use crate::transformer::{Dropout, Losses, Tensors};

/// Rows computed at once inside a shard, unless one lesson is longer.
const BITE_ROWS: usize = 256;
/// A training that is killed loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// A training and where it stands.
pub(crate) struct Training<'a> {
    world: Arc<World>,
    lessons: Arc<Lessons>,
    data: &'a TrainingData<'a>,
    work: &'a Work,
    cases: Vec<&'a Case>,
    fingerprint: [u8; 32],
    state: State,
    /// The learned tensors of the first phase.
    rows: Tensors,
    rooms: Vec<SpeakRoom<f32>>,
    gradients: Vec<Vec<f32>>,
    saved: Instant,
}

impl<'a> Training<'a> {
    /// At its start, with these rows of new tokens.
    pub fn new(
        world: Arc<World>,
        lessons: Arc<Lessons>,
        data: &'a TrainingData<'a>,
        work: &'a Work,
        rows: Vec<f32>,
        fingerprint: [u8; 32],
    ) -> Self {
        let settings = &world.settings;
        let mut cases: Vec<&Case> =
            data.validation.iter().filter(|case| !case.targets.is_empty() && !case.history.is_empty()).collect();
        if cases.len() > settings.validation_cases {
            cases.shuffle(&mut work.rng("speak validation cases"));
            cases.truncate(settings.validation_cases);
        }
        let first = world.layout.tensors.0.iter().filter(|tensor| tensor.at.end <= world.layout.rows).cloned();
        let mut rooms = Vec::new();
        rooms.resize_with(settings.shards, SpeakRoom::default);
        let mut training = Training {
            rows: Tensors(first.collect()),
            state: State { optimiser: AdamW::new(rows.len()), parameters: rows, at: Position::default(), best: None },
            gradients: vec![Vec::new(); settings.shards],
            saved: Instant::now(),
            world,
            lessons,
            data,
            work,
            cases,
            fingerprint,
            rooms,
        };
        training.adapt_when_due();
        training.clear();
        training
    }

    /// Goes on from the checkpoint, if there is one of this training.
    pub fn resume(&mut self) -> Result<()> {
        let Some(bytes) = self.data.checkpoints.load()? else { return Ok(()) };
        let layout = &self.world.layout;
        let read = |numbers: usize| State::from_bytes(&bytes, &self.fingerprint, numbers);
        if let Some(state) = read(layout.tensors.numbers()).or_else(|| read(layout.rows)) {
            self.state = state;
            self.clear();
        }
        Ok(())
    }

    /// Trains to the end; the parameters that validate best.
    pub fn run(mut self) -> Result<SpeakRanker> {
        let (work, world) = (self.work, self.world.clone());
        let settings = &world.settings;
        let an_epoch = settings.lessons_an_epoch;
        let step = work.step("train the recommender", an_epoch * settings.epochs());
        for point in &self.state.at.series {
            step.record(series_name(&point.series), point.at, point.value);
        }
        while self.state.at.epoch < settings.epochs() {
            let epoch = self.state.at.epoch;
            let lessons = self.lessons.draw(an_epoch, &mut work.rng(&format!("speak epoch {epoch}")));
            let batches: Vec<&[Lesson]> = lessons.chunks(settings.batch_lessons).collect();
            step.set(epoch * an_epoch + self.state.at.batch * settings.batch_lessons);
            while let Some(batch) = batches.get(self.state.at.batch) {
                let within = (self.state.at.batch + 1) as f64 / batches.len() as f64;
                let losses = match self.step(batch, within) {
                    Err(Error::Cancelled) => return self.stop(),
                    losses => losses?,
                };
                self.state.at.losses.add(&losses);
                self.state.at.batch += 1;
                if self.saved.elapsed() > SAVE_EVERY {
                    self.save()?;
                }
                let loss = self.state.at.losses.mean();
                step.note(format!("epoch {}, {}, loss {loss:.3}", epoch + 1, self.phase()));
                if step.advance(batch.len()).is_err() {
                    return self.stop();
                }
            }
            let mut points = vec![("training loss", self.state.at.losses.mean())];
            let last = epoch + 1 == settings.token_epochs || epoch + 1 == settings.epochs();
            if !self.cases.is_empty() && (last || (epoch + 1).is_multiple_of(settings.validate_every)) {
                match self.validate() {
                    Err(Error::Cancelled) => return self.stop(),
                    ndcg => points.push(("validation ndcg@10", ndcg?)),
                }
            }
            self.close_epoch(&step, points);
        }
        Ok(SpeakRanker::new(world, self.lessons, self.state.best.unwrap_or(self.state.parameters)))
    }

    /// Rows of an epoch, and how long a step over the first of them takes.
    pub fn pace(mut self) -> Result<TrainingEstimate> {
        let settings = self.world.settings.clone();
        let lessons = self.lessons.draw(settings.lessons_an_epoch, &mut self.work.rng("speak epoch 0"));
        let rows = |lessons: &[Lesson]| lessons.iter().map(Lesson::rows).sum::<usize>();
        // The second phase is the dearer one; the first costs at most as much.
        self.state.at.epoch = settings.token_epochs;
        self.adapt_when_due();
        self.clear();
        let few = &lessons[..settings.batch_lessons.min(lessons.len())];
        let few =
            &few[..(0..few.len()).find(|&end| rows(&few[..end]) >= settings.shards * BITE_ROWS).unwrap_or(few.len())];
        let mut seconds = f64::MAX;
        for _ in 0..2 {
            let started = Instant::now();
            self.step(few, 1.0)?;
            seconds = seconds.min(started.elapsed().as_secs_f64());
        }
        Ok(TrainingEstimate::new(rows(&lessons), settings.epochs(), rows(few), seconds))
    }

    fn phase(&self) -> &'static str {
        if self.adapting() { "adapters" } else { "new tokens" }
    }

    fn adapting(&self) -> bool {
        self.state.at.epoch >= self.world.settings.token_epochs
    }

    /// Where the second phase begins: adapters that change nothing yet, behind the rows that validated best.
    fn adapt_when_due(&mut self) {
        let layout = &self.world.layout;
        if !self.adapting() || self.state.parameters.len() == layout.tensors.numbers() {
            return;
        }
        if let Some(best) = &self.state.best {
            self.state.parameters.clone_from(best);
        }
        self.state.parameters.resize(layout.tensors.numbers(), 0.0);
        layout.lora.start(&mut self.state.parameters, &mut self.work.rng("speak adapters"));
        self.state.best = self.state.best.is_some().then(|| self.state.parameters.clone());
        self.state.optimiser = AdamW::new(self.state.parameters.len());
        self.state.at.stale = 0;
        self.clear();
    }

    fn clear(&mut self) {
        let numbers = self.state.parameters.len();
        self.gradients.iter_mut().for_each(|gradients| {
            gradients.clear();
            gradients.resize(numbers, 0.0);
        });
    }

    fn close_epoch(&mut self, step: &Step<'_>, points: Vec<(&'static str, f64)>) {
        let settings = &self.world.settings;
        let (tokens, epochs) = (settings.token_epochs, settings.epochs());
        let at = &mut self.state.at;
        (at.epoch, at.batch, at.losses) = (at.epoch + 1, 0, Losses::default());
        for (series, value) in points {
            step.record(series, at.epoch as u64, value);
            at.series.push(SeriesPoint { series: series.to_owned(), at: at.epoch as u64, value });
        }
        if at.stale >= settings.patience {
            at.epoch = if at.epoch < tokens { tokens } else { epochs };
        }
        self.adapt_when_due();
    }

    /// Keeps the state for the next time.
    fn stop(mut self) -> Result<SpeakRanker> {
        self.save()?;
        Err(Error::Cancelled)
    }

    fn save(&mut self) -> Result<()> {
        self.data.checkpoints.save(&self.state.to_bytes(&self.fingerprint))?;
        self.saved = Instant::now();
        Ok(())
    }

    /// One optimiser step; `within` is the share of the epoch that is done after it.
    fn step(&mut self, batch: &[Lesson], within: f64) -> Result<Losses> {
        let (world, work) = (self.world.clone(), self.work);
        let (settings, frozen) = (&world.settings, world.frozen());
        let told: usize = batch.iter().map(|lesson| lesson.tokens.len() - lesson.answer).sum();
        let key = step_key(work, self.state.at.epoch, self.state.at.batch);
        let whole = Taught {
            lessons: batch,
            first: 0,
            dropout: Dropout::new(settings.lora.dropout, key),
            weight: 1.0 / told.max(1) as f64,
        };
        let parts = bites(batch, settings.shards);
        let parameters = &self.state.parameters;
        let losses: Vec<Result<Losses>> = parts
            .par_iter()
            .zip(self.rooms.par_iter_mut())
            .zip(self.gradients.par_iter_mut())
            .map(|((bites, room), gradients)| {
                let mut losses = Losses::default();
                for &(first, lessons) in bites {
                    work.check()?;
                    losses.add(&frozen.teach(parameters, gradients, Taught { lessons, first, ..whole }, room));
                }
                Ok(losses)
            })
            .collect();
        let mut sum = Losses::default();
        for losses in losses {
            match losses {
                Ok(losses) => sum.add(&losses),
                Err(why) => {
                    self.clear();
                    return Err(why);
                }
            }
        }
        let adapting = self.adapting();
        let (from, epochs, rate) = match adapting {
            true => (settings.token_epochs, settings.adapter_epochs, settings.adapter_learning_rate),
            false => (0, settings.token_epochs, settings.token_learning_rate),
        };
        let progress = ((self.state.at.epoch - from) as f64 + within) / epochs.max(1) as f64;
        let rates = Rates {
            learning_rate: rate * schedule(progress, settings.warm_up_share),
            weight_decay: settings.weight_decay,
            clip_norm: settings.clip_norm,
        };
        let tensors = if adapting { &world.layout.tensors } else { &self.rows };
        let norm = match sum.objective.is_finite() {
            true => self.state.optimiser.update(tensors, &mut self.state.parameters, &mut self.gradients, rates),
            false => f64::NAN,
        };
        if !norm.is_finite() {
            return Err(Error::input(format!(
                "Teaching the model to speak in IDs broke down in epoch {}: the loss is no longer a finite number. Lower \
                 {} (now {rate}) or clip_norm (now {}).",
                self.state.at.epoch + 1,
                if adapting { "adapter_learning_rate" } else { "token_learning_rate" },
                settings.clip_norm
            )));
        }
        Ok(sum)
    }

    /// NDCG@10 on the sampled validation cases; keeps the parameters if they are the best so far. Of equals the later are
    /// kept, which were taught more: before a model can speak, all validate at 0.
    fn validate(&mut self) -> Result<f64> {
        let ranker = SpeakRanker::new(self.world.clone(), self.lessons.clone(), self.state.parameters.clone());
        let lists = ranker.rank(self.work, &histories(&self.cases), 10)?;
        let ndcg = mean_ndcg(&lists, &self.cases);
        let is_first = self.state.best.is_none();
        if is_first || ndcg >= self.state.at.best_ndcg {
            self.state.best = Some(self.state.parameters.clone());
        }
        if is_first || ndcg > self.state.at.best_ndcg {
            self.state.at.best_ndcg = ndcg;
            self.state.at.stale = 0;
        } else {
            self.state.at.stale += 1;
        }
        Ok(ndcg)
    }
}

/// Lessons computed at once, and the index of their first row in the batch.
type Bite<'a> = (usize, &'a [Lesson]);

/// Cuts a batch into at most `shards` parts of about as many rows each, and each part into bites.
fn bites(batch: &[Lesson], shards: usize) -> Vec<Vec<Bite<'_>>> {
    let total: usize = batch.iter().map(Lesson::rows).sum();
    let mut parts: Vec<Vec<Bite<'_>>> = vec![Vec::new()];
    let (mut from, mut first, mut seen) = (0, 0, 0);
    for (at, lesson) in batch.iter().enumerate() {
        seen += lesson.rows();
        let filled = seen * shards >= total * parts.len();
        let next = batch.get(at + 1).map_or(0, Lesson::rows);
        if filled || at + 1 == batch.len() || seen + next - first > BITE_ROWS {
            if let Some(part) = parts.last_mut() {
                part.push((first, &batch[from..=at]));
            }
            (from, first) = (at + 1, seen);
            if filled && at + 1 < batch.len() {
                parts.push(Vec::new());
            }
        }
    }
    parts
}

/// The series a resumed training records again, under the names it had.
fn series_name(series: &str) -> &'static str {
    match series {
        "training loss" => "training loss",
        _ => "validation ndcg@10",
    }
}

/// A key for the draws of one optimiser step.
fn step_key(work: &Work, epoch: usize, batch: usize) -> u32 {
    let mut hasher = blake3::Hasher::new_keyed(&work.seed().key("speak dropout"));
    hasher.update(&(epoch as u64).to_le_bytes());
    hasher.update(&(batch as u64).to_le_bytes());
    let digest = hasher.finalize();
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
