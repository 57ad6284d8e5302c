//! The catalog: items as people know them. An item's index in the catalog is its name inside the engine.

use serde::{Deserialize, Serialize};

/// The items of a data set. An item is named by its index (`u32`) everywhere in the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// The items, in a fixed order.
    pub items: Vec<Item>,
}

/// One item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The item's own key in the files it came from.
    pub key: String,
    /// What a person calls it. Hostile text: never markup.
    pub title: String,
    /// What is embedded: the text template filled in.
    pub text: String,
    /// Category path, coarse to fine; empty where the data has none.
    pub categories: Vec<String>,
}

impl Catalog {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether at least one item has a category.
    pub fn has_categories(&self) -> bool {
        self.items.iter().any(|item| !item.categories.is_empty())
    }
}
