//! `cargo xtask run`: from nothing to a report.

use crate::{setup, shell};

/// Compares IDs on MovieLens 100K; `--headless` without the window.
pub fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => println!("There is no window yet; the comparison runs here in the terminal.\n"),
        [flag] if flag == "--headless" => {}
        other => return Err(format!("“{}” is not understood: cargo xtask run [--headless]", other.join(" "))),
    }
    setup::setup(true)?;

    println!("\nBuilding semid …");
    let build = ["build", "--release", "--quiet", "--package", "semid-cli"];
    shell::run("The build of semid", shell::cargo().args(build))?;

    let compare = ["run", "--release", "--quiet", "--package", "semid-cli", "--bin", "semid", "--", "compare"];
    let what = ["movielens-100k", "--ids", "hash,permuted,lsh,rq-kmeans"];
    let how = ["--recommenders", "popularity,item-knn,text-knn,generative", "--seeds", "3"];
    println!("semid compare {} {}\n", what.join(" "), how.join(" "));
    shell::run("The comparison", shell::cargo().args(compare).args(what).args(how))
}
