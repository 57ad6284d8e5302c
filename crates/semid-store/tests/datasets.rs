//! Data sets go in whole or not at all, and come out as they went in.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{import, items, new_dataset, rows, users};
use semid_core::Interaction;
use semid_store::{Error, OnExisting, Problem, Store};

#[test]
fn a_data_set_comes_back_as_it_went_in_whatever_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (items, users, rows) = (items(50), users(30), rows(40_000, 30, 50));
    let mut digests = Vec::new();
    for batch in [1_000, 40_000, 16_384] {
        let mut writer = store.write_dataset(&new_dataset("films"), OnExisting::Replace).unwrap();
        // Interactions first: they may name what comes later.
        rows.chunks(batch).for_each(|rows| writer.add_interactions(rows).unwrap());
        users.chunks(batch / 100).for_each(|users| writer.add_users(users).unwrap());
        items.chunks(batch / 100).for_each(|items| writer.add_items(items).unwrap());
        let dataset = writer.finish().unwrap();
        assert_eq!(store.load_catalog(dataset.id).unwrap().items, items, "items in order, nothing escaped or lost");
        let loaded = store.load_interactions(dataset.id).unwrap();
        assert_eq!(loaded.user_keys, users, "users in order");
        assert_eq!(loaded.rows, rows, "rows in the order of the file, missing ratings and times still missing");
        assert_eq!(store.dataset("films").unwrap(), dataset, "what finish returns is what is stored");
        assert_eq!((dataset.items, dataset.users, dataset.interactions), (50, 30, 40_000), "counts are of the rows");
        assert!(dataset.simulated && dataset.settings["k_core"] == 5, "facts are kept");
        digests.push(dataset.digest);
    }
    assert!(digests.iter().all(|digest| *digest == digests[0]), "the digest is of the data, not of the batches");
    assert_eq!(store.datasets().unwrap().len(), 1, "replacing leaves one");

    let mut writer = store.write_dataset(&new_dataset("other"), OnExisting::Refuse).unwrap();
    writer.add_items(&items).unwrap();
    writer.add_users(&users).unwrap();
    writer.add_interactions(&rows[1..]).unwrap();
    assert_ne!(writer.finish().unwrap().digest, digests[0], "one row less is another data set");
}

#[test]
fn ratings_and_times_that_no_row_has_stay_missing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut writer = store.write_dataset(&new_dataset("bare"), OnExisting::Refuse).unwrap();
    writer.add_items(&items(2)).unwrap();
    writer.add_users(&["one"]).unwrap();
    let rows = [Interaction { user: 0, item: 1, rating: None, at: None }; 3];
    writer.add_interactions(&rows).unwrap();
    let id = writer.finish().unwrap().id;
    assert_eq!(store.load_interactions(id).unwrap().rows, rows, "none is not zero");
}

#[test]
fn nobody_sees_a_data_set_before_it_is_finished_and_dropping_undoes_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let kept = import(&store, "films", 100);
    let mut writer = store.write_dataset(&new_dataset("films"), OnExisting::Replace).unwrap();
    writer.add_items(&items(5)).unwrap();
    assert_eq!(store.dataset("films").unwrap(), kept, "readers see the old one meanwhile");
    drop(writer);
    assert_eq!(store.dataset("films").unwrap(), kept, "an import that was given up leaves the old one");
    assert_eq!(store.load_catalog(kept.id).unwrap().len(), 20, "with all its items");
}

#[test]
fn bad_data_is_refused_in_a_sentence_and_nothing_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let begin = || store.write_dataset(&new_dataset("bad"), OnExisting::Refuse).unwrap();

    let mut writer = begin();
    writer.add_items(&items(3)).unwrap();
    let error = writer.add_items(&items(1)).unwrap_err().to_string();
    assert!(error.contains("“i0” is there twice"), "names the duplicate key: {error}");
    assert!(writer.add_items(&[]).is_err() && writer.finish().is_err(), "an import that failed cannot be committed");

    let error = begin().finish().unwrap_err().to_string();
    assert!(error.contains("no item"), "says what is missing: {error}");

    let mut writer = begin();
    writer.add_items(&items(1)).unwrap();
    writer.add_users(&users(1)).unwrap();
    writer.add_interactions(&[Interaction { user: 0, item: 7, rating: None, at: None }]).unwrap();
    let error = writer.finish().unwrap_err().to_string();
    assert!(error.contains("item 7 of 1"), "names the item that never came: {error}");

    let mut writer = begin();
    writer.add_interactions(&[Interaction { user: 0, item: 0, rating: Some(f32::NAN), at: None }]).unwrap();
    let error = writer.finish().unwrap_err().to_string();
    assert!(error.contains("Interaction 1 has a rating that is not a finite number"), "names the row: {error}");

    assert!(store.datasets().unwrap().is_empty(), "nothing of it stayed");
    import(&store, "films", 10);
    let error = store.write_dataset(&new_dataset("films"), OnExisting::Refuse).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "a name is taken once: {error}");
    let error = store.dataset("flims").unwrap_err().to_string();
    assert!(error.contains("“flims”") && error.contains("It has: films."), "names what there is: {error}");
}

#[test]
fn problems_are_all_counted_and_the_first_of_each_kind_kept_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut writer = store.write_dataset(&new_dataset("films"), OnExisting::Refuse).unwrap();
    writer.add_items(&items(1)).unwrap();
    let problem = |kind: &str, line| Problem {
        file: "films.csv".to_owned(),
        line: Some(line),
        kind: kind.to_owned(),
        reason: "The rating is no number.".to_owned(),
        snippet: "ü".repeat(500),
    };
    (0..1_200).for_each(|line| writer.add_problem(&problem("bad rating", line)).unwrap());
    writer.add_problem(&problem("bad time", 7)).unwrap();
    writer.count_problems("bad time", 4);
    let dataset = writer.finish().unwrap();
    assert_eq!(dataset.problems, 1_205, "every problem is counted");
    let counts: Vec<(String, u64)> =
        store.problem_counts(dataset.id).unwrap().into_iter().map(|count| (count.kind, count.rows)).collect();
    assert_eq!(counts, [("bad rating".to_owned(), 1_200), ("bad time".to_owned(), 5)], "by kind, most first");
    let kept = store.problems(dataset.id, usize::MAX).unwrap();
    assert_eq!(kept.len(), 1_001, "a thousand of a kind are enough to look at");
    assert_eq!(kept[1_000].line, Some(7), "in the order they were met");
    assert_eq!(kept[0].snippet.chars().count(), 200, "a snippet is the beginning of the row");
}

#[test]
fn deleting_a_data_set_takes_its_rows_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let dataset = import(&store, "films", 100);
    store.delete_dataset("films").unwrap();
    assert!(matches!(store.load_catalog(dataset.id), Err(Error::NotFound { .. })), "its number names nothing any more");
    assert!(store.check().is_empty(), "no row is left behind without its data set: {:?}", store.check());
    assert!(matches!(store.delete_dataset("films"), Err(Error::NotFound { .. })), "it is gone");
}
