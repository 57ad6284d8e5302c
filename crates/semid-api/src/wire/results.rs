//! What came of a run: tables, charts, the people behind a number, files to take away.

use std::path::PathBuf;

pub use semid_engine::bundle::OpenedBundle;
pub use semid_engine::number::{NumberFacts, NumberRequest};
pub use semid_engine::opened_ids::NamedItem;
pub use semid_engine::people::{ListEntry, UserDetail, UserPage, UserRequest, UserRow, UserSort, UsersRequest};
pub use semid_engine::why::{WhyAlternative, WhyLevel, WhyReply, WhyRequest};
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
#[ts(optional_fields = nullable)]
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
    /// Settings, seeds, digests, comparison, per-user ranks, IDs: what `open_bundle` opens on another machine.
    Bundle {
        /// Also the trained models and the embeddings, so that "why this item" and neighbours work there.
        #[serde(default)]
        models: bool,
        /// Also the users' keys.
        #[serde(default)]
        keys: bool,
    },
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
