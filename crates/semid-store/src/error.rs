//! What can go wrong with a workspace, each a sentence with what happened, to what, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The result of anything done with a workspace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a workspace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database was written by a newer version of the program.
    #[error(
        "{} was written by a newer Semid (its tables are version {found}, this program knows {known}). Nothing was \
         changed. Update Semid, or choose another workspace with SEMID_HOME.", path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Version of its tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The database was written by an older version and cannot be brought up to date without writing.
    #[error(
        "{} was written by an older Semid (its tables are version {found}, this program needs {known}), and it was \
         opened for reading only. Open the workspace once for writing, which brings it up to date.", path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Version of its tables.
        found: i64,
        /// The version this program needs.
        known: i64,
    },
    /// The file is no database, or one of another program.
    #[error(
        "{} is not a Semid database. Nothing was changed. Move the file away, or choose another workspace with \
         SEMID_HOME.", path.display()
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// There is no workspace in this folder, and it was opened for reading only.
    #[error("There is no workspace in {}. Import a data set first, or check SEMID_HOME.", folder.display())]
    NoWorkspace {
        /// The folder.
        folder: PathBuf,
    },
    /// The database is damaged.
    #[error(
        "The database {} is damaged ({detail}). Run `semid doctor`; if it cannot help, restore {} from a backup or \
         import again into a new workspace.", path.display(), path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was seen.
        detail: String,
    },
    /// Another process writes to the database for longer than we wait.
    #[error(
        "{} is being written to by another process, an import for instance. Wait until it is done and try again.",
        path.display()
    )]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// Another process runs an experiment in this workspace.
    #[error(
        "{} in the workspace {}, and a workspace works on one run at a time. Wait for it, cancel it, or use another \
         workspace with SEMID_HOME.", running_now(.run), folder.display()
    )]
    RunsLocked {
        /// The workspace.
        folder: PathBuf,
        /// Number, name and process of the run that is going on, where they are known.
        run: Option<(i64, String, Option<u32>)>,
    },
    /// The disk has no room left.
    #[error(
        "The disk took no more while {doing} ({}): it has no room left, or a limit is reached. Nothing was half-written. \
         Free some space, or move the workspace to another disk with SEMID_HOME, and try again.", path.display()
    )]
    DiskFull {
        /// What was being done, as in "writing an artifact".
        doing: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// The folder or file cannot be written.
    #[error(
        "{} cannot be written to ({doing}). Check its permissions and whether its disk is mounted read-only, or choose \
         another workspace with SEMID_HOME.", path.display()
    )]
    ReadOnly {
        /// What was being done.
        doing: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// Something that was named does not exist.
    #[error("There is no {what} named “{name}” in this workspace. {advice}")]
    NotFound {
        /// "data set", "run".
        what: &'static str,
        /// The name asked for.
        name: String,
        /// What to do.
        advice: String,
    },
    /// A data set of this name exists.
    #[error("There is already a data set named “{name}”. Choose another name, replace it, or delete it first.")]
    Exists {
        /// The name.
        name: String,
    },
    /// What was handed in cannot be kept; the text says what, and what to do.
    #[error("{0}")]
    Input(String),
    /// A file operation failed for another reason.
    #[error("{doing} failed on {}: {source}. Check the disk and try again; `semid doctor` examines the workspace.", path.display())]
    Io {
        /// What was being done, capitalised: "Writing an artifact".
        doing: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database failed for another reason.
    #[error("{doing} failed in {}: {source}. Run `semid doctor` to check the workspace.", path.display())]
    Database {
        /// What was being done, capitalised.
        doing: String,
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl Error {
    /// Something that cannot be kept, in a sentence.
    pub(crate) fn input(sentence: impl Into<String>) -> Self {
        Error::Input(sentence.into())
    }

    /// A failed file operation: `doing` in lower case, "writing an artifact".
    pub(crate) fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        let (doing, path) = (doing.to_owned(), path.to_path_buf());
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Error::DiskFull { doing, path }
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Error::ReadOnly { doing, path },
            _ => Error::Io { doing: capitalised(&doing), path, source },
        }
    }

    /// Says what was being done to which database when SQLite failed; leaves all other errors as they are.
    pub(crate) fn explained(self, doing: &str, path: &Path) -> Self {
        let Error::Database { doing: unnamed, source, .. } = self else { return self };
        let (doing, path) = (doing.to_owned(), path.to_path_buf());
        match source.sqlite_error_code() {
            _ if !unnamed.is_empty() => Error::Database { doing: unnamed, path, source },
            Some(ErrorCode::DiskFull) => Error::DiskFull { doing, path },
            // What a limit on the size of files looks like to SQLite.
            Some(ErrorCode::SystemIoFailure) if wrote_in_vain(&source) => Error::DiskFull { doing, path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly { doing, path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { path },
            Some(ErrorCode::NotADatabase) => Error::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { path, detail: source.to_string() },
            Some(ErrorCode::CannotOpen) if path.parent().is_some_and(unwritable) => Error::ReadOnly { doing, path },
            _ => Error::Database { doing: capitalised(&doing), path, source },
        }
    }
}

impl From<rusqlite::Error> for Error {
    /// Inside a transaction: [`Error::explained`] adds the rest at its end.
    fn from(source: rusqlite::Error) -> Self {
        Error::Database { doing: String::new(), path: PathBuf::new(), source }
    }
}

impl From<Error> for semid_core::Error {
    fn from(error: Error) -> Self {
        semid_core::Error::input(error.to_string())
    }
}

fn wrote_in_vain(source: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    source.sqlite_error().is_some_and(|error| {
        [SQLITE_IOERR_WRITE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE].contains(&error.extended_code)
    })
}

/// Whether a file cannot be made in the folder. Tried, not read from permission bits, which do not bind every user.
pub(crate) fn unwritable(folder: &Path) -> bool {
    tempfile::Builder::new().prefix(".semid-try-").tempfile_in(folder).is_err()
}

fn running_now(run: &Option<(i64, String, Option<u32>)>) -> String {
    match run {
        Some((id, name, Some(process))) => format!("Run {id} “{name}” is going on in process {process}"),
        Some((id, name, None)) => format!("Run {id} “{name}” is going on"),
        None => "Another process is about to start a run".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
