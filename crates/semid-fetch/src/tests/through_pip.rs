//! Wheels through pip, from a folder on this disk. Where there is no Python with pip, that very sentence is tested.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::{HEAD, IMPORT, Log, Place};
use crate::{Digest, Error, Recipe};

/// Runs this very test again in a process whose pip looks into `wheels` only: environment variables belong to the
/// process, and tests share one.
fn alone(test: &str, wheels: &Path) -> bool {
    if std::env::var_os("SEMID_TEST_ALONE").is_some() {
        return true;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("tests::through_pip::{test}"), "--nocapture"])
        .env("SEMID_TEST_ALONE", wheels)
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", wheels)
        .env("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" })
        .status()
        .unwrap();
    assert!(status.success(), "the test fails in a process of its own");
    false
}

fn has_pip() -> bool {
    Command::new("python3").args(["-c", "import pip"]).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_wheel_is_obtained_by_pip_and_its_file_verified() {
    let place = Place::new();
    fs::write(place.path().join("carrier-1.0-py3-none-any.whl"), wheel(b"from the wheel")).unwrap();
    if !alone("a_wheel_is_obtained_by_pip_and_its_file_verified", place.path()) {
        return;
    }
    let recipe = carried("1.0", b"from the wheel");
    if !has_pip() {
        let error = place.get(&recipe).unwrap_err().to_string();
        assert!(
            error.contains("Python") || error.contains("not installed"),
            "the sentence says what is missing: {error}"
        );
        return;
    }
    fs::create_dir_all(place.home.data("test").join(".pip-killed")).unwrap();
    let fetched = place.get(&recipe).unwrap();
    assert_eq!(fetched.source, "Python package carrier 1.0", "people are told where it came from");
    assert_eq!(place.read(&recipe, "file.csv"), b"from the wheel", "the member came out of the wheel");
    let left = fs::read_dir(&fetched.folder).unwrap().flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(left, 0, "pip's folder is gone, and the one a killed process left too");
}

#[test]
fn a_wheel_with_other_bytes_or_no_such_version_is_a_sentence() {
    let place = Place::new();
    fs::write(place.path().join("carrier-1.0-py3-none-any.whl"), wheel(b"something else")).unwrap();
    if !alone("a_wheel_with_other_bytes_or_no_such_version_is_a_sentence", place.path()) || !has_pip() {
        return;
    }
    let error = place.get(&carried("1.0", b"from the wheel")).unwrap_err().to_string();
    assert!(error.contains("is not the file expected"), "a changed member is not accepted: {error}");
    let error = place.get(&carried("2.0", b"from the wheel")).unwrap_err().to_string();
    assert!(error.contains("pip finds no carrier 2.0"), "the sentence is about what was asked for: {error}");
}

#[test]
fn a_cancel_ends_pip() {
    let place = Place::new();
    let (log, started) = (Log::default(), Instant::now());
    log.cancelled.set(true);
    let error = place.get_watched(&carried("1.0", b""), &log).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "it says that it was cancelled: {error:?}");
    assert!(started.elapsed().as_secs() < 4, "pip is not waited for");
}

fn carried(version: &str, member: &[u8]) -> Recipe {
    let text = format!(
        "{HEAD}files = [{{ path = \"file.csv\", sha256 = \"{}\" }}]\n[[sources]]\nfrom.pip = {{ package = \"carrier\", version = \"{version}\", folder = \"carrier/\" }}\n{IMPORT}",
        Digest::of(member)
    );
    Recipe::parse("test", &text).unwrap()
}

/// A wheel by hand: a zip with the member and the three files that pip asks for.
fn wheel(member: &[u8]) -> Vec<u8> {
    zip_of(&[
        ("carrier/file.csv", member),
        ("carrier-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"),
        (
            "carrier-1.0.dist-info/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        ("carrier-1.0.dist-info/RECORD", b""),
    ])
}

pub(super) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
