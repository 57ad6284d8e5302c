//! Where an import delivers to, and what it says at its end.

use semid_core::Result;
use serde::{Deserialize, Serialize};

use crate::columns::Role;
use crate::format::Format;
use crate::problem::{Problem, ProblemKind};
use crate::sniff::FileKind;

/// Takes what is imported, in this order: an item or a user comes before the first interaction that names it. An error
/// of a sink stops the import and is returned as it is. All calls come from the thread that called [`crate::import`].
pub trait Sink {
    /// The next item. Indices are dense and ascending, in order of first appearance.
    fn item(&mut self, item: ImportedItem<'_>) -> Result<()>;
    /// The next user. Indices are dense and ascending, in order of first appearance.
    fn user(&mut self, index: u32, key: &str) -> Result<()>;
    /// The next interactions, in the order of the files.
    fn interactions(&mut self, rows: &[InteractionRow]) -> Result<()>;
    /// A problem; only the first of each kind come here, as many as the plan keeps.
    fn problem(&mut self, problem: &Problem) -> Result<()>;
}

/// An item as imported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportedItem<'a> {
    /// Its index.
    pub index: u32,
    /// Its key in the files; unique, never empty.
    pub key: &'a str,
    /// What a person calls it; the key where there is no title. Plain text, though hostile: never markup.
    pub title: &'a str,
    /// The template filled in; the title where all its columns are empty.
    pub text: &'a str,
    /// Category path, coarse to fine; may be empty.
    pub categories: &'a [String],
}

/// One interaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InteractionRow {
    /// Index of the user.
    pub user: u32,
    /// Index of the item.
    pub item: u32,
    /// Finite where there is one.
    pub rating: Option<f32>,
    /// Unix seconds where there is a time.
    pub at: Option<i64>,
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ImportSummary {
    /// Items delivered.
    pub items: u64,
    /// Users delivered.
    pub users: u64,
    /// Interactions delivered.
    pub interactions: u64,
    /// Items created because interactions name them and no items file has them.
    pub items_created: u64,
    /// Items with a category path.
    pub items_with_categories: u64,
    /// Interactions with a rating.
    pub with_rating: u64,
    /// Interactions with a time.
    pub with_time: u64,
    /// Earliest and latest time, unix seconds.
    pub time_span: Option<(i64, i64)>,
    /// Problems by kind, only kinds that occurred, in the order of [`ProblemKind::ALL`].
    pub problems: Vec<(ProblemKind, u64)>,
    /// The files as they were read.
    pub files: Vec<FileSummary>,
    /// The template the item texts were made with; empty when there was none to fill.
    pub text: String,
    /// Digest over everything delivered but the problems, hexadecimal: the same data, the same digest.
    pub digest: String,
}

impl ImportSummary {
    /// Problems of all kinds.
    pub fn problem_count(&self) -> u64 {
        self.problems.iter().map(|(_, count)| count).sum()
    }
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct FileSummary {
    /// Name without its folder.
    pub name: String,
    /// What its rows are.
    pub kind: FileKind,
    /// Its format.
    pub format: Format,
    /// Size on the disk.
    pub bytes: u64,
    /// Rows read, good and bad, without the header.
    pub rows: u64,
    /// Its columns by role.
    pub columns: Vec<(Role, String)>,
}
