//! Who met which item when: rows as imported, and one ordered sequence per user.

use serde::{Deserialize, Serialize};

/// The interactions of a data set, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interactions {
    /// Keys of the users; a user is named by the index here.
    pub user_keys: Vec<String>,
    /// The rows.
    pub rows: Vec<Interaction>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// Index into `Interactions::user_keys`.
    pub user: u32,
    /// Index into the catalog.
    pub item: u32,
    /// The rating, where there is one.
    pub rating: Option<f32>,
    /// Unix seconds; none means: the order in the file is all there is.
    pub at: Option<i64>,
}

/// One sequence per user, oldest first: what is left after filters, ordered by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequences {
    /// Keys of the users that are left.
    pub user_keys: Vec<String>,
    /// Items of each user, oldest first.
    pub items: Vec<Vec<u32>>,
    /// Unix seconds beside each item; none where the file had none.
    pub at: Vec<Vec<Option<i64>>>,
}

impl Sequences {
    /// Number of users.
    pub fn users(&self) -> usize {
        self.items.len()
    }

    /// Number of interactions.
    pub fn interactions(&self) -> usize {
        self.items.iter().map(Vec::len).sum()
    }
}
