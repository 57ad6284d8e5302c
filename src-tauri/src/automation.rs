//! What tests in the real window need and people do not: system dialogs answered from a file, a drop, a panic.
//!
//! None of it is in a release build, and in a debug build only a process started for automation has it.

use std::path::PathBuf;

use semid_api::ApiError;
use serde_json::Value;
use tauri::{AppHandle, Emitter, Manager};

use crate::desk::Desk;

/// What `SEMID_PICK` names answers the next dialog: a JSON list of paths. No list: cancelled.
pub fn picked() -> Option<Vec<PathBuf>> {
    let file = on().then(|| std::env::var_os("SEMID_PICK")).flatten()?;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    Some(serde_json::from_str(&text).unwrap_or_default())
}

/// Whether to close while a run is going on, where nobody can answer a dialog.
pub fn closes_anyway() -> Option<bool> {
    let answer = on().then(|| std::env::var("SEMID_CLOSE").ok()).flatten()?;
    Some(answer == "yes")
}

/// Requests that only tests make.
pub fn answer(handle: &AppHandle, command: &str, payload: &Value) -> Option<Result<Value, ApiError>> {
    match command {
        "test_panic" if on() => panic!("a test asked for a panic"),
        "test_drop" if on() => {
            let paths: Vec<PathBuf> = serde_json::from_value(payload["paths"].clone()).unwrap_or_default();
            handle.state::<Desk>().chosen().dropped(&paths);
            let event = serde_json::json!({ "paths": paths, "position": { "x": 400, "y": 300 } });
            let _ = handle.emit("tauri://drag-drop", event);
            Some(Ok(Value::Null))
        }
        _ => None,
    }
}

fn on() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_AUTOMATION").is_some_and(|value| value == "true")
}
