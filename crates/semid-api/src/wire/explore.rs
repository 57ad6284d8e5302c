//! IDs as a place to walk around in: the tree of codes, items and their neighbours, the map, two schemes side by side.

use std::path::PathBuf;

use semid_core::comparison::IdSchemeResult;
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

/// IDs there are for a data set: of runs, and built on their own.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct SchemeRow {
    /// Names the IDs in the requests of this file.
    pub ids: String,
    /// `rq-kmeans`.
    pub scheme: String,
    /// "RQ-KMeans".
    pub title: String,
    /// "3 × 64 + digit".
    pub shape: String,
    /// Seed they were made with.
    pub seed: u64,
    /// Items that have one.
    pub items: u64,
    /// A run that uses them, the newest.
    pub run: Option<i64>,
    /// Unix seconds.
    pub made_at: i64,
    /// Whether codes mean something, so that labels are shown.
    pub has_meaning: bool,
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

/// A prefix of the tree.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct TreeNode {
    /// Codes from the root.
    pub prefix: Vec<u32>,
    /// Its label; empty where codes mean nothing.
    pub label: String,
    /// Words that set it apart, with their weight.
    pub words: Vec<(String, f64)>,
    /// Items below it.
    pub items: u64,
    /// Most frequent first category below it, and its share; none where there are no categories.
    pub category: Option<(String, f64)>,
    /// Titles of items nearest to its middle, or most met.
    pub exemplars: Vec<String>,
    /// Number of different codes below it.
    pub children_count: u32,
    /// The nodes below it, most items first; empty beyond the depth asked for.
    pub children: Vec<TreeNode>,
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

/// A page of items with their IDs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct IdItemPage {
    /// Items that match.
    pub total: u64,
    /// The page.
    pub items: Vec<super::NamedItem>,
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

/// An item's neighbours in both spaces.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct NeighboursReply {
    /// The item.
    pub item: super::NamedItem,
    /// What is embedded.
    pub text: String,
    /// Nearest by shared prefix.
    pub by_codes: Vec<Neighbour>,
    /// Nearest by cosine; none where the texts were never embedded.
    pub by_embedding: Option<Vec<Neighbour>>,
    /// How many are in both.
    pub in_both: u32,
}

/// A neighbour.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct Neighbour {
    /// The item.
    pub item: super::NamedItem,
    /// Levels it shares from the root.
    pub shared_levels: u32,
    /// Cosine of the embeddings; none where the texts were never embedded.
    pub cosine: Option<f64>,
    /// Whether it is a neighbour in the other space too.
    pub in_both: bool,
}

/// The catalog on a plane (result of the job `catalog_map`; kept, so that a second call is quick).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct CatalogMap {
    /// Across, one an item, in −1 … 1.
    pub x: Vec<f32>,
    /// Up, one an item, in −1 … 1.
    pub y: Vec<f32>,
    /// First code, one an item.
    pub code: Vec<u32>,
    /// Title, one an item.
    pub title: Vec<String>,
    /// ID as text, one an item.
    pub id: Vec<String>,
    /// First codes with label and items, most items first.
    pub codes: Vec<MapCode>,
    /// How the plane was made, in a sentence.
    pub method: String,
}

/// A first code on the map.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct MapCode {
    /// The code.
    pub code: u32,
    /// Its label.
    pub label: String,
    /// Items.
    pub items: u64,
    /// Where its label stands.
    pub x: f32,
    /// Where its label stands.
    pub y: f32,
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

/// Groups of items that share all codes, largest first.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct CollisionPage {
    /// Groups in all.
    pub groups: u64,
    /// Items in them.
    pub items: u64,
    /// In a sentence: what it means and what is done about it.
    pub sentence: String,
    /// The page.
    pub page: Vec<Vec<super::NamedItem>>,
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

/// Two schemes side by side.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct CompareIdsReply {
    /// Each measure as label, left, right, formatted: unique share, purity, neighbour recall, … .
    pub measures: Vec<(String, String, String)>,
    /// Adjusted mutual information between the prefixes of the two, one a level.
    pub agreement: Vec<f64>,
    /// Items that match.
    pub total: u64,
    /// The page.
    pub rows: Vec<ComparedItem>,
}

/// An item under two schemes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ComparedItem {
    /// Under the one.
    pub left: super::NamedItem,
    /// Under the other.
    pub right: super::NamedItem,
}
