//! `SEMID_HOME`: the one folder where models, downloaded data and workspaces live.

use std::env;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The folder that `SEMID_HOME` names, else the platform's place for application data: `$XDG_DATA_HOME/semid` or
/// `~/.local/share/semid` on Linux, `~/Library/Application Support/semid` on macOS, `%LOCALAPPDATA%\semid` on Windows.
/// It need not exist yet.
pub fn semid_home() -> Result<PathBuf> {
    if let Some(home) = folder("SEMID_HOME") {
        // A later change of the working directory must not move the home.
        return std::path::absolute(&home).map_err(|error| Error::disk("finding SEMID_HOME", &home, error));
    }
    let platform = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG rule: a relative path there is to be ignored.
        folder("XDG_DATA_HOME")
            .filter(|data| data.is_absolute())
            .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    platform.map(|data| data.join("semid")).ok_or(Error::NoHome)
}

/// The folder of what a person set for the program on this machine: `$XDG_CONFIG_HOME/semid` or `~/.config/semid` on Linux,
/// `~/Library/Application Support/semid` on macOS, `%APPDATA%\semid` on Windows. None where the environment has no home.
pub fn config_folder() -> Option<PathBuf> {
    let platform = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_CONFIG_HOME")
            .filter(|config| config.is_absolute())
            .or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    platform.map(|config| config.join("semid"))
}

fn folder(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The layout of the home folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    model_folders: Vec<PathBuf>,
}

impl Home {
    /// The home that the environment names, see [`semid_home`].
    pub fn from_env() -> Result<Self> {
        semid_home().map(Home::at)
    }

    /// A home at a given folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Home { root: root.into(), model_folders: Vec::new() }
    }

    /// The same home, in which models are also looked for in these folders.
    pub fn with_model_folders(mut self, folders: Vec<PathBuf>) -> Self {
        self.model_folders = folders;
        self
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a model's files are put: `models/NAME`.
    pub fn model(&self, name: &str) -> PathBuf {
        self.root.join("models").join(name)
    }

    /// The folders in which models are looked for, the home's own first.
    pub fn model_places(&self) -> Vec<PathBuf> {
        std::iter::once(self.root.join("models")).chain(self.model_folders.iter().cloned()).collect()
    }

    /// Where a model is: in its place here, else below one of the further model folders, or such a folder itself.
    pub fn find_model(&self, name: &str) -> Option<PathBuf> {
        self.models_here().into_iter().find(|(here, _)| here == name).map(|(_, folder)| folder)
    }

    /// Every model folder there is, by name: those with a `config.json` or a `.gguf` file. What lies here comes before what further folders
    /// have.
    pub fn models_here(&self) -> Vec<(String, PathBuf)> {
        let is_gguf = |file: &std::fs::DirEntry| file.path().extension().is_some_and(|ending| ending == "gguf");
        let has_gguf =
            |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().any(|file| is_gguf(&file));
        let is_model = |folder: &Path| folder.join("config.json").is_file() || has_gguf(folder);
        let name = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let mut add = |folder: PathBuf| {
            if let Some(name) = name(&folder).filter(|name| !found.iter().any(|(known, _)| known == name)) {
                found.push((name, folder));
            }
        };
        for folder in &self.model_places() {
            if is_model(folder) {
                add(folder.clone());
            }
            let mut below: Vec<PathBuf> =
                std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            below.sort();
            below.into_iter().filter(|folder| is_model(folder)).for_each(&mut add);
        }
        found
    }

    /// Where a data set's downloaded files are: `data/NAME`.
    pub fn data(&self, name: &str) -> PathBuf {
        self.root.join("data").join(name)
    }

    /// The workspace used when none is named.
    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }
}
