//! What goes over the wire: requests and replies that are not an engine's own type.

use std::path::PathBuf;

use semid_core::comparison::IdSchemeResult;
use semid_engine::datasets::RecipeRow;
use semid_engine::settings::ExperimentSettings;
use semid_engine::store::{Dataset, Finding};
use serde::{Deserialize, Serialize};

/// A request without fields.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nothing {}

/// A job was queued.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Started {
    /// Ask after it by this number.
    pub job: u64,
}

/// Names a job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// Its number.
    pub job: u64,
}

/// Import a recipe.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeRequest {
    /// `movielens-100k`.
    pub recipe: String,
    /// Fetch what is not here.
    #[serde(default)]
    pub download: bool,
    /// Replace a data set of the same name.
    #[serde(default)]
    pub replace: bool,
}

/// Data sets in the workspace and recipes at hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatasetList {
    /// In the workspace.
    pub datasets: Vec<Dataset>,
    /// At hand.
    pub recipes: Vec<RecipeRow>,
}

/// Turn a file of texts into vectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    /// One text a line.
    pub texts: PathBuf,
    /// `.npy`, f32 rows.
    pub output: PathBuf,
    /// Name or folder of the encoder.
    pub model: String,
}

/// Vectors were written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmbedReport {
    /// Number of texts.
    pub rows: usize,
    /// Numbers in a vector.
    pub dim: usize,
    /// Instructions and precision used: "bf16-avx512".
    pub kernel: String,
    /// Wall seconds of loading the encoder.
    pub load_secs: f64,
    /// Wall seconds of embedding.
    pub embed_secs: f64,
    /// Where they are.
    pub output: PathBuf,
}

/// Build the IDs of a data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// Names a data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRequest {
    /// Its name.
    pub dataset: String,
}

/// Settings as typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// The settings.
    pub settings: ExperimentSettings,
}

/// An experiment file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsFileRequest {
    /// TOML.
    pub text: String,
}

/// Start an experiment, or resume it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The settings.
    pub settings: ExperimentSettings,
    /// Folder of the report; below the home when none is named.
    pub output: Option<PathBuf>,
}

/// A finished run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// Its number.
    pub run: i64,
    /// The page to open.
    pub report: PathBuf,
    /// Whether it had been finished before.
    pub finished_before: bool,
    /// Wall seconds of this call.
    pub secs: f64,
}

/// Names a run; the newest finished one when none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSelector {
    /// Its number.
    pub run: Option<i64>,
}

/// One line of the list of runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRow {
    /// Its number.
    pub run: i64,
    /// Its name.
    pub name: String,
    /// Its data set.
    pub dataset: String,
    /// `finished`, `interrupted`, …
    pub status: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Wall seconds from start to end.
    pub secs: Option<i64>,
    /// Why it failed, when it did.
    pub error: Option<String>,
}

/// Write a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportReport {
    /// Which run.
    pub run: i64,
    /// The page to open.
    pub report: PathBuf,
}

/// Draw a chart.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChartReply {
    /// The charts there are.
    pub names: Vec<String>,
    /// The drawing; none when only names were asked for.
    pub svg: Option<String>,
}

/// Judge the lists of any system.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// Look at everything.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoctorRequest {
    /// Mend what can be mended without losing anything.
    pub repair: bool,
    /// Fetch the text encoder if it is not here.
    pub fetch: bool,
}

/// What the doctor saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DoctorReport {
    /// Worst first; empty when all is well.
    pub findings: Vec<Finding>,
    /// What was mended.
    pub repaired: Vec<String>,
    /// The home looked at.
    pub home: PathBuf,
}
