//! The forms that scripts and other tools rely on: options, files, JSON documents, exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used)]
mod common;

use common::*;
use serde_json::Value;

const COMMANDS: [&str; 14] = [
    "import", "datasets", "embed", "ids", "compare", "run", "runs", "show", "export", "chart", "why", "bridge", "eval",
    "doctor",
];

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::new();
    let all = home.ok(&["--help"]);
    for command in COMMANDS {
        assert!(all.contains(command), "the help names {command}: {all}");
        let help = home.ok(&[command, "--help"]);
        assert!(help.contains(&format!("semid {command}")), "{command} has a usage: {help}");
        let example = help.rsplit_once("Example").map(|(_, example)| example).unwrap_or_default();
        assert!(example.contains(&format!("  semid {command}")), "{command} has an example: {help}");
    }
    assert_eq!(home.run(&["frobnicate"]).code, Some(2), "an unknown command is a wrong option");
    assert_eq!(home.run(&["show", "--nope"]).code, Some(2), "an unknown option is a wrong option");
    assert!(!home.path("home").exists(), "asking for help makes no home");
}

#[test]
fn import_takes_files_a_mapping_a_format_and_a_template() {
    let home = Home::new();
    let items =
        home.file("catalog.tsv", "sku\tname\tblurb\na\tLamp &amp; shade\tGlows\nb\tKettle\tBoils\nc\tTent\tStands\n");
    let log =
        home.file("log.tsv", "who\twhat\twhen\nu1\ta\t1\nu1\tb\t2\nu1\tc\t3\nu2\tb\t1\nu2\ta\t2\nu2\tnowhere\t3\n");
    let import = [
        "import",
        "--items",
        &items,
        "--interactions",
        &log,
        "--name",
        "stall",
        "--format",
        "tsv",
        "--map",
        "user=who,item=what,timestamp=when,key=sku,title=name",
        "--text",
        "{name}: {blurb}",
    ];
    let report = home.json(&import);
    let dataset = &report["dataset"];
    assert_eq!(
        (&dataset["users"], &dataset["items"], &dataset["interactions"]),
        (&2.into(), &3.into(), &5.into()),
        "{report}"
    );
    assert!(report["problems"].to_string().contains("nowhere"), "the row that was left out is told: {report}");
    assert_eq!(home.json(&["datasets"])["datasets"][0]["name"], "stall", "the data set is listed under its name");
    home.refused(3, &["stall", "already"], &import);
    let mut again = import.to_vec();
    again.push("--replace");
    home.ok(&again);
    let plain = home.ok(&["datasets"]);
    assert!(plain.contains("stall") && !plain.contains('\u{1b}'), "plain text when piped: {plain}");

    let ids = home.path("ids.csv");
    home.json(&[
        "ids",
        "stall",
        "--scheme",
        "hash",
        "--levels",
        "2",
        "--codes",
        "4",
        "--output",
        ids.to_str().unwrap(),
    ]);
    let ids = std::fs::read_to_string(ids).unwrap();
    assert_eq!(ids.lines().count(), 4, "a head and one line an item: {ids}");
    assert!(ids.contains("Lamp & shade"), "entities are decoded: {ids}");
}

#[test]
fn embed_writes_one_row_a_line_as_the_reference_computed_it() {
    let home = Home::new();
    let folder = fixtures().join("embeddings");
    let all: Value = serde_json::from_slice(&std::fs::read(folder.join("texts.json")).unwrap()).unwrap();
    let all: Vec<&str> = all.as_array().unwrap().iter().map(|entry| entry["text"].as_str().unwrap()).collect();
    let expected = npy(&folder.join("tiny-cls/expected.npy"));
    // One text a line: those with line breaks cannot come this way.
    let chosen: Vec<usize> = (0..all.len()).filter(|&at| !all[at].contains(['\n', '\r'])).collect();
    let lines: String = chosen.iter().map(|&at| format!("{}\n", all[at])).collect();
    let (texts, output) = (home.file("texts.txt", &lines), home.path("deep/vectors.npy"));
    let output_text = output.to_str().unwrap();
    let encoder = tiny_encoder();
    let embed = ["embed", "--texts", &texts, "--output", output_text, "--model", &encoder];
    let report = home.json(&embed);
    let first = std::fs::read(&output).unwrap();
    let vectors = npy(&output);
    assert_eq!(report["rows"], chosen.len(), "one row a line");
    assert_eq!(vectors.len(), chosen.len(), "one row a line in the file too");
    for (row, &at) in vectors.iter().zip(&chosen) {
        let cosine = cosine(row, &expected[at]);
        assert!(cosine > 0.9999, "row of “{}” is the reference's: {cosine}", all[at]);
    }
    home.ok(&embed);
    assert_eq!(std::fs::read(&output).unwrap(), first, "the same texts give the same bytes");
    assert!(!home.path("home/workspace").exists(), "embedding a file makes no workspace");
}

