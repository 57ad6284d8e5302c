//! Handlers: comparisons, charts, numbers, users, files to take away.

use std::io::Write;

use semid_core::comparison::Comparison;
use semid_core::{Seed, Work};
use semid_engine::bundle::BundleOptions;
use semid_engine::evaluate_lists::{JudgedLists, evaluate_lists};
use semid_engine::export::{self as exports, Format};
use semid_engine::{Theme, files};

use super::{Reply, start};
use crate::App;
use crate::wire::*;

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
    let svg = match request.chart.as_str() {
        "list" => None,
        name => Some(exports::draw_chart(&comparison, name, theme(request.dark))?),
    };
    Ok(ChartReply { names, svg })
}

pub fn eval(_: &App, request: EvalRequest) -> Reply<JudgedLists> {
    Ok(evaluate_lists(&request.run, &request.qrels, &request.metrics, request.per_user.as_deref())?)
}

pub fn drawn_chart(app: &App, request: ChartRequest) -> Reply<DrawnChart> {
    let (_, comparison) = app.engine()?.comparison(Some(request.run))?;
    Ok(exports::drawn_chart(&comparison, &request.chart, theme(request.dark))?.into())
}

pub fn number(app: &App, request: NumberRequest) -> Reply<NumberFacts> {
    Ok(app.engine()?.number(&request)?)
}

pub fn users(app: &App, request: UsersRequest) -> Reply<UserPage> {
    Ok(app.engine()?.users(&request)?)
}

pub fn user(app: &App, request: UserRequest) -> Reply<UserDetail> {
    Ok(app.engine()?.user(&request)?)
}

pub fn why_item(app: &App, request: WhyRequest) -> Reply<Started> {
    start(app, "Why this item".to_owned(), move |engine, work| Ok(engine.why_item(work, &request)?))
}

pub fn save(app: &App, request: SaveRequest) -> Reply<Saved> {
    let engine = app.engine()?;
    let (run, comparison) = engine.comparison(Some(request.run))?;
    let path = request.output;
    let single = |format| exports::write_single(&comparison, format, &path);
    match &request.what {
        SaveWhat::Csv {} => single(Format::Csv)?,
        SaveWhat::Markdown {} => single(Format::Markdown)?,
        SaveWhat::Latex {} => single(Format::Latex)?,
        SaveWhat::Json {} => single(Format::Json)?,
        SaveWhat::Html {} => single(Format::Html)?,
        SaveWhat::PerUser {} => engine.export_per_user(run, &comparison, &path)?,
        &SaveWhat::Bundle { models, keys } => {
            engine.write_bundle(&Work::new(Seed(0)), run, BundleOptions { models, keys }, &path)?;
        }
        SaveWhat::ChartSvg { chart, dark } => {
            let svg = exports::draw_chart(&comparison, chart, theme(*dark))?;
            files::write_atomically(&path, |file| file.write_all(svg.as_bytes()))?;
        }
        SaveWhat::ChartPng { chart, dark } => {
            let png = exports::chart_png(&comparison, chart, theme(*dark))?;
            files::write_atomically(&path, |file| file.write_all(&png))?;
        }
    }
    let bytes = std::fs::metadata(&path).map_or(0, |facts| facts.len());
    Ok(Saved { path, bytes })
}

pub fn open_bundle(app: &App, request: FileRequest) -> Reply<Started> {
    start(app, format!("Open {}", request.path.display()), move |engine, work| {
        Ok(engine.open_bundle(work, &request.path)?)
    })
}

pub(super) fn theme(dark: bool) -> Theme {
    if dark { Theme::Dark } else { Theme::Light }
}
