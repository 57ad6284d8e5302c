//! How long an experiment will take, told before it starts: work counted from settings and data, times seconds per unit of
//! work, which earlier runs of this workspace have shown where there are any. What an artifact already holds takes nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use semid_core::{Seed, Work};
use semid_models::generative::Positions;
use semid_models::language_model::tune::{SoftTokenSettings, SpeakSettings, TrainingEstimate};
use semid_store::{Dataset, RunStatus, text_digest};
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::language::{LmSoftSettings, LmSpeakSettings};
use crate::plan::{Planned, StageKind, plan};
use crate::settings::{Arm, ExperimentSettings, IdSettings, RecommenderSettings};
use crate::stages::{Prints, arm_fingerprints, data_fingerprint, ids_fingerprint, prepare_data};
use crate::{Engine, Result, embed, machine};

/// How long an experiment will take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Estimate {
    /// Each stage with its seconds, in order; 0 where an artifact is reused.
    pub stages: Vec<EstimatedStage>,
    /// Seconds in all, the likeliest.
    pub secs: f64,
    /// Seconds in all, likely at least.
    pub low_secs: f64,
    /// Seconds in all, likely at most.
    pub high_secs: f64,
    /// What it rests on, in a sentence.
    pub basis: String,
    /// A finished run of the same experiment on the same data, which will be shown instead.
    pub finished_run: Option<i64>,
    /// A stopped run of the same experiment, which will be resumed.
    pub resumes_run: Option<i64>,
    /// What must be fetched first, such as the text encoder; empty when nothing.
    pub missing: Vec<String>,
}

/// A stage to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct EstimatedStage {
    /// "Train and rank Generative · Hash, seed 1".
    pub stage: String,
    /// Seconds.
    pub secs: f64,
    /// Whether it is done already.
    pub reused: bool,
}

/// What is worth remembering between two estimates, since a form asks after every change.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Sizes after the filters, by data fingerprint.
    sizes: Mutex<BTreeMap<String, Sizes>>,
    /// Embedding fingerprints and texts still to embed, by data fingerprint and encoder.
    texts: Mutex<BTreeMap<(String, String), Texts>>,
    /// Trainings on language models that were timed, by what decides their pace.
    paces: Mutex<BTreeMap<String, TrainingEstimate>>,
    /// One is timed at a time.
    timing: Mutex<()>,
}

/// What takes part after the filters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sizes {
    items: f64,
    interactions: f64,
    cases: f64,
}

#[derive(Clone, Debug, Default)]
struct Texts {
    fingerprint: String,
    missing: usize,
}

/// Seconds per unit of work on a machine with two cores and 16-bit products, where nothing was measured: rather too much.
const PER_TRAINING_UNIT: f64 = 2e-11;
/// The same for arithmetic that is done once.
const PER_SIMPLE_UNIT: f64 = 1e-9;
/// A multiplication and addition in the layers of a small network.
const PER_LAYER: f64 = 2e-11;
/// A multiplication and addition of a large matrix product in f64.
const PER_PRODUCT: f64 = 1.5e-11;
const PER_TEXT: f64 = 8e-3;
const PER_ROW: f64 = 1e-6;
/// A token read by a language model of a hundred million parameters.
const PER_TOKEN: f64 = 4e-3;
/// A row through a language model of a hundred million parameters and back.
const PER_TAUGHT_ROW: f64 = 6e-3;
/// Widening the weights of a language model to train on them.
const LOAD_WEIGHTS: f64 = 3.0;
/// Loading the encoder, opening files: every run has some.
const FLOOR: f64 = 0.01;
const LOAD_ENCODER: f64 = 0.6;
/// Numbers in a vector where the encoder is not asked.
const DIM: f64 = 384.0;
/// How many times as long candle's graph takes for a unit as the kernels of the house.
const GRAPH: f64 = 4.0;
/// Runs looked back on.
const RUNS: u32 = 12;

