//! The participant's window: the whole screen, and within its reach nothing but the trials of one session.
//!
//! Its capability allows two commands: one closes the window, the other passes on only what a participant's page needs, for the session the window
//! was opened for. Closing it loses nothing: every answer is kept as it is given, and the session is opened again where it
//! stopped.

use semid_api::{ApiError, Code};
use serde_json::Value;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};

use crate::desk::Desk;
use crate::rpc::guarded;
use crate::window::is_our_page;

/// What capabilities call the window.
pub const LABEL: &str = "participant";

/// All that its page may ask for.
const COMMANDS: [&str; 3] = ["participant_session", "participant_consent", "participant_answer"];

/// Opens the window for a session, or brings the one that is open to the front.
#[tauri::command]
pub async fn open_participant(handle: AppHandle, session: String) -> Result<(), ApiError> {
    let desk = handle.state::<Desk>();
    if let Some(open) = handle.get_webview_window(LABEL) {
        if desk.session().as_deref() != Some(session.as_str()) {
            return Err(ApiError {
                code: Code::Busy,
                message: "Another participant's window is open.".to_owned(),
                hint: "Close it first; what was answered in it is kept.".to_owned(),
                problems: Vec::new(),
            });
        }
        return open.set_focus().map_err(|error| ApiError::internal(error.to_string()));
    }
    if session.is_empty() || !session.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return Err(ApiError::input("This is no session."));
    }
    *desk.session() = Some(session.clone());
    let page = WebviewUrl::App(format!("participant.html#session={session}").into());
    WebviewWindowBuilder::new(&handle, LABEL, page)
        .title("Semid")
        .inner_size(1280.0, 860.0)
        .fullscreen(true)
        .on_navigation(is_our_page)
        .build()
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(())
}

/// The one way from the participant's page to the engine.
#[tauri::command]
pub async fn participant_rpc(handle: AppHandle, command: String, payload: Value) -> Result<Value, ApiError> {
    let answered = tauri::async_runtime::spawn_blocking(move || {
        guarded(|| {
            let desk = handle.state::<Desk>();
            check(desk.session().as_deref(), &command, &payload)?;
            desk.app()?.dispatch(&command, payload)
        })
    });
    answered.await.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

/// Closes the window from its own page: over the whole screen it has no frame to close it by.
#[tauri::command]
pub async fn close_participant(handle: AppHandle) -> Result<(), ApiError> {
    match handle.get_webview_window(LABEL) {
        Some(window) => window.close().map_err(|error| ApiError::internal(error.to_string())),
        None => Ok(()),
    }
}

/// Forgets the session when its window is gone.
pub fn closed(desk: &Desk) {
    *desk.session() = None;
}

/// Refuses what is not the open session's.
fn check(open: Option<&str>, command: &str, payload: &Value) -> Result<(), ApiError> {
    if !COMMANDS.contains(&command) {
        return Err(ApiError::input(format!("A participant's window cannot ask for “{command}”.")));
    }
    if open.is_none() || payload["session"].as_str() != open {
        return Err(ApiError::input("This window was opened for another session."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_participants_window_reaches_its_own_trials_and_nothing_else() {
        let own = json!({ "session": "a1" });
        for command in COMMANDS {
            assert!(check(Some("a1"), command, &own).is_ok(), "{command} is what its page needs");
            assert!(check(Some("b2"), command, &own).is_err(), "{command} of another session is refused");
            assert!(check(None, command, &own).is_err(), "{command} without an open window is refused");
            assert!(check(Some("a1"), command, &json!({})).is_err(), "{command} of no session is refused");
        }
        for command in ["study", "study_analysis", "datasets", "import", "study_withdraw"] {
            assert!(check(Some("a1"), command, &own).is_err(), "{command} is the researcher's");
        }
    }
}
