//! One experiment from settings to comparison: stages, seeds, arms, one transaction at the end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use semid_core::comparison::{
    ArmResult, Comparison, Cost, Curve, DatasetFacts, IdSchemeResult, MetricFacts, Protocol, SliceValue, StageTime,
};
use semid_core::id_quality::EmbeddingSpace;
use semid_core::metrics::Metric;
use semid_core::metrics::breadth::breadth;
use semid_core::metrics::ranking::{Evaluation, evaluate};
use semid_core::metrics::slices::{popularity, slices};
use semid_core::statistics::Resampling;
use semid_core::{RankedList, Seed, Work};
use semid_store::{Dataset, NewRun, PerUser, Run, RunEnd, RunLock, RunResults, RunStage, RunStatus};

use crate::fingerprint::Fingerprint;
use crate::judge::{
    JudgedArm, add_training_signs, curves_of, judge_arm, judge_slices, metric_facts, test_arms, worst_health,
};
use crate::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use crate::stages::{ArmCost, AssignedIds, Shared, assign_ids, prepare_data, stage, train_and_rank};
use crate::{Engine, Error, Result, embed, files, id_report, machine, verdict};

/// What came of asking for a run.
pub struct RunOutcome {
    /// Number of the run.
    pub id: i64,
    /// The answer.
    pub comparison: Comparison,
    /// Whether the same experiment had been finished before and is only shown again.
    pub finished_before: bool,
}