impl Engine {
    /// How long an experiment will take. Settings with problems are estimated as far as they go.
    pub fn estimate(&self, work: &Work, settings: &ExperimentSettings) -> Result<Estimate> {
        let dataset = self.dataset_or_recipe(work, &settings.dataset)?;
        let mut missing = Vec::new();
        if settings.reads_text() && embed::encoder_folder(self.home(), &settings.text.encoder).is_err() {
            missing.push(settings.text.encoder.clone());
        }
        let models = settings.recommenders.iter().filter_map(RecommenderSettings::tuned_model);
        missing.extend(models.filter(|model| !self.is_at_hand(model)).map(str::to_owned));
        missing.dedup();
        let existing = self.existing_run(settings, &dataset)?;
        let finished = existing.as_ref().filter(|run| run.status == RunStatus::Finished).map(|run| run.id);
        let resumes = existing.as_ref().filter(|run| run.status != RunStatus::Finished).map(|run| run.id);
        let rates = self.rates()?;
        let stages = self.estimated_stages(work, settings, &dataset, &rates)?;
        let secs: f64 = if finished.is_some() { 0.0 } else { stages.iter().map(|stage| stage.secs).sum() };
        // Early stopping makes trainings shorter than their epochs; other programs on the machine make them longer.
        let (low, high) = if rates.runs > 0 { (0.6, 1.7) } else { (0.35, 3.0) };
        let is_timed = |planned: &Planned| tuned_arm(settings, &planned.kind).is_some();
        let timed = stages.iter().zip(plan(settings)).filter(|(_, planned)| is_timed(planned));
        let timed = timed.map(|(stage, _)| stage.secs).sum::<f64>().min(secs);
        let mut basis = rates.basis();
        if timed > 0.0 {
            basis += " For trainings on a language model a few steps were timed just now.";
        }
        Ok(Estimate {
            secs,
            low_secs: (secs - timed) * low + timed * 0.5,
            high_secs: (secs - timed) * high + timed * 1.5,
            basis,
            finished_run: finished,
            resumes_run: resumes,
            missing,
            stages,
        })
    }

    /// The stages of the plan with their seconds, in its order.
    pub(crate) fn estimated_stages(
        &self,
        work: &Work,
        settings: &ExperimentSettings,
        dataset: &Dataset,
        rates: &Rates,
    ) -> Result<Vec<EstimatedStage>> {
        let sizes = self.sizes(work, settings, dataset)?;
        let texts = self.texts(work, settings, dataset)?;
        let data = data_fingerprint(&dataset.digest, &settings.prepare, settings.data_seed);
        let prints = Prints { data: &data, embeddings: &texts.fingerprint };
        let stage = |planned: Planned| -> Result<EstimatedStage> {
            let reused = self.is_there(settings, prints, &planned.kind)?;
            let secs = match (reused, tuned_arm(settings, &planned.kind)) {
                (true, _) => 0.0,
                (false, Some(arm)) => {
                    let pace = self.timed_pace(work, settings, dataset, &arm)?;
                    tuned_secs(settings, sizes, &arm, pace)
                }
                (false, None) => rates.secs(settings, sizes, texts.missing, &planned.kind),
            };
            Ok(EstimatedStage { stage: planned.title, secs, reused })
        };
        plan(settings).into_iter().map(stage).collect()
    }

    /// Seconds of every stage of the plan if nothing could be reused.
    pub(crate) fn expected(&self, settings: &ExperimentSettings, dataset: &Dataset, rates: &Rates) -> Result<Vec<f64>> {
        let work = Work::new(Seed(settings.data_seed));
        let sizes = self.sizes(&work, settings, dataset)?;
        let texts = self.texts(&work, settings, dataset)?;
        let secs = |planned: Planned| match tuned_arm(settings, &planned.kind) {
            // Nothing is timed here: a training may be going on.
            Some(arm) => {
                let pace = lock(&self.known.paces).get(&pace_key(settings, &dataset.digest, &arm)).copied();
                tuned_secs(settings, sizes, &arm, pace)
            }
            None => rates.secs(settings, sizes, texts.missing, &planned.kind),
        };
        Ok(plan(settings).into_iter().map(secs).collect())
    }

