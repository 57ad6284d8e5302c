//! Runs: their life, their numbers, and the lock that tells a killed one from a live one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{comparison, import, new_run};
use semid_core::{RankedEntry, RankedList, Seed, SeriesPoint, Work};
use semid_store::{Error, PerUser, RunEnd, RunResults, RunStage, RunStatus, Store};

#[test]
fn a_finished_run_gives_back_every_number_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let run = store.create_run(&new_run("first")).unwrap();
    assert_eq!(run.status, RunStatus::Queued, "a run begins in the queue");
    let lock = store.lock_runs().unwrap();
    let run = store.start_run(&lock, run.id).unwrap();
    assert_eq!((run.status, run.process), (RunStatus::Running, Some(std::process::id())), "started by us");
    assert_eq!(store.comparison(run.id).unwrap(), None, "no numbers yet");

    let comparison = comparison();
    let values = [1.0 / 3.0, 0.0, f64::MIN_POSITIVE];
    let per_user = [PerUser { arm: "popularity", seed: u64::MAX, metric: "ndcg@10", values: &values }];
    let results = RunResults { comparison: &comparison, user_order: &[5, 2, 9], per_user: &per_user };
    store.finish_run(&lock, run.id, &results).unwrap();

    assert_eq!(store.run(run.id).unwrap().status, RunStatus::Finished, "finished with its numbers");
    assert_eq!(store.comparison(run.id).unwrap().unwrap(), comparison, "floats survive the text form");
    assert_eq!(store.user_order(run.id).unwrap().unwrap(), [5, 2, 9], "the order of users is kept");
    let read = store.per_user(run.id, "popularity", u64::MAX, "ndcg@10").unwrap().unwrap();
    assert_eq!(read, values, "per-user values are never rounded");
    assert_eq!(store.per_user(run.id, "popularity", 1, "ndcg@10").unwrap(), None, "none for what was not measured");
    let measurements = store.measurements(run.id).unwrap();
    assert_eq!(measurements.len(), 8, "2 arms × 2 seeds × 2 metrics");
    assert!(
        measurements.iter().any(|m| m.arm == "popularity" && m.seed == u64::MAX && m.value == 1.0 / 7.0 + 0.1),
        "one value per seed, seeds of all sizes: {measurements:?}"
    );
    assert_eq!(store.curves(run.id, "popularity").unwrap(), comparison.arms[1].curves, "curves as in the comparison");
    let error = store.start_run(&lock, run.id).unwrap_err().to_string();
    assert!(error.contains("is finished"), "a finished run stays as it is: {error}");
    store.delete_run(run.id).unwrap();
    assert!(store.check().is_empty(), "nothing of a deleted run stays: {:?}", store.check());
}

#[test]
fn results_that_cannot_be_kept_whole_leave_the_run_running_and_without_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let lock = store.lock_runs().unwrap();
    let id = store.create_run(&new_run("first")).unwrap().id;
    store.start_run(&lock, id).unwrap();
    let good = comparison();
    let mut infinite = comparison();
    infinite.arms[0].values[0].high = f64::INFINITY;
    let short = [PerUser { arm: "popularity", seed: 1, metric: "ndcg@10", values: &[1.0] }];
    let nan = [PerUser { arm: "popularity", seed: 1, metric: "ndcg@10", values: &[f64::NAN] }];
    for (comparison, per_user) in [(&infinite, &[][..]), (&good, &short[..]), (&good, &nan[..])] {
        let users: &[u32] = if per_user == &nan[..] { &[1] } else { &[1, 2] };
        let results = RunResults { comparison, user_order: users, per_user };
        let error = store.finish_run(&lock, id, &results).unwrap_err();
        assert!(matches!(error, Error::Input(_)) || per_user.is_empty(), "a sentence: {error}");
        assert_eq!(store.run(id).unwrap().status, RunStatus::Running, "not finished");
        assert!(store.measurements(id).unwrap().is_empty(), "and no number was kept");
        assert_eq!(store.comparison(id).unwrap(), None, "nor the comparison");
    }
}

#[test]
fn a_run_whose_lock_is_gone_is_interrupted_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = store.create_run(&new_run("first")).unwrap().id;
    let lock = store.lock_runs().unwrap();
    store.start_run(&lock, id).unwrap();
    let other = Store::open(folder.path()).unwrap();
    assert_eq!(other.run(id).unwrap().status, RunStatus::Running, "opening beside a live run leaves it alone");
    let error = other.lock_runs().unwrap_err();
    assert!(matches!(error, Error::RunsLocked { .. }), "one process at a time works on runs");
    assert!(error.to_string().contains("“first” is going on in process"), "names it: {error}");

    // As the kernel does when a process is killed.
    drop(lock);
    let reader = Store::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.run(id).unwrap().status, RunStatus::Interrupted, "even who may not write is told the truth");
    assert_eq!(store.runs().unwrap()[0].status, RunStatus::Interrupted, "found without opening again");
    let lock = other.lock_runs().unwrap();
    assert_eq!(other.start_run(&lock, id).unwrap().status, RunStatus::Running, "and starts again");
    other.end_run(&lock, id, RunEnd::Failed("The disk burned.")).unwrap();
    let run = store.run(id).unwrap();
    assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failed, Some("The disk burned.")), "with its reason");
    let error = other.end_run(&lock, id, RunEnd::Cancelled).unwrap_err().to_string();
    assert!(error.contains("was not started here"), "ended once only: {error}");
}

