//! Artifacts are there whole or not at all, and a damaged one never passes for a good one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use semid_core::Checkpoints;
use semid_store::{Repair, RunStage, Severity, Store};
use serde_json::json;

mod common;

#[test]
fn an_artifact_comes_back_as_it_was_written_and_is_listed_with_what_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let artifacts = store.artifacts();
    let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(artifacts.read("abc", "codes").unwrap(), None, "nothing yet");
    artifacts.write("abc", "codes", &json!({ "levels": 3 }), &content).unwrap();
    artifacts.write("abc", "labels", &json!({}), b"").unwrap();
    assert_eq!(artifacts.read("abc", "codes").unwrap().unwrap(), content, "byte for byte");
    assert_eq!(artifacts.read("abc", "labels").unwrap().unwrap(), b"", "an empty one is not a missing one");
    let list = artifacts.list().unwrap();
    assert_eq!(list.iter().map(|artifact| artifact.kind.as_str()).collect::<Vec<_>>(), ["codes", "labels"]);
    assert_eq!(list[0].settings["levels"], 3, "with the settings it came from");
    artifacts.write("abc", "codes", &json!({}), b"new").unwrap();
    assert_eq!(artifacts.read("abc", "codes").unwrap().unwrap(), b"new", "replaced as a whole");
    artifacts.remove("abc", "codes").unwrap();
    artifacts.remove("abc", "codes").unwrap();
    assert!(!artifacts.contains("abc", "codes").unwrap(), "gone, and gone twice is fine");
    let left: Vec<_> = fs::read_dir(artifacts.folder()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn every_damaged_byte_and_every_early_end_is_seen_and_the_artifact_counts_as_absent() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let artifacts = store.artifacts();
    let path = artifacts.path("abc", "codes").unwrap();
    artifacts.write("abc", "codes", &json!({}), b"the content").unwrap();
    let whole = fs::read(&path).unwrap();
    let content_at = whole.len() - "the content".len();
    for at in (0..21).chain(content_at..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x80;
        fs::write(&path, damaged).unwrap();
        assert_eq!(artifacts.read("abc", "codes").unwrap(), None, "byte {at} was changed");
        assert!(!path.exists(), "set aside, so that the next read is quick");
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(artifacts.read("abc", "codes").unwrap(), None, "it ends after {length} bytes");
    }
    fs::write(artifacts.path("other", "codes").unwrap(), &whole).unwrap();
    assert_eq!(artifacts.read("other", "codes").unwrap(), None, "an artifact under another's name is not that one");
    artifacts.write("abc", "codes", &json!({}), b"again").unwrap();
    assert_eq!(artifacts.read("abc", "codes").unwrap().unwrap(), b"again", "computed again, it is good again");
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for name in ["", "..", "../x", "a/b", "a.b", "ü", &"x".repeat(129)] {
        let error = store.artifacts().write(name, "codes", &json!({}), b"").unwrap_err().to_string();
        assert!(error.contains("cannot name an artifact"), "{name}: {error}");
        assert!(store.artifacts().read("abc", name).is_err(), "{name} is no kind either");
    }
}

#[test]
fn a_checkpoint_slot_keeps_the_last_state_until_it_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let slot = store.artifacts().checkpoint("abc", json!({ "seed": 1 })).unwrap();
    assert_eq!(slot.load().unwrap(), None, "nothing to resume from");
    slot.save(b"one").unwrap();
    slot.save(b"two").unwrap();
    let again = store.artifacts().checkpoint("abc", json!({})).unwrap();
    assert_eq!(again.load().unwrap().unwrap(), b"two", "found under the same fingerprint");
    slot.clear().unwrap();
    assert_eq!(slot.load().unwrap(), None, "cleared");
}

#[test]
fn unused_artifacts_are_those_that_no_run_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = store.create_run(&common::new_run("a")).unwrap().id;
    for fingerprint in ["used", "unused"] {
        store.artifacts().write(fingerprint, "codes", &json!({}), b"x").unwrap();
    }
    let stage = |name: &str, fingerprint: &str| RunStage {
        stage: name.to_owned(),
        fingerprint: Some(fingerprint.to_owned()),
        ..RunStage::default()
    };
    store.record_stage(id, &stage("quantize", "used")).unwrap();
    let lock = store.lock_runs().unwrap();
    assert!(store.remove_unused_artifacts().is_err(), "not while somebody may be about to use them");
    drop(lock);
    let removed = store.remove_unused_artifacts().unwrap();
    assert_eq!(removed.iter().map(|artifact| artifact.fingerprint.as_str()).collect::<Vec<_>>(), ["unused"]);
    assert!(store.artifacts().contains("used", "codes").unwrap(), "what a run came from stays");
}

#[test]
fn the_doctor_finds_what_was_left_and_what_was_damaged_and_repairs_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(store.check().is_empty(), "a new workspace is well: {:?}", store.check());
    let artifacts = store.artifacts();
    for fingerprint in ["good", "bad", "aside"] {
        artifacts.write(fingerprint, "codes", &json!({}), b"content").unwrap();
    }
    for fingerprint in ["bad", "aside"] {
        let path = artifacts.path(fingerprint, "codes").unwrap();
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(artifacts.read("aside", "codes").unwrap(), None, "found by a read");
    fs::write(artifacts.folder().join(".semid-writing-x1y2z3"), b"half").unwrap();
    let findings = store.check();
    let what: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(findings.len(), 3, "damaged, set aside, left over: {what:?}");
    assert!(findings.iter().all(|finding| !finding.advice.is_empty() && finding.repair.is_some()), "all repairable");
    assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)), "worst first");
    assert!(
        findings.iter().any(|finding| finding.severity == Severity::Warning
            && matches!(&finding.repair, Some(Repair::DeleteArtifact { fingerprint, .. }) if fingerprint == "bad")),
        "names the damaged one: {what:?}"
    );
    assert_eq!(store.repair(&findings).unwrap().len(), 3, "a sentence for each");
    assert!(store.check().is_empty(), "all is well again: {:?}", store.check());
    let mut finding = findings[0].clone();
    finding.repair = Some(Repair::DeleteFile(artifacts.path("good", "codes").unwrap()));
    store.repair(&[finding]).unwrap();
    assert_eq!(artifacts.read("good", "codes").unwrap().unwrap(), b"content", "what is good is never deleted");
}
