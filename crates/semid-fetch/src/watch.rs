//! Who watches a fetch: a progress bar, a log, a test. Also where a cancel comes in.

use std::path::Path;

/// Watches a fetch and may stop it.
pub trait Watch {
    /// Something happened. Called often while bytes arrive: be quick.
    fn event(&self, event: Event<'_>);

    /// Whether to stop; asked at least several times a second.
    fn cancelled(&self) -> bool {
        false
    }
}

/// What happens during a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A source is asked.
    Trying {
        /// The source as people know it: "huggingface.co".
        source: &'a str,
    },
    /// A source did not serve; the next one is asked.
    Failed {
        /// The source.
        source: &'a str,
        /// Why, as a sentence.
        why: &'a str,
    },
    /// Bytes arrived.
    Bytes {
        /// The file.
        file: &'a str,
        /// Bytes on disk so far, those of an earlier, interrupted download included.
        done: u64,
        /// Bytes in all, where known.
        total: Option<u64>,
    },
    /// A file is on disk and has the digest it should have.
    Verified {
        /// The file.
        file: &'a str,
    },
    /// A file whose publisher prints no digest was downloaded for the first time. Its digest is remembered and every
    /// later download is held against it; people are told.
    FirstUse {
        /// The file.
        file: &'a str,
        /// Its SHA-256.
        sha256: &'a str,
    },
    /// Another process is fetching the same thing; this one waits for it.
    Waiting {
        /// The folder both want to fill.
        folder: &'a Path,
    },
}

/// Watches nothing and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Watch for Silent {
    fn event(&self, _event: Event<'_>) {}
}
