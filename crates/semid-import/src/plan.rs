//! What to import and how: every setting of an import.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::columns::Mapping;
use crate::format::Format;

/// What to import and how. Start from [`ImportPlan::new`], which holds every default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// Files with one item a row; without any, the items are those the interactions name.
    pub items: Vec<PathBuf>,
    /// Files with one interaction a row, read in this order.
    pub interactions: Vec<PathBuf>,
    /// Format of the items files; none: seen from each file.
    pub items_format: Option<Format>,
    /// Format of the interactions files; none: seen from each file.
    pub interactions_format: Option<Format>,
    /// Columns set by a person; what is not set is guessed.
    pub mapping: Mapping,
    /// Template of the item text, `{title}. {categories}. {description}`; none: made from the columns there are.
    pub text: Option<String>,
    /// What to do with an interaction whose item no items file has.
    pub unknown_items: UnknownItems,
    /// Stop at the first problem. What the sink was given is then to be thrown away.
    pub strict: bool,
    /// How many problems of each kind reach the sink in full; all are counted.
    pub problems_kept: u64,
}

impl ImportPlan {
    /// A plan with every default.
    pub fn new(items: Vec<PathBuf>, interactions: Vec<PathBuf>) -> Self {
        ImportPlan {
            items,
            interactions,
            items_format: None,
            interactions_format: None,
            mapping: Mapping::default(),
            text: None,
            unknown_items: UnknownItems::Report,
            strict: false,
            problems_kept: 1_000,
        }
    }
}

/// What becomes of an interaction whose item no items file has. Without items files every item is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownItems {
    /// The row is a problem and left out.
    Report,
    /// An item is created with its key as title and text.
    Create,
}
