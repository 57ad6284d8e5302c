//! The window of Semid: opens, shows the web view, and passes its requests to `semid-api`. It knows no more than that.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod automation;
mod desk;
mod dialogs;
mod participant;
mod paths;
mod rpc;
mod start;
mod window;

use std::process::ExitCode;

const HELP: &str = "\
semid-desktop [--help | --version]

Opens the window of Semid. Without a display, work with the command line instead: semid --help
SEMID_HOME says where models, downloads and the workspace live.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["--version" | "-V"] => {
            println!("semid-desktop {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        // What a desktop hands to a program that it starts is not for us to judge, but a wrong word in a terminal is.
        _ => {
            eprintln!("“{}” is not understood.\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    }
    match start::start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            // As in the command line: the machine does not allow it.
            ExitCode::from(4)
        }
    }
}