    /// What earlier runs of this workspace say about this machine.
    pub(crate) fn rates(&self) -> Result<Rates> {
        let (mut measured, mut runs) = (Vec::new(), 0);
        for (run, toml, facts) in self.store().finished_on(RUNS)? {
            let starter = ExperimentSettings::starter(&facts.name, facts.items);
            let Ok(settings) = ExperimentSettings::from_toml(&toml, &starter) else { continue };
            let recorded = self.store().stages(run)?;
            let sizes =
                Sizes { items: facts.items as f64, interactions: facts.interactions as f64, cases: facts.users as f64 };
            let before = measured.len();
            for planned in plan(&settings) {
                let StageKind::Train { arm, .. } = planned.kind else { continue };
                let fresh = recorded.iter().find(|stage| stage.stage == planned.name && !stage.reused);
                let units = training_units(&settings, sizes, arm);
                // What took no time says nothing about time.
                if let Some(fresh) = fresh.filter(|stage| units > 0.0 && stage.secs > 0.2) {
                    measured.push(fresh.secs / units);
                }
            }
            runs += usize::from(measured.len() > before);
        }
        // The middle one: trainings beside which another program kept the machine busy say little.
        measured.sort_by(f64::total_cmp);
        let default = PER_TRAINING_UNIT * 2.0 / f64::from(machine::threads().clamp(1, 4));
        let per_training_unit = measured.get(measured.len() / 2).copied().unwrap_or(default);
        Ok(Rates { per_training_unit, runs })
    }

    /// How fast a training on a language model goes, timed once for all settings that decide it; none where its model is not
    /// at hand.
    fn timed_pace(
        &self,
        work: &Work,
        settings: &ExperimentSettings,
        dataset: &Dataset,
        arm: &Arm,
    ) -> Result<Option<TrainingEstimate>> {
        let _turn = lock(&self.known.timing);
        let key = pace_key(settings, &dataset.digest, arm);
        if let Some(pace) = lock(&self.known.paces).get(&key) {
            return Ok(Some(*pace));
        }
        let data = self.prepared(dataset, &settings.prepare, settings.data_seed)?;
        let recommender = as_timed(&settings.recommenders[arm.recommender]);
        let scheme = arm.ids.map(|scheme| &settings.ids[scheme]);
        let pace = match self.time_training(work, &recommender, scheme, &settings.codes, &data) {
            Ok(pace) => pace,
            // What cannot be trained is told of when the settings are checked.
            Err(error) if error.is_cancelled() => return Err(error),
            Err(_) => None,
        };
        if let Some(pace) = pace {
            lock(&self.known.paces).insert(key, pace);
        }
        Ok(pace)
    }

    fn sizes(&self, work: &Work, settings: &ExperimentSettings, dataset: &Dataset) -> Result<Sizes> {
        let key = data_fingerprint(&dataset.digest, &settings.prepare, settings.data_seed);
        if let Some(sizes) = lock(&self.known.sizes).get(&key) {
            return Ok(*sizes);
        }
        let catalog = self.store().load_catalog(dataset.id)?;
        let interactions = self.store().load_interactions(dataset.id)?;
        let (catalog, prepared, _) = prepare_data(work, settings, &dataset.digest, &catalog, &interactions)?;
        let sizes = Sizes {
            items: catalog.len() as f64,
            interactions: prepared.sequences.interactions() as f64,
            cases: prepared.split.test.len() as f64,
        };
        lock(&self.known.sizes).insert(key.clone(), sizes);
        if settings.reads_text() {
            self.remember_texts(settings, &key, &catalog)?;
        }
        Ok(sizes)
    }

    fn texts(&self, work: &Work, settings: &ExperimentSettings, dataset: &Dataset) -> Result<Texts> {
        if !settings.reads_text() {
            return Ok(Texts::default());
        }
        let data = data_fingerprint(&dataset.digest, &settings.prepare, settings.data_seed);
        let key = (data.clone(), settings.text.encoder.clone());
        let known = lock(&self.known.texts).get(&key).cloned();
        if let Some(texts) = known.filter(|texts| texts.missing == 0 && !texts.fingerprint.is_empty()) {
            return Ok(texts);
        }
        let catalog = self.store().load_catalog(dataset.id)?;
        let interactions = self.store().load_interactions(dataset.id)?;
        let (catalog, ..) = prepare_data(work, settings, &dataset.digest, &catalog, &interactions)?;
        self.remember_texts(settings, &data, &catalog)
    }

