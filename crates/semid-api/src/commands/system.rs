//! Handlers: jobs, preferences, the doctor.

use std::path::Path;

use semid_core::Seed;
use semid_engine::doctor as examination;
use semid_engine::fetch::Recipe;
use semid_engine::{Home, machine};

use super::{Reply, to_value};
use crate::wire::*;
use crate::{ApiError, App, JobView, Lane, preferences};

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

pub fn doctor(app: &App, request: DoctorRequest) -> Reply<Started> {
    let home = app.home().clone();
    let id = app.jobs().submit_to(Lane::Files, "Doctor", Seed(0), move |work| {
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

pub fn about(app: &App, _: Nothing) -> Reply<About> {
    let home = app.home();
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        facts: machine::about(),
        home: home.root().to_owned(),
        home_is_set: app.config().is_none(),
        home_bytes: bytes_below(home.root()),
        threads: machine::threads(),
        cores: machine::cores(),
        preferences: preferences::read(home, app.config()),
        models: models(home)?,
    })
}

pub fn preferences(app: &App, _: Nothing) -> Reply<Preferences> {
    Ok(preferences::read(app.home(), app.config()))
}

pub fn set_preferences(app: &App, request: Preferences) -> Reply<Preferences> {
    preferences::keep(app.home(), app.config(), &request)?;
    Ok(preferences::read(app.home(), app.config()))
}

pub fn fetch_model(app: &App, request: ModelRequest) -> Reply<Started> {
    let home = app.home().clone();
    let recipes = fetchable()?;
    let names: Vec<String> = recipes.iter().map(|recipe| recipe.name.clone()).collect();
    let recipe = recipes.into_iter().find(|recipe| recipe.name == request.model);
    let recipe = recipe.ok_or_else(|| semid_engine::Error::Unknown {
        kind: "model that can be fetched",
        name: request.model.clone(),
        known: format!("There are: {}. Others are used from a folder of models.", names.join(", ")),
    })?;
    let id = app.jobs().submit_to(Lane::Files, format!("Fetch {}", recipe.title), Seed(0), move |work| {
        semid_engine::datasets::fetch(work, &home, &recipe)?;
        let row = models(&home)?.into_iter().find(|row| row.name == recipe.name);
        to_value(row.ok_or_else(|| ApiError::internal(format!("{} is not where it was put.", recipe.title)))?)
    });
    Ok(Started { job: id })
}

/// Models that are here, and those that can be fetched.
fn models(home: &Home) -> Reply<Vec<ModelRow>> {
    let here = home.models_here();
    let recipes = fetchable()?;
    let mut rows: Vec<ModelRow> = Vec::new();
    for recipe in &recipes {
        let folder = here.iter().find(|(name, _)| *name == recipe.name).map(|(_, folder)| folder.clone());
        rows.push(ModelRow {
            name: recipe.name.clone(),
            title: recipe.title.clone(),
            licence: recipe.licence.clone(),
            here: folder.is_some(),
            bytes: folder.as_deref().map(bytes_below).or_else(|| recipe.download_bytes()),
            folder,
        });
    }
    for (name, folder) in here.into_iter().filter(|(name, _)| !recipes.iter().any(|recipe| recipe.name == *name)) {
        let bytes = Some(bytes_below(&folder));
        rows.push(ModelRow {
            title: name.clone(),
            name,
            licence: String::new(),
            here: true,
            folder: Some(folder),
            bytes,
        });
    }
    Ok(rows)
}

/// Text encoders and language models.
fn fetchable() -> Reply<Vec<Recipe>> {
    let encoders = semid_engine::fetch::models().map_err(semid_engine::Error::Fetch)?;
    let language_models = semid_engine::fetch::language_models().map_err(semid_engine::Error::Fetch)?;
    Ok([encoders, language_models].concat())
}

/// Bytes of all files below a folder; links are not followed.
fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => bytes_below(&entry.path()),
            Ok(facts) if facts.is_file() => facts.len(),
            _ => 0,
        })
        .sum()
}
