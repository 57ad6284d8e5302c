//! The system's own dialogs. They are the only way by which the page comes to a file: what the person picks here is
//! remembered as chosen, everything else is refused.

use std::path::{Path, PathBuf};

use semid_api::ApiError;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

use crate::automation;
use crate::desk::Desk;

/// Files to read.
#[tauri::command]
pub async fn pick_files(
    handle: AppHandle,
    title: String,
    extensions: Option<Vec<String>>,
    multiple: bool,
) -> Result<Vec<String>, ApiError> {
    let paths = match automation::picked() {
        Some(paths) => paths,
        None => {
            let mut dialog = dialog(&handle, &title);
            if let Some(extensions) = &extensions {
                let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
                dialog = dialog.add_filter("Files that Semid reads", &extensions).add_filter("All files", &["*"]);
            }
            match multiple {
                true => paths(dialog.blocking_pick_files().unwrap_or_default()),
                false => paths(dialog.blocking_pick_file().into_iter().collect()),
            }
        }
    };
    let names = paths.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    handle.state::<Desk>().chosen().files(&paths);
    Ok(names)
}

/// A folder to read from and write to.
#[tauri::command]
pub async fn pick_folder(handle: AppHandle, title: String) -> Result<Option<String>, ApiError> {
    let path = match automation::picked() {
        Some(paths) => paths.into_iter().next(),
        None => dialog(&handle, &title).blocking_pick_folder().and_then(|path| path.into_path().ok()),
    };
    let Some(path) = path else { return Ok(None) };
    let name = text(&path)?;
    handle.state::<Desk>().chosen().folder(&path);
    Ok(Some(name))
}

/// A file to write. The dialog itself asks before an old one is replaced.
#[tauri::command]
pub async fn pick_save(handle: AppHandle, title: String, suggested: String) -> Result<Option<String>, ApiError> {
    let path = match automation::picked() {
        Some(paths) => paths.into_iter().next(),
        None => {
            let dialog = dialog(&handle, &title).set_file_name(suggested);
            dialog.blocking_save_file().and_then(|path| path.into_path().ok())
        }
    };
    let Some(path) = path else { return Ok(None) };
    let name = text(&path)?;
    handle.state::<Desk>().chosen().target(&path);
    Ok(Some(name))
}

/// Opens what Semid wrote: a report in the browser, a folder in the file manager.
#[tauri::command]
pub async fn show_written(handle: AppHandle, path: PathBuf) -> Result<(), ApiError> {
    let desk = handle.state::<Desk>();
    desk.chosen().check_shown(&path, desk.home().as_deref())?;
    // Tests look at what was asked for, not at a browser.
    if automation::picked().is_some() {
        return Ok(());
    }
    open::that_detached(&path)
        .map_err(|error| ApiError::machine(format!("No program of this machine opened {} ({error}).", path.display())))
}

fn dialog(handle: &AppHandle, title: &str) -> FileDialogBuilder<tauri::Wry> {
    let dialog = handle.dialog().file().set_title(title);
    match handle.get_webview_window(crate::window::LABEL) {
        Some(window) => dialog.set_parent(&window),
        None => dialog,
    }
}

fn paths(picked: Vec<FilePath>) -> Vec<PathBuf> {
    picked.into_iter().filter_map(|path| path.into_path().ok()).collect()
}

/// Paths travel to the page and back as text.
fn text(path: &Path) -> Result<String, ApiError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ApiError::input(format!("The name of {} is not valid text. Rename it, then choose it again.", path.display()))
    })
}
