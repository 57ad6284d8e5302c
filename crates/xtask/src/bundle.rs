//! `cargo xtask bundle`: an installable package, and the proof that it starts on a machine without Rust and Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::{self, System};
use crate::{shell, ui};

/// Builds the package and tries it; with `--no-try` builds it only.
pub fn bundle(arguments: &[String]) -> Result<(), String> {
    let tried = match arguments {
        [] => true,
        [flag] if flag == "--no-try" => false,
        other => return Err(format!("“{}” is not understood: cargo xtask bundle [--no-try]", other.join(" "))),
    };
    setup::setup(if tried { System::Everything } else { System::Window })?;
    ui::install()?;
    ui::build()?;
    println!("Building the command line and the window, optimised (about ten minutes the first time) …");
    let build = ["build", "--release", "--quiet", "--locked", "--package", "semid-cli"];
    shell::run("The build of semid", shell::cargo().args(build))?;
    let tauri = shell::root().join("ui/node_modules/.bin/tauri");
    let mut bundler = Command::new(tauri);
    bundler.current_dir(shell::root().join("src-tauri")).args(["build", "--ci", "--bundles", "deb"]);
    shell::run("The bundler", bundler.args(["--", "--locked"]))?;
    let package = newest(&shell::root().join("target/release/bundle/deb"))?;
    println!("Package: {}", package.display());
    if tried { try_out(&package) } else { Ok(()) }
}

/// Unpacks the package into an empty folder and opens its window, on a screen that is not there, with nothing of Rust or
/// Node within its reach.
fn try_out(package: &Path) -> Result<(), String> {
    let root = shell::root().join("target/bundle-test");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| format!("{} could not be removed ({error}).", root.display()))?;
    }
    shell::run("dpkg-deb", Command::new("dpkg-deb").arg("-x").arg(package).arg(&root))?;
    for file in ["usr/bin/semid-desktop", "usr/bin/semid", "usr/share/applications/Semid.desktop"] {
        if !root.join(file).is_file() {
            return Err(format!("{file} is not in {}.", package.display()));
        }
    }
    shell::run("semid --version", Command::new(root.join("usr/bin/semid")).arg("--version").env_clear())?;
    let mut test = shell::cargo();
    test.args(["test", "--quiet", "--locked", "--package", "semid-window-tests"]);
    test.args(["--", "--test-threads=1", "the_window_opens"])
        .env("SEMID_TESTED_WINDOW", root.join("usr/bin/semid-desktop"));
    shell::run("The window of the package", &mut test)?;
    println!("The package opens its window. Install it: sudo apt install {}", package.display());
    Ok(())
}

fn newest(folder: &Path) -> Result<PathBuf, String> {
    let packages =
        fs::read_dir(folder).map_err(|error| format!("{} could not be read ({error}).", folder.display()))?;
    packages
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
        .ok_or_else(|| format!("The bundler left no package in {}.", folder.display()))
}
