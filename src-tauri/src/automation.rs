//! What tests in the real window need and people do not: system dialogs answered from a file, a drop, a panic,
//! the participant's window.
//!
//! None of it is in a release build, and in a debug build only a process started for automation has it.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use semid_api::ApiError;
use serde_json::Value;
use tauri::{AppHandle, Emitter, Manager};

use crate::desk::Desk;
use crate::participant;

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
        "test_participant" if on() => Some(in_participants_window(handle, payload)),
        _ => None,
    }
}

/// Runs a script in the participant's window, or closes it, which the driver of the main one does not see; what it gave, as JSON.
fn in_participants_window(handle: &AppHandle, payload: &Value) -> Result<Value, ApiError> {
    let window = handle.get_webview_window(participant::LABEL).ok_or_else(|| ApiError::input("It is not open."))?;
    if payload["close"] == true {
        window.close().map_err(|error| ApiError::internal(error.to_string()))?;
        return Ok(Value::Null);
    }
    let (send, receive) = mpsc::channel();
    let script = payload["script"].as_str().unwrap_or_default();
    let answered = window.eval_with_callback(script, move |answer| {
        let _ = send.send(answer);
    });
    answered.map_err(|error| ApiError::internal(error.to_string()))?;
    let answer =
        receive.recv_timeout(Duration::from_secs(20)).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
}

fn on() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_AUTOMATION").is_some_and(|value| value == "true")
}