impl Engine {
    /// Runs an experiment, or resumes the same one where it stopped. A cancelled or killed run keeps its finished
    /// stages: the same call goes on from there. The same experiment on the same data is computed once.
    pub fn run(&self, work: &Work, settings: &ExperimentSettings) -> Result<RunOutcome> {
        let (run, dataset) = self.queue(settings)?;
        if run.status == RunStatus::Finished
            && let Some(comparison) = self.store().comparison(run.id)?
        {
            return Ok(RunOutcome { id: run.id, comparison, finished_before: true });
        }
        let lock = match self.store().lock_runs() {
            Ok(lock) => lock,
            Err(error) => {
                // Another run is at it, and this one was refused: what never began leaves no trace in the list of runs.
                if run.status == RunStatus::Queued {
                    let _ = self.store().delete_run(run.id);
                }
                return Err(error.into());
            }
        };
        self.store().start_run(&lock, run.id)?;
        let done = AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| self.share_progress(work, run.id, &done));
            let outcome = Bench { engine: self, lock: &lock, id: run.id, settings, dataset: &dataset }.work(work);
            done.store(true, Ordering::Relaxed);
            outcome
        });
        match outcome {
            Ok(comparison) => Ok(RunOutcome { id: run.id, comparison, finished_before: false }),
            Err(error) => {
                let why = error.to_string();
                let end = if error.is_cancelled() { RunEnd::Cancelled } else { RunEnd::Failed(&why) };
                // The first error is the one to tell; a second one here would only hide it.
                let _ = self.store().end_run(&lock, run.id, end);
                Err(error)
            }
        }
    }

    /// The run of these settings on this data: the one there is, finished or not, else a new one that waits to be started.
    pub fn queue_run(&self, settings: &ExperimentSettings) -> Result<Run> {
        Ok(self.queue(settings)?.0)
    }

    /// The settings of a run, to go on with it. Refused when its data set is another one by now.
    pub fn settings_of_run(&self, run: &Run) -> Result<ExperimentSettings> {
        let settings = read_settings(run)?;
        let dataset = self.store().dataset(&run.dataset)?;
        if run.status != RunStatus::Finished && self.run_fingerprint(&settings, &dataset) != run.fingerprint {
            let why = if dataset.digest != run.dataset_digest {
                "Its data set was replaced meanwhile"
            } else if settings.files().next().is_some() {
                "A file of IDs or lists that it reads was changed meanwhile, or it was started by another version of Semid"
            } else if settings.recommenders.iter().any(|recommender| recommender.tuned_model().is_some()) {
                "The language model that it trains on is another one by now or gone, or it was started by another version \
                 of Semid"
            } else {
                "It was started by another version of Semid"
            };
            return Err(Error::input(format!(
                "Run {} “{}” cannot go on. {why}: start a new one with the same settings.",
                run.id, run.name
            )));
        }
        Ok(settings)
    }

    /// The newest run of these settings on this data.
    pub(crate) fn existing_run(&self, settings: &ExperimentSettings, dataset: &Dataset) -> Result<Option<Run>> {
        Ok(self.store().run_by_fingerprint(&self.run_fingerprint(settings, dataset))?)
    }

    /// The same one means the same run.
    fn run_fingerprint(&self, settings: &ExperimentSettings, dataset: &Dataset) -> String {
        let mut fingerprint =
            Fingerprint::new("run", 1).with(settings).with(&dataset.digest).with(env!("CARGO_PKG_VERSION"));
        for file in settings.files() {
            // A file that is gone is told of when the run reads it.
            let digest = files::digest(file).map(|digest| digest.to_string()).unwrap_or_default();
            fingerprint = fingerprint.with(digest);
        }
        for recommender in settings.recommenders.iter().filter(|one| one.tuned_model().is_some()) {
            fingerprint = fingerprint.with(self.digest_of_tuned(recommender).ok().flatten());
        }
        fingerprint.finish()
    }

    fn queue(&self, settings: &ExperimentSettings) -> Result<(Run, Dataset)> {
        let problems = self.check(settings)?;
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        for model in settings.recommenders.iter().filter_map(RecommenderSettings::tuned_model) {
            self.tunable(model)?;
        }
        let dataset = self.store().dataset(&settings.dataset)?;
        if let Some(run) = self.existing_run(settings, &dataset)? {
            // A finished run whose results are gone cannot be shown again.
            if run.status != RunStatus::Finished || self.store().glance(run.id)?.is_some() {
                return Ok((run, dataset));
            }
        }
        let run = self.store().create_run(&NewRun {
            name: settings.name.clone(),
            dataset: dataset.name.clone(),
            dataset_digest: dataset.digest.clone(),
            settings: settings.to_toml()?,
            fingerprint: self.run_fingerprint(settings, &dataset),
            protocol: protocol_digest(settings, &dataset),
        })?;
        Ok((run, dataset))
    }

    /// What all arms share: catalog, split, embeddings where anything reads them.
    pub(crate) fn share<'a>(
        &'a self,
        work: &Work,
        settings: &'a ExperimentSettings,
        dataset: &Dataset,
        stages: &mut Vec<StageTime>,
    ) -> Result<Shared<'a>> {
        let start = Instant::now();
        let step = work.step("prepare", 0);
        let catalog = self.store().load_catalog(dataset.id)?;
        let interactions = self.store().load_interactions(dataset.id)?;
        let (catalog, prepared, data_fingerprint) =
            prepare_data(work, settings, &dataset.digest, &catalog, &interactions)?;
        drop(step);
        stages.push(stage("prepare", start.elapsed().as_secs_f64(), false));
        let mut shared = Shared {
            engine: self,
            artifacts: self.store().artifacts(),
            settings,
            catalog,
            prepared,
            data_fingerprint,
            dataset_digest: dataset.digest.clone(),
            embeddings: None,
            embeddings_fingerprint: String::new(),
        };
        if settings.reads_text() {
            let folder = embed::encoder_folder(self.home(), &settings.text.encoder)?;
            let embedded = embed::embed_catalog(work, self.store(), &folder, &shared.catalog)?;
            stages.push(stage("embed", embedded.secs, embedded.fresh == 0));
            shared.embeddings = Some(embedded.embeddings);
            shared.embeddings_fingerprint = embedded.fingerprint;
        }
        Ok(shared)
    }

    /// Lets every other process see how the run goes, and hears from them when it should stop.
    fn share_progress(&self, work: &Work, run: i64, done: &AtomicBool) {
        let mut shown = Instant::now();
        while !done.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
            if shown.elapsed() < Duration::from_millis(500) {
                continue;
            }
            shown = Instant::now();
            // Progress is a courtesy: a busy database must not stop the run.
            let _ = self.store().show_progress(run, &work.view());
            if self.store().cancel_asked(run).unwrap_or(false) {
                work.cancel().cancel();
            }
        }
    }
}

/// One run at work.
struct Bench<'a> {
    engine: &'a Engine,
    lock: &'a RunLock,
    id: i64,
    settings: &'a ExperimentSettings,
    dataset: &'a Dataset,
}

