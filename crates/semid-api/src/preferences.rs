//! What a person set: most of it in the home, and where the home is in the platform's folder for settings.
//!
//! A file that is not there or cannot be read counts as nothing set: the program must start.

use std::fs;
use std::path::{Path, PathBuf};

use semid_engine::files::write_atomically;
use semid_engine::settings::Problem;
use semid_engine::{Error, Home};

use crate::ApiError;
use crate::wire::Preferences;

const IN_HOME: &str = "preferences.json";
const WHERE_HOME_IS: &str = "data-folder";

/// What is set in a home; where the home is stands elsewhere.
pub fn of_home(home: &Home) -> Preferences {
    let text = fs::read_to_string(home.root().join(IN_HOME)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The folder a person chose for the home, if they did.
pub fn data_folder(config: &Path) -> Option<PathBuf> {
    let folder = PathBuf::from(fs::read_to_string(config.join(WHERE_HOME_IS)).ok()?.trim_end_matches(['\r', '\n']));
    folder.is_absolute().then_some(folder)
}

/// Everything that is set.
pub fn read(home: &Home, config: Option<&Path>) -> Preferences {
    Preferences { data_folder: config.and_then(data_folder), ..of_home(home) }
}

/// Checks and keeps what a person set.
pub fn keep(home: &Home, config: Option<&Path>, preferences: &Preferences) -> Result<(), ApiError> {
    let problems = problems(home, config, preferences);
    if !problems.is_empty() {
        return Err(Error::Settings(problems).into());
    }
    if let Some(config) = config.filter(|config| data_folder(config) != preferences.data_folder) {
        let file = config.join(WHERE_HOME_IS);
        match &preferences.data_folder {
            Some(folder) => {
                make_folder(folder)?;
                make_folder(config)?;
                write(&file, &format!("{}\n", folder.display()))?;
            }
            None => match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("removed", &file, error).into());
                }
                _ => {}
            },
        }
    }
    let in_home = Preferences { data_folder: None, ..preferences.clone() };
    let text = serde_json::to_string_pretty(&in_home).map_err(|error| ApiError::internal(error.to_string()))?;
    make_folder(home.root())?;
    write(&home.root().join(IN_HOME), &text)
}

fn problems(home: &Home, config: Option<&Path>, preferences: &Preferences) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, sentence: String| problems.push(Problem { field: field.to_owned(), sentence });
    if let Some(threads) = preferences.threads.filter(|threads| !(1..=1024).contains(threads)) {
        problem("threads", format!("{threads} threads cannot be used. Choose 1 to 1024, or leave it empty for all."));
    }
    match &preferences.data_folder {
        Some(folder) if !folder.is_absolute() => {
            problem("data_folder", format!("{} is no whole path. Choose the folder.", folder.display()));
        }
        Some(folder) if folder.is_file() => {
            problem("data_folder", format!("{} is a file. Choose a folder.", folder.display()));
        }
        Some(folder) if config.is_none() && folder != home.root() => problem(
            "data_folder",
            "SEMID_HOME decides where everything is kept. Start Semid without it to choose here.".to_owned(),
        ),
        _ => {}
    }
    for folder in &preferences.model_folders {
        if !folder.is_dir() {
            problem("model_folders", format!("{} is not a folder on this machine. Choose another.", folder.display()));
        }
    }
    problems
}

fn make_folder(folder: &Path) -> Result<(), ApiError> {
    Ok(fs::create_dir_all(folder).map_err(|error| Error::io("made", folder, error))?)
}

fn write(path: &Path, text: &str) -> Result<(), ApiError> {
    use std::io::Write;
    Ok(write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}
