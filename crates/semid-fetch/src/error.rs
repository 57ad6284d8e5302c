//! What can go wrong while fetching, as sentences.

use std::io;
use std::path::{Path, PathBuf};

/// The result of fetching.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while fetching.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The fetch was asked to stop. What was downloaded so far stays and is used the next time.
    #[error("cancelled; what was downloaded is kept, and the same command goes on from there")]
    Cancelled,
    /// No source gave the files.
    #[error("{}", nothing_answered(.title, .folder, .tried, .by_hand))]
    NothingAnswered {
        /// What was to be fetched.
        title: String,
        /// Where it was to go.
        folder: PathBuf,
        /// Each source, and why it did not serve, in the order tried.
        tried: Vec<(String, String)>,
        /// Addresses a person may download by hand, with the file name to give.
        by_hand: Vec<String>,
    },
    /// The disk or its permissions are in the way.
    #[error("{what} did not work for {}: {}", .path.display(), disk_advice(.source))]
    Disk {
        /// What was being done, as a noun: "writing a download".
        what: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's word on it.
        source: io::Error,
    },
    /// A recipe cannot be used as written.
    #[error("the recipe {name} cannot be used: {problem}")]
    Recipe {
        /// Which recipe.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The environment names no folder to keep things in.
    #[error("no folder to keep models and data in: set SEMID_HOME to one")]
    NoHome,
}

impl Error {
    pub(crate) fn disk(what: &'static str, path: &Path, source: io::Error) -> Self {
        Error::Disk { what, path: path.to_owned(), source }
    }
}

fn nothing_answered(title: &str, folder: &Path, tried: &[(String, String)], by_hand: &[String]) -> String {
    let mut text = match tried.len() {
        1 => format!("{title} could not be fetched: its only source did not serve it."),
        n => format!("{title} could not be fetched: none of its {n} sources served it."),
    };
    for (source, why) in tried {
        text.push_str(&format!("\n  {source}: {why}"));
    }
    text.push_str(
        "\nCheck the internet connection (behind a proxy: HTTPS_PROXY) and run the same command again; \
         what was downloaded is kept.",
    );
    if !by_hand.is_empty() {
        text.push_str(&format!("\nOr put these files into {} yourself and run it again:", folder.display()));
        for address in by_hand {
            text.push_str(&format!("\n  {address}"));
        }
    }
    text
}

fn disk_advice(error: &io::Error) -> String {
    use io::ErrorKind::{NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded => "the disk is full. Free some space, or set SEMID_HOME to a folder on another \
                                        disk, and run it again"
            .to_owned(),
        PermissionDenied | ReadOnlyFilesystem => format!(
            "it may not be written to ({error}). Change its permissions, or set SEMID_HOME to a folder of your own"
        ),
        NotADirectory => format!("a part of that path is a file, not a folder ({error}). Set SEMID_HOME to a folder"),
        _ => format!("{error}"),
    }
}