    fn remember_texts(
        &self,
        settings: &ExperimentSettings,
        data: &str,
        catalog: &semid_core::Catalog,
    ) -> Result<Texts> {
        let key = (data.to_owned(), settings.text.encoder.clone());
        let texts: Vec<&str> = catalog.items.iter().map(|item| item.text.as_str()).collect();
        let digests: Vec<_> = texts.iter().map(|text| text_digest(text)).collect();
        let missing = texts.len() - self.store().count_cached(&digests)?;
        let known = lock(&self.known.texts).get(&key).map(|texts| texts.fingerprint.clone());
        // Where there is no encoder there is no artifact that could be reused either.
        let fingerprint = match (known, embed::encoder_folder(self.home(), &settings.text.encoder)) {
            (Some(fingerprint), _) if !fingerprint.is_empty() => fingerprint,
            (_, Ok(folder)) => embed::fingerprint(&embed::encoder_digest(&folder)?, &texts),
            (_, Err(_)) => String::new(),
        };
        let found = Texts { fingerprint, missing };
        lock(&self.known.texts).insert(key, found.clone());
        Ok(found)
    }

    /// Whether an artifact holds what a stage would make.
    fn is_there(&self, settings: &ExperimentSettings, prints: Prints<'_>, kind: &StageKind) -> Result<bool> {
        let artifacts = self.store().artifacts();
        let reads = |scheme: &IdSettings| settings.scheme_reads_text(scheme);
        let ids = |scheme: usize, seed: u64| -> Result<Option<String>> {
            let scheme = &settings.ids[scheme];
            // A file of IDs that is not there is told of when the run is checked.
            Ok(match reads(scheme) && prints.embeddings.is_empty() {
                true => None,
                false => ids_fingerprint(prints, settings, scheme, Seed(seed)).ok(),
            })
        };
        match *kind {
            StageKind::AssignIds { scheme, seed } => match ids(scheme, seed)? {
                Some(fingerprint) => Ok(artifacts.contains(&fingerprint, "ids")?),
                None => Ok(false),
            },
            StageKind::Train { arm, seed } => {
                let arm = &settings.arms()[arm];
                let recommender = &settings.recommenders[arm.recommender];
                // Their artifact is named by what the file holds, and reading it takes no time.
                let is_imported = matches!(recommender, RecommenderSettings::Imported { .. });
                // That of a language model is named by its file, too, and is not looked for.
                if is_imported || recommender.language_model().is_some() {
                    return Ok(false);
                }
                let of_ids = match arm.ids {
                    Some(scheme) => ids(scheme, seed)?,
                    None if recommender.reads_text() && prints.embeddings.is_empty() => None,
                    None => Some(String::new()),
                };
                let Some(of_ids) = of_ids else { return Ok(false) };
                let Ok(tuned) = self.digest_of_tuned(recommender) else { return Ok(false) };
                let k = settings.list_length();
                let (_, lists) = arm_fingerprints(prints, recommender, &of_ids, tuned.as_deref(), Seed(seed), k);
                Ok(artifacts.contains(&lists, "lists")?)
            }
            StageKind::Prepare | StageKind::Embed | StageKind::DescribeIds | StageKind::Evaluate => Ok(false),
        }
    }
}

/// Seconds per unit of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    per_training_unit: f64,
    /// Runs they were measured on.
    runs: usize,
}

impl Rates {
    fn basis(&self) -> String {
        match self.runs {
            0 => "Counted from the settings and the data with cautious speeds; after the first run it is measured on this \
                  machine."
                .to_owned(),
            1 => "Counted from the settings and the data with the speed of the earlier run in this workspace.".to_owned(),
            runs => format!(
                "Counted from the settings and the data with the middle speed of the trainings of {runs} earlier runs in this workspace."
            ),
        }
    }

