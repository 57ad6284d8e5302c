//! What can go wrong inside the engine's methods: few variants, each for someone who acts on it.

use crate::Cancelled;

/// The result of a method.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a method works.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The work was asked to stop; finished stages stay.
    #[error("cancelled")]
    Cancelled,
    /// The input does not allow what was asked; the text says what, to what, and what to do.
    #[error("{0}")]
    Input(String),
    /// A number that must be finite is not.
    #[error("{what} has a value that is not a finite number (row {row})")]
    NotFinite {
        /// What the number belongs to.
        what: &'static str,
        /// Zero-based row.
        row: usize,
    },
    /// A library underneath failed.
    #[error("{what} failed: {source}")]
    Inside {
        /// What was being done, as a noun: "reading model.safetensors".
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Bad input, in a sentence.
    pub fn input(sentence: impl Into<String>) -> Self {
        Error::Input(sentence.into())
    }

    /// A failure of something underneath, with what was being done.
    pub fn inside(what: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Inside { what: what.into(), source: source.into() }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Error::Cancelled
    }
}
