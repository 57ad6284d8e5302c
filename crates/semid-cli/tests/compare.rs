//! `semid compare` from end to end: the answer, the report, the same numbers whatever happens on the way.
#![allow(clippy::unwrap_used, clippy::expect_used)]
mod common;

use common::*;
use serde_json::Value;

#[test]
fn a_comparison_of_the_sample_leaves_a_whole_report_and_is_shown_again_at_once() {
    let home = Home::new();
    let encoder = tiny_encoder();
    let command = [
        "compare",
        "sample-films",
        "--ids",
        "permuted,rq-kmeans",
        "--recommenders",
        "popularity,item-knn,text-knn,generative",
        "--seeds",
        "2",
        "--epochs",
        "1",
        "--levels",
        "2",
        "--codes",
        "16",
        "--model",
        &encoder,
        "--metrics",
        "ndcg@10,recall@1000",
    ];
    let first = home.json(&command);
    let comparison = &first["comparison"];
    assert_eq!(first["finished_before"], false, "it was computed now");
    assert_eq!(comparison["arms"].as_array().unwrap().len(), 5, "three recommenders and two schemes under one");
    assert_eq!(comparison["dataset"]["simulated"], true, "the sample says that it is simulated");
    for arm in comparison["arms"].as_array().unwrap() {
        for value in arm["values"].as_array().unwrap() {
            let mean = value["mean"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&mean), "a mean of {} is {mean}", arm["key"]);
        }
    }
    let popularity = &comparison["arms"][0];
    let long = popularity["values"][1]["mean"].as_f64().unwrap();
    assert!(long > 0.99, "a list as long as the catalog finds nearly everything: {long}");

    let page = std::path::PathBuf::from(first["report"].as_str().unwrap());
    let folder = page.parent().unwrap();
    for file in [
        "index.html",
        "comparison.json",
        "report.md",
        "tables.tex",
        "metrics.csv",
        "differences.csv",
        "curves.csv",
        "id_quality.csv",
        "experiment.toml",
        "charts/differences.svg",
        "charts/gains.dark.svg",
    ] {
        let size =
            std::fs::metadata(folder.join(file)).unwrap_or_else(|why| panic!("the report has {file}: {why}")).len();
        assert!(size > 20, "{file} has something in it");
    }
    let written: Value = serde_json::from_slice(&std::fs::read(folder.join("comparison.json")).unwrap()).unwrap();
    assert_eq!(&written, comparison, "the report holds what was printed");

    let again = home.json(&command);
    assert_eq!(again["finished_before"], true, "the same experiment is computed once");
    assert_eq!(again["comparison"], *comparison, "and shown as it was");
    let file = folder.join("experiment.toml");
    let from_file = home.json(&["run", file.to_str().unwrap()]);
    assert_eq!(from_file["run"], first["run"], "the settings in the report are the same experiment");

    let runs = home.json(&["runs"]);
    assert_eq!(runs[0]["status"], "finished", "the run is listed: {runs}");
    assert_eq!(home.json(&["show"]), *comparison, "the last run is shown when none is named");
    let plain = home.ok(&["show", "1"]);
    assert!(plain.contains("Popularity") && !plain.contains('\u{1b}'), "no escape codes when piped: {plain}");

    let export = home.path("export");
    home.ok(&["export", "1", "--output", export.to_str().unwrap(), "--per-user"]);
    let per_user = std::fs::read_to_string(export.join("per_user.csv")).unwrap();
    assert_eq!(per_user.lines().next(), Some("user,arm,seed,metric,value"), "per-user values in long format");
    let users = comparison["protocol"]["users"].as_u64().unwrap() as usize;
    assert_eq!(per_user.lines().count(), 1 + users * 5 * 2 * 2, "users × arms × seeds × metrics");
    let of_popularity: Vec<f64> =
        per_user.lines().filter_map(|line| line.split_once(",popularity,1,ndcg@10,")?.1.parse().ok()).collect();
    let mean = of_popularity.iter().sum::<f64>() / of_popularity.len() as f64;
    let told = popularity["values"][0]["by_seed"][0].as_f64().unwrap();
    assert!((mean - told).abs() < 1e-12, "the mean of the exported values is the number shown: {mean}, {told}");

    let charts = home.json(&["chart", "1", "list"]);
    let name = charts["charts"][0].as_str().unwrap();
    let svg = home.path("one.svg");
    home.ok(&["chart", "1", name, "--theme", "dark", "--output", svg.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"), "the chart is an SVG");
    assert!(home.json(&["chart", "1", name])["svg"].as_str().unwrap().starts_with("<svg"), "and in JSON too");
    home.refused(3, &["nosuch", name], &["chart", "1", "nosuch"]);
    assert_eq!(home.run(&["doctor"]).code, Some(0), "nothing is broken after all that");
}

#[test]
fn the_number_of_threads_changes_no_number() {
    let encoder = tiny_encoder();
    let answers = ["1", "2"].map(|threads| {
        let home = Home::with_shop();
        let text = experiment(10)
            .replace("['hash']", "['hash', 'permuted', 'rq-kmeans', 'lsh']")
            .replace("seeds = [1]", &format!("seeds = [1, 2]\ntext = {{ encoder = '{encoder}' }}"));
        let file = home.file("experiment.toml", text);
        let ran = ran(home.command(&["run", &file, "--json"]).env("RAYON_NUM_THREADS", threads));
        assert_eq!(ran.code, Some(0), "it runs with {threads} threads: {}", ran.err);
        lasting(&one_document(&ran.out)["comparison"])
    });
    assert_eq!(answers[0], answers[1], "one thread and two compute the same to the last bit");
}

#[cfg(unix)]
#[test]
fn an_interrupted_and_a_killed_run_end_with_the_numbers_of_an_undisturbed_one() {
    let settings = experiment(LONG);
    let undisturbed = Home::with_shop();
    let file = undisturbed.file("experiment.toml", &settings);
    let wanted = lasting(&undisturbed.json(&["run", &file])["comparison"]);

    let home = Home::with_shop();
    let file = home.file("experiment.toml", &settings);
    let mut running = home.start(&["run", &file]);
    running.wait_for("train the recommender");
    home.refused(4, &["trial", "one run at a time"], &["compare", "shop", "--recommenders", "popularity,item-knn"]);
    assert_eq!(home.json(&["runs"])[0]["status"], "running", "others may look while it works");
    running.interrupt();
    assert_eq!(running.end().code(), Some(130), "Ctrl-C ends with the code of a cancel: {}", running.errors());
    assert!(running.errors().contains("goes on from there"), "it says how to go on: {}", running.errors());
    assert_eq!(home.json(&["runs"])[0]["status"], "cancelled", "the run is kept as cancelled");
    assert_eq!(home.artifacts("lists").len(), 1, "the arm that was finished stays");
    assert_eq!(home.artifacts("checkpoint").len(), 1, "the training stays where it stopped");
    home.refused(3, &["no results"], &["show", "1"]);

    let mut running = home.start(&["run", &file]);
    running.wait_for("train the recommender");
    running.kill();
    assert_eq!(home.json(&["runs"])[0]["status"], "interrupted", "the next start finds the killed run");
    assert_eq!(home.run(&["doctor"]).code, Some(0), "a killed run breaks nothing");

    let ended = home.json(&["run", &file]);
    assert_eq!(ended["run"], 1, "it is the same run that went on");
    assert_eq!(lasting(&ended["comparison"]), wanted, "the numbers are those of a run nobody disturbed");
    assert_eq!(home.artifacts("checkpoint").len(), 0, "a finished training needs no checkpoint");
    let doctor = home.json(&["doctor"]).to_string();
    assert!(!doctor.contains("delete_file"), "no temporary file was left: {doctor}");
}

/// Epochs that take some seconds, so that a signal comes in the middle of them.
const LONG: usize = 600;