    fn secs(&self, settings: &ExperimentSettings, sizes: Sizes, missing: usize, kind: &StageKind) -> f64 {
        let Sizes { items, interactions, cases } = sizes;
        let dim = DIM;
        FLOOR
            + match *kind {
                StageKind::Prepare => interactions * PER_ROW,
                StageKind::Embed => LOAD_ENCODER + missing as f64 * PER_TEXT,
                StageKind::AssignIds { scheme, .. } => match &settings.ids[scheme] {
                    IdSettings::RqKmeans { iterations, .. } => {
                        let centres = settings.codes.levels as f64 * f64::from(settings.codes.codes);
                        // It mostly settles before the last round.
                        items * dim * centres * f64::from((*iterations).min(20)) * PER_SIMPLE_UNIT * 0.5
                    }
                    IdSettings::RqVae(model) => {
                        let widths = (0..model.layers).map(|layer| (model.width >> layer.min(63)).max(1) as f64);
                        let way: Vec<f64> = [dim].into_iter().chain(widths).chain([model.latent as f64]).collect();
                        let layers: f64 = way.windows(2).map(|pair| 2.0 * pair[0] * pair[1]).sum();
                        let codes = settings.codes.levels as f64 * f64::from(settings.codes.codes);
                        // Forward, and backward by weights and by inputs.
                        items * model.epochs as f64 * (3.0 * layers + 2.0 * codes * model.latent as f64) * PER_LAYER
                    }
                    IdSettings::Opq { iterations, rotate } => {
                        let codes = f64::from(settings.codes.codes);
                        let rotations = if *rotate { 2.0 * dim + codes } else { 0.0 };
                        items * dim * f64::from(*iterations) * (codes + rotations) * PER_PRODUCT
                            + if *rotate { f64::from(*iterations) * 10.0 * dim.powi(3) * 1e-9 } else { 0.0 }
                    }
                    IdSettings::Lsh {} => items * dim * settings.codes.levels as f64 * 8.0 * PER_SIMPLE_UNIT,
                    _ => items * PER_ROW,
                },
                // Neighbours of a sample of items among all, and a hundred permutations of the codes.
                StageKind::DescribeIds => {
                    settings.ids.len() as f64
                        * (items.min(2_000.0) * items * dim * PER_SIMPLE_UNIT * 0.2 + items * 5e-5)
                }
                StageKind::Train { arm, .. } => match &settings.recommenders[settings.arms()[arm].recommender] {
                    RecommenderSettings::Popularity {} => interactions * 1e-8 + cases * 2e-5,
                    RecommenderSettings::ItemKnn(_) => interactions * 2e-6 + cases * 5e-5,
                    RecommenderSettings::TextKnn(_) => cases * items * dim * PER_SIMPLE_UNIT * 0.1,
                    RecommenderSettings::Ease(_) => items.powi(3) * PER_PRODUCT + cases * items * 1e-8,
                    RecommenderSettings::Sasrec(_)
                    | RecommenderSettings::SasrecBce(_)
                    | RecommenderSettings::Generative(_)
                    | RecommenderSettings::Tiger(_) => training_units(settings, sizes, arm) * self.per_training_unit,
                    RecommenderSettings::LmGenerate(asked) => {
                        cases * (160.0 + 16.0 * (asked.history + asked.beam) as f64) * PER_TOKEN
                    }
                    RecommenderSettings::LmTitle(asked)
                    | RecommenderSettings::LmHash(asked)
                    | RecommenderSettings::LmId(asked)
                    | RecommenderSettings::LmLegend(asked)
                    | RecommenderSettings::LmIdTitle(asked) => {
                        cases * (160.0 + 20.0 * (asked.history + 2 * asked.candidates) as f64) * PER_TOKEN
                    }
                    // Timed, not counted: see `tuned_secs`.
                    RecommenderSettings::LmSoft(_) | RecommenderSettings::LmSpeak(_) => 0.0,
                    RecommenderSettings::Imported { .. } => cases * 1e-5,
                },
                StageKind::Evaluate => {
                    let draws = f64::from(settings.evaluation.resamples + settings.evaluation.flips);
                    let tests = (settings.arms().len() * 2 * settings.evaluation.metrics.len()) as f64;
                    tests * cases * draws * 5e-10
                }
            }
    }
}

/// The arm of a stage that trains on a language model.
fn tuned_arm(settings: &ExperimentSettings, kind: &StageKind) -> Option<Arm> {
    let StageKind::Train { arm, .. } = *kind else { return None };
    let arm = settings.arms().swap_remove(arm);
    settings.recommenders[arm.recommender].tuned_model().is_some().then_some(arm)
}

