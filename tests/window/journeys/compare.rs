//! Journey 3: a comparison is put together, started, watched, stopped, left, killed, and gone on with.

use std::time::{Duration, Instant};

use semid_window_tests::Key;
use semid_window_tests::{Desk, Window};
use serde_json::{Value, json};

#[test]
fn compare_by_mouse_watch_stop_and_go_on() {
    let desk = Desk::with_encoder("compare-mouse");
    let window = desk.open();
    window.import_sample();
    window.click("link", "Compare");
    window.find("heading", "What it comes to");
    window.wait_long(
        "an estimate stands there before anything starts",
        "return /\\d\\s*(s|min|h)\\b/.test(document.querySelector('aside[aria-label=\"What it comes to\"]').innerText)",
    );
    window.shot("put-together");

    // A problem stands beside its field, and nothing starts before it is settled.
    let seeds = window.find("textbox", "Seeds");
    window.replace(&seeds, "1, 1");
    window.wait("the field is marked", "return document.querySelector('[aria-invalid=true]') !== null");
    window.see("problem to settle");
    window.shot("problem");
    window.replace(&seeds, "7");
    window.wait("the problem is settled", "return document.querySelector('[aria-invalid=true]') === null");
    window.click("button", "Start");

    let run = watching(&window);
    window.wait_long("a stage is under way", "return document.querySelector('li[aria-current=step]') !== null");
    window.shot("watched");
    let stopped = Instant::now();
    window.click("button", "Stop");
    window.find("button", "Go on");
    let took = stopped.elapsed();
    println!("from the click to the stopped run on the page: {:.2} s", took.as_secs_f64());
    // The engine stops within a second; the page looks twice a second, and two cores may be busy.
    assert!(took < Duration::from_secs(5), "{took:?}");
    window.shot("stopped");
    assert_eq!(status(&window, run), "cancelled");

    window.click("button", "Go on");
    window.wait_long("the results", "return /^#\\/runs\\/\\d+(\\?|$)/.test(location.hash)");
    window.find("heading", "Arms");
    assert_eq!(status(&window, run), "finished");
    window.shot("results");
}

#[test]
fn compare_by_keyboard() {
    let desk = Desk::with_encoder("compare-keyboard");
    let window = desk.open();
    window.import_sample();
    window.enter("link", "Compare");
    window.find("heading", "What it comes to");
    window.tab_to("textbox", "Seeds");
    window.keys(&[Key::Control], 'a');
    window.type_text("5");
    // Enter in a field starts, as a form does.
    window.wait("settled", "return document.querySelector('aside button[disabled]') === null");
    window.key(Key::Enter);
    let run = watching(&window);
    window.enter("button", "Stop");
    window.find("button", "Go on");
    assert_eq!(status(&window, run), "cancelled");
}

#[test]
fn a_run_outlives_its_window_and_a_kill_and_ends_with_the_same_numbers() {
    let mut desk = Desk::with_encoder("killed");
    desk.environment.push(("SEMID_CLOSE", "no".to_owned()));
    let window = desk.open();
    let dataset = window.import_sample();
    let mut settings = window.rpc("starter", json!({ "dataset": dataset })).unwrap();
    settings["seeds"] = json!([11]);
    // One training: enough to be killed in, and it is trained twice here.
    settings["ids"].as_array_mut().unwrap().retain(|ids| ids["scheme"] == "rq-kmeans");
    window.rpc("start_run", json!({ "settings": settings, "output": null })).unwrap();
    let run = window.wait_rpc("the run goes", "runs", json!({}), |runs| going(runs).is_some());
    let run = going(&run).unwrap();
    window.go(&format!("#/runs/{run}/watch"));
    window.find("button", "Stop");

    // Closing asks first; whoever says no stays.
    window.ask_to_close();
    window.find("button", "Stop");
    assert_eq!(status(&window, run), "running", "the window and the run are still there");

    // The page may be left and come back to: the run is watched as before.
    window.reload();
    window.find("button", "Stop");
    window.kill();

    let again = desk.open();
    again.wait_rpc("the fallen run is found", "runs", json!({}), |runs| {
        runs.as_array().unwrap().iter().any(|row| row["run"] == run && row["status"] == "interrupted")
    });
    again.go(&format!("#/runs/{run}/watch"));
    again.see("goes on from there");
    again.shot("interrupted");
    again.click("button", "Go on");
    again.wait_long("the results", "return /^#\\/runs\\/\\d+(\\?|$)/.test(location.hash)");
    let resumed = again.rpc("comparison", json!({ "run": run })).unwrap();
    again.shot("resumed");
    drop(again);

    // The same experiment without any of that.
    let fresh = desk.another("killed-reference").set_up("models");
    let window = fresh.open();
    window.import_sample();
    window.rpc("start_run", json!({ "settings": settings, "output": null })).unwrap();
    let runs = window.wait_rpc("the run is finished", "runs", json!({}), |runs| {
        runs.as_array().unwrap().iter().any(|row| row["run"] == run && row["status"] == "finished")
    });
    assert!(runs.is_array());
    let straight = window.rpc("comparison", json!({ "run": run })).unwrap();
    for (one, other) in resumed["arms"].as_array().unwrap().iter().zip(straight["arms"].as_array().unwrap()) {
        assert_eq!(one["values"], other["values"], "{}: the same numbers", one["title"]);
    }
}

fn watching(window: &Window<'_>) -> i64 {
    let run =
        window.wait_long("the run is watched", "return location.hash.match(/^#\\/runs\\/(\\d+)\\/watch/)?.[1] ?? null");
    run.as_str().unwrap().parse().unwrap()
}

fn going(runs: &Value) -> Option<i64> {
    runs.as_array()?.iter().find(|row| row["status"] == "running")?["run"].as_i64()
}

fn status(window: &Window<'_>, run: i64) -> String {
    let runs = window.rpc("runs", json!({})).unwrap();
    let row = runs.as_array().unwrap().iter().find(|row| row["run"] == run).unwrap().clone();
    row["status"].as_str().unwrap().to_owned()
}
