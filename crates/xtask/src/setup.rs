//! `cargo xtask setup`: everything Semid works with is here afterwards, or a sentence says what is not and why.

use std::time::Instant;

use semid_fetch::{Fetch, Home, Kind, MINILM, Recipe};

use crate::system;
use crate::terminal::Terminal;

/// What a first start needs.
const NEEDED: [&str; 2] = [MINILM, "movielens-100k"];

/// `setup [--downloads-only]`.
pub fn command(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => setup(System::Everything),
        [flag] if flag == "--downloads-only" => setup(System::LeftAlone),
        other => Err(format!("“{}” is not understood: cargo xtask setup [--downloads-only]", other.join(" "))),
    }
}

/// How much the operating system is asked to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Nothing.
    LeftAlone,
    /// What the engine and the command line are built with.
    Engine,
    /// And the window.
    Window,
    /// And what tests of the window need.
    Everything,
}

/// Makes everything be here, system packages only where asked for. Doing it again is quick, and an interrupted set-up goes on where it stopped.
pub fn setup(system: System) -> Result<(), String> {
    let system_packages = system != System::LeftAlone;
    let started = Instant::now();
    let home = Home::from_env().map_err(|error| error.to_string())?;
    let recipes = NEEDED.map(|name| match semid_fetch::find(name) {
        Ok(Some(recipe)) => Ok(recipe),
        Ok(None) => Err(format!("there is no recipe called {name}")),
        Err(error) => Err(error.to_string()),
    });

    system::install(system)?;
    let mut problems = Vec::new();
    for recipe in recipes {
        if let Err(problem) = provide(&home, &recipe?, system_packages) {
            eprintln!("{problem}\n");
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        println!("All set up in {:.1} s. Next: cargo xtask run", started.elapsed().as_secs_f64());
        Ok(())
    } else {
        Err(format!("Set-up is not complete: {} of {} downloads failed, see above.", problems.len(), NEEDED.len()))
    }
}

fn provide(home: &Home, recipe: &Recipe, system_packages: bool) -> Result<(), String> {
    let terminal = Terminal::new();
    let fetch = Fetch::new(home, &terminal);
    let fetched = match fetch.present(recipe).map_err(|error| error.to_string())? {
        Some(fetched) => fetched,
        None => {
            println!("{}: {}", recipe.title, recipe.about);
            println!("  licence: {}", recipe.licence);
            if system_packages {
                system::offer_python();
            }
            fetch.get(recipe).map_err(|error| error.to_string())?
        }
    };
    terminal.clear();
    let kind = match recipe.kind {
        Kind::Model | Kind::LanguageModel => "model",
        Kind::Dataset => "data",
    };
    println!("{:<7} {:<18} ready   {}", kind, recipe.title, fetched.folder.display());
    Ok(())
}