/// One arm after all its seeds.
struct ArmOutcome {
    lists: Vec<Vec<RankedList>>,
    costs: Vec<ArmCost>,
}

impl Bench<'_> {
    fn work(&self, work: &Work) -> Result<Comparison> {
        let settings = self.settings;
        let mut stages: Vec<StageTime> = Vec::new();

        let shared = self.engine.share(work, settings, self.dataset, &mut stages)?;
        for stage in &stages {
            self.record(stage.clone(), None)?;
        }
        let embed_secs = stages.iter().find(|stage| stage.stage == "embed").map_or(0.0, |stage| stage.secs);

        let ids = self.assign_all_ids(work, &shared, &mut stages)?;
        let start = Instant::now();
        let id_schemes = self.describe_ids(work, &shared, &ids)?;
        stages.push(stage("describe IDs", start.elapsed().as_secs_f64(), false));
        self.record(stages[stages.len() - 1].clone(), None)?;
        let outcomes = self.train_all(work, &shared, &ids, &mut stages)?;
        self.compare(work, &shared, &ids, embed_secs, id_schemes, outcomes, stages)
    }

    /// IDs of every scheme for every seed: `[scheme][seed]`.
    fn assign_all_ids(
        &self,
        work: &Work,
        shared: &Shared<'_>,
        stages: &mut Vec<StageTime>,
    ) -> Result<Vec<Vec<AssignedIds>>> {
        let settings = self.settings;
        let speaks_ids = settings.recommenders.iter().any(RecommenderSettings::speaks_ids);
        let seeds: &[u64] = if speaks_ids { &settings.seeds } else { &settings.seeds[..1] };
        let step = work.step("assign IDs", settings.ids.len() * seeds.len());
        let mut all = Vec::new();
        for scheme in &settings.ids {
            let start = Instant::now();
            let mut by_seed = Vec::new();
            let mut reused = true;
            for &seed in seeds {
                step.note(format!("{}, seed {seed}", scheme.title()));
                let start = Instant::now();
                let (assigned, found) = assign_ids(&work.with_seed(Seed(seed)), shared, scheme)?;
                reused &= found;
                let name = format!("assign IDs, {}, seed {seed}", scheme.key());
                self.record(stage(name, start.elapsed().as_secs_f64(), found), Some(&assigned.fingerprint))?;
                by_seed.push(assigned);
                step.advance(1)?;
            }
            stages.push(stage(format!("assign IDs, {}", scheme.key()), start.elapsed().as_secs_f64(), reused));
            all.push(by_seed);
        }
        Ok(all)
    }

    fn describe_ids(&self, work: &Work, shared: &Shared<'_>, ids: &[Vec<AssignedIds>]) -> Result<Vec<IdSchemeResult>> {
        let step = work.step("describe IDs", ids.len());
        let space = shared.embeddings.as_ref().map(|embeddings| EmbeddingSpace::new(work, embeddings)).transpose()?;
        let mut described = Vec::new();
        for (scheme, by_seed) in self.settings.ids.iter().zip(ids) {
            step.note(scheme.title());
            let mut result = id_report::describe(work, &shared.catalog, space.as_ref(), scheme, &by_seed[0])?.0;
            let learned = self.settings.seeds.iter().zip(by_seed);
            result.curves = learned.flat_map(|(&seed, assigned)| curves_of(seed, &assigned.points)).collect();
            described.push(result);
            step.advance(1)?;
        }
        Ok(described)
    }

    /// Trains and ranks every arm with every seed, in the order of the arms.
    fn train_all(
        &self,
        work: &Work,
        shared: &Shared<'_>,
        ids: &[Vec<AssignedIds>],
        stages: &mut Vec<StageTime>,
    ) -> Result<Vec<ArmOutcome>> {
        let settings = self.settings;
        let arms = settings.arms();
        let step = work.step("train and rank", arms.len() * settings.seeds.len());
        let mut outcomes = Vec::new();
        for arm in &arms {
            let recommender = &settings.recommenders[arm.recommender];
            let mut outcome = ArmOutcome { lists: Vec::new(), costs: Vec::new() };
            let arm_start = Instant::now();
            let mut reused = true;
            for (at, &seed) in settings.seeds.iter().enumerate() {
                step.note(format!("{}, seed {seed}", arm.title()));
                let start = Instant::now();
                let assigned = arm.ids.map(|scheme| &ids[scheme][at]);
                let made = train_and_rank(&work.with_seed(Seed(seed)), shared, recommender, assigned)?;
                reused &= made.reused;
                let name = format!("train and rank {}, seed {seed}", arm.key());
                self.record(stage(name, start.elapsed().as_secs_f64(), made.reused), Some(&made.fingerprint))?;
                if let Some(model) = &made.model_fingerprint {
                    self.record(stage(format!("model of {}, seed {seed}", arm.key()), 0.0, made.reused), Some(model))?;
                }
                let store = self.engine.store();
                store.save_lists(self.id, &arm.key(), seed, &made.lists)?;
                store.add_points(self.id, &arm.key(), seed, &made.cost.points)?;
                outcome.lists.push(made.lists);
                outcome.costs.push(made.cost);
                step.advance(1)?;
            }
            stages.push(stage(format!("train and rank, {}", arm.key()), arm_start.elapsed().as_secs_f64(), reused));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    #[allow(clippy::too_many_arguments)] // one call; the parts are what the stages before it made
    fn compare(
        &self,
        work: &Work,
        shared: &Shared<'_>,
        ids: &[Vec<AssignedIds>],
        embed_secs: f64,
        id_schemes: Vec<IdSchemeResult>,
        outcomes: Vec<ArmOutcome>,
        mut stages: Vec<StageTime>,
    ) -> Result<Comparison> {
        let settings = self.settings;
        let start = Instant::now();
        let metrics: Vec<Metric> =
            settings.evaluation.metrics.iter().map(|metric| metric.parse()).collect::<Result<_, _>>()?;
        let resampling = Resampling {
            seed: Seed(settings.data_seed),
            resamples: settings.evaluation.resamples,
            flips: settings.evaluation.flips,
        };
        let arms = settings.arms();
        let cases = &shared.prepared.split.test;
        let step = work.step("evaluate", arms.len());
        let mut judged = Vec::new();
        let mut evaluations: Vec<Vec<Evaluation>> = Vec::new();
        let mut breadth_metrics = Vec::new();
        for (arm, outcome) in arms.iter().zip(&outcomes) {
            step.note(arm.title());
            let by_seed = outcome
                .lists
                .iter()
                .map(|lists| evaluate(lists, cases, &metrics, shared.catalog.len()))
                .collect::<Result<Vec<_>, _>>()?;
            let (values, per_user) = judge_arm(&by_seed, &metrics, &resampling)?;
            let slices = self.slices(shared, &by_seed[0], &metrics, &per_user, &resampling)?;
            let curves: Vec<Curve> = settings
                .seeds
                .iter()
                .zip(&outcome.costs)
                .flat_map(|(&seed, cost)| curves_of(seed, &cost.points))
                .collect();
            let (facts, breadth) = self.breadth(shared, &outcome.lists)?;
            breadth_metrics = facts;
            let mut health = worst_health(&by_seed);
            add_training_signs(&mut health, &arm.title(), &curves);
            for note in outcome.costs.iter().flat_map(|cost| &cost.notes) {
                if !health.warnings.contains(note) {
                    health.warnings.push(note.clone());
                }
            }
            let result = ArmResult {
                key: arm.key(),
                title: arm.title(),
                recommender: settings.recommenders[arm.recommender].key().to_owned(),
                ids: arm.ids.map(|scheme| settings.ids[scheme].key().to_owned()),
                values,
                cost: self.cost(arm, ids, embed_secs, &outcome.costs),
                health,
                breadth,
                slices,
                curves: curves.into_iter().filter(|curve| curve.points.len() > 1).collect(),
            };
            judged.push(JudgedArm { arm: arm.clone(), result, per_user });
            evaluations.push(by_seed);
            step.advance(1)?;
        }
        drop(step);
        let baseline = arms.iter().position(|arm| arm.key() == settings.baseline).unwrap_or(0);
        let correction = settings.evaluation.correction;
        let tests = test_arms(work, &judged, &settings.ids, baseline, &metrics, &resampling, correction)?;
        stages.push(stage("evaluate and test", start.elapsed().as_secs_f64(), false));
        self.record(stages[stages.len() - 1].clone(), None)?;

        let facts = &shared.prepared.facts;
        let mut comparison = Comparison {
            name: settings.name.clone(),
            finished_at: now(),
            dataset: dataset_facts(self.dataset, shared),
            protocol: Protocol {
                facts: settings.protocol_facts(tests.count()),
                digest: protocol_digest(settings, self.dataset),
                users: evaluations[0][0].users() as u64,
                users_without_target: evaluations[0][0].users_without_target,
                targets_in_history: facts.targets_in_history,
                tied_in_time: facts.tied_in_time,
                resamples: resampling.resamples,
                flips: resampling.flips,
                correction: correction.title().to_owned(),
            },
            seeds: settings.seeds.clone(),
            primary_metric: metrics[0].key(),
            metrics: metric_facts(&metrics),
            breadth_metrics,
            arms: judged.into_iter().map(|arm| arm.result).collect(),
            baseline,
            differences: tests.against_baseline,
            meaning_gains: tests.meaning_gains,
            hash_gains: tests.hash_gains,
            verdict: Vec::new(),
            id_schemes,
            stages,
            provenance: machine::provenance(),
            settings_toml: settings.to_toml()?,
        };
        comparison.verdict = verdict::verdict(&comparison);
        self.keep(&comparison, cases.iter().map(|case| case.user).collect(), &arms, &evaluations)?;
        Ok(comparison)
    }

    /// Per-user values, measurements and the status "finished", in one transaction.
    fn keep(
        &self,
        comparison: &Comparison,
        users: Vec<u32>,
        arms: &[crate::settings::Arm],
        evaluations: &[Vec<Evaluation>],
    ) -> Result<()> {
        let keys: Vec<String> = arms.iter().map(crate::settings::Arm::key).collect();
        let metrics: Vec<String> = comparison.metrics.iter().map(|metric| metric.key.clone()).collect();
        let judged: Vec<u32> = evaluations[0][0].judged.iter().map(|&case| users[case as usize]).collect();
        let mut per_user = Vec::new();
        for (key, by_seed) in keys.iter().zip(evaluations) {
            for (&seed, evaluation) in self.settings.seeds.iter().zip(by_seed) {
                for (metric, values) in metrics.iter().zip(&evaluation.per_user) {
                    per_user.push(PerUser { arm: key, seed, metric, values });
                }
            }
        }
        let results = RunResults { comparison, user_order: &judged, per_user: &per_user };
        Ok(self.engine.store().finish_run(self.lock, self.id, &results)?)
    }

    /// What all lists of an arm together look like, mean over seeds.
    fn breadth(&self, shared: &Shared<'_>, lists: &[Vec<RankedList>]) -> Result<(Vec<MetricFacts>, Vec<f64>)> {
        let popularity = popularity(&shared.prepared.split.train, shared.catalog.len());
        let embeddings = shared.embeddings.as_ref();
        let (mut facts, mut sums) = (Vec::new(), Vec::new());
        for lists in lists {
            let values = breadth(lists, 10, shared.catalog.len(), Some(&popularity), embeddings)?.values();
            sums.resize(values.len(), 0.0);
            sums.iter_mut().zip(&values).for_each(|(sum, (_, value))| *sum += value);
            facts = values.into_iter().map(|(fact, _)| fact).collect();
        }
        let seeds = lists.len().max(1) as f64;
        Ok((facts, sums.into_iter().map(|sum| sum / seeds).collect()))
    }

    fn slices(
        &self,
        shared: &Shared<'_>,
        evaluation: &Evaluation,
        metrics: &[Metric],
        per_user: &[Vec<f64>],
        resampling: &Resampling,
    ) -> Result<Vec<SliceValue>> {
        let split = &shared.prepared.split;
        let popularity = popularity(&split.train, shared.catalog.len());
        let mut values = Vec::new();
        for slicing in slices(&split.test, &evaluation.judged, &popularity) {
            values.extend(judge_slices(&slicing, metrics, per_user, resampling)?);
        }
        Ok(values)
    }

    fn cost(&self, arm: &crate::settings::Arm, ids: &[Vec<AssignedIds>], embed_secs: f64, costs: &[ArmCost]) -> Cost {
        let n = costs.len().max(1) as f64;
        let mean = |of: fn(&ArmCost) -> f64| costs.iter().map(of).sum::<f64>() / n;
        let scheme = arm.ids.map(|scheme| &self.settings.ids[scheme]);
        let reads_text = self.settings.recommenders[arm.recommender].reads_text()
            || scheme.is_some_and(|scheme| self.settings.scheme_reads_text(scheme));
        Cost {
            embed_secs: if reads_text { embed_secs } else { 0.0 },
            quantize_secs: arm
                .ids
                .map_or(0.0, |scheme| ids[scheme].iter().map(|ids| ids.secs).sum::<f64>() / ids[scheme].len() as f64),
            train_secs: mean(|cost| cost.train_secs),
            rank_secs: mean(|cost| cost.rank_secs),
            peak_bytes: costs.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0),
            parameters: costs.first().map_or(0, |cost| cost.parameters),
        }
    }

    /// Writes a stage down beside the artifact it left, which from then on belongs to the run.
    fn record(&self, time: StageTime, artifact: Option<&str>) -> Result<()> {
        let fingerprint = artifact.map(str::to_owned);
        let row = RunStage { stage: time.stage, fingerprint, secs: time.secs, reused: time.reused };
        Ok(self.engine.store().record_stage(self.id, &row)?)
    }
}

