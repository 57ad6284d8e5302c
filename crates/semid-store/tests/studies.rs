//! Studies: locked ones stay as they are, answers are kept whatever happens, withdrawn ones leave no byte.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use semid_store::{
    Error, ExportedFile, NewParticipant, NewStudy, Participant, ParticipantKind, Severity, Store, StoredConsent,
    StoredResponse, StoredTrial, Study, check,
};

const FOLDER: &str = "SEMID_STORE_TEST_STUDY";

fn locked(store: &Store) -> Study {
    let new = NewStudy {
        name: "films".into(),
        dataset: "films".into(),
        protocol: "{}".into(),
        arms: vec![("semantic".into(), "a".into()), ("hash".into(), "b".into())],
        stimuli: vec![("easy".into(), "f1".into(), 0)],
        instruments: vec![("en".into(), 1, "d".into())],
        ..NewStudy::default()
    };
    let study = store.write_study(&new).unwrap();
    store.lock_study(study.id, "abc").unwrap()
}

fn participant(store: &Store, study: i64, name: &str, trials: u32) -> Participant {
    let new = NewParticipant {
        study,
        pseudonym: name.into(),
        kind: ParticipantKind::Person,
        part: 1,
        session: format!("session of {name}"),
        key: vec![1; 32],
    };
    let trial = |position| StoredTrial { position, task: "easy".into(), plan: "{}".into(), shown_name: None };
    store.write_participant(&new, 2, |_, _| (0..trials).map(trial).collect()).unwrap()
}

fn answer(participant: i64, position: u32, text: &str) -> StoredResponse {
    let answer = format!("{{\"text\":\"{text}\"}}");
    StoredResponse { participant, position, answer, answered_at: 1, mac: format!("mac {position}") }
}

#[test]
fn a_locked_study_does_not_change_and_its_name_gets_a_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let draft = NewStudy { name: "films".into(), protocol: "{}".into(), ..NewStudy::default() };
    let first = store.write_study(&draft).unwrap();
    let again = store.write_study(&NewStudy { protocol: "{\"a\":1}".into(), ..draft.clone() }).unwrap();
    assert_eq!((first.version, again.version), (1, 1), "a draft is written over");
    let refused = store.write_participant(
        &NewParticipant {
            study: again.id,
            pseudonym: "p".into(),
            kind: ParticipantKind::Person,
            part: 1,
            session: "s".into(),
            key: vec![],
        },
        1,
        |_, _| Vec::new(),
    );
    assert!(refused.unwrap_err().to_string().contains("not locked"), "nobody takes part in a draft");
    let locked = store.lock_study(again.id, "hash").unwrap();
    assert_eq!(store.lock_study(again.id, "other").unwrap(), locked, "a lock is put on once");
    let second = store.write_study(&draft).unwrap();
    assert_eq!((second.version, second.locked_at), (2, None), "afterwards there is a new version only");
    assert_eq!(store.study("films", Some(1)).unwrap(), locked, "the locked one is still there");
    assert!(matches!(store.study("nope", None), Err(Error::NotFound { .. })), "an unknown name is told");
    assert!(check(folder.path()).is_empty(), "and the database is sound");
}

#[test]
fn answers_are_kept_once_and_a_different_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let study = locked(&store);
    let rows: Vec<u32> = ["a", "b", "c"].map(|name| participant(&store, study.id, name, 3).row).into();
    assert_eq!(rows, [0, 1, 0], "the rows of the square fill evenly");
    let a = store.participant("a").unwrap();
    store.record_response(&answer(a.id, 0, "first")).unwrap();
    let error = store.record_response(&answer(a.id, 0, "second")).unwrap_err().to_string();
    assert!(error.contains("has one already"), "an answer is given once: {error}");
    assert!(store.record_response(&answer(a.id, 9, "x")).is_err(), "there is no such trial");
    let consent = StoredConsent { text_hash: "h".into(), language: "en".into(), given_at: 5 };
    let all: Vec<StoredResponse> = (0..3).map(|position| answer(a.id, position, "first")).collect();
    assert_eq!(store.hand_in(a.id, Some(&consent), &all).unwrap(), 2, "what was there is not counted twice");
    let other = StoredResponse { mac: "forged".into(), ..answer(a.id, 1, "other") };
    assert!(store.hand_in(a.id, Some(&consent), &[other]).is_err(), "a different answer to the same trial is refused");
    assert_eq!(store.responses(a.id).unwrap(), all, "and nothing changed");
    store.close_study(study.id).unwrap();
    assert!(store.participant_of_session("session of a").unwrap().is_some(), "sessions are found by their token");
}

#[test]
fn after_a_withdrawal_no_byte_of_the_answers_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let study = locked(&store);
    let (gone, stays) = (participant(&store, study.id, "gone", 400), participant(&store, study.id, "stays", 400));
    // Turn by turn and of many lengths, so that pages are split and rows moved again and again.
    for position in 0..400 {
        let filler = "y".repeat((position * 37 % 300) as usize);
        store.record_response(&answer(stays.id, position, &format!("KEPT{position}{filler}"))).unwrap();
        store.record_response(&answer(gone.id, position, &format!("SECRETWORDS{position}{filler}"))).unwrap();
    }
    store
        .log_export(
            study.id,
            &ExportedFile { kind: "report".into(), path: "/x".into(), digest: "d".into(), pseudonym: None, at: 0 },
        )
        .unwrap();
    assert!(holds(folder.path(), b"SECRETWORDS"), "before, the answers are there");
    assert_eq!(store.withdraw("gone").unwrap(), 400, "all of them are deleted");
    assert!(!holds(folder.path(), b"SECRETWORDS"), "in no file of the workspace is a trace of them");
    assert!(!holds(folder.path(), b"session of gone"), "nor of the session");
    assert_eq!(store.responses(stays.id).unwrap().len(), 400, "the others' answers stay");
    assert!(matches!(store.withdraw("gone"), Err(Error::NotFound { .. })), "who is gone is gone");
    assert_eq!(store.exports(study.id).unwrap().len(), 1, "where copies may be is still known");
    let broken: Vec<_> = check(folder.path()).into_iter().filter(|one| one.severity > Severity::Note).collect();
    assert_eq!(broken, [], "and the database is sound");
}

fn holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file()).any(|entry| {
        let content = std::fs::read(entry.path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
#[ignore = "the entry point of the child that the next test starts and kills"]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(folder).unwrap();
    let study = locked(&store);
    let one = participant(&store, study.id, "one", 100_000);
    for position in 0..100_000 {
        store.record_response(&answer(one.id, position, "word")).unwrap();
        println!("kept {position}");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn an_answer_that_was_acknowledged_survives_a_kill() {
    for round in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let wanted = 20 + 17 * round;
        let seen = lines.by_ref().filter(|line| line.contains("kept")).take(wanted).count();
        child.kill().unwrap();
        // What it still said before it died was acknowledged too.
        let acknowledged = seen + lines.filter(|line| line.contains("kept")).count();
        child.wait().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let one = store.participant("one").unwrap();
        let found = store.responses(one.id).unwrap().len();
        assert!(seen == wanted && found >= acknowledged, "{acknowledged} were acknowledged, {found} are there");
    }
}
