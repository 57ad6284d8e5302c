//! Handlers: settings, estimates, runs.

use std::time::Instant;

use semid_core::metrics::{METRICS, Metric};
use semid_core::{Seed, Work};
use semid_engine::Engine;
use semid_engine::datasets::recipe_prepare;
use semid_engine::export as exports;
use semid_engine::settings::{ExperimentSettings, IdSettings, Problem, RecommenderSettings};
use semid_engine::settings_facts;

use super::{Reply, start};
use crate::wire::*;
use crate::{ApiError, App};

pub fn starter(app: &App, request: DatasetRequest) -> Reply<ExperimentSettings> {
    starter_for(&*app.engine()?, &request.dataset)
}

pub fn read_settings(app: &App, request: SettingsFileRequest) -> Reply<ExperimentSettings> {
    let dataset = ExperimentSettings::dataset_of(&request.text)?;
    let starter = starter_for(&*app.engine()?, &dataset)?;
    Ok(ExperimentSettings::from_toml(&request.text, &starter)?)
}

pub fn check(_: &App, request: SettingsRequest) -> Reply<Vec<Problem>> {
    Ok(request.settings.check())
}

pub fn start_run(app: &App, request: RunRequest) -> Reply<Started> {
    start(app, format!("Run {}", request.settings.name), move |engine, work| {
        let started = Instant::now();
        let outcome = engine.run(work, &request.settings)?;
        let folder =
            request.output.clone().unwrap_or_else(|| engine.report_folder(outcome.id, &outcome.comparison.name));
        let report = exports::write_report(&outcome.comparison, &folder)?;
        let finished_before = outcome.finished_before;
        Ok(RunReport { run: outcome.id, report, finished_before, secs: started.elapsed().as_secs_f64() })
    })
}

pub fn runs(app: &App, _: Nothing) -> Reply<Vec<RunRow>> {
    let runs = app.engine()?.store().runs().map_err(semid_engine::Error::Store)?;
    Ok(runs
        .into_iter()
        .map(|run| RunRow {
            run: run.id,
            name: run.name,
            dataset: run.dataset,
            status: run.status.name().to_owned(),
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

pub fn estimate(_: &App, _: SettingsRequest) -> Reply<Estimate> {
    Err(ApiError::internal("estimate is not built yet."))
}

pub fn run_view(_: &App, _: RunNumber) -> Reply<RunView> {
    Err(ApiError::internal("run_view is not built yet."))
}

pub fn run_curves(_: &App, _: RunCurvesRequest) -> Reply<Option<DrawnChart>> {
    Err(ApiError::internal("run_curves is not built yet."))
}

pub fn resume_run(_: &App, _: RunNumber) -> Reply<Started> {
    Err(ApiError::internal("resume_run is not built yet."))
}

pub fn cancel_run(_: &App, _: RunNumber) -> Reply<Nothing> {
    Err(ApiError::internal("cancel_run is not built yet."))
}

pub fn remove_run(_: &App, _: RunNumber) -> Reply<Nothing> {
    Err(ApiError::internal("remove_run is not built yet."))
}

pub fn settings_difference(_: &App, _: SettingsDifferenceRequest) -> Reply<SettingsDifference> {
    Err(ApiError::internal("settings_difference is not built yet."))
}
