//! What came of a run: tables, charts, the people behind a number, files to take away.

use std::path::PathBuf;

use semid_core::comparison::MetricFacts;
use serde::{Deserialize, Serialize};

/// Write a report.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Which run; the newest finished one when none.
    pub run: Option<i64>,
    /// The folder.
    pub output: PathBuf,
    /// Also per-user values.
    #[serde(default)]
    pub per_user: bool,
}

/// A report was written.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ExportReport {
    /// Which run.
    pub run: i64,
    /// The page to open.
    pub report: PathBuf,
}

/// Draw a chart.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct ChartRequest {
    /// Which run.
    pub run: i64,
    /// Which chart; `list` names them.
    pub chart: String,
    /// Dark instead of light.
    #[serde(default)]
    pub dark: bool,
}

/// A chart, or the names of the charts.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ChartReply {
    /// The charts there are.
    pub names: Vec<String>,
    /// The drawing; none when only names were asked for.
    pub svg: Option<String>,
}

/// Judge the lists of any system.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct EvalRequest {
    /// TREC run.
    pub run: PathBuf,
    /// TREC qrels.
    pub qrels: PathBuf,
    /// `ndcg@10`, …
    pub metrics: Vec<String>,
    /// Write every user's values here.
    pub per_user: Option<PathBuf>,
}

/// Names a number of a comparison.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct NumberRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Key of the arm it is compared with; none: the run's baseline.
    pub against: Option<String>,
    /// `ndcg@10`.
    pub metric: String,
}

/// Where a number comes from.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct NumberFacts {
    /// Definition of the metric.
    pub metric: MetricFacts,
    /// Title of the arm.
    pub arm: String,
    /// Title of the arm it is compared with.
    pub against: String,
    /// Each fact as label and value, formatted: mean, interval, n, seeds, resamples, p, adjusted p, wins/ties/losses.
    pub facts: Vec<(String, String)>,
    /// What was left out, in sentences with numbers; never empty: "Nobody was left out." is said too.
    pub excluded: Vec<String>,
}

/// A page of the users behind a number.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct UsersRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Key of the arm it is compared with; none: the run's baseline.
    pub against: Option<String>,
    /// `ndcg@10`.
    pub metric: String,
    /// Column to sort by.
    pub sort: UserSort,
    /// Largest first.
    pub descending: bool,
    /// Part of the user's key; none: all.
    pub query: Option<String>,
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

/// Columns of the users behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum UserSort {
    /// The user's key.
    User,
    /// Value under the arm.
    Value,
    /// Value under the other arm.
    Against,
    /// Their difference.
    Difference,
    /// Items of the history.
    History,
}

/// A page of users.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct UserPage {
    /// Users in all, under the query.
    pub total: u64,
    /// The page.
    pub rows: Vec<UserRow>,
}

/// One user's values, mean over seeds.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct UserRow {
    /// Index in the run's data, which `user` asks with.
    pub user: u32,
    /// The user's key in the files.
    pub key: String,
    /// Items of the history.
    pub history: u64,
    /// Value under the arm.
    pub value: f64,
    /// Value under the other arm.
    pub against: f64,
    /// Value minus the other.
    pub difference: f64,
    /// Rank of the first target under each seed; none where the list has none.
    pub ranks: Vec<Option<u32>>,
}

/// Names a user's list.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Index in the run's data.
    pub user: u32,
}

/// One user: history, what was held out, and the list of an arm.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct UserDetail {
    /// The user's key in the files.
    pub key: String,
    /// Oldest first.
    pub history: Vec<NamedItem>,
    /// The items held out as the test.
    pub targets: Vec<NamedItem>,
    /// The list, best first.
    pub list: Vec<ListEntry>,
    /// Every metric of the run for this list, as title and value.
    pub values: Vec<(String, f64)>,
    /// Seeds that can be asked for.
    pub seeds: Vec<u64>,
    /// Whether `why_item` can tell how an entry came about.
    pub explains: bool,
}

