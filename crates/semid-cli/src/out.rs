//! What leaves the process: text on standard output and standard error. Neither a full disk nor a reader that went away
//! is a bug, so nothing here panics.

use std::io::{ErrorKind, Write, stderr, stdout};
use std::process::ExitCode;

use semid_api::ApiError;
use serde_json::json;

/// Prints to standard output. A reader that has seen enough, as `head` has, is no error.
pub fn print(text: &str) -> Result<ExitCode, ApiError> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(ApiError::machine(format!(
            "The output could not be written: {error}. What was computed is kept; free some space or choose another \
             place, and give the same command again."
        ))),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A line to standard error, where progress and sentences go. Nobody can be told when even that fails.
pub fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Tells what went wrong; the exit code for scripts.
pub fn fail(as_json: bool, error: &ApiError) -> ExitCode {
    if as_json {
        // The sentence follows on standard error, whatever becomes of the document.
        let _ = print(&json!({ "error": error }).to_string());
    }
    note(&format!("semid: {}", error.message));
    if !error.hint.is_empty() {
        note(&error.hint);
    }
    ExitCode::from(error.exit_code())
}
