//! Experiments: their settings explained, what they will cost, how they go, which there are.

use std::path::PathBuf;

use semid_core::ProgressView;
pub use semid_engine::estimate::{Estimate, EstimatedStage};
pub use semid_engine::run_progress::{ArmCurves, StageState, StageView};
use semid_engine::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
pub use semid_engine::settings_facts::{FieldFacts, FieldInput};
pub use semid_engine::store::{Glance, RunOrder, RunStatus, RunsRequest};
use serde::{Deserialize, Serialize};

/// Settings as typed.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// The settings.
    pub settings: ExperimentSettings,
}

/// An experiment file.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct SettingsFileRequest {
    /// TOML.
    pub text: String,
}

/// Start an experiment, or resume it.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The settings.
    pub settings: ExperimentSettings,
    /// Folder of the report; below the home when none is named.
    pub output: Option<PathBuf>,
}

/// A finished run.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
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
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(default, deny_unknown_fields)]
pub struct RunSelector {
    /// Its number.
    pub run: Option<i64>,
}

/// One line of the list of runs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
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

/// ID schemes and recommenders at hand.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct Methods {
    /// ID schemes.
    pub ids: Vec<IdMethod>,
    /// Recommenders.
    pub recommenders: Vec<RecommenderMethod>,
    /// Metrics, as typed (`ndcg@10`), with titles and formulas; K can be any number.
    pub metrics: Vec<semid_core::comparison::MetricFacts>,
}

/// An ID scheme.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct IdMethod {
    /// `rq-kmeans`.
    pub key: String,
    /// "RQ-KMeans".
    pub title: String,
    /// What it does, in a sentence.
    pub sentence: String,
    /// Its settings with their defaults; none where a file is needed first.
    pub starter: Option<IdSettings>,
    /// Whether it needs the text encoder.
    pub reads_text: bool,
}

/// A recommender.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct RecommenderMethod {
    /// `generative`.
    pub key: String,
    /// "Generative".
    pub title: String,
    /// What it does, in a sentence.
    pub sentence: String,
    /// Its settings with their defaults.
    pub starter: RecommenderSettings,
    /// Whether it gives an arm for every ID scheme.
    pub speaks_ids: bool,
    /// Whether it needs the text encoder.
    pub reads_text: bool,
}

/// Names a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct RunNumber {
    /// Its number.
    pub run: i64,
}

/// A run as it goes or as it ended; the same whichever process runs it.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct RunView {
    /// Its number.
    pub run: i64,
    /// Its name.
    pub name: String,
    /// Its data set.
    pub dataset: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed, when it did.
    pub error: Option<String>,
    /// Unix seconds at which it was asked for.
    pub created_at: i64,
    /// Wall seconds since it started, or until it ended.
    pub elapsed_secs: f64,
    /// Seconds left; none before there is a pace.
    pub remaining_secs: Option<f64>,
    /// Every stage it has, in order: done, going on, to come.
    pub stages: Vec<StageView>,
    /// Open steps of the stage that goes on.
    pub progress: ProgressView,
    /// Training curves so far, by arm.
    pub curves: Vec<ArmCurves>,
    /// The last job of this process that ran it, if one did: when the run has failed, it knows why.
    pub job: Option<u64>,
    /// Its settings as an experiment file.
    pub settings_toml: String,
}

/// A run was queued.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct StartedRun {
    /// Ask after the job by this number.
    pub job: u64,
    /// Look at the run by this number.
    pub run: i64,
}

/// A page of runs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct RunPage {
    /// Runs of this kind.
    pub total: u64,
    /// The page.
    pub rows: Vec<RunLine>,
}

/// A run in a list, with its two most important numbers.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct RunLine {
    /// Its number.
    pub run: i64,
    /// Its name.
    pub name: String,
    /// Its data set.
    pub dataset: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Unix seconds.
    pub created_at: i64,
    /// Wall seconds from start to end.
    pub secs: Option<i64>,
    /// Why it failed, when it did.
    pub error: Option<String>,
    /// Best arm and meaning gain, when it is finished.
    pub glance: Option<Glance>,
    /// Digest of its protocol: only equal ones may be compared.
    pub protocol: String,
    /// The job that runs it in this process, if one does.
    pub job: Option<u64>,
}

/// Draw the training curves of a run, also while it goes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct RunCurvesRequest {
    /// Its number.
    pub run: i64,
    /// Dark instead of light.
    pub dark: bool,
}

/// Runs whose settings are laid side by side.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SettingsDifferenceRequest {
    /// Their numbers, two or more.
    pub runs: Vec<i64>,
}

/// Only what differs between the settings of runs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct SettingsDifference {
    /// The runs, in the order asked for: number and name.
    pub runs: Vec<(i64, String)>,
    /// Fields that differ.
    pub rows: Vec<SettingRow>,
    /// Number of fields that are equal.
    pub equal: u64,
    /// Whether all were judged under one protocol, so that their numbers may stand side by side.
    pub same_protocol: bool,
}

/// A field and its value in each run.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct SettingRow {
    /// `codes.levels`.
    pub field: String,
    /// What a form calls it.
    pub title: String,
    /// One a run; none where the run has no such setting.
    pub values: Vec<Option<String>>,
}