/// An item with its ID under the arm's scheme.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct NamedItem {
    /// Index in the run's catalog.
    pub item: u32,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Coarse to fine.
    pub categories: Vec<String>,
    /// Codes and digit; empty where the arm has no IDs.
    pub codes: Vec<u32>,
    /// Labels of the codes; empty where codes mean nothing.
    pub labels: Vec<String>,
}

/// An entry of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ListEntry {
    /// Rank from 1.
    pub rank: u32,
    /// Higher is better.
    pub score: f64,
    /// Whether it holds a target.
    pub hit: bool,
    /// Its items: none for an ID that is no item's, several where items share an ID.
    pub items: Vec<NamedItem>,
}

/// Ask how the generative model came to an item.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Which run.
    pub run: i64,
    /// Key of an arm that speaks in IDs.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Index of the user in the run's data.
    pub user: u32,
    /// Index of the item in the run's catalog.
    pub item: u32,
}

/// The beam's path to an item, level by level (result of the job `why_item`).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyReply {
    /// The item.
    pub item: NamedItem,
    /// Rank in the list; none when it is not in it.
    pub rank: Option<u32>,
    /// Probability of its whole ID among all IDs of the trie.
    pub probability: f64,
    /// One a level, the digit last.
    pub levels: Vec<WhyLevel>,
    /// Items of the history that share codes with it, most shared first: item and shared levels.
    pub shared: Vec<(NamedItem, u32)>,
}

/// One level of the path.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyLevel {
    /// "Level 1", "Digit".
    pub title: String,
    /// The code chosen.
    pub code: u32,
    /// Its label; empty where codes mean nothing.
    pub label: String,
    /// Its probability given the codes before it.
    pub probability: f64,
    /// Its place among the allowed codes, from 1.
    pub rank: u32,
    /// Codes the trie allows here.
    pub allowed: u32,
    /// Items of the catalog below the prefix up to here.
    pub items: u64,
    /// Whether the prefix stayed in the beam; a prefix that fell out ends the path of the search.
    pub in_beam: bool,
    /// The most probable codes here, the chosen one among them.
    pub alternatives: Vec<WhyAlternative>,
}

/// A code that could have been chosen.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyAlternative {
    /// The code.
    pub code: u32,
    /// Its label.
    pub label: String,
    /// Its probability given the codes before it.
    pub probability: f64,
    /// Whether it is the one of the item.
    pub chosen: bool,
    /// Whether prefix and code stayed in the beam.
    pub in_beam: bool,
    /// Titles of a few items below it.
    pub exemplars: Vec<String>,
}

/// Write something of a run to a file.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SaveRequest {
    /// Which run.
    pub run: i64,
    /// What.
    pub what: SaveWhat,
    /// The file.
    pub output: PathBuf,
}

/// What can be written.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum SaveWhat {
    /// The table of arms and differences as CSV.
    Csv {},
    /// The same as Markdown.
    Markdown {},
    /// The same as LaTeX.
    Latex {},
    /// The whole as JSON.
    Json {},
    /// A self-contained page.
    Html {},
    /// Every user's value under every arm, seed and metric, as CSV.
    PerUser {},
    /// Settings, seeds, digests, comparison, per-user ranks: what `open_bundle` opens on another machine.
    Bundle {},
    /// A chart as SVG.
    ChartSvg {
        /// Its name.
        chart: String,
        /// Dark instead of light.
        dark: bool,
    },
    /// A chart as PNG, two pixels a unit.
    ChartPng {
        /// Its name.
        chart: String,
        /// Dark instead of light.
        dark: bool,
    },
}

/// Something was written.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Names a file.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct FileRequest {
    /// The file.
    pub path: PathBuf,
}

/// A bundle was opened (result of the job `open_bundle`).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct OpenedBundle {
    /// The run it became.
    pub run: i64,
    /// Whether it had been opened, or run, here before.
    pub known: bool,
    /// Whether the data set it ran on is in the workspace, so that users and items can be looked at.
    pub dataset_here: bool,
}
