//! Files to take away, and bundles that another machine opens.

use std::io::{Read, Write};
use std::path::Path;

use semid_api::Code;
use semid_api::wire::*;
use semid_core::comparison::Comparison;
use serde_json::{Value, json};

use crate::world::World;

fn save(world: &World, run: i64, what: Value, name: &str) -> Vec<u8> {
    let saved: Saved = world.call("save", json!({ "run": run, "what": what, "output": world.path(name) }));
    let bytes = std::fs::read(&saved.path).unwrap();
    assert_eq!(saved.bytes, bytes.len() as u64, "the size is told");
    bytes
}

fn open(world: &World, path: &Path) -> OpenedBundle {
    world.job("open_bundle", json!({ "path": path }))
}

/// The members of a zip archive, changed, in an archive of their own.
fn repacked(bundle: &Path, to: &Path, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) {
    let mut from = zip::ZipArchive::new(std::fs::File::open(bundle).unwrap()).unwrap();
    let mut out = zip::ZipWriter::new(std::fs::File::create(to).unwrap());
    for at in 0..from.len() {
        let mut member = from.by_index(at).unwrap();
        let (name, mut bytes) = (member.name().unwrap().into_owned(), Vec::new());
        member.read_to_end(&mut bytes).unwrap();
        if let Some(bytes) = change(&name, bytes) {
            out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(&bytes).unwrap();
        }
    }
    out.finish().unwrap();
}

#[test]
fn every_format_is_written_whole_and_needs_no_other_file() {
    let (world, run) = World::with_run();
    let text = |what: &str| String::from_utf8(save(&world, run, json!({ "what": what }), what)).unwrap();
    assert_eq!(text("csv").lines().count(), 1 + 4 * 2, "a row for every arm and metric");
    assert!(text("markdown").contains("| ") && !text("markdown").contains("charts/"), "no links to absent pictures");
    assert!(text("latex").contains("\\begin{tabular"), "tables for a paper");
    let comparison: Comparison = serde_json::from_str(&text("json")).unwrap();
    assert_eq!(comparison.arms.len(), 4, "the whole comparison");
    assert!(text("html").contains("<svg") && !text("html").contains("href=\"charts/"), "pictures inside, no links");
    assert_eq!(text("per-user").lines().count(), 1 + 80 * 4 * 2 * 2, "users × arms × seeds × metrics");
    let svg = save(&world, run, json!({ "what": "chart-svg", "chart": "gains", "dark": true }), "a.svg");
    assert!(svg.starts_with(b"<svg"), "a drawing");
    let png = save(&world, run, json!({ "what": "chart-png", "chart": "gains", "dark": false }), "a.png");
    assert!(png.starts_with(b"\x89PNG"), "a picture");
    let error = world.refused(
        "save",
        json!({ "run": run, "what": { "what": "chart-svg", "chart": "none", "dark": true }, "output": world.path("b") }),
    );
    assert!(error.message.contains("gains"), "the charts there are: {}", error.message);
    assert!(!world.path("b").exists(), "nothing is left of what failed");
}

#[test]
fn a_bundle_opened_on_another_machine_is_the_same_run_and_needs_the_data_only_for_users() {
    let (world, run) = World::with_run();
    let first = save(&world, run, json!({ "what": "bundle", "models": true }), "run.semid");
    let again = save(&world, run, json!({ "what": "bundle", "models": true }), "again.semid");
    assert!(first == again, "the same run gives the same bytes");
    let slim = save(&world, run, json!({ "what": "bundle" }), "slim.semid");
    assert!(slim.len() < first.len(), "models and embeddings come only where asked for");
    assert!(open(&world, &world.path("run.semid")).known, "where it was run it is recognised");

    let other = World::new();
    let opened = open(&other, &world.path("run.semid"));
    assert!(!opened.known && !opened.dataset_here, "new here, and the shop is not");
    let [there, here] = [(&world, run), (&other, opened.run)]
        .map(|(world, run)| world.call::<Comparison>("comparison", json!({ "run": run })));
    assert_eq!(there, here, "every number");
    let request = |run: i64| {
        json!({ "run": run, "arm": "generative/rq-kmeans", "against": null, "metric": "ndcg@10", "sort": "value",
                "descending": true, "query": null, "offset": 0, "limit": 5 })
    };
    let users: UserPage = other.call("users", request(opened.run));
    assert!(users.note.contains("The shop"), "users say what they lack: {}", users.note);
    assert_eq!(users.rows[0].history, None, "what is not known is not made up");
    assert_eq!(open(&other, &world.path("run.semid")).run, opened.run, "opened twice it is one run");

    other.import_shop();
    assert!(open(&other, &world.path("run.semid")).dataset_here, "the same data set is recognised by its digest");
    let pages = [(&world, run), (&other, opened.run)].map(|(world, run)| world.call::<UserPage>("users", request(run)));
    assert_eq!(pages[0].rows, pages[1].rows, "the same users");
    let detail = |world: &World, run: i64| -> Value {
        let user = pages[0].rows[0].user;
        world.call("user", json!({ "run": run, "arm": "generative/rq-kmeans", "seed": 1, "user": user }))
    };
    assert_eq!(detail(&world, run), detail(&other, opened.run), "lists, codes, labels and what can be explained");
    let checked = other.store().check();
    assert!(checked.is_empty(), "the workspace is sound: {checked:?}");
}

