//! `cargo xtask test`: every check that CI runs, cheapest first, the journeys in the real window last.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{reproduce, shell, slice, ui};

/// The packages that need a web view.
const WITHOUT_WINDOW: [&str; 5] = ["--workspace", "--exclude", "semid-desktop", "--exclude", "semid-window-tests"];

/// Runs all checks and stops at the first that fails.
pub fn test(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => {
            format()?;
            web_view()?;
            build_window()?;
            rust(&["--workspace"], &["-E", "not package(semid-window-tests)"])?;
            // Without nextest the journeys were among the tests.
            if has_nextest() {
                journeys()?;
            }
            quality(&["--workspace"])
        }
        [flag] if flag == "--no-window" => {
            format()?;
            rust(&WITHOUT_WINDOW, &[])?;
            quality(&WITHOUT_WINDOW)
        }
        [flag] if flag == "--window" => {
            web_view()?;
            build_window()?;
            journeys()
        }
        other => Err(format!("“{}” is not understood: cargo xtask test [--no-window | --window]", other.join(" "))),
    }
}

fn format() -> Result<(), String> {
    check("Format", shell::cargo().args(["fmt", "--all", "--check"]))
}

fn rust(packages: &[&str], chosen: &[&str]) -> Result<(), String> {
    let mut lints = shell::cargo();
    lints.args(["clippy", "--quiet", "--all-targets", "--locked"]).args(packages).args(["--", "-D", "warnings"]);
    check("Lints", &mut lints)?;
    let mut docs = shell::cargo();
    docs.args(["doc", "--quiet", "--no-deps", "--document-private-items", "--locked"]).args(packages);
    check("Docs", docs.env("RUSTDOCFLAGS", "-D warnings"))?;

    // nextest runs no examples in docs; they are few.
    let mut examples = shell::cargo();
    one_thread(examples.args(["test", "--quiet", "--doc", "--locked"]).args(packages)).stdout(Stdio::null());
    let mut tests = shell::cargo();
    if has_nextest() {
        check("Examples in docs", &mut examples)?;
        one_thread(tests.args(["nextest", "run", "--locked", "--no-fail-fast"]).args(packages).args(chosen));
    } else {
        // The journeys are among them, and wait for each other by themselves.
        one_thread(tests.args(["test", "--locked", "--no-fail-fast"]).args(packages));
    }
    check("Tests", &mut tests)
}

/// The models still reach what they reached: a small experiment against its expected values.
fn quality(packages: &[&str]) -> Result<(), String> {
    if !slice::is_set_up()? {
        println!(
            "Quality of the models: NOT CHECKED, since the encoder or MovieLens 100K is not here (cargo xtask setup)"
        );
        return Ok(());
    }
    let started = Instant::now();
    // Of the packages that the tests were built of, so that nothing is built twice with other features.
    slice::check(&reproduce::built(packages)?)?;
    println!("Quality of the models: fine ({:.0} s)", started.elapsed().as_secs_f64());
    Ok(())
}

/// Lints, types, logic, build, and the components in a browser.
fn web_view() -> Result<(), String> {
    ui::install()?;
    for (what, script) in [
        ("Web view: lints", "lint"),
        ("Web view: types", "check"),
        ("Web view: logic", "test"),
        ("Web view: build", "build"),
    ] {
        check(what, ui::npm().args(["run", "--silent", script]))?;
    }
    check("Web view: in a browser", ui::npm().args(["run", "--silent", "--if-present", "test:browser"]))
}

/// Of the whole workspace, as all tests are built, so that nothing is built twice with other features.
fn build_window() -> Result<(), String> {
    let mut build = shell::cargo();
    check("The window: build", build.args(["build", "--quiet", "--locked", "--workspace", "--bin", "semid-desktop"]))
}

/// One after the other: each has a screen, a driver and an app of its own, and two cores are soon full.
fn journeys() -> Result<(), String> {
    let mut tests = shell::cargo();
    if has_nextest() {
        let journeys = ["--no-fail-fast", "-j1", "-E", "package(semid-window-tests)"];
        tests.args(["nextest", "run", "--workspace", "--locked"]).args(journeys);
    } else {
        tests.args(["test", "--locked", "--no-fail-fast", "--package", "semid-window-tests"]);
    }
    check("The window: journeys", one_thread(&mut tests))
}

/// A small model on two cores trains slower with two threads than with one, and tests run beside each other anyway.
/// Tests about threads make their own pools.
fn one_thread(command: &mut Command) -> &mut Command {
    match std::env::var_os("RAYON_NUM_THREADS") {
        Some(_) => command,
        None => command.env("RAYON_NUM_THREADS", "1"),
    }
}

fn has_nextest() -> bool {
    let mut command = shell::cargo();
    shell::succeeds(command.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()))
}

fn check(what: &str, command: &mut Command) -> Result<(), String> {
    let started = Instant::now();
    shell::run(what, command)?;
    println!("{what}: fine ({:.0} s)", started.elapsed().as_secs_f64());
    Ok(())
}
