//! Handlers: settings, estimates, runs.

use std::path::PathBuf;
use std::time::Instant;

use semid_core::metrics::{METRICS, Metric};
use semid_core::{Seed, Work};
use semid_engine::datasets::recipe_prepare;
use semid_engine::export as exports;
use semid_engine::settings::{ExperimentSettings, IdSettings, Problem, RecommenderSettings};
use semid_engine::settings_facts;
use semid_engine::store::{Run, RunStatus};
use semid_engine::{Engine, Theme};

use super::{Reply, start_in};
use crate::wire::*;
use crate::{App, JobState, JobView, Lane};

pub fn starter(app: &App, request: DatasetRequest) -> Reply<ExperimentSettings> {
    starter_for(&*app.engine()?, &request.dataset)
}

pub fn read_settings(app: &App, request: SettingsFileRequest) -> Reply<ExperimentSettings> {
    let dataset = ExperimentSettings::dataset_of(&request.text)?;
    let starter = starter_for(&*app.engine()?, &dataset)?;
    Ok(ExperimentSettings::from_toml(&request.text, &starter)?)
}

pub fn check(app: &App, request: SettingsRequest) -> Reply<Vec<Problem>> {
    Ok(app.engine()?.check(&request.settings)?)
}

pub fn start_run(app: &App, request: RunRequest) -> Reply<StartedRun> {
    queue(app, request.settings, request.output)
}

pub fn resume_run(app: &App, request: RunNumber) -> Reply<StartedRun> {
    let engine = app.engine()?;
    let run = engine.store().run(request.run).map_err(semid_engine::Error::Store)?;
    queue(app, engine.settings_of_run(&run)?, None)
}

/// Queues a run, or names the job that has it already. A job that was asked to stop does not count: the new one waits
/// until it has.
fn queue(app: &App, settings: ExperimentSettings, output: Option<PathBuf>) -> Reply<StartedRun> {
    let engine = app.engine()?;
    let run = engine.queue_run(&settings)?.id;
    // Held until the job has its number, so that two requests at once are one job.
    let mut jobs = app.run_jobs();
    if let Some(&job) = jobs.get(&run)
        && app.jobs().goes_on(job)
    {
        return Ok(StartedRun { job, run });
    }
    let started = start_in(Lane::Runs, app, format!("Run {}", settings.name), move |engine, work| {
        let started = Instant::now();
        let outcome = engine.run(work, &settings)?;
        let folder = output.clone().unwrap_or_else(|| engine.report_folder(outcome.id, &outcome.comparison.name));
        let report = exports::write_report(&outcome.comparison, &folder)?;
        let finished_before = outcome.finished_before;
        Ok(RunReport { run: outcome.id, report, finished_before, secs: started.elapsed().as_secs_f64() })
    })?;
    jobs.insert(run, started.job);
    Ok(StartedRun { job: started.job, run })
}

pub fn run_page(app: &App, request: RunsRequest) -> Reply<RunPage> {
    let engine = app.engine()?;
    let (total, runs) = engine.store().run_page(&request).map_err(semid_engine::Error::Store)?;
    let line = |run: Run| -> Reply<RunLine> {
        let finished = run.status == RunStatus::Finished;
        let glance = if finished { engine.store().glance(run.id).map_err(semid_engine::Error::Store)? } else { None };
        Ok(RunLine {
            job: job_of(app, run.id).map(|job| job.id),
            run: run.id,
            name: run.name,
            dataset: run.dataset,
            status: status_with_job(app, run.id, run.status),
            created_at: run.created_at,
            secs: run.started_at.zip(run.ended_at).map(|(from, to)| to - from),
            error: run.error,
            glance,
            protocol: run.protocol,
        })
    };
    Ok(RunPage { total, rows: runs.into_iter().map(line).collect::<Reply<_>>()? })
}

pub fn run_view(app: &App, request: RunNumber) -> Reply<RunView> {
    let engine = app.engine()?;
    let job = job_of(app, request.run);
    let run = engine.store().run(request.run).map_err(semid_engine::Error::Store)?;
    let live = job.as_ref().map(|job| job.progress.clone());
    let so_far = engine.run_progress(&run, live)?;
    Ok(RunView {
        run: run.id,
        name: run.name,
        dataset: run.dataset,
        status: status_with_job(app, run.id, run.status),
        error: run.error,
        created_at: run.created_at,
        elapsed_secs: so_far.elapsed_secs,
        remaining_secs: so_far.remaining_secs,
        stages: so_far.stages,
        progress: so_far.progress,
        curves: so_far.curves,
        job: last_job_of(app, run.id).map(|job| job.id),
        settings_toml: run.settings,
    })
}

pub fn run_curves(app: &App, request: RunCurvesRequest) -> Reply<Option<DrawnChart>> {
    let engine = app.engine()?;
    let run = engine.store().run(request.run).map_err(semid_engine::Error::Store)?;
    let live = job_of(app, request.run).map(|job| job.progress);
    let theme = if request.dark { Theme::Dark } else { Theme::Light };
    Ok(engine.draw_run_curves(&run, live, theme)?.map(DrawnChart::from))
}

pub fn cancel_run(app: &App, request: RunNumber) -> Reply<Nothing> {
    if let Some(job) = job_of(app, request.run) {
        app.jobs().cancel(job.id);
    }
    // Another process hears of it within a second; a run that waits is cancelled at once.
    app.engine()?.store().ask_cancel(request.run).map_err(semid_engine::Error::Store)?;
    Ok(Nothing {})
}

