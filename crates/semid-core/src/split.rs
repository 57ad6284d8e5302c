//! A split: what a recommender may learn from, and the cases it is judged on.

use serde::{Deserialize, Serialize};

/// Training sequences, validation cases and test cases over one catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// Training items of each user, oldest first; may be empty for a user.
    pub train: Vec<Vec<u32>>,
    /// Cases for choosing checkpoints and settings.
    pub validation: Vec<Case>,
    /// Cases for the reported numbers, read once a run.
    pub test: Vec<Case>,
}

/// One user to be served: what came before, and what came next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Index of the user in the sequences.
    pub user: u32,
    /// Everything the user met before, oldest first. Models look at the last few; all of it is left out of the lists.
    pub history: Vec<u32>,
    /// What came next: one item under leave-last-out.
    pub targets: Vec<u32>,
}
