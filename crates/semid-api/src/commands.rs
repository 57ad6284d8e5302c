//! The handlers of all commands, in the order of the list.

use std::time::Instant;

use semid_core::comparison::Comparison;
use semid_core::{Seed, Work};
use semid_engine::datasets::{ImportRequest, recipe_prepare};
use semid_engine::evaluate_lists::{JudgedLists, evaluate_lists};
use semid_engine::settings::{ExperimentSettings, Problem};
use semid_engine::{Engine, Theme, doctor as examination, export as exports};
use serde::Serialize;
use serde_json::Value;

use crate::wire::*;
use crate::{ApiError, App, JobView};

type Reply<T> = Result<T, ApiError>;

pub fn datasets(app: &App, _: Nothing) -> Reply<DatasetList> {
    let engine = app.engine()?;
    Ok(DatasetList {
        datasets: engine.store().datasets().map_err(semid_engine::Error::Store)?,
        recipes: engine.recipes()?,
    })
}

pub fn import(app: &App, request: ImportRequest) -> Reply<Started> {
    start(app, format!("Import {}", request.name), move |engine, work| Ok(engine.import(work, &request)?))
}

pub fn import_recipe(app: &App, request: RecipeRequest) -> Reply<Started> {
    start(app, format!("Import {}", request.recipe), move |engine, work| {
        Ok(engine.import_recipe(work, &request.recipe, request.download, request.replace)?)
    })
}

pub fn embed(app: &App, request: EmbedRequest) -> Reply<Started> {
    let home = app.home().clone();
    // No workspace is needed, and none is made, to embed a file.
    let id = app.jobs().submit(format!("Embed {}", request.texts.display()), Seed(0), move |work| {
        to_value(semid_engine::embed::embed_file(work, &home, &request.model, &request.texts, &request.output).map(
            |made| EmbedReport {
                rows: made.rows,
                dim: made.dim,
                kernel: made.kernel,
                load_secs: made.load_secs,
                embed_secs: made.embed_secs,
                output: request.output.clone(),
            },
        )?)
    });
    Ok(Started { job: id })
}

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

pub fn ids(app: &App, request: IdsRequest) -> Reply<Started> {
    start(app, format!("IDs of {}", request.settings.dataset), move |engine, work| {
        let started = Instant::now();
        let work = work.with_seed(Seed(request.seed));
        let made = engine.build_ids(&work, &request.settings, request.output.as_deref())?;
        Ok(IdsReport {
            scheme: made.scheme,
            items: made.items,
            secs: started.elapsed().as_secs_f64(),
            reused: made.reused,
            output: request.output.clone(),
        })
    })
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

pub fn comparison(app: &App, request: RunSelector) -> Reply<Comparison> {
    Ok(app.engine()?.comparison(request.run)?.1)
}

pub fn export(app: &App, request: ExportRequest) -> Reply<ExportReport> {
    let engine = app.engine()?;
    let (run, comparison) = engine.comparison(request.run)?;
    let report = exports::write_report(&comparison, &request.output)?;
    if request.per_user {
        engine.export_per_user(run, &comparison, &request.output.join("per_user.csv"))?;
    }
    Ok(ExportReport { run, report })
}

pub fn chart(app: &App, request: ChartRequest) -> Reply<ChartReply> {
    let (_, comparison) = app.engine()?.comparison(Some(request.run))?;
    let names = exports::chart_names(&comparison);
    let theme = if request.dark { Theme::Dark } else { Theme::Light };
    let svg = match request.chart.as_str() {
        "list" => None,
        name => Some(exports::draw_chart(&comparison, name, theme)?),
    };
    Ok(ChartReply { names, svg })
}

pub fn eval(_: &App, request: EvalRequest) -> Reply<JudgedLists> {
    Ok(evaluate_lists(&request.run, &request.qrels, &request.metrics, request.per_user.as_deref())?)
}

pub fn doctor(app: &App, request: DoctorRequest) -> Reply<Started> {
    let home = app.home().clone();
    let id = app.jobs().submit("Doctor", Seed(0), move |work| {
        if request.fetch {
            for recipe in semid_engine::fetch::models().map_err(semid_engine::Error::Fetch)? {
                semid_engine::datasets::fetch(work, &home, &recipe)?;
            }
        }
        let repaired = if request.repair { examination::repair(&home)? } else { Vec::new() };
        let findings = examination::examine(&home)?;
        to_value(DoctorReport { findings, repaired, home: home.root().to_owned() })
    });
    Ok(Started { job: id })
}

pub fn job(app: &App, request: JobRequest) -> Reply<JobView> {
    let unknown = || ApiError::input(format!("There is no job {}.", request.job));
    app.jobs().view(request.job).ok_or_else(unknown)
}

pub fn jobs(app: &App, _: Nothing) -> Reply<Vec<JobView>> {
    Ok(app.jobs().views())
}

pub fn cancel(app: &App, request: JobRequest) -> Reply<bool> {
    Ok(app.jobs().cancel(request.job))
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

fn start<R: Serialize>(
    app: &App,
    title: String,
    task: impl FnOnce(&Engine, &Work) -> Reply<R> + Send + 'static,
) -> Reply<Started> {
    let engine = app.engine()?;
    let id = app.jobs().submit(title, Seed(0), move |work| to_value(task(&engine, work)?));
    Ok(Started { job: id })
}

fn to_value(reply: impl Serialize) -> Reply<Value> {
    serde_json::to_value(reply).map_err(|error| ApiError::internal(error.to_string()))
}
