//! Experiments from estimate to result: started, watched, stopped, resumed, compared in their settings.

use std::time::{Duration, Instant};

use semid_api::engine::Home;
use semid_api::engine::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use semid_api::engine::store::{RunStatus, Store};
use semid_api::wire::{
    DrawnChart, Estimate, Nothing, RunPage, RunReport, RunView, SampleReport, SettingsDifference, StageState,
    StartedRun,
};
use semid_api::{ApiError, App, Code, JobState};
use serde_json::json;

use crate::{Fresh, fresh};

const SOON: Duration = Duration::from_secs(60);

/// A comparison without texts that takes a moment.
fn small(epochs: usize) -> ExperimentSettings {
    let mut settings = ExperimentSettings::starter("sample-films", 413);
    settings.seeds = vec![1];
    settings.ids = ["hash", "category-path"].iter().filter_map(|key| IdSettings::starter(key)).collect();
    settings.recommenders =
        ["popularity", "generative"].iter().filter_map(|key| RecommenderSettings::starter(key)).collect();
    if let Some(RecommenderSettings::Generative(model)) = settings.recommenders.last_mut() {
        (model.layers, model.d_model, model.heads, model.epochs, model.patience) = (1, 8, 1, epochs, 100_000);
        (model.validation_cases, model.beam) = (20, 20);
    }
    (settings.evaluation.resamples, settings.evaluation.flips) = (1_000, 1_000);
    settings.evaluation.metrics = vec!["ndcg@5".to_owned()];
    settings
}

fn view(fresh: &Fresh, run: i64) -> RunView {
    fresh.app.call("run_view", json!({ "run": run })).unwrap()
}

