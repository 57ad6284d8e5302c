//! `cargo xtask run`: from nothing to an open window, or without a display to a report.

use crate::setup::{self, System};
use crate::{shell, ui};

/// Opens the window; `--headless` compares IDs on MovieLens 100K instead.
pub fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => window(),
        [flag] if flag == "--headless" => headless(),
        other => Err(format!("“{}” is not understood: cargo xtask run [--headless]", other.join(" "))),
    }
}

fn window() -> Result<(), String> {
    // Said before minutes of building, not after.
    if !has_display() {
        return Err("There is no display here to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).\n\
                    Without a window: cargo xtask run --headless"
            .to_owned());
    }
    setup::setup(System::Window)?;
    ui::build()?;
    println!("\nBuilding the window (some minutes the first time) …");
    // The profile in which everything is tested; dependencies and the rooms that compute are optimised in it.
    // Of the whole workspace, so that tests find everything built with the same features.
    let window = ["--quiet", "--locked", "--workspace", "--bin", "semid-desktop"];
    shell::run("The build of the window", shell::cargo().arg("build").args(window))?;
    println!("Opening Semid. “Open the sample” shows a finished comparison.");
    shell::run("Semid", shell::cargo().arg("run").args(window))
}

fn headless() -> Result<(), String> {
    setup::setup(System::Engine)?;

    println!("\nBuilding semid …");
    let build = ["build", "--release", "--quiet", "--package", "semid-cli"];
    shell::run("The build of semid", shell::cargo().args(build))?;

    let compare = ["run", "--release", "--quiet", "--package", "semid-cli", "--bin", "semid", "--", "compare"];
    let what = ["movielens-100k", "--ids", "hash,permuted,lsh,rq-kmeans"];
    let how = ["--recommenders", "popularity,item-knn,text-knn,generative", "--seeds", "3"];
    println!("semid compare {} {}\n", what.join(" "), how.join(" "));
    shell::run("The comparison", shell::cargo().args(compare).args(what).args(how))
}

fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
