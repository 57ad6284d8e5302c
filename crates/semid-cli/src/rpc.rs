//! `semid rpc`: every command over standard input and output, one JSON line each way. It is how the window's pages are
//! worked on in a browser, and how another program can drive Semid.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Mutex;

use semid_api::{ApiError, App};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request; the number comes back with the answer, since answers come as they are ready.
#[derive(Deserialize)]
struct Request {
    id: u64,
    command: String,
    #[serde(default)]
    payload: Value,
}

#[derive(Serialize)]
struct Answer {
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ApiError>,
}

/// Answers until standard input ends, each request on a thread of its own.
pub fn serve(app: &App, types: bool) -> Result<ExitCode, ApiError> {
    let failed = |error: io::Error| ApiError::machine(format!("The answers could not be written: {error}."));
    if types {
        io::stdout().write_all(semid_api::typescript().as_bytes()).map_err(failed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let output = Mutex::new(io::stdout());
    std::thread::scope(|scope| {
        for line in io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            let output = &output;
            scope.spawn(move || {
                let answer = match serde_json::from_str::<Request>(&line) {
                    Ok(request) => {
                        let id = Some(request.id);
                        match app.dispatch(&request.command, request.payload) {
                            Ok(reply) => Answer { id, reply: Some(reply), error: None },
                            Err(error) => Answer { id, reply: None, error: Some(error) },
                        }
                    }
                    Err(why) => {
                        let error = ApiError::input(format!("The line is no request: {why}."));
                        Answer { id: None, reply: None, error: Some(error) }
                    }
                };
                let mut output = output.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                // Whoever asked may have gone; then nobody misses the answer.
                let _ = serde_json::to_writer(&mut *output, &answer).map_err(io::Error::from);
                let _ = output.write_all(b"\n").and_then(|()| output.flush());
            });
        }
    });
    Ok(ExitCode::SUCCESS)
}
