//! Handlers: jobs, preferences, the doctor.

use semid_core::Seed;
use semid_engine::doctor as examination;

use super::{Reply, to_value};
use crate::wire::*;
use crate::{ApiError, App, JobView};

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

pub fn about(_: &App, _: Nothing) -> Reply<About> {
    Err(ApiError::internal("about is not built yet."))
}

pub fn set_preferences(_: &App, _: Preferences) -> Reply<Preferences> {
    Err(ApiError::internal("set_preferences is not built yet."))
}

pub fn fetch_model(_: &App, _: ModelRequest) -> Reply<Started> {
    Err(ApiError::internal("fetch_model is not built yet."))
}
