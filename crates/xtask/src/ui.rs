//! `cargo xtask ui`: the web view, built where it is not yet or where its sources have changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::shell;

/// What Vite asks for.
const NODE: (u32, u32) = (20, 19);

/// Builds the web view where that is needed.
pub fn build() -> Result<(), String> {
    let folder = folder();
    let page = folder.join("dist/index.html");
    if is_current(&folder, &page) {
        println!("ui      {:<18} ready   {}", "web view", folder.join("dist").display());
        return Ok(());
    }
    install()?;
    println!("ui      building the web view …");
    shell::run("The build of the web view", npm().args(["run", "--silent", "build", "--", "--logLevel", "warn"]))
}

/// Makes the packages that the lock file names be here, exactly those.
pub fn install() -> Result<(), String> {
    has_node()?;
    let (lock, installed) = (folder().join("package-lock.json"), folder().join("node_modules/.installed-lock.json"));
    let text = |path: &Path| fs::read(path).ok();
    if text(&installed).is_some() && text(&installed) == text(&lock) {
        return Ok(());
    }
    println!("ui      installing its packages …");
    shell::run("npm ci", npm().args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    let remembered = fs::copy(&lock, &installed);
    remembered.map(drop).map_err(|error| format!("{} could not be written ({error}).", installed.display()))
}

/// npm in the folder of the web view.
pub fn npm() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder());
    command
}

/// A sentence where Node is missing or too old.
pub fn has_node() -> Result<(), String> {
    let output = Command::new("node").arg("--version").stderr(Stdio::null()).output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let what = match version.as_str() {
        version if is_new_enough(version) && has_npm() => return Ok(()),
        version if is_new_enough(version) => "npm, which belongs to Node, is not here".to_owned(),
        "" => "Node is not here".to_owned(),
        version => format!("the Node here is {version}"),
    };
    Err(format!(
        "The web view is built with Node {}.{} or newer and npm, and {what}. Get it from https://nodejs.org/en/download \
         (the package of Debian 12 is too old), then run the same command again.",
        NODE.0, NODE.1
    ))
}

/// Whether a version such as `v20.19.1` will do.
pub fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split(['.', '+', '~', '-']).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE,
        _ => false,
    }
}

fn has_npm() -> bool {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    shell::succeeds(Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()))
}

fn folder() -> PathBuf {
    shell::root().join("ui")
}

/// Whether the page is the real one and no source is newer.
fn is_current(folder: &Path, page: &Path) -> bool {
    // A build of the window without the web view leaves a page that says so.
    let real = fs::read_to_string(page).is_ok_and(|text| !text.contains("cargo xtask ui"));
    let built = fs::metadata(page).and_then(|data| data.modified());
    real && built.is_ok_and(|built| newest(folder).is_some_and(|source| source <= built))
}

/// When the youngest source was written. None: it cannot be told.
fn newest(folder: &Path) -> Option<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        if ["node_modules", "dist", "tests", "test-results"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let written = match entry.file_type().ok()?.is_dir() {
            true => self::newest(&entry.path())?,
            false => entry.metadata().ok()?.modified().ok()?,
        };
        newest = newest.max(written);
    }
    Some(newest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_web_view_is_built_anew_after_a_change_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let (page, source) = (folder.path().join("dist/index.html"), folder.path().join("src/App.svelte"));
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(&source, "<main>").unwrap();
        assert!(!is_current(folder.path(), &page), "nothing was built yet");
        fs::write(&page, "Run cargo xtask ui").unwrap();
        assert!(!is_current(folder.path(), &page), "a page that stands in for the web view");
        fs::write(&page, "<script>").unwrap();
        assert!(is_current(folder.path(), &page), "built after its sources");
        let later = SystemTime::now() + Duration::from_secs(5);
        fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
        assert!(!is_current(folder.path(), &page), "a source is newer");
    }

    #[test]
    fn versions_of_node_compare_as_numbers() {
        for fine in ["v20.19.0", "v22.1.0", "20.19.2+dfsg-1", "v100.0.1"] {
            assert!(is_new_enough(fine), "{fine}");
        }
        for old in ["v18.20.4", "18.19.0+dfsg-6~deb12u2", "v20.9.0", "", "(none)"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }
}
