//! IDs as a place to walk around in: the tree of codes, items and their neighbours, the map, two schemes side by side.

use std::path::PathBuf;

use semid_core::comparison::IdSchemeResult;
pub use semid_engine::catalog_map::{CatalogMap, MapCode};
pub use semid_engine::explore::{
    CollisionPage, CompareIdsReply, ComparedItem, IdItemPage, Neighbour, NeighboursReply, SchemeRow, TreeNode,
};
use semid_engine::settings::ExperimentSettings;
use serde::{Deserialize, Serialize};

/// Build the IDs of a data set.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct IdsRequest {
    /// Data set, schemes, shape, encoder, filters; recommenders are not looked at.
    pub settings: ExperimentSettings,
    /// The seed.
    pub seed: u64,
    /// Write item, ID and labels here, as CSV.
    pub output: Option<PathBuf>,
}

/// The IDs of a data set.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct IdsReport {
    /// Quality, diagnosis, examples.
    pub scheme: IdSchemeResult,
    /// Items.
    pub items: u64,
    /// Wall seconds.
    pub secs: f64,
    /// Whether they were made before.
    pub reused: bool,
    /// Where they were written.
    pub output: Option<PathBuf>,
}

/// Names IDs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct IdsSelector {
    /// The data set.
    pub dataset: String,
    /// Names the IDs, as in `SchemeRow`.
    pub ids: String,
}

/// Open a node of the tree.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct TreeRequest {
    /// The data set.
    pub dataset: String,
    /// Names the IDs.
    pub ids: String,
    /// Codes from the root; empty: the root.
    pub prefix: Vec<u32>,
    /// Levels below it to send, 1 or 2.
    pub depth: u32,
}

/// Items below a prefix, or that match words.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct IdItemsRequest {
    /// The data set.
    pub dataset: String,
    /// Names the IDs.
    pub ids: String,
    /// Codes from the root; empty: all.
    pub prefix: Vec<u32>,
    /// Words that key, title or ID must contain; none: all.
    pub query: Option<String>,
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

/// Ask for the neighbours of an item.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct NeighboursRequest {
    /// The data set.
    pub dataset: String,
    /// Names the IDs.
    pub ids: String,
    /// Index of the item.
    pub item: u32,
    /// Neighbours in each space.
    pub k: u32,
}

/// A page of groups of items that share all codes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct CollisionsRequest {
    /// The data set.
    pub dataset: String,
    /// Names the IDs.
    pub ids: String,
    /// First group.
    pub offset: u64,
    /// Groups at most.
    pub limit: u64,
}

/// Lay two schemes side by side on the same items.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct CompareIdsRequest {
    /// The data set.
    pub dataset: String,
    /// One.
    pub left: String,
    /// The other.
    pub right: String,
    /// Words that key, title or an ID must contain; none: all.
    pub query: Option<String>,
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}
