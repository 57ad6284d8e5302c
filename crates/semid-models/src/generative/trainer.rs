//! Training: epochs of batches, each cut into shards that threads compute side by side; validation, checkpoints.
//!
//! The number of shards is a setting and gradients are added in their order, every draw comes from (seed, epoch) or
//! (seed, step), and a checkpoint lies between two steps: so the same settings and seed give the same bytes for any
//! number of threads and any number of interruptions.

use std::time::{Duration, Instant};

use rayon::prelude::*;
use semid_core::{Case, Error, History, RankedList, Result, SemanticIds, SeriesPoint, TokenTrie, TrainingData, Work};

use super::adamw::{AdamW, Rates};
use super::backward::{Lesson, Losses, Teaching, teach};
use super::checkpoint::{Position, State};
use super::health::{bigram_loss, first_token_loss};
use super::layers::Dropout;
use super::layout::Layout;
use super::model::Trace;
use super::ranker::GenerativeRanker;
use super::settings::GenerativeSettings;
use super::vocabulary::Vocabulary;
use super::windows::{Window, plan, shards};
use rand::seq::SliceRandom;

/// Positions computed at once inside a shard: activations stay near the cache, and a cancel is noticed in between.
const BITE_TOKENS: usize = 1024;
/// A training that is killed loses at most this much.
const SAVE_EVERY: Duration = Duration::from_secs(20);
/// Cases on which ID validity is measured once training is over.
const VALIDITY_CASES: usize = 64;

/// Trains to the end, from a checkpoint where there is one.
pub(crate) fn train(
    settings: &GenerativeSettings,
    ids: &SemanticIds,
    work: &Work,
    data: &TrainingData<'_>,
) -> Result<GenerativeRanker> {
    let vocabulary = Vocabulary::new(ids)?;
    check(&vocabulary, data)?;
    let layout = Layout::new(settings, vocabulary);
    let mut training = Training {
        settings,
        data,
        work,
        fingerprint: fingerprint(settings, ids, work, data),
        cases: sample(settings, work, data.validation),
        state: State {
            optimiser: AdamW::new(layout.parameters()),
            parameters: layout.start(work),
            at: Position::default(),
            best: None,
        },
        saved: Instant::now(),
        trie: TokenTrie::new(ids),
        layout,
    };
    training.resume()?;
    training.run()
}

struct Training<'a> {
    settings: &'a GenerativeSettings,
    data: &'a TrainingData<'a>,
    work: &'a Work,
    fingerprint: [u8; 32],
    cases: Vec<&'a Case>,
    layout: Layout,
    trie: TokenTrie,
    state: State,
    saved: Instant,
}

/// Room of one shard, and its gradient.
#[derive(Default)]
struct ShardRoom {
    trace: Trace<f32>,
    lesson: Lesson,
}

