//! The program itself: jobs, preferences, what is installed, the doctor.

use std::path::PathBuf;

use semid_engine::store::Finding;
use serde::{Deserialize, Serialize};

/// A request without fields.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[serde(default, deny_unknown_fields)]
pub struct Nothing {}

/// A job was queued.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct Started {
    /// Ask after it by this number.
    pub job: u64,
}

/// Names a job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// Its number.
    pub job: u64,
}

/// Look at everything.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(default, deny_unknown_fields)]
pub struct DoctorRequest {
    /// Mend what can be mended without losing anything.
    pub repair: bool,
    /// Fetch the text encoder if it is not here.
    pub fetch: bool,
}

/// What the doctor saw.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct DoctorReport {
    /// Worst first; empty when all is well.
    pub findings: Vec<Finding>,
    /// What was mended.
    pub repaired: Vec<String>,
    /// The home looked at.
    pub home: PathBuf,
}

/// What a person set for the program. Fields that are not set follow the system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// Light, dark, or as the system has it.
    pub theme: ThemeChoice,
    /// Size of text in per cent; none: 100.
    pub text_size: Option<u32>,
    /// Threads to compute with; none: all the machine has. Takes effect at the next start.
    pub threads: Option<u32>,
    /// Folder of data sets, runs and downloads; none: the usual place. Takes effect at the next start.
    pub data_folder: Option<PathBuf>,
    /// Further folders in which models are looked for.
    pub model_folders: Vec<PathBuf>,
}

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What this program is and stands on.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct About {
    /// `0.1.0`.
    pub version: String,
    /// Each fact as label and value ("SQLite", "3.51.0"; "Processor", "…").
    pub facts: Vec<(String, String)>,
    /// Where everything is kept.
    pub home: PathBuf,
    /// Whether the environment (`SEMID_HOME`) decides where that is, so that the preference does not count.
    pub home_is_set: bool,
    /// Bytes it takes on the disk.
    pub home_bytes: u64,
    /// Threads in use now.
    pub threads: u32,
    /// Processor cores.
    pub cores: u32,
    /// What a person set.
    pub preferences: Preferences,
    /// Models at hand, and those that can be fetched.
    pub models: Vec<ModelRow>,
}

/// A model.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ModelRow {
    /// The name settings use.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Licence in a sentence.
    pub licence: String,
    /// Whether it is here.
    pub here: bool,
    /// Where, when it is here.
    pub folder: Option<PathBuf>,
    /// Bytes on the disk, or to download.
    pub bytes: Option<u64>,
}

/// Names a model.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ModelRequest {
    /// Its name.
    pub model: String,
}