/// The same recommender but for what does not change how long a step takes.
fn as_timed(recommender: &RecommenderSettings) -> RecommenderSettings {
    let mut recommender = recommender.clone();
    match &mut recommender {
        RecommenderSettings::LmSoft(settings) => {
            let (tuning, like) = (&mut settings.tuning, SoftTokenSettings::starter());
            (tuning.epochs, tuning.learning_rate, tuning.warm_up_share) = (1, like.learning_rate, like.warm_up_share);
            (tuning.weight_decay, tuning.clip_norm) = (like.weight_decay, like.clip_norm);
            (tuning.validate_every, tuning.patience, tuning.validation_cases) = (1, 1, 1);
        }
        RecommenderSettings::LmSpeak(settings) => {
            let (tuning, like) = (&mut settings.tuning, SpeakSettings::starter());
            (tuning.token_epochs, tuning.adapter_epochs) = (1, 1);
            tuning.token_learning_rate = like.token_learning_rate;
            tuning.adapter_learning_rate = like.adapter_learning_rate;
            (tuning.warm_up_share, tuning.weight_decay) = (like.warm_up_share, like.weight_decay);
            (tuning.clip_norm, tuning.beam) = (like.clip_norm, 1);
            (tuning.validate_every, tuning.patience, tuning.validation_cases) = (1, 1, 1);
        }
        _ => {}
    }
    recommender
}

/// What decides how fast a training on a language model goes, as a key.
fn pace_key(settings: &ExperimentSettings, dataset: &str, arm: &Arm) -> String {
    let recommender = as_timed(&settings.recommenders[arm.recommender]);
    let is_atomic = arm.ids.is_some_and(|scheme| matches!(settings.ids[scheme], IdSettings::Atomic {}));
    Fingerprint::new("pace", 1)
        .with(data_fingerprint(dataset, &settings.prepare, settings.data_seed))
        .with(&settings.codes)
        .with(is_atomic)
        .with(recommender)
        .finish()
}

/// Seconds of training, validating and ranking an arm on a language model with one seed, at a pace that was timed; else at
/// that of a model of a hundred million parameters.
fn tuned_secs(settings: &ExperimentSettings, sizes: Sizes, arm: &Arm, pace: Option<TrainingEstimate>) -> f64 {
    let learned = (sizes.interactions - 2.0 * sizes.cases).max(0.0);
    // Rows of an epoch where none were counted, epochs, rows that rank a user, users ranked.
    let (rows, epochs, a_user, users) = match &settings.recommenders[arm.recommender] {
        RecommenderSettings::LmSoft(LmSoftSettings { tuning, .. }) => {
            let mean = (learned / sizes.cases.max(1.0) + 1.0).min(tuning.max_history as f64);
            let validations = (tuning.epochs / tuning.validate_every.max(1)) as f64;
            let users = validations * sizes.cases.min(tuning.validation_cases as f64) + sizes.cases;
            (learned, tuning.epochs, mean, users)
        }
        RecommenderSettings::LmSpeak(LmSpeakSettings { tuning, .. }) => {
            let is_atomic = arm.ids.is_some_and(|scheme| matches!(settings.ids[scheme], IdSettings::Atomic {}));
            let levels = if is_atomic { 1 } else { settings.codes.levels + 1 };
            let mean = (learned / sizes.cases.max(1.0) + 1.0).min(tuning.max_history as f64);
            let asked = mean * levels as f64 + 30.0;
            let epochs = tuning.token_epochs + tuning.adapter_epochs;
            let validations = (epochs / tuning.validate_every.max(1)) as f64;
            let users = validations * sizes.cases.min(tuning.validation_cases as f64) + sizes.cases;
            let beam = tuning.beam.max(2 * settings.list_length()) * levels * (levels - 1) / 2;
            (tuning.lessons_an_epoch as f64 * asked, epochs, asked + beam as f64, users)
        }
        _ => return 0.0,
    };
    let (rows, a_row) = match pace {
        Some(pace) => (pace.rows_an_epoch as f64, pace.seconds_a_thousand_rows / 1000.0),
        None => (rows, PER_TAUGHT_ROW),
    };
    // Ranking goes forward only.
    FLOOR + LOAD_WEIGHTS + a_row * (rows * epochs as f64 + 0.5 * a_user * users)
}

