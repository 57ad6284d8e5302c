//! Several processes on one workspace, and processes that are killed in the middle of their work.
//!
//! The children are this very test binary, told by an environment variable what to do.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{import, items, new_dataset, new_run, rows, users};
use semid_core::Checkpoints;
use semid_store::{Error, OnExisting, RunStatus, Store, check};
use serde_json::json;

const TASK: &str = "SEMID_STORE_TEST_TASK";
const FOLDER: &str = "SEMID_STORE_TEST_FOLDER";

#[test]
#[ignore = "the entry point of the child processes that the other tests start"]
fn child() {
    let (Ok(task), Ok(folder)) = (std::env::var(TASK), std::env::var(FOLDER)) else { return };
    let folder = Path::new(&folder);
    match task.as_str() {
        "import" => import_forever(folder),
        "artifact" => write_artifacts_forever(folder),
        "run" => run_forever(folder),
        "settings" => {
            let store = Store::open(folder).unwrap();
            (0..100).for_each(|at| store.set_setting(&format!("child {at}"), Some("x")).unwrap());
        }
        "open" => drop(Store::open(folder).unwrap()),
        "no room" => {
            let artifacts = Store::open(folder).unwrap().artifacts().clone();
            say(&artifacts.write("abc", "codes", &json!({}), &vec![7; 4 << 20]).unwrap_err().to_string());
        }
        "look" => {
            say(&Store::open(folder).unwrap_err().to_string());
            let store = Store::open_read_only(folder).unwrap();
            let dataset = store.dataset("films").unwrap();
            say(&store.load_interactions(dataset.id).unwrap().rows.len().to_string());
            say(&store.artifacts().write("abc", "codes", &json!({}), b"x").unwrap_err().to_string());
            say(&check(folder).iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>().join(" | "));
            say(&Store::open(folder.join("new")).unwrap_err().to_string());
        }
        other => panic!("no such task: {other}"),
    }
}

fn import_forever(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let mut writer = store.write_dataset(&new_dataset("films"), OnExisting::Replace).unwrap();
    writer.add_items(&items(1_000)).unwrap();
    writer.add_users(&users(1_000)).unwrap();
    let rows = rows(1_000_000, 1_000, 1_000);
    for round in 0.. {
        writer.add_interactions(&rows).unwrap();
        // By now pages have left the memory for the log.
        if round == 4 {
            say("writing");
        }
    }
}

fn write_artifacts_forever(folder: &Path) {
    let store = Store::open(folder).unwrap();
    for round in 0u8.. {
        store.artifacts().write("abc", "codes", &json!({}), &vec![round % 2; 4 << 20]).unwrap();
        if round == 0 {
            say("writing");
        }
    }
}

fn run_forever(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let lock = store.lock_runs().unwrap();
    let id = store.create_run(&new_run("child")).unwrap().id;
    store.start_run(&lock, id).unwrap();
    store.artifacts().checkpoint("abc", json!({})).unwrap().save(b"epoch 3").unwrap();
    say("running");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_killed_import_leaves_the_old_data_set_and_the_next_one_goes_through() {
    let folder = tempfile::tempdir().unwrap();
    let before = import(&Store::open(folder.path()).unwrap(), "films", 1_000);
    let mut child = start("import", folder.path());
    wait_for(&mut child, "writing");
    let beside = Store::open(folder.path()).unwrap();
    assert_eq!(beside.dataset("films").unwrap(), before, "who reads meanwhile sees the old one");
    kill(child);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.dataset("films").unwrap(), before, "nothing half-written");
    assert_eq!(store.load_interactions(before.id).unwrap().rows.len(), 1_000, "and nothing lost");
    assert!(store.check().is_empty(), "the database is sound: {:?}", store.check());
    import(&store, "other", 1_000);
}

#[test]
fn an_artifact_is_whole_whenever_its_writer_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for pause in [0, 3, 7, 13, 29] {
        let mut child = start("artifact", folder.path());
        wait_for(&mut child, "writing");
        std::thread::sleep(Duration::from_millis(pause));
        kill(child);
        let content =
            store.artifacts().read("abc", "codes").unwrap().expect("it was there, and whole, before the kill");
        assert!(content.len() == 4 << 20 && content.iter().all(|&byte| byte == content[0]), "one content or the other");
    }
    store.repair(&store.check()).unwrap();
    assert!(store.check().is_empty(), "what was left over is found and removed: {:?}", store.check());
    let files = fs::read_dir(store.artifacts().folder()).unwrap().count();
    assert_eq!(files, 1, "only the artifact is left");
}