#[test]
fn eval_judges_trec_files_by_the_definitions() {
    let home = Home::new();
    // a: relevant at ranks 1 and 3 of 3; b: none found; c: no list; d: nothing relevant, so left out.
    let run = home.file("run.txt", "a Q0 x 1 3.0 t\na Q0 y 2 2.0 t\na Q0 z 3 1.0 t\nb Q0 y 1 1.0 t\nd Q0 x 1 1.0 t\n");
    let qrels = home.file("qrels.txt", "a 0 x 1\na 0 z 1\na 0 y 0\nb 0 x 1\nc 0 x 1\nd 0 x 0\n");
    let per_user = home.path("users.csv");
    let judged = home.json(&[
        "eval",
        &run,
        &qrels,
        "--metrics",
        "precision@10,recall@10,ndcg@10,map@10,mrr@10,recall@1",
        "--per-user",
        per_user.to_str().unwrap(),
    ]);
    assert_eq!(judged["users"], 3, "users with something relevant count: {judged}");
    let ndcg = (1.0 + 1.0 / 4f64.log2()) / (1.0 + 1.0 / 3f64.log2());
    let wanted = [
        ("precision@10", 0.2),
        ("recall@10", 1.0),
        ("ndcg@10", ndcg),
        ("map@10", (1.0 + 2.0 / 3.0) / 2.0),
        ("mrr@10", 1.0),
        ("recall@1", 0.5),
    ];
    for ((name, of_a), metric) in wanted.iter().zip(judged["metrics"].as_array().unwrap()) {
        assert_eq!(metric["name"], *name, "metrics come in the order asked for");
        let value = metric["value"].as_f64().unwrap();
        assert!((value - of_a / 3.0).abs() < 1e-12, "{name} is {} over three users: {value}", of_a / 3.0);
    }
    let table = std::fs::read_to_string(per_user).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "user,precision@10,recall@10,ndcg@10,map@10,mrr@10,recall@1", "a column a metric");
    assert_eq!(lines.len(), 4, "a line a user: {table}");
    assert!(lines[1].starts_with("a,0.2,1,"), "values are not rounded: {table}");
    assert!(home.ok(&["eval", &run, &qrels]).contains("3 users"), "the same as text");
    assert!(!home.path("home").exists(), "judging files makes no home");
}

#[test]
fn every_command_prints_one_json_document_and_exit_codes_tell_what_happened() {
    let home = Home::with_shop();
    home.json(&["datasets"]);
    home.json(&["import", "sample-films"]);
    home.json(&["ids", "shop", "--scheme", "category-path"]);
    home.json(&["compare", "shop", "--recommenders", "popularity,item-knn", "--ids", "hash", "--seeds", "1"]);
    let file = home.path("experiment.toml");
    let file = file.to_str().unwrap();
    let kept =
        home.json(&["compare", "shop", "--recommenders", "popularity", "--ids", "hash", "--settings-only", file]);
    assert_eq!(kept["settings"], file, "where the settings are");
    home.json(&["run", file]);
    home.json(&["runs"]);
    home.json(&["show", "1"]);
    home.json(&["export", "--output", home.path("report").to_str().unwrap()]);
    home.json(&["chart", "1", "list"]);
    let name = home.json(&["chart", "1", "list"])["charts"][0].as_str().unwrap().to_owned();
    let svg = home.path("chart.svg");
    assert_eq!(
        home.json(&["chart", "1", &name, "--output", svg.to_str().unwrap()])["output"],
        svg.to_str().unwrap(),
        "where the chart is"
    );
    home.json(&["doctor"]);

    let refused = home.run(&["show", "99", "--json"]);
    assert_eq!(refused.code, Some(3), "what is not there is a matter of the input");
    assert_eq!(one_document(&refused.out)["error"]["code"], "not-found", "errors are documents too");
    let missing = home.run(&["import", "movielens-100k", "--json"]);
    assert_eq!(missing.code, Some(5), "nothing is downloaded without being asked: {}", missing.err);
    assert!(
        missing.err.contains("--download") && missing.err.contains("icence"),
        "how to, and on what terms: {}",
        missing.err
    );
    let model = home.run(&["ids", "shop", "--scheme", "lsh", "--json"]);
    assert_eq!(model.code, Some(5), "the text encoder must be fetched first: {}", model.err);

    std::fs::write(home.path("home/workspace/semid.db"), "no database").unwrap();
    let ill = home.run(&["doctor", "--json"]);
    assert_eq!(ill.code, Some(3), "a broken workspace is told by the exit code: {}", ill.err);
    assert_eq!(one_document(&ill.out)["findings"][0]["severity"], "error", "and in the one document");
}

fn npy(path: &std::path::Path) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    let dim = file.shape()[1] as usize;
    let values: Vec<f32> = file.into_vec().unwrap();
    values.chunks(dim).map(<[f32]>::to_vec).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