impl Training<'_> {
    fn resume(&mut self) -> Result<()> {
        if let Some(bytes) = self.data.checkpoints.load()?
            && let Some(state) = State::from_bytes(&bytes, &self.fingerprint, self.layout.parameters())
        {
            self.state = state;
        }
        Ok(())
    }

    fn run(mut self) -> Result<GenerativeRanker> {
        let items: usize = self.data.sequences.iter().map(Vec::len).sum();
        let work = self.work;
        let step = work.step("train the recommender", items * self.settings.epochs);
        for point in &self.state.at.series {
            step.record(series_name(&point.series), point.at, point.value);
        }
        let mut rooms: Vec<ShardRoom> = Vec::new();
        rooms.resize_with(self.settings.shards, ShardRoom::default);
        let mut gradients = vec![vec![0.0; self.layout.parameters()]; self.settings.shards];
        while self.state.at.epoch < self.settings.epochs && self.state.at.stale < self.settings.patience {
            let epoch = self.state.at.epoch;
            let mut rng = work.rng(&format!("generative epoch {epoch}"));
            let batches = plan(self.data.sequences, self.layout.levels(), self.settings, &mut rng);
            let targets = |batch: &Vec<Window>| batch.iter().map(|w| w.items.end - w.taught).sum::<usize>();
            let done = self.state.at.batch.min(batches.len());
            step.set(epoch * items + batches[..done].iter().map(targets).sum::<usize>());
            while self.state.at.batch < batches.len() {
                let batch = &batches[self.state.at.batch];
                let progress = epoch as f64 + (self.state.at.batch + 1) as f64 / batches.len() as f64;
                let losses = match self.step(batch, progress / self.settings.epochs as f64, &mut rooms, &mut gradients)
                {
                    Err(Error::Cancelled) => return self.stop(),
                    losses => losses?,
                };
                self.state.at.losses.add(&losses);
                self.state.at.batch += 1;
                if self.saved.elapsed() > SAVE_EVERY {
                    self.save()?;
                }
                if step.advance(targets(batch)).is_err() {
                    return self.stop();
                }
            }
            let loss = self.state.at.losses.mean();
            let last = epoch + 1 == self.settings.epochs;
            let mut points = vec![("training loss", loss)];
            step.note(format!("epoch {}, loss {loss:.3}", epoch + 1));
            if !self.cases.is_empty() && (last || (epoch + 1).is_multiple_of(self.settings.validate_every)) {
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
    fn stop(self) -> Result<GenerativeRanker> {
        self.data.checkpoints.save(&self.state.to_bytes(&self.fingerprint))?;
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
        rooms: &mut [ShardRoom],
        gradients: &mut [Vec<f32>],
    ) -> Result<Losses> {
        let (settings, layout, levels) = (self.settings, &self.layout, self.layout.levels());
        let parts = shards(batch, settings.shards);
        let taught: usize = batch.iter().map(|window| window.items.end - window.taught).sum();
        let teaching = Teaching {
            dropout: Dropout::new(settings.dropout, dropout_key(self.work, self.state.optimiser.steps)),
            label_smoothing: settings.label_smoothing,
            weight: 1.0 / (taught * levels).max(1) as f64,
        };
        let mut first = 0;
        let firsts: Vec<usize> = parts
            .iter()
            .map(|part| {
                let before = first;
                first += part.iter().map(|window| window.items.len() * levels).sum::<usize>();
                before
            })
            .collect();
        let (parameters, data, work) = (&self.state.parameters, self.data, self.work);
        let losses: Vec<Result<Losses>> = parts
            .par_iter()
            .zip(&firsts)
            .zip(rooms.par_iter_mut())
            .zip(gradients.par_iter_mut())
            .map(|(((part, &first), room), gradients)| {
                let mut losses = Losses::default();
                let mut windows = part.iter().peekable();
                room.lesson.packed.first = first;
                while windows.peek().is_some() {
                    work.check()?;
                    room.lesson.clear();
                    while let Some(window) = windows.next_if(|window| fits(&room.lesson, window.items.len() * levels)) {
                        let items = &data.sequences[window.user][window.items.clone()];
                        room.lesson.push(layout, items, window.taught - window.items.start);
                    }
                    losses.add(&teach(layout, parameters, gradients, &room.lesson, teaching, &mut room.trace));
                    room.lesson.packed.first += room.lesson.packed.positions();
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
            learning_rate: settings.learning_rate * schedule(progress, settings.warm_up_share),
            weight_decay: settings.weight_decay,
            clip_norm: settings.clip_norm,
        };
        let norm = if sum.objective.is_finite() {
            self.state.optimiser.update(layout, &mut self.state.parameters, gradients, rates)
        } else {
            f64::NAN
        };
        if !norm.is_finite() {
            return Err(Error::input(format!(
                "Training the generative recommender broke down at step {}: the loss is no longer a finite number. \
                 Lower learning_rate (now {}) or clip_norm (now {}).",
                self.state.optimiser.steps, settings.learning_rate, settings.clip_norm
            )));
        }
        Ok(sum)
    }

    /// NDCG@10 on the sampled validation cases; keeps the parameters if they are the best so far.
    fn validate(&mut self) -> Result<f64> {
        let ranker = GenerativeRanker {
            settings: self.settings.clone(),
            layout: self.layout.clone(),
            trie: self.trie.clone(),
            parameters: std::mem::take(&mut self.state.parameters),
        };
        let beam = self.settings.beam.max(20);
        let lists = ranker.rank_with_beam(self.work, &histories(&self.cases), 10, beam);
        self.state.parameters = ranker.parameters;
        let ndcg = mean_ndcg(&lists?, &self.cases);
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
    fn finish(self, step: &semid_core::Step<'_>) -> Result<GenerativeRanker> {
        let parameters = self.state.best.unwrap_or(self.state.parameters);
        let at = self.state.at.epoch as u64;
        if !self.cases.is_empty() {
            let loss = first_token_loss(&self.layout, &parameters, self.settings.max_history, &self.cases);
            step.record("first-token loss", at, loss);
            step.record("bigram first-token loss", at, bigram_loss(&self.layout, self.data.sequences, &self.cases));
        }
        let ranker =
            GenerativeRanker { settings: self.settings.clone(), layout: self.layout, trie: self.trie, parameters };
        if !self.cases.is_empty() {
            let some = &self.cases[..self.cases.len().min(VALIDITY_CASES)];
            step.record("id validity", at, ranker.id_validity(self.work, &histories(some), 10)?);
        }
        Ok(ranker)
    }
}

/// Whether a window still fits the bite; the first always does.
fn fits(lesson: &Lesson, tokens: usize) -> bool {
    lesson.packed.positions() == 0 || lesson.packed.positions() + tokens <= BITE_TOKENS
}

/// The series a resumed training records again, under the names it had.
fn series_name(series: &str) -> &'static str {
    match series {
        "training loss" => "training loss",
        _ => "validation ndcg@10",
    }
}

/// The share of the highest learning rate: up along a line, down along a cosine to a tenth.
fn schedule(progress: f64, warm_up: f64) -> f64 {
    if progress < warm_up {
        return progress / warm_up;
    }
    let rest = ((progress - warm_up) / (1.0 - warm_up).max(1e-9)).min(1.0);
    0.1 + 0.9 * 0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
}

/// A key for the dropout masks of one optimiser step.
fn dropout_key(work: &Work, step: u64) -> u32 {
    let key = work.seed().key("generative dropout");
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(&step.to_le_bytes());
    let bytes = hasher.finalize();
    u32::from_le_bytes([bytes.as_bytes()[0], bytes.as_bytes()[1], bytes.as_bytes()[2], bytes.as_bytes()[3]])
}

fn histories<'a>(cases: &[&'a Case]) -> Vec<History<'a>> {
    cases.iter().map(|case| History { user: case.user, items: &case.history }).collect()
}

/// A seeded sample of the validation cases that have a target.
fn sample<'a>(settings: &GenerativeSettings, work: &Work, cases: &'a [Case]) -> Vec<&'a Case> {
    let mut cases: Vec<&Case> = cases.iter().filter(|case| !case.targets.is_empty()).collect();
    if cases.len() > settings.validation_cases {
        cases.shuffle(&mut work.rng("generative validation cases"));
        cases.truncate(settings.validation_cases);
    }
    cases
}