/// Multiplications and additions of training, validating and ranking an arm that trains with one seed; 0 for other arms.
fn training_units(settings: &ExperimentSettings, sizes: Sizes, arm: usize) -> f64 {
    let arms = settings.arms();
    let arm = &arms[arm];
    let stack = |layers: usize, width: f64, wide: f64, length: f64| {
        2.0 * layers as f64 * (4.0 * width * width + 2.0 * width * wide + 2.0 * length * width)
    };
    let learned = |history: usize, stride: usize| {
        let overlap = (history as f64 + 1.0) / stride.max(1) as f64;
        (sizes.interactions - 2.0 * sizes.cases).max(0.0) * overlap.max(1.0)
    };
    let ranked = |epochs: usize, every: usize, cases: usize| {
        (epochs / every.max(1)) as f64 * sizes.cases.min(cases as f64) + sizes.cases
    };
    match &settings.recommenders[arm.recommender] {
        RecommenderSettings::Generative(model) => {
            let atomic = arm.ids.is_some_and(|scheme| matches!(settings.ids[scheme], IdSettings::Atomic {}));
            // The digit that tells twins apart is one more token.
            let tokens = if atomic { 1.0 } else { settings.codes.levels as f64 + 1.0 };
            let codes = if atomic { sizes.items } else { f64::from(settings.codes.codes) };
            let (width, history) = (model.d_model as f64, model.max_history as f64);
            let learned = learned(model.max_history, model.window_stride);
            let beam = model.beam.max(2 * settings.list_length()) as f64;
            let ranked = ranked(model.epochs, model.validate_every, model.validation_cases);
            let taught = 3.0 * model.epochs as f64 * learned;
            match model.positions {
                Positions::Tokens => {
                    let a_token = stack(model.layers, width, 4.0 * width, history * tokens) + 2.0 * codes * width;
                    a_token * tokens * (taught + ranked * (history + beam))
                }
                Positions::Items => {
                    let an_item = stack(model.layers, width, 4.0 * width, history);
                    let head = 4.0 * model.head_width as f64 * width + 2.0 * codes * width;
                    taught * (an_item + tokens * head) + ranked * (history * an_item + beam * tokens * head)
                }
            }
        }
        RecommenderSettings::Tiger(model) => {
            let atomic = arm.ids.is_some_and(|scheme| matches!(settings.ids[scheme], IdSettings::Atomic {}));
            let tokens = if atomic { 1.0 } else { settings.codes.levels as f64 + 1.0 };
            let codes = if atomic { sizes.items } else { f64::from(settings.codes.codes) };
            let (width, inner) = (model.d_model as f64, (model.heads * model.head_width) as f64);
            // Every item but the first is a target of its own; on average half of a user's items stand before it.
            let learned = (sizes.interactions - 3.0 * sizes.cases).max(0.0);
            let before = (learned / sizes.cases.max(1.0) / 2.0).min(model.max_history as f64) + 1.0;
            let read = before * tokens + 2.0;
            let reading = model.encoder_layers as f64
                * (4.0 * width * inner + 2.0 * width * model.feed_forward as f64 + 2.0 * read * inner)
                + model.decoder_layers as f64 * 2.0 * width * inner;
            let writing = model.decoder_layers as f64
                * (6.0 * width * inner + 2.0 * width * model.feed_forward as f64 + 2.0 * read * inner)
                + codes * width;
            let beam = model.beam.max(2 * settings.list_length()) as f64;
            let ranked = ranked(model.epochs, model.validate_every, model.validation_cases);
            let taught = 3.0 * model.epochs as f64 * learned * (read * reading + tokens * writing);
            2.0 * GRAPH * (taught + ranked * (read * reading + beam * tokens * writing))
        }
        RecommenderSettings::Sasrec(model) | RecommenderSettings::SasrecBce(model) => {
            let (width, history) = (model.d_model as f64, model.max_history as f64);
            let per_item = stack(model.layers, width, model.feed_forward as f64, history);
            let catalog = 2.0 * sizes.items * width;
            let bce = matches!(settings.recommenders[arm.recommender], RecommenderSettings::SasrecBce(_));
            let taught = per_item + if bce { 4.0 * width } else { catalog };
            let learned = learned(model.max_history, model.window_stride);
            let ranked = ranked(model.epochs, model.validate_every, model.validation_cases);
            3.0 * model.epochs as f64 * learned * taught + ranked * (history * per_item + catalog)
        }
        _ => 0.0,
    }
}

fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
