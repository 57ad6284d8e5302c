//! The main window: how it looks before the page has drawn anything, and what happens when someone closes it.

use semid_api::ApiError;
use tauri::utils::config::Color;
use tauri::{
    AppHandle, DragDropEvent, Manager, Theme, Url, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent, Wry,
};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};
use tauri_plugin_window_state::StateFlags;

use crate::desk::Desk;
use crate::{automation, participant};

/// What capabilities call the window.
pub const LABEL: &str = "main";

/// The page's own background, so that nothing flashes before it is drawn.
const LIGHT: Color = Color(0xfb, 0xfb, 0xfa, 0xff);
const DARK: Color = Color(0x16, 0x17, 0x19, 0xff);

/// Opens the window.
pub fn open(handle: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(handle, LABEL, WebviewUrl::default())
        .title("Semid")
        .inner_size(1280.0, 860.0)
        .min_inner_size(900.0, 600.0)
        .visible(false)
        .on_navigation(is_our_page)
        .build()?;
    let background = match window.theme() {
        Ok(Theme::Dark) => DARK,
        _ => LIGHT,
    };
    window.set_background_color(Some(background))?;
    window.show()
}

/// The page is our own and stays so, whatever a link in somebody's data says.
pub fn is_our_page(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}

/// Size and place are remembered; that the window is shown is our own business.
pub fn remembered() -> tauri::plugin::TauriPlugin<Wry> {
    let remembered = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    tauri_plugin_window_state::Builder::default()
        .with_state_flags(remembered)
        .with_denylist(&[participant::LABEL])
        .build()
}

/// Files dropped on the window are chosen; closing asks first while a run is going on.
pub fn on_event(window: &Window, event: &WindowEvent) {
    if window.label() == participant::LABEL {
        if matches!(event, WindowEvent::Destroyed) {
            participant::closed(&window.state::<Desk>());
        }
        return;
    }
    match event {
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            window.state::<Desk>().chosen().dropped(paths);
        }
        WindowEvent::CloseRequested { api, .. } if window.state::<Desk>().jobs_at_work() > 0 => {
            match automation::closes_anyway() {
                Some(true) => {}
                Some(false) => api.prevent_close(),
                None => {
                    api.prevent_close();
                    ask_to_close(window);
                }
            }
        }
        _ => {}
    }
}

/// `system`, `light` or `dark`: the frame of the window, and what the page is told of the system's wish.
#[tauri::command]
pub fn set_theme(handle: AppHandle, theme: String) -> Result<(), ApiError> {
    let theme = match theme.as_str() {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    };
    handle.set_theme(theme);
    if let Some(window) = handle.get_webview_window(LABEL) {
        let background = if window.theme().is_ok_and(|theme| theme == Theme::Dark) { DARK } else { LIGHT };
        let _ = window.set_background_color(Some(background));
    }
    Ok(())
}

/// Closes the window as its button does; for the keyboard.
#[tauri::command]
pub async fn close_window(handle: AppHandle) -> Result<(), ApiError> {
    match handle.get_webview_window(LABEL) {
        Some(window) => window.close().map_err(|error| ApiError::internal(error.to_string())),
        None => Ok(()),
    }
}

fn ask_to_close(window: &Window) {
    let closing = window.clone();
    window
        .dialog()
        .message("A run is going on. What it has finished is kept, and it goes on from there when you resume it.")
        .title("Close Semid?")
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::OkCancelCustom("Close anyway".to_owned(), "Keep running".to_owned()))
        .parent(window)
        .show(move |close| {
            if close {
                let _ = closing.destroy();
            }
        });
}
