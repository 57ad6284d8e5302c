//! `SEMID_HOME`: the one folder where models, downloaded data and workspaces live.

use std::env;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The folder that `SEMID_HOME` names, else the platform's place for application data: `$XDG_DATA_HOME/semid` or
/// `~/.local/share/semid` on Linux, `~/Library/Application Support/semid` on macOS, `%LOCALAPPDATA%\semid` on Windows.
/// It need not exist yet.
pub fn semid_home() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
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

/// The layout of the home folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home that the environment names, see [`semid_home`].
    pub fn from_env() -> Result<Self> {
        semid_home().map(Home::at)
    }

    /// A home at a given folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Home { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a model's files are: `models/NAME`.
    pub fn model(&self, name: &str) -> PathBuf {
        self.root.join("models").join(name)
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
