//! Handlers: comparisons, charts, numbers, users, files to take away.

use semid_core::comparison::Comparison;
use semid_engine::Theme;
use semid_engine::evaluate_lists::{JudgedLists, evaluate_lists};
use semid_engine::export as exports;

use super::Reply;
use crate::wire::*;
use crate::{ApiError, App};

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

pub fn drawn_chart(app: &App, request: ChartRequest) -> Reply<DrawnChart> {
    let (_, comparison) = app.engine()?.comparison(Some(request.run))?;
    let theme = if request.dark { Theme::Dark } else { Theme::Light };
    Ok(exports::drawn_chart(&comparison, &request.chart, theme)?.into())
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

pub fn why_item(_: &App, _: WhyRequest) -> Reply<Started> {
    Err(ApiError::internal("why_item is not built yet."))
}

pub fn save(_: &App, _: SaveRequest) -> Reply<Saved> {
    Err(ApiError::internal("save is not built yet."))
}

pub fn open_bundle(_: &App, _: FileRequest) -> Reply<Started> {
    Err(ApiError::internal("open_bundle is not built yet."))
}
