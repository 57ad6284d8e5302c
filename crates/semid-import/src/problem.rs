//! What was wrong with a row: where, which kind, why, and the piece of the file that shows it.

use serde::{Deserialize, Serialize};

/// Longest snippet of a file kept with a problem, in bytes.
pub(crate) const SNIPPET_BYTES: usize = 200;

/// One thing that was wrong with one row. The row was left out; the rows around it were not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "RowProblem")]
pub struct Problem {
    /// Name of the file, without its folder.
    pub file: String,
    /// One-based line; for Parquet the one-based row.
    pub line: u64,
    /// What kind of thing was wrong.
    pub kind: ProblemKind,
    /// Why, as a sentence without its full stop: "the rating "good" is not a number".
    pub reason: String,
    /// The beginning of the offending line or field, at most 200 bytes, never with line breaks or control characters.
    pub snippet: String,
}

/// Kinds of problems; they are counted by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// More or fewer fields than the file has columns.
    FieldCount,
    /// No user, no item, or no item key.
    MissingKey,
    /// A rating that is no finite number.
    BadRating,
    /// A time that is neither a unix time nor a date.
    BadTimestamp,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// An interaction with an item that the items file does not have.
    UnknownItem,
    /// A second item with a key that was already there; the first one is kept.
    DuplicateItem,
    /// A line longer than 16 MiB.
    LineTooLong,
    /// Zero bytes in the middle of text.
    Binary,
    /// A line that is not a JSON object (nor a Python dictionary).
    BrokenJson,
    /// A quoted field that is never closed; the line is left out and reading goes on with the next.
    OpenQuote,
    /// A row that the Parquet file does not give back.
    BrokenParquet,
}

impl ProblemKind {
    /// All kinds, in the order they are listed to people.
    pub const ALL: [ProblemKind; 12] = [
        ProblemKind::FieldCount,
        ProblemKind::MissingKey,
        ProblemKind::BadRating,
        ProblemKind::BadTimestamp,
        ProblemKind::InvalidUtf8,
        ProblemKind::UnknownItem,
        ProblemKind::DuplicateItem,
        ProblemKind::LineTooLong,
        ProblemKind::Binary,
        ProblemKind::BrokenJson,
        ProblemKind::OpenQuote,
        ProblemKind::BrokenParquet,
    ];

    /// A stable name for files, databases and scripts.
    pub fn key(self) -> &'static str {
        match self {
            ProblemKind::FieldCount => "field-count",
            ProblemKind::MissingKey => "missing-key",
            ProblemKind::BadRating => "bad-rating",
            ProblemKind::BadTimestamp => "bad-timestamp",
            ProblemKind::InvalidUtf8 => "invalid-utf8",
            ProblemKind::UnknownItem => "unknown-item",
            ProblemKind::DuplicateItem => "duplicate-item",
            ProblemKind::LineTooLong => "line-too-long",
            ProblemKind::Binary => "binary",
            ProblemKind::BrokenJson => "broken-json",
            ProblemKind::OpenQuote => "open-quote",
            ProblemKind::BrokenParquet => "broken-parquet",
        }
    }

    /// What a person calls it, to follow a number: "12 rows with a wrong number of fields".
    pub fn title(self) -> &'static str {
        match self {
            ProblemKind::FieldCount => "rows with a wrong number of fields",
            ProblemKind::MissingKey => "rows without a user or an item",
            ProblemKind::BadRating => "rows with a rating that is no number",
            ProblemKind::BadTimestamp => "rows with a time that cannot be read",
            ProblemKind::InvalidUtf8 => "rows that are not UTF-8",
            ProblemKind::UnknownItem => "rows with an item the items file does not have",
            ProblemKind::DuplicateItem => "items whose key was already there",
            ProblemKind::LineTooLong => "lines longer than 16 MiB",
            ProblemKind::Binary => "rows with binary data",
            ProblemKind::BrokenJson => "lines that are not JSON objects",
            ProblemKind::OpenQuote => "rows with a quote that is never closed",
            ProblemKind::BrokenParquet => "rows the Parquet file does not give back",
        }
    }
}

/// A problem before the file's name is put to it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub line: u64,
    pub kind: ProblemKind,
    pub reason: String,
    pub snippet: String,
}

impl Trouble {
    pub(crate) fn new(line: u64, kind: ProblemKind, reason: impl Into<String>, snippet: &[u8]) -> Self {
        Trouble { line, kind, reason: reason.into(), snippet: snip(snippet) }
    }
}

/// The beginning of a piece of a file, safe to show: valid UTF-8, no control characters, at most [`SNIPPET_BYTES`].
pub(crate) fn snip(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SNIPPET_BYTES)];
    let mut out = String::with_capacity(shown.len());
    for c in String::from_utf8_lossy(shown).chars() {
        let c = match c {
            '\t' => ' ',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        };
        if out.len() + c.len_utf8() > SNIPPET_BYTES - '…'.len_utf8() {
            out.push('…');
            return out;
        }
        out.push(c);
    }
    if shown.len() < bytes.len() {
        out.push('…');
    }
    out
}
