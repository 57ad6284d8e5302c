//! `cargo xtask test`: every check that CI runs, cheapest first, the tests last.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::shell;

/// Runs all checks and stops at the first that fails.
pub fn test() -> Result<(), String> {
    check("Format", shell::cargo().args(["fmt", "--all", "--check"]))?;
    check(
        "Lints",
        shell::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    )?;
    check(
        "Docs",
        shell::cargo()
            .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    // nextest runs no examples in docs; they are few.
    let mut examples = shell::cargo();
    one_thread(examples.args(["test", "--quiet", "--workspace", "--doc", "--locked"])).stdout(Stdio::null());
    let mut tests = shell::cargo();
    if has_nextest() {
        check("Examples in docs", &mut examples)?;
        one_thread(tests.args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]));
    } else {
        one_thread(tests.args(["test", "--workspace", "--locked", "--no-fail-fast"]));
    }
    shell::run("The test run", &mut tests)
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