#[test]
fn a_killed_run_is_told_from_a_live_one_and_resumes_from_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut child = start("run", folder.path());
    wait_for(&mut child, "running");
    let run = store.runs().unwrap().remove(0);
    assert_eq!((run.status, run.process), (RunStatus::Running, Some(child.id())), "alive in the other process");
    let error = store.lock_runs().unwrap_err();
    let expected = format!("Run {} “child” is going on in process {}", run.id, child.id());
    assert!(matches!(error, Error::RunsLocked { .. }) && error.to_string().contains(&expected), "refused: {error}");
    kill(child);
    assert_eq!(store.run(run.id).unwrap().status, RunStatus::Interrupted, "its lock fell open when it died");
    let findings = store.check();
    assert!(
        findings.iter().any(|finding| finding.what.contains("was interrupted")),
        "the doctor says so: {findings:?}"
    );
    let lock = store.lock_runs().unwrap();
    store.start_run(&lock, run.id).unwrap();
    let state = store.artifacts().checkpoint("abc", json!({})).unwrap().load().unwrap();
    assert_eq!(state.as_deref(), Some(&b"epoch 3"[..]), "and goes on where it was");
}

#[test]
fn two_processes_write_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let child = start("settings", folder.path());
    (0..100).for_each(|at| store.set_setting(&format!("parent {at}"), Some("x")).unwrap());
    finish(child);
    assert_eq!(store.settings().unwrap().len(), 200, "each write of both is there");
}

#[test]
fn processes_that_open_a_new_workspace_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<Child> = (0..6).map(|_| start("open", folder.path())).collect();
    children.into_iter().for_each(finish);
    assert!(Store::open(folder.path()).unwrap().check().is_empty(), "made once, and sound");
}

#[test]
fn a_write_that_finds_no_room_leaves_the_old_artifact_and_no_half_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.artifacts().write("abc", "codes", &json!({}), b"old").unwrap();
    // Files may not grow beyond a megabyte: the write fails in its middle, as on a full disk.
    let limited = format!("trap '' XFSZ; ulimit -f 2048; exec '{}' \"$@\"", std::env::current_exe().unwrap().display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &limited, "sh"]);
    let said = finish_and_read(spawn(command, "no room", folder.path()));
    assert!(said[0].contains("abc.codes"), "the sentence names the file: {said:?}");
    assert_eq!(store.artifacts().read("abc", "codes").unwrap().unwrap(), b"old", "the old one is whole");
    assert_eq!(fs::read_dir(store.artifacts().folder()).unwrap().count(), 1, "and nothing half-written stays");
}

#[test]
fn a_read_only_workspace_is_refused_for_writing_and_still_read() {
    let outer = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(outer.path(), 0o755);
    let folder = outer.path().join("work space?#%");
    let store = Store::open(&folder).unwrap();
    import(&store, "films", 1_000);
    store.create_run(&new_run("first")).unwrap();
    drop(store);
    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        mode(&file, if file.is_dir() { 0o555 } else { 0o444 });
    }
    mode(&folder, 0o555);

    // Permissions do not bind root, so as root the child is nobody, with a copy of this binary that nobody can reach.
    let mut command = Command::new(std::env::current_exe().unwrap());
    if fs::metadata(outer.path()).unwrap().uid() == 0 {
        let copy = outer.path().join("test-binary");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        mode(&copy, 0o755);
        command = Command::new(copy);
        command.uid(65_534).gid(65_534).current_dir("/");
    }
    let said = finish_and_read(spawn(command, "look", &folder));
    mode(&folder, 0o755);
    mode(&folder.join("artifacts"), 0o755);
    let [open, rows, artifact, doctor, new] = said.as_slice() else { panic!("five answers: {said:?}") };
    assert!(open.contains("cannot be written to") && open.contains("SEMID_HOME"), "says what to do: {open}");
    assert_eq!(rows, "1000", "what is there can be read");
    assert!(artifact.contains("cannot be written to"), "an artifact neither: {artifact}");
    assert!(doctor.contains("cannot be written to"), "the doctor sees it: {doctor}");
    assert!(new.contains("cannot be written to"), "nor can a workspace be made there: {new}");
}

fn start(task: &str, folder: &Path) -> Child {
    spawn(Command::new(std::env::current_exe().unwrap()), task, folder)
}

fn spawn(mut command: Command, task: &str, folder: &Path) -> Child {
    command
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads", "1"])
        .env(TASK, task)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A line for the parent, set apart from what the test harness prints.
fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n> {line}").unwrap();
    out.flush().unwrap();
}

fn wait_for(child: &mut Child, line: &str) {
    let said = format!("> {line}");
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == said), "the child got as far as {line:?}");
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn finish(mut child: Child) {
    assert!(child.wait().unwrap().success(), "the child succeeded");
}

fn finish_and_read(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the child succeeded: {}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_owned).collect()
}
