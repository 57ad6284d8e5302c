//! `cargo xtask setup` as a person runs it, where things go wrong. No network is asked: every way out leads to a port of
//! this machine where nobody listens.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn setup(home: &Path) -> Output {
    let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["setup", "--downloads-only"])
        .env("SEMID_HOME", home)
        .env("HF_ENDPOINT", &nobody)
        .envs(
            ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
                .map(|name| (name, &nobody)),
        )
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("SEMID_PYTHON", home.join("no-python-here"))
        .output()
        .unwrap()
}

#[test]
fn when_no_source_answers_set_up_says_so_and_fails() {
    let home = tempfile::tempdir().unwrap();
    let output = setup(home.path());
    assert!(!output.status.success(), "a script sees that it failed");
    let said = String::from_utf8_lossy(&output.stderr);
    for part in [
        "all-MiniLM-L6-v2 could not be fetched: none of its 2 sources served it",
        "MovieLens 100K could not be fetched: none of its 2 sources served it",
        "is not installed here",
        "Set-up is not complete: 2 of 2 downloads failed",
        "https://files.grouplens.org/datasets/movielens/ml-100k.zip",
    ] {
        assert!(said.contains(part), "it says “{part}”: {said}");
    }
    assert!(!said.contains("panicked"), "a failure is a sentence: {said}");
    let licence = String::from_utf8_lossy(&output.stdout).contains("no redistribution");
    assert!(licence, "the licence is shown before the download");
}

#[test]
fn a_home_that_cannot_be_written_is_a_sentence_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = setup(&file.join("home"));
    assert!(!output.status.success(), "a script sees that it failed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("making a folder did not work for") && said.contains("SEMID_HOME"),
        "it says what to do: {said}"
    );
    assert!(!said.contains("panicked"), "a failure is a sentence: {said}");
}

#[test]
fn an_unknown_command_shows_the_commands_and_fails() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("setpu").output().unwrap();
    assert!(!output.status.success(), "a script sees that it failed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("setpu") && said.contains("run --headless"), "it names the word and the commands: {said}");
}