fn dataset_facts(dataset: &Dataset, shared: &Shared<'_>) -> DatasetFacts {
    DatasetFacts {
        name: dataset.name.clone(),
        title: dataset.title.clone(),
        licence: dataset.licence.clone(),
        simulated: dataset.simulated,
        users: shared.prepared.sequences.users() as u64,
        items: shared.catalog.len() as u64,
        interactions: shared.prepared.sequences.interactions() as u64,
        training_windows: shared.prepared.split.train.iter().map(|items| items.len().saturating_sub(1) as u64).sum(),
        digest: dataset.digest.clone(),
    }
}

/// The settings a run was asked for with.
pub(crate) fn read_settings(run: &Run) -> Result<ExperimentSettings> {
    // A file written by Semid names every field, so that nothing of the starter is left.
    ExperimentSettings::from_toml(&run.settings, &ExperimentSettings::starter(&run.dataset, 0))
}

/// What makes two comparisons comparable: data, filters, order, split, data seed, metrics.
fn protocol_digest(settings: &ExperimentSettings, dataset: &Dataset) -> String {
    Fingerprint::new("protocol", 1)
        .with(&dataset.digest)
        .with(&settings.prepare)
        .with(settings.data_seed)
        .with(&settings.evaluation.metrics)
        .finish()
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

impl ExperimentSettings {
    /// Files of other systems that the experiment reads.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let ids = self.ids.iter().filter_map(|scheme| match scheme {
            IdSettings::Imported { file } => Some(file.as_path()),
            _ => None,
        });
        let lists = self.recommenders.iter().filter_map(|recommender| match recommender {
            RecommenderSettings::Imported { files, .. } => Some(files),
            _ => None,
        });
        ids.chain(lists.flatten().map(PathBuf::as_path))
    }

    /// Makes the files that are named relatively ones of this folder.
    pub fn look_for_files_in(&mut self, folder: &Path) {
        for scheme in &mut self.ids {
            if let IdSettings::Imported { file } = scheme {
                *file = folder.join(&*file);
            }
        }
        for recommender in &mut self.recommenders {
            if let RecommenderSettings::Imported { files, .. } = recommender {
                files.iter_mut().for_each(|file| *file = folder.join(&*file));
            }
        }
    }

    /// Whether any arm needs embeddings.
    pub fn reads_text(&self) -> bool {
        self.recommenders.iter().any(RecommenderSettings::reads_text)
            || self.ids.iter().any(|scheme| self.scheme_reads_text(scheme))
    }

    /// Whether a scheme, or the one it deals from, reads the embeddings.
    pub(crate) fn scheme_reads_text(&self, scheme: &IdSettings) -> bool {
        match scheme {
            IdSettings::Permuted { of } => self.ids.iter().any(|other| other.key() == of && other.reads_text()),
            other => other.reads_text(),
        }
    }
}