/// Mean NDCG@10 with binary gains; items that share an entry count in the mean over their orders.
fn mean_ndcg(lists: &[RankedList], cases: &[&Case]) -> f64 {
    let gain = |rank: usize| if rank < 10 { 1.0 / ((rank + 2) as f64).log2() } else { 0.0 };
    let sum: f64 = lists
        .iter()
        .zip(cases)
        .map(|(list, case)| {
            let (mut rank, mut gained) = (0, 0.0);
            for entry in &list.entries {
                let hits = entry.items.iter().filter(|item| case.targets.contains(item)).count();
                let ranks = entry.items.len().max(1);
                let mean = (rank..rank + ranks).map(gain).sum::<f64>() / ranks as f64;
                gained += hits as f64 * mean;
                rank += ranks;
            }
            gained / (0..case.targets.len()).map(gain).sum::<f64>()
        })
        .sum();
    sum / cases.len().max(1) as f64
}

fn check(vocabulary: &Vocabulary, data: &TrainingData<'_>) -> Result<()> {
    let items = vocabulary.items();
    if items != data.catalog.len() {
        return Err(Error::input(format!(
            "There are {items} IDs for a catalog of {} items. Assign IDs to this catalog.",
            data.catalog.len()
        )));
    }
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

/// Which training a checkpoint belongs to: settings, seed, IDs, sequences and validation cases.
fn fingerprint(settings: &GenerativeSettings, ids: &SemanticIds, work: &Work, data: &TrainingData<'_>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("semid generative training v1");
    hasher.update(&serde_json::to_vec(settings).unwrap_or_default());
    hasher.update(&work.seed().0.to_le_bytes());
    let mut row = |numbers: &mut dyn Iterator<Item = u32>| {
        let bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    };
    row(&mut ids.position_sizes().into_iter());
    for item in 0..ids.len() {
        row(&mut ids.row(item));
    }
    for items in data.sequences {
        row(&mut items.iter().copied());
    }
    for case in data.validation {
        row(&mut std::iter::once(case.user).chain(case.history.iter().copied()));
        row(&mut case.targets.iter().copied());
    }
    *hasher.finalize().as_bytes()
}
