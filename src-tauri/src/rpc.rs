//! The one way from the page to the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use semid_api::ApiError;
use serde_json::Value;
use tauri::{AppHandle, Manager};

use crate::automation;
use crate::desk::Desk;

/// Runs a command of `semid-api`, away from the thread that draws the window.
#[tauri::command]
pub async fn rpc(handle: AppHandle, command: String, payload: Value) -> Result<Value, ApiError> {
    let answered = tauri::async_runtime::spawn_blocking(move || guarded(|| answer(&handle, &command, payload))).await;
    answered.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

fn answer(handle: &AppHandle, command: &str, payload: Value) -> Result<Value, ApiError> {
    if let Some(answer) = automation::answer(handle, command, &payload) {
        return answer;
    }
    let desk = handle.state::<Desk>();
    // Said first: where the workspace cannot be opened, nothing else is worth saying.
    let app = desk.app()?;
    desk.chosen().check(command, &payload)?;
    app.dispatch(command, payload)
}

/// A panic is a bug, but it must not close the window with a person's work in it.
pub fn guarded(answer: impl FnOnce() -> Result<Value, ApiError>) -> Result<Value, ApiError> {
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let mut error =
            ApiError::internal(format!("Semid ran into a bug of its own: {}.", text.unwrap_or("no message")));
        error.hint = "Nothing you have stored is lost. Please report it with the details.".to_owned();
        Err(error)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use semid_api::Code;

    #[test]
    fn a_panic_becomes_an_error_with_what_was_said() {
        let error = guarded(|| panic!("index 3 of 2")).unwrap_err();
        assert_eq!(error.code, Code::Internal, "{error:?}");
        assert!(error.message.contains("index 3 of 2"), "{error:?}");
    }
}
