//! From a process to an open window, or to a sentence that says why there is none.

use std::panic::{self, AssertUnwindSafe};

use tauri::{Builder, Wry};

use crate::desk::Desk;
use crate::{dialogs, participant, rpc, window};

const HEADLESS: &str = "The same work can be done without a window: semid --help, or from a checkout \
                        cargo xtask run --headless";

/// Opens the window and returns when it has been closed.
pub fn start() -> Result<(), String> {
    if !names_a_display(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err(format!(
            "There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set. {HEADLESS}"
        ));
    }
    // The toolkit panics where the display does not answer; people get a sentence.
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder().build(tauri::generate_context!())));
    panic::set_hook(loud);
    let app = match built {
        Ok(Ok(app)) => app,
        Ok(Err(error)) => return Err(format!("The window could not be opened: {error}. {HEADLESS}")),
        Err(_) => return Err(format!("The window could not be opened: the display does not answer. {HEADLESS}")),
    };
    app.run(|_, _| {});
    Ok(())
}

fn builder() -> Builder<Wry> {
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(window::remembered())
        .manage(Desk::from_env())
        .invoke_handler(tauri::generate_handler![
            rpc::rpc,
            dialogs::pick_files,
            dialogs::pick_folder,
            dialogs::pick_save,
            dialogs::show_written,
            window::set_theme,
            window::close_window,
            participant::open_participant,
            participant::participant_rpc,
            participant::close_participant,
        ])
        .on_window_event(window::on_event)
        .setup(|app| window::open(app.handle()).map_err(Into::into))
}

fn names_a_display(is_set: impl Fn(&str) -> bool) -> bool {
    !cfg!(all(unix, not(target_os = "macos"))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn either_kind_of_display_will_do_and_none_will_not() {
        assert!(names_a_display(|name| name == "DISPLAY"), "X11");
        assert!(names_a_display(|name| name == "WAYLAND_DISPLAY"), "Wayland");
        assert!(!names_a_display(|_| false), "the toolkit would panic");
    }
}
