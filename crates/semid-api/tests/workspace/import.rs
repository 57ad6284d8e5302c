//! Looking at files before they are imported.

use std::io::Write;
use std::time::Instant;

use semid_api::engine::import::{FileKind, Format, Role};
use semid_api::wire::{DatasetList, ImportCheck, Nothing, PreviewReply, Recognised, TextsReply};
use semid_api::{ApiError, Code, JobState};
use serde_json::json;

use crate::fresh;

const ITEMS: &str = "{\"id\":\"a\",\"title\":\"Alpha\",\"genres\":[\"Drama\"]}\n\
                     {\"id\":\"b\",\"title\":\"Beta\",\"genres\":[]}\n";

#[test]
fn a_file_is_recognised_with_its_columns_rows_and_a_free_name() {
    let fresh = fresh();
    let csv = fresh.file("My Log.v2.csv", "reviewer,asin,stars\nu1,a,5\nu2,b,4\n");
    let reply: PreviewReply = fresh.app.call("preview_file", json!({ "path": csv })).unwrap();
    assert_eq!((reply.preview.kind, reply.preview.format), (FileKind::Interactions, Format::Csv), "seen from the file");
    let mapped: Vec<_> = reply.preview.mapping.iter().map(|(role, column)| (*role, column.as_str())).collect();
    assert_eq!(mapped, [(Role::User, "reviewer"), (Role::Item, "asin"), (Role::Rating, "stars")], "guessed by name");
    assert_eq!(reply.preview.rows[0], ["u1", "a", "5"], "the first row as it stands");
    assert_eq!(reply.suggested_name, "my-log", "made from the file's name");
    assert!(reply.roles.iter().all(|role| role.sentence.ends_with('.')), "every role is explained");
    let _: serde_json::Value = fresh.finish("import", json!({ "name": "my-log", "interactions": csv }));
    let again: PreviewReply = fresh.app.call("preview_file", json!({ "path": csv })).unwrap();
    assert_eq!(again.suggested_name, "my-log-2", "a taken name is not suggested");
}

#[test]
fn item_texts_follow_the_template_as_it_is_typed() {
    let fresh = fresh();
    let items = fresh.file("items.jsonl", ITEMS);
    let texts = |text: Option<&str>| -> TextsReply {
        let import = json!({ "items": items, "text": text, "name": "", "interactions": "" });
        fresh.app.call("preview_texts", json!({ "import": import })).unwrap()
    };
    let default = texts(None);
    assert_eq!(default.template, "{title}. {genres}", "made from the columns there are");
    assert_eq!(default.texts[0].text, "Alpha. Drama", "what will be embedded");
    let own = texts(Some("Film: {title}"));
    assert_eq!(own.texts[1].text, "Film: Beta", "what was typed is filled in");
    let broken = texts(Some("{title"));
    assert!(broken.problem.unwrap().contains("brace"), "a half-typed template is told, not failed on");
    assert!(texts(Some("{nothing}")).problem.unwrap().contains("nothing"), "so is a field that is not there");
    assert!(default.fields.iter().any(|field| field == "genres"), "fields that can be named: {:?}", default.fields);
}

#[test]
fn columns_can_be_chosen_for_each_role_and_given_up() {
    let fresh = fresh();
    let csv = fresh.file("log.csv", "user,item,rating,other\nu1,a,5,x\nu2,b,4,y\n");
    let import = json!({ "name": "log", "interactions": csv, "mapping": { "user": "other", "rating": null } });
    let check: ImportCheck = fresh.finish("check_import", json!({ "import": import }));
    let columns = &check.summary.files[0].columns;
    assert!(columns.contains(&(Role::User, "other".to_owned())), "the person's choice wins: {columns:?}");
    assert_eq!(check.summary.with_rating, 0, "a role given up has no column");
}

#[test]
fn a_check_tells_every_problem_and_writes_nothing() {
    let fresh = fresh();
    let csv = fresh.file("log.csv", "user,item,rating\nu1,a,5\nu1,,3\nu2,b,good\n");
    let import = json!({ "name": "log", "interactions": csv, "strict": true });
    let check: ImportCheck = fresh.finish("check_import", json!({ "import": import }));
    let lines: Vec<u64> = check.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4], "problems with their lines, also where an import would stop at the first");
    assert_eq!(check.kinds.len(), 2, "counted by kind: {:?}", check.kinds);
    assert!(!check.name_taken, "the name is free");
    let list: DatasetList = fresh.app.call("datasets", Nothing {}).unwrap();
    assert!(list.datasets.is_empty(), "nothing was imported");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    let fresh = fresh();
    let error: Result<PreviewReply, ApiError> = fresh.app.call("preview_file", json!({ "path": "/no/such/file.csv" }));
    let error = error.unwrap_err();
    assert_eq!(error.code, Code::Input, "the path was wrong");
    assert!(error.message.contains("/no/such/file.csv"), "it names the file: {}", error.message);
    let import = json!({ "name": "x", "interactions": fresh.file("empty.csv", "") });
    assert_eq!(fresh.job("check_import", json!({ "import": import })).state, JobState::Failed, "nothing to check");
}

#[test]
fn dropped_files_are_told_from_each_other_and_a_known_folder_by_its_names() {
    let fresh = fresh();
    let items = fresh.file("things/catalog.jsonl", ITEMS);
    let log = fresh.file("things/log.csv", "user,item\nu1,a\nu2,b\nu3,a\nu4,b\nu5,a\nu6,b\nu7,a\nu8,b\nu9,a\n");
    let found: Recognised = fresh.app.call("recognise_files", json!({ "paths": [log, items] })).unwrap();
    assert_eq!((found.import.items, found.import.interactions), (Some(items.clone()), log.clone()), "each its part");
    let folder = fresh.folder.path().join("things");
    let found: Recognised = fresh.app.call("recognise_files", json!({ "paths": [folder] })).unwrap();
    assert_eq!(found.import.interactions, log, "a folder stands for its files");
    assert_eq!(found.import.name, "things", "and gives the name");

    fresh.file("ml-100k/README", "about");
    fresh.file("ml-100k/u.user", "1|24|M|technician|85711\n");
    let ratings = fresh.file("ml-100k/u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n");
    fresh.file("ml-100k/u.item", format!("242|Kolya (1996)|24-Jan-1997||http://x|{}\n", ["0"; 19].join("|")));
    let folder = fresh.folder.path().join("ml-100k");
    let found: Recognised = fresh.app.call("recognise_files", json!({ "paths": [folder] })).unwrap();
    assert!(found.sentence.contains("MovieLens 100K"), "known by its names: {}", found.sentence);
    assert_eq!(found.import.interactions, ratings, "u.data has the ratings");
    assert_eq!(found.unused.len(), 2, "the others are not needed, and that is said");
}

#[test]
fn looking_at_a_file_takes_no_longer_when_the_file_is_large() {
    let fresh = fresh();
    let path = fresh.file("large.csv", "user,item,rating\nu1,a,5\n");
    // A hole: large to read, small on the disk.
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all("u2,b,4\n".repeat(200_000).as_bytes()).unwrap();
    file.set_len(4 << 30).unwrap();
    let start = Instant::now();
    let reply: PreviewReply = fresh.app.call("preview_file", json!({ "path": path })).unwrap();
    assert_eq!(reply.preview.rows.len(), 20, "the first rows are shown");
    assert!(start.elapsed().as_secs() < 5, "reading 4 GiB would take longer");
}
