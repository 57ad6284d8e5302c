//! The handlers of all commands.

pub mod bridge;
pub mod data;
pub mod explore;
pub mod language;
pub mod results;
pub mod runs;
pub mod study;
pub mod system;

use semid_core::{Seed, Work};
use semid_engine::Engine;
use serde::Serialize;
use serde_json::Value;

use crate::wire::Started;
use crate::{ApiError, App, Lane};

type Reply<T> = Result<T, ApiError>;

fn start<R: Serialize>(
    app: &App,
    title: String,
    task: impl FnOnce(&Engine, &Work) -> Reply<R> + Send + 'static,
) -> Reply<Started> {
    start_in(Lane::Quick, app, title, task)
}

fn start_in<R: Serialize>(
    lane: Lane,
    app: &App,
    title: String,
    task: impl FnOnce(&Engine, &Work) -> Reply<R> + Send + 'static,
) -> Reply<Started> {
    let engine = app.engine()?;
    let id = app.jobs().submit_to(lane, title, Seed(0), move |work| to_value(task(&engine, work)?));
    Ok(Started { job: id })
}

fn to_value(reply: impl Serialize) -> Reply<Value> {
    serde_json::to_value(reply).map_err(|error| ApiError::internal(error.to_string()))
}
