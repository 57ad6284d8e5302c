//! What can go wrong in the engine: few variants, each for someone who acts on it.

use std::path::PathBuf;

use crate::settings::Problem;

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A method refused its input, or was cancelled.
    #[error(transparent)]
    Core(#[from] semid_core::Error),
    /// The workspace refused.
    #[error(transparent)]
    Store(#[from] semid_store::Error),
    /// Something could not be fetched.
    #[error(transparent)]
    Fetch(#[from] semid_fetch::Error),
    /// A chart or a report could not be made.
    #[error("The report could not be made: {0}")]
    Report(String),
    /// Settings that cannot start, all problems at once.
    #[error("{}", sentences(.0))]
    Settings(Vec<Problem>),
    /// Something that must be fetched first.
    #[error("{what} is not on this machine. {advice}")]
    NotHere {
        /// What is missing.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A name that is not known.
    #[error("There is no {kind} named “{name}”. {known}")]
    Unknown {
        /// "data set", "ID scheme".
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is, in a sentence.
        known: String,
    },
    /// A file could not be read or written.
    #[error("{} could not be {doing}: {source}. {}", .path.display(), advice(.doing, .source))]
    Io {
        /// "read", "written".
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// A file could not be read or written.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Error::Io { doing, path: path.into(), source }
    }

    /// Bad input, in a sentence.
    pub fn input(sentence: impl Into<String>) -> Self {
        Error::Core(semid_core::Error::input(sentence))
    }

    /// Whether a file that should be read is not there, or is a folder: the path was wrong, not the machine.
    pub fn is_wrong_path(&self) -> bool {
        use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
        matches!(self, Error::Io { doing: "read", source, .. }
            if matches!(source.kind(), NotFound | IsADirectory | NotADirectory))
    }

    /// Whether somebody asked for the stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Core(semid_core::Error::Cancelled))
    }
}

impl From<semid_core::Cancelled> for Error {
    fn from(_: semid_core::Cancelled) -> Self {
        Error::Core(semid_core::Error::Cancelled)
    }
}

fn advice(doing: &str, source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind::{FileTooLarge, IsADirectory, NotADirectory, NotFound, QuotaExceeded, StorageFull};
    match source.kind() {
        NotFound | NotADirectory | IsADirectory => "Check the path.",
        StorageFull | QuotaExceeded | FileTooLarge => "Free some space, or choose a place on another disk.",
        _ if doing == "read" => "Check the path and the permission.",
        _ => "Check the path and the permission, or choose another place.",
    }
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{}: {}", problem.field, problem.sentence)).collect::<Vec<_>>().join("\n")
}
