//! What came of a run: tables, charts, the people behind a number, files to take away.

use std::path::PathBuf;

pub use semid_engine::number::{NumberFacts, NumberRequest};
pub use semid_engine::opened_ids::NamedItem;
pub use semid_engine::people::{ListEntry, UserDetail, UserPage, UserRequest, UserRow, UserSort, UsersRequest};
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
