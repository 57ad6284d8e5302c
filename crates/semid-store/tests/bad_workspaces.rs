//! Workspaces that cannot be used are refused in a sentence, and stay as they are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{import, new_dataset};
use rusqlite::Connection;
use semid_store::{Error, OnExisting, Severity, Store, check};

fn refused(folder: &Path) -> Error {
    let error = Store::open(folder).unwrap_err();
    let findings = check(folder);
    assert_eq!(findings.len(), 1, "the doctor says why it does not open: {findings:?}");
    assert_eq!(findings[0].severity, Severity::Error, "and that this is bad");
    assert_eq!(findings[0].what, error.to_string(), "in the same sentence");
    error
}

#[test]
fn a_workspace_in_the_place_of_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    let error = refused(&file).to_string();
    assert!(error.contains("is a file, and a workspace is a folder"), "says what is there: {error}");
    let error = Store::open(file.join("below")).unwrap_err().to_string();
    assert!(error.contains("part of its path is a file"), "says what is in the way: {error}");
    assert_eq!(fs::read(&file).unwrap(), b"precious", "and leaves it alone");
}

#[test]
fn a_newer_database_is_refused_with_advice_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    import(&Store::open(folder.path()).unwrap(), "films", 10);
    let database = folder.path().join("semid.db");
    Connection::open(&database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&database).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, Error::Newer { found: 99, .. }), "the versions are known: {error}");
    assert!(error.to_string().contains("Update Semid"), "says what to do: {error}");
    assert!(matches!(Store::open_read_only(folder.path()), Err(Error::Newer { .. })), "reading could misread it");
    assert_eq!(fs::read(&database).unwrap(), before, "not a byte was changed");
}

#[test]
fn an_older_database_is_brought_up_to_date_with_its_rows_but_not_by_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("semid.db");
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch(include_str!("../migrations/0001_datasets.sql")).unwrap();
    connection.pragma_update(None, "application_id", 0x536D_4944).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection
        .execute("INSERT INTO dataset VALUES (7, 'old', 'Old', '', 0, '', '', '{}', 'digest', 1, 0, 0, 0, 0)", [])
        .unwrap();
    drop(connection);
    let error = Store::open_read_only(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Older { found: 1, .. }), "a reader changes nothing: {error}");
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.dataset("old").unwrap().id, 7, "what was there is still there");
    assert!(store.runs().unwrap().is_empty(), "and the newer tables are too");
    Store::open_read_only(folder.path()).unwrap();
}

#[test]
fn files_that_are_no_database_of_ours_are_refused_and_not_touched() {
    let other = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
        fs::read(path).unwrap()
    };
    for content in [&b"name,rating\nAlien,5\n"[..], &b"junk ".repeat(1_000), &other] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("semid.db");
        fs::write(&database, content).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, Error::NotADatabase { .. }), "not ours: {error}");
        assert_eq!(fs::read(&database).unwrap(), content, "not a byte was changed");
    }
}

#[test]
fn a_damaged_database_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    import(&store, "films", 100_000);
    drop(store);
    let database = folder.path().join("semid.db");
    let mut bytes = fs::read(&database).unwrap();
    // Inside the pages of the interactions: the tables still open.
    let middle = bytes.len() * 2 / 3;
    bytes[middle..middle + 40_000].fill(0xA5);
    fs::write(&database, bytes).unwrap();
    let findings = check(folder.path());
    assert!(
        findings.iter().any(|finding| finding.severity == Severity::Error
            && (finding.what.contains("damaged") || finding.what.contains("is not what was imported"))),
        "the doctor sees it: {findings:?}"
    );
    fs::write(&database, &fs::read(&database).unwrap()[..5_000]).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "cut off, it does not open: {error}");
    assert!(error.to_string().contains("restore"), "says what to do: {error}");
}

#[test]
fn a_reader_reads_all_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open_read_only(folder.path()), Err(Error::NoWorkspace { .. })), "there is none yet");
    assert_eq!(check(folder.path())[0].severity, Severity::Note, "which is no fault");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "and looking for one made none");
    let id = import(&Store::open(folder.path()).unwrap(), "films", 10).id;
    let reader = Store::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.load_catalog(id).unwrap().len(), 20, "reads");
    for error in [
        reader.set_setting("a", Some("b")).unwrap_err(),
        reader.delete_dataset("films").unwrap_err(),
        reader.write_dataset(&new_dataset("x"), OnExisting::Refuse).unwrap_err(),
        reader.create_run(&common::new_run("x")).unwrap_err(),
    ] {
        assert!(matches!(error, Error::ReadOnly { .. }), "a writer was never opened: {error}");
    }
}

#[test]
fn settings_and_embeddings_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.set_setting("theme", Some("dark")).unwrap();
    store.set_setting("gone", Some("x")).unwrap();
    store.set_setting("gone", None).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.setting("theme").unwrap().as_deref(), Some("dark"), "kept");
    assert_eq!(store.settings().unwrap(), [("theme".to_owned(), "dark".to_owned())], "what was unset is gone");
}
