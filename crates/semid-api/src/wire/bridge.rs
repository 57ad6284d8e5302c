//! Bridges to other systems: a data set and its IDs out, ranked lists back.

use std::path::PathBuf;

pub use semid_engine::bridge::{BridgeExported, BridgeFormat};
pub use semid_engine::imported_lists::ListsFound;
use semid_engine::settings::{ExperimentSettings, ListNames};
use serde::{Deserialize, Serialize};

/// Write a data set, as an experiment prepares and splits it, in another system's forms.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct BridgeExportRequest {
    /// The experiment.
    pub settings: ExperimentSettings,
    /// Key of the scheme whose IDs go along; none when null.
    pub ids: Option<String>,
    /// Seed of the IDs.
    pub seed: u64,
    /// Whose forms.
    pub format: BridgeFormat,
    /// Also the vectors of the items.
    #[serde(default)]
    pub embeddings: bool,
    /// The folder.
    pub output: PathBuf,
}

/// Look at a file of another system's lists.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct ListsRequest {
    /// The experiment they would be an arm of.
    pub settings: ExperimentSettings,
    /// TREC run, Parquet or JSON.
    pub file: PathBuf,
    /// What stands for users and items in it.
    pub names: ListNames,
}