#[test]
fn a_cancel_reaches_a_queued_run_at_once_and_a_running_one_when_it_looks() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (queued, running) = (store.create_run(&new_run("a")).unwrap().id, store.create_run(&new_run("b")).unwrap().id);
    let lock = store.lock_runs().unwrap();
    store.start_run(&lock, running).unwrap();
    store.ask_cancel(queued).unwrap();
    store.ask_cancel(running).unwrap();
    assert_eq!(store.run(queued).unwrap().status, RunStatus::Cancelled, "nobody has to look for it");
    assert_eq!(store.run(running).unwrap().status, RunStatus::Running, "its process ends it");
    assert!(store.cancel_asked(running).unwrap(), "which it finds asked for");
    store.end_run(&lock, running, RunEnd::Cancelled).unwrap();
    store.start_run(&lock, running).unwrap();
    assert!(!store.cancel_asked(running).unwrap(), "a new start is not cancelled by the old wish");
}

#[test]
fn stages_curves_lists_and_progress_are_there_while_a_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let lock = store.lock_runs().unwrap();
    let id = store.create_run(&new_run("a")).unwrap().id;
    store.start_run(&lock, id).unwrap();
    let stage = |stage: &str, secs| RunStage { stage: stage.to_owned(), secs, ..RunStage::default() };
    store.record_stage(id, &stage("embed", 1.5)).unwrap();
    store.record_stage(id, &stage("train", 2.5)).unwrap();
    store.record_stage(id, &RunStage { reused: true, ..stage("embed", 0.1) }).unwrap();
    let stages = store.stages(id).unwrap();
    assert_eq!(stages.len(), 2, "a stage done again takes its own place");
    assert!(stages[0].stage == "embed" && stages[0].reused && stages[1].stage == "train", "in order: {stages:?}");

    let point = |at, value| SeriesPoint { series: "loss".to_owned(), at, value };
    store.add_points(id, "a", 1, &[point(1, 3.0), point(2, 2.0)]).unwrap();
    store.add_points(id, "a", 1, &[point(2, 1.0)]).unwrap();
    assert_eq!(store.curves(id, "a").unwrap()[0].points, [(1, 3.0), (2, 1.0)], "a point again replaces the first");

    let lists: Vec<RankedList> = (0..600)
        .map(|user| RankedList { entries: vec![RankedEntry { items: vec![user], score: f64::from(user) / 3.0 }] })
        .collect();
    store.save_lists(id, "a", 1, &lists[1..]).unwrap();
    store.save_lists(id, "a", 1, &lists).unwrap();
    assert_eq!(store.ranked_list(id, "a", 1, 300).unwrap().as_ref(), Some(&lists[300]), "one list opens alone");
    assert_eq!(store.ranked_list(id, "a", 1, 600).unwrap(), None, "none behind the last");
    assert_eq!(store.ranked_lists(id, "a", 1).unwrap(), lists, "all of them, in order, once");

    let work = Work::new(Seed(1));
    let step = work.step("train", 10);
    step.advance(3).unwrap();
    store.show_progress(id, &work.view()).unwrap();
    let seen = Store::open_read_only(folder.path()).unwrap().run(id).unwrap().progress.unwrap();
    assert_eq!((seen.steps[0].name.as_str(), seen.steps[0].done), ("train", 3), "any other process sees it");
}

#[test]
fn the_newest_run_with_a_fingerprint_is_found_and_runs_are_listed_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (first, second) = (store.create_run(&new_run("a")).unwrap(), store.create_run(&new_run("a")).unwrap());
    assert_eq!(store.run_by_fingerprint("fp-a").unwrap().unwrap().id, second.id, "the newest is resumed");
    assert!(store.run_by_fingerprint("other").unwrap().is_none(), "another experiment is another run");
    assert_eq!(store.runs().unwrap().iter().map(|run| run.id).collect::<Vec<_>>(), [second.id, first.id]);
    store.delete_run(second.id).unwrap();
    assert!(store.create_run(&new_run("a")).unwrap().id > second.id, "a number never comes back as another run");
}

#[test]
fn a_data_set_that_a_run_works_on_is_neither_deleted_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    import(&store, "films", 10);
    let lock = store.lock_runs().unwrap();
    let id = store.create_run(&new_run("a")).unwrap().id;
    store.start_run(&lock, id).unwrap();
    let error = store.delete_dataset("films").unwrap_err().to_string();
    assert!(error.contains("is working on the data set “films”"), "says why not: {error}");
    let new = common::new_dataset("films");
    assert!(store.write_dataset(&new, semid_store::OnExisting::Replace).is_err(), "nor replaced");
    drop(lock);
    store.delete_dataset("films").unwrap();
    assert_eq!(store.run(id).unwrap().dataset, "films", "the run outlives its data set");
}
