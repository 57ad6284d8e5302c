//! What one does with the checkout: `cargo xtask setup`, `run`, `test`, `reproduce`, `ui`, `bundle`, `bench`.

mod bench;
mod bench_inputs;
mod bundle;
mod reproduce;
mod run;
mod sample;
mod setup;
mod shell;
mod slice;
mod system;
mod targets;
mod terminal;
mod test;
mod tried;
mod ui;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  setup             fetch what Semid works with: system packages, the text encoder, MovieLens 100K;
                    with --downloads-only system packages are left alone
  run               set up what is missing, build the window and open it
  run --headless    without a window: compare IDs on MovieLens 100K and write the report
  test              every check: format, lints, docs, tests, the web view, the journeys in the real window;
                    with --no-window without the web view and the window
  reproduce beauty  run the whole table on Amazon Beauty 2014 and hold it against its targets; --data FOLDER takes
                    interactions.csv and items.jsonl from there, --seeds N fewer seeds; --tried trains what was
                    tried on the models; --slice runs the small experiment of the tests (minutes), with
                    --measure to write down what it comes to
  ui                build the web view, where its sources have changed
  bundle            build an installable package (.deb) and try it
  sample            write the simulated histories of datasets/sample-films again, the same bytes
  bench NAME        measure embed, metrics, kmeans, train, import or store; `bench --help` says how to add a rival
  wire              write the TypeScript of the requests and replies again, after a change of them

Models and data go to SEMID_HOME, or where the platform keeps application data.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("setup") => setup::command(rest),
        Some("run") => run::run(rest),
        Some("test") => test::test(rest),
        Some("reproduce") => reproduce::reproduce(rest),
        Some("ui") if rest.is_empty() => ui::build(),
        Some("bundle") => bundle::bundle(rest),
        Some("sample") if rest.is_empty() => sample::write(),
        Some("bench") => bench::bench(rest),
        Some("wire") if rest.is_empty() => wire(),
        None | Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            Ok(())
        }
        Some(_) => Err(format!("“{}” is not a command of xtask.\n\n{HELP}", arguments.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `ui/src/lib/wire.ts`.
fn wire() -> Result<(), String> {
    let output = shell::cargo().args(["run", "--quiet", "--package", "semid-cli", "--", "rpc", "--types"]).output();
    let output = output.map_err(|error| format!("semid could not be started ({error})."))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let path = shell::root().join("ui/src/lib/wire.ts");
    std::fs::write(&path, output.stdout).map_err(|error| format!("{}: {error}", path.display()))
}