pub fn remove_run(app: &App, request: RunNumber) -> Reply<Nothing> {
    let engine = app.engine()?;
    let run = engine.store().run(request.run).map_err(semid_engine::Error::Store)?;
    if let Some(job) = job_of(app, run.id).filter(|job| job.state == JobState::Queued) {
        app.jobs().cancel(job.id);
    }
    engine.store().delete_run(run.id).map_err(semid_engine::Error::Store)?;
    Ok(Nothing {})
}

pub fn estimate(app: &App, request: SettingsRequest) -> Reply<Estimate> {
    Ok(app.engine()?.estimate(&Work::new(Seed(0)), &request.settings)?)
}

pub fn settings_difference(app: &App, request: SettingsDifferenceRequest) -> Reply<SettingsDifference> {
    let engine = app.engine()?;
    let run = |id: &i64| engine.store().run(*id).map_err(|error| semid_engine::Error::Store(error).into());
    let runs = request.runs.iter().map(run).collect::<Reply<Vec<Run>>>()?;
    let (rows, equal) = engine.settings_difference(&runs)?;
    let row = |row: settings_facts::Differing| SettingRow { field: row.field, title: row.title, values: row.values };
    Ok(SettingsDifference {
        rows: rows.into_iter().map(row).collect(),
        equal,
        same_protocol: runs.windows(2).all(|pair| pair[0].protocol == pair[1].protocol),
        runs: runs.into_iter().map(|run| (run.id, run.name)).collect(),
    })
}

/// Where a run stands, knowing that a job of this process may be about to go on with it: the store hears of that only
/// when the job's turn comes.
fn status_with_job(app: &App, run: i64, stored: RunStatus) -> RunStatus {
    let stopped = matches!(stored, RunStatus::Cancelled | RunStatus::Failed | RunStatus::Interrupted);
    match app.run_jobs().get(&run) {
        Some(&job) if stopped && app.jobs().goes_on(job) => RunStatus::Queued,
        _ => stored,
    }
}

/// The job of this process that runs a run or is about to.
fn job_of(app: &App, run: i64) -> Option<JobView> {
    last_job_of(app, run).filter(|job| !job.state.is_over())
}

/// The last job of this process that had to do with a run; once it is over it still knows why.
fn last_job_of(app: &App, run: i64) -> Option<JobView> {
    let job = *app.run_jobs().get(&run)?;
    app.jobs().view(job)
}

pub fn runs(app: &App, _: Nothing) -> Reply<Vec<RunRow>> {
    let runs = app.engine()?.store().runs().map_err(semid_engine::Error::Store)?;
    Ok(runs
        .into_iter()
        .map(|run| RunRow {
            status: status_with_job(app, run.id, run.status).name().to_owned(),
            run: run.id,
            name: run.name,
            dataset: run.dataset,
            created_at: run.created_at,
            secs: run.started_at.zip(run.ended_at).map(|(from, to)| to - from),
            error: run.error,
        })
        .collect())
}

/// The defaults for a data set, with the filters its recipe starts from.
fn starter_for(engine: &Engine, name: &str) -> Reply<ExperimentSettings> {
    let dataset = engine.dataset_or_recipe(&Work::new(Seed(0)), name)?;
    let mut settings = ExperimentSettings::starter(&dataset.name, dataset.items);
    if let Some(prepare) = recipe_prepare(&dataset.name)? {
        settings.prepare.k_core = prepare.k_core;
        settings.prepare.min_rating = prepare.minimum_rating.map(|rating| rating as f32);
    }
    Ok(settings)
}

pub fn methods(_: &App, _: Nothing) -> Reply<Methods> {
    let ids = IdSettings::KEYS.iter().map(|key| {
        // What every scheme is can be said of imported IDs without their file.
        let example = IdSettings::starter(key).unwrap_or(IdSettings::Imported { file: Default::default() });
        IdMethod {
            key: (*key).to_owned(),
            title: example.title().to_owned(),
            sentence: settings_facts::scheme_sentence(key).to_owned(),
            starter: IdSettings::starter(key),
            reads_text: example.reads_text(),
        }
    });
    let recommenders = RecommenderSettings::KEYS.iter().filter_map(|key| RecommenderSettings::starter(key));
    let recommenders = recommenders.map(|starter| RecommenderMethod {
        key: starter.key().to_owned(),
        title: starter.title().to_owned(),
        sentence: settings_facts::recommender_sentence(starter.key()).to_owned(),
        speaks_ids: starter.speaks_ids(),
        reads_text: starter.reads_text(),
        starter,
    });
    let metrics = METRICS.iter().flat_map(|metric| [5, 10, 20].map(|k| format!("{}@{k}", metric.name)));
    let metrics = metrics.map(|metric| Ok(metric.parse::<Metric>().map_err(semid_engine::Error::Core)?.facts()));
    Ok(Methods { ids: ids.collect(), recommenders: recommenders.collect(), metrics: metrics.collect::<Reply<_>>()? })
}

pub fn fields(_: &App, request: SettingsRequest) -> Reply<Vec<FieldFacts>> {
    Ok(settings_facts::fields(&request.settings))
}
