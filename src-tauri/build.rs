//! Reads `tauri.conf.json` and the capabilities. Where the web view has not been built yet, a page that says how stands
//! in for it, so that the Rust side builds and is tested without Node.

use std::path::Path;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Semid</title>\
<main><h1>The web view is not built yet</h1><p>Run <code>cargo xtask ui</code>, then build again.</p></main></html>\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page = Path::new("../ui/dist/index.html");
    if !page.exists() {
        std::fs::create_dir_all("../ui/dist")?;
        std::fs::write(page, NOT_BUILT)?;
    }
    println!("cargo::rerun-if-changed=../ui/dist");
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(
        // Only commands named here can be allowed, and only what `capabilities/` allows can be called.
        tauri_build::AppManifest::new().commands(&[
            "rpc",
            "pick_files",
            "pick_folder",
            "pick_save",
            "show_written",
            "set_theme",
            "close_window",
            "open_participant",
            "participant_rpc",
            "close_participant",
        ]),
    ))
    .map_err(|error| error.to_string())?;
    Ok(())
}