/// Looks until the run is as wanted.
fn until(fresh: &Fresh, run: i64, wanted: impl Fn(&RunView) -> bool) -> RunView {
    let start = Instant::now();
    loop {
        let seen = view(fresh, run);
        if wanted(&seen) {
            return seen;
        }
        assert!(start.elapsed() < SOON, "it should have come to that by now: {:?}", (seen.status, seen.stages));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_run_is_estimated_watched_and_then_shown_again() {
    let fresh = fresh();
    fresh.sample();
    let settings = small(2);
    let before: Estimate = fresh.app.call("estimate", json!({ "settings": settings })).unwrap();
    assert!(before.low_secs < before.secs && before.secs < before.high_secs, "a span, not a promise");
    assert!(before.missing.is_empty(), "nothing reads texts, so nothing is missing");
    assert_eq!((before.finished_run, before.resumes_run), (None, None), "it is new");

    let started: StartedRun = fresh.app.call("start_run", json!({ "settings": settings })).unwrap();
    let first = view(&fresh, started.run);
    assert_eq!(first.stages.len(), before.stages.len(), "every stage is known from the start");
    let job = fresh.app.jobs().wait(started.job, SOON).unwrap();
    assert_eq!(job.state, JobState::Finished, "{:?}", job.error);
    let done = view(&fresh, started.run);
    assert_eq!((done.status, done.remaining_secs), (RunStatus::Finished, None), "nothing is left");
    assert!(done.stages.iter().all(|stage| stage.state == StageState::Done), "all stages are done: {:?}", done.stages);
    let chart: Option<DrawnChart> = fresh.app.call("run_curves", json!({ "run": started.run, "dark": false })).unwrap();
    let chart = chart.unwrap();
    assert!(chart.svg.contains("Hash") && chart.svg.contains("Category path"), "both trainings are drawn");
    assert!(!chart.table.rows.is_empty(), "with their numbers");

    let after: Estimate = fresh.app.call("estimate", json!({ "settings": settings })).unwrap();
    assert_eq!(after.finished_run, Some(started.run), "the same experiment would be shown again");
    assert!(after.secs.abs() < 1e-12, "which takes no time");
    let mut other = settings.clone();
    other.evaluation.correction = semid_core::statistics::Correction::BenjaminiHochberg;
    let other: Estimate = fresh.app.call("estimate", json!({ "settings": other })).unwrap();
    let trained = other.stages.iter().filter(|stage| stage.stage.starts_with("Train"));
    assert!(trained.into_iter().all(|stage| stage.reused && stage.secs == 0.0), "trainings are there: {other:?}");
}

#[test]
fn a_run_stops_within_a_second_and_goes_on_where_it_stopped() {
    let fresh = fresh();
    fresh.sample();
    let settings = small(100_000);
    let started: StartedRun = fresh.app.call("start_run", json!({ "settings": settings })).unwrap();
    let twice: StartedRun = fresh.app.call("start_run", json!({ "settings": settings })).unwrap();
    assert_eq!((twice.run, twice.job), (started.run, started.job), "asked twice, started once");
    let going = until(&fresh, started.run, |view| view.curves.iter().any(|arm| !arm.curves.is_empty()));
    assert_eq!((going.status, going.job), (RunStatus::Running, Some(started.job)), "it shows who runs it");
    let running: Vec<&str> = going
        .stages
        .iter()
        .filter(|stage| stage.state == StageState::Running)
        .map(|stage| stage.stage.stage.as_str())
        .collect();
    assert_eq!(running, ["Train and rank Generative · Hash, seed 1"], "one stage goes on");
    assert!(going.remaining_secs.is_some_and(|secs| secs > 1.0), "and says how long it will");
    let chart: Option<DrawnChart> = fresh.app.call("run_curves", json!({ "run": started.run, "dark": true })).unwrap();
    assert!(chart.is_some(), "its curve is drawn while it trains");

    let start = Instant::now();
    let _: Nothing = fresh.app.call("cancel_run", json!({ "run": started.run })).unwrap();
    assert_eq!(fresh.app.jobs().wait(started.job, SOON).unwrap().state, JobState::Cancelled, "stopped as asked");
    assert!(start.elapsed() < Duration::from_secs(10), "at its next step");
    let stopped = view(&fresh, started.run);
    assert_eq!(stopped.status, RunStatus::Cancelled, "and says so");
    let estimate: Estimate = fresh.app.call("estimate", json!({ "settings": settings })).unwrap();
    assert_eq!(estimate.resumes_run, Some(started.run), "the same settings would go on with it");

    let reached = going.curves[0].curves[0].points.len();
    let resumed: StartedRun = fresh.app.call("resume_run", json!({ "run": started.run })).unwrap();
    assert_eq!(resumed.run, started.run, "the same run goes on");
    let on = until(&fresh, resumed.run, |view| view.curves.iter().any(|arm| !arm.curves.is_empty()));
    assert!(on.curves[0].curves[0].points.len() >= reached, "with the curve it had");
    let error: Result<Nothing, ApiError> = fresh.app.call("remove_run", json!({ "run": started.run }));
    assert_eq!(error.unwrap_err().code, Code::Input, "a run that goes on is not removed");
    let _: Nothing = fresh.app.call("cancel_run", json!({ "run": started.run })).unwrap();
    fresh.app.jobs().wait(resumed.job, SOON);
    let _: Nothing = fresh.app.call("remove_run", json!({ "run": started.run })).unwrap();
    let page: RunPage = fresh.app.call("run_page", json!({})).unwrap();
    assert_eq!(page.total, 0, "now it is gone");
}

#[test]
fn going_on_in_the_very_moment_of_stopping_is_not_lost() {
    let fresh = fresh();
    fresh.sample();
    let mut started: StartedRun = fresh.app.call("start_run", json!({ "settings": small(100_000) })).unwrap();
    let mut ending = Vec::new();
    for _ in 0..3 {
        until(&fresh, started.run, |view| view.status == RunStatus::Running);
        let _: Nothing = fresh.app.call("cancel_run", json!({ "run": started.run })).unwrap();
        until(&fresh, started.run, |view| view.status == RunStatus::Cancelled);
        // The job that stops may still be putting its things away.
        let next: StartedRun = fresh.app.call("resume_run", json!({ "run": started.run })).unwrap();
        assert_ne!(next.job, started.job, "a job of its own goes on");
        let status = view(&fresh, started.run).status;
        assert!(
            [RunStatus::Queued, RunStatus::Running].contains(&status),
            "whoever looks at once sees that it goes on: {status:?}"
        );
        ending.push(std::mem::replace(&mut started, next).job);
    }
    until(&fresh, started.run, |view| view.status == RunStatus::Running);
    let _: Nothing = fresh.app.call("cancel_run", json!({ "run": started.run })).unwrap();
    ending.push(started.job);
    for job in ending {
        assert_eq!(fresh.app.jobs().wait(job, SOON).unwrap().state, JobState::Cancelled, "each was stopped once");
    }
}

#[test]
fn another_process_sees_the_same_and_can_stop_it() {
    let fresh = fresh();
    fresh.sample();
    let started: StartedRun = fresh.app.call("start_run", json!({ "settings": small(100_000) })).unwrap();
    let other = App::new(Home::at(fresh.folder.path().join("home")));
    let start = Instant::now();
    let seen: RunView = loop {
        let seen: RunView = other.call("run_view", json!({ "run": started.run })).unwrap();
        if !seen.curves.is_empty() || start.elapsed() > SOON {
            break seen;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((seen.status, seen.job), (RunStatus::Running, None), "it runs, though not here");
    assert!(seen.stages.iter().any(|stage| stage.state == StageState::Running), "its stage shows: {:?}", seen.stages);
    let _: Nothing = other.call("cancel_run", json!({ "run": started.run })).unwrap();
    assert_eq!(
        fresh.app.jobs().wait(started.job, SOON).unwrap().state,
        JobState::Cancelled,
        "the other one stopped it"
    );
}

#[test]
fn a_run_whose_process_died_shows_as_interrupted_at_once_and_goes_on() {
    let fresh = fresh();
    fresh.sample();
    let settings = small(1);
    let started: StartedRun = {
        let dying = Store::open(fresh.folder.path().join("home/workspace")).unwrap();
        let started: StartedRun = fresh.app.call("start_run", json!({ "settings": settings })).unwrap();
        fresh.app.jobs().wait(started.job, SOON);
        // A second run, started and never ended: what a killed process leaves.
        let first = dying.run(started.run).unwrap();
        let again = semid_api::engine::store::NewRun {
            name: "killed".to_owned(),
            dataset: first.dataset,
            dataset_digest: first.dataset_digest,
            settings: small(2).to_toml().unwrap(),
            fingerprint: "not asked again".to_owned(),
            protocol: first.protocol,
        };
        let run = dying.create_run(&again).unwrap();
        let lock = dying.lock_runs().unwrap();
        dying.start_run(&lock, run.id).unwrap();
        drop(lock);
        StartedRun { job: started.job, run: run.id }
    };
    assert_eq!(view(&fresh, started.run).status, RunStatus::Interrupted, "its lock fell open");
    let page: RunPage = fresh.app.call("run_page", json!({ "status": "interrupted" })).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.run).collect::<Vec<_>>(), [started.run], "the list says so, too");
    let refused: Result<StartedRun, ApiError> = fresh.app.call("resume_run", json!({ "run": started.run }));
    assert!(refused.unwrap_err().message.contains("start a new one"), "what cannot go on says what to do");
}

#[test]
fn the_list_shows_finished_runs_at_a_glance_and_settings_side_by_side() {
    let fresh = fresh();
    fresh.sample();
    let report: RunReport = fresh.finish("start_run", json!({ "settings": small(1) }));
    let mut longer = small(2);
    longer.name = "Longer training".to_owned();
    let second: RunReport = fresh.finish("start_run", json!({ "settings": longer }));
    let page: RunPage = fresh.app.call("run_page", json!({ "order": "oldest", "limit": 1 })).unwrap();
    assert_eq!((page.total, page.rows.len(), page.rows[0].run), (2, 1, report.run), "paged and ordered");
    let glance = page.rows[0].glance.clone().unwrap();
    assert_eq!(glance.metric, "NDCG@5", "the headline's metric");
    let comparison: semid_core::comparison::Comparison =
        fresh.app.call("comparison", json!({ "run": report.run })).unwrap();
    let best = comparison.arms.iter().map(|arm| arm.values[0].mean).fold(f64::MIN, f64::max);
    assert!((glance.best - best).abs() < 1e-12, "the value of the best arm");
    let page: RunPage = fresh.app.call("run_page", json!({ "query": "LONGER films" })).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.run).collect::<Vec<_>>(), [second.run], "words find names and data sets");

    let asked = json!({ "runs": [report.run, second.run] });
    let difference: SettingsDifference = fresh.app.call("settings_difference", asked).unwrap();
    let fields: Vec<&str> = difference.rows.iter().map(|row| row.field.as_str()).collect();
    assert_eq!(fields, ["name", "recommenders.generative.epochs"], "only what differs");
    assert_eq!(difference.rows[1].values, [Some("1".to_owned()), Some("2".to_owned())], "side by side");
    assert!(difference.same_protocol && difference.equal > 30, "their numbers may stand side by side");
}

#[test]
fn a_first_look_at_the_sample_has_a_finished_comparison_without_any_download() {
    let fresh = fresh();
    let opened: SampleReport = fresh.finish("open_sample", json!({}));
    let comparison: semid_core::comparison::Comparison =
        fresh.app.call("comparison", json!({ "run": opened.run })).unwrap();
    assert!(!comparison.verdict.is_empty() && !comparison.meaning_gains.is_empty(), "it answers the question");
    assert!(comparison.arms.len() >= 5 && comparison.dataset.simulated, "several arms, said to be simulated");
    let start = Instant::now();
    let again: SampleReport = fresh.finish("open_sample", json!({}));
    assert_eq!(again.run, opened.run, "asked again it is shown");
    assert!(start.elapsed() < Duration::from_secs(5), "at once");
}