#[test]
fn keys_of_users_are_in_a_bundle_only_where_asked_for() {
    let (world, run) = World::with_run();
    for keys in [false, true] {
        save(&world, run, json!({ "what": "bundle", "keys": keys }), "run.semid");
        let zip = zip::ZipArchive::new(std::fs::File::open(world.path("run.semid")).unwrap()).unwrap();
        assert_eq!(zip.file_names().any(|name| name.unwrap() == "keys.json"), keys, "privacy is the default");
    }
}

#[test]
fn damaged_and_foreign_files_are_refused_in_a_sentence_and_leave_nothing() {
    let (world, run) = World::with_run();
    let bundle = world.path("run.semid");
    save(&world, run, json!({ "what": "bundle", "models": true }), "run.semid");
    let other = World::new();
    let refused = |name: &str| {
        let opened = other.try_job::<OpenedBundle>("open_bundle", json!({ "path": world.path(name) }));
        let error = opened.expect_err(name);
        assert_eq!(error.code, Code::Input, "{name}: the file is wrong, not the machine: {}", error.message);
        let runs: Vec<RunRow> = other.call("runs", json!({}));
        assert!(runs.is_empty(), "{name}: nothing was half opened");
        error.message
    };
    std::fs::write(world.path("text"), "not a zip").unwrap();
    assert!(refused("text").contains("not a bundle"), "some file");
    repacked(&bundle, &world.path("foreign"), |name, bytes| (name != "manifest.json").then_some(bytes));
    assert!(refused("foreign").contains("not a bundle"), "some archive");
    let mut cut = std::fs::read(&bundle).unwrap();
    cut.truncate(cut.len() / 2);
    std::fs::write(world.path("cut"), cut).unwrap();
    refused("cut");
    for member in ["comparison.json", "values/1.f64", "lists/0.lists", "artifacts/0", "embeddings/0.f32"] {
        let flip = |name: &str, mut bytes: Vec<u8>| {
            if name == member {
                bytes[10] ^= 1;
            }
            Some(bytes)
        };
        repacked(&bundle, &world.path("flipped"), flip);
        assert!(refused("flipped").contains(member), "one bit of {member} is seen and named");
        repacked(&bundle, &world.path("lacking"), |name, bytes| (name != member).then_some(bytes));
        assert!(refused("lacking").contains(member), "that {member} is absent is seen and named");
    }
    let manifest = |change: fn(&mut Value)| {
        move |name: &str, bytes: Vec<u8>| {
            if name != "manifest.json" {
                return Some(bytes);
            }
            let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
            change(&mut manifest);
            Some(serde_json::to_vec(&manifest).unwrap())
        }
    };
    let outside = |manifest: &mut Value| manifest["artifacts"][0]["fingerprint"] = json!("../../../outside");
    repacked(&bundle, &world.path("slip"), manifest(outside));
    refused("slip");
    assert!(!other.path("outside.ids").exists(), "no name reaches out of the workspace");
    let huge = |manifest: &mut Value| manifest["members"]["comparison.json"]["bytes"] = json!(1u64 << 40);
    repacked(&bundle, &world.path("bomb"), manifest(huge));
    assert!(refused("bomb").contains("more than a bundle may"), "what would fill the memory is not unpacked");
    let bomb = |name: &str, bytes: Vec<u8>| Some(if name == "comparison.json" { vec![b' '; 50 << 20] } else { bytes });
    repacked(&bundle, &world.path("swollen"), bomb);
    refused("swollen");
    let newer = |manifest: &mut Value| manifest["version"] = json!(99);
    repacked(&bundle, &world.path("newer"), manifest(newer));
    assert!(refused("newer").contains("newest Semid"), "what to do with a bundle of the future");
}
