//! Interpretability studies: designing them, taking part, what the answers say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use semid_core::study::StudyDesign;
pub use semid_core::study::{ParticipantKind, StudyResults, TaskPower};
pub use semid_engine::study::{
    Answer, AnswersFile, AnswersImported, FileFate, FileOutcome, KindProgress, MadeSession, MaskedArm, ParticipantRow,
    ParticipantSession, SessionDocument, SessionState, SessionTrial, StudyAnalysis, StudyDetail, StudyExported,
    StudyFile, StudyRow, StudyState, Withdrawn,
};
use serde::{Deserialize, Serialize};

use super::DrawnChart;

/// Names a study.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudySelector {
    /// Its name.
    pub name: String,
    /// Its version; none: the latest, and for everything that needs a locked study the latest that is locked.
    pub version: Option<u64>,
}

/// Ask for a design to begin with.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudyStarterRequest {
    /// The data set.
    pub dataset: String,
    /// IDs of the arms, by their name as in `SchemeRow` or by the key of their scheme; empty: the usual ones.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Whom participants can ask; stands in the consent.
    pub contact: Option<String>,
    /// Name of a set of explanations to be rated beside; none: no explanations.
    #[serde(default)]
    pub explanations: Option<String>,
}

/// A design as it is being written.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct StudyDraft {
    /// The design.
    pub design: StudyDesign,
    /// Files with the texts of languages that do not come with the program.
    #[serde(default)]
    pub texts: Vec<PathBuf>,
}

/// Put another item in the place of a stimulus.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct ReplaceStimulusRequest {
    /// Name of the study, which must be a draft.
    pub name: String,
    /// Place of the stimulus among those of the study.
    pub stimulus: u32,
    /// Key of the item; none: the next that the seed gives.
    pub item: Option<String>,
    /// Why; kept with the stimulus.
    pub why: String,
}

/// Ask for the power of a design.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudyPowerRequest {
    /// The design, saved or not.
    pub design: StudyDesign,
    /// Participants; none: as many as planned.
    pub participants: Option<u32>,
}

/// Make sessions.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudySessionsRequest {
    /// Name of the study.
    pub name: String,
    /// Its version; none: the latest that is locked.
    pub version: Option<u64>,
    /// How many.
    pub count: u32,
    /// 2 for sessions that match names that others gave; 1 else.
    #[serde(default = "first_part")]
    #[ts(as = "Option<u8>")]
    pub part: u8,
    /// A folder, where each session is also written as one file that runs in any browser.
    pub output: Option<PathBuf>,
}

fn first_part() -> u8 {
    1
}

/// Write a session as one file that runs in any browser.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ExportSessionRequest {
    /// Whose.
    pub pseudonym: String,
    /// The file, or a folder for it.
    pub output: PathBuf,
}

/// Try a study with simulated participants.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudySimulateRequest {
    /// Name of the study.
    pub name: String,
    /// Its version; none: the latest that is locked.
    pub version: Option<u64>,
    /// How many.
    pub count: u32,
    /// 2 to match names that simulated participants gave; 1 else.
    #[serde(default = "first_part")]
    #[ts(as = "Option<u8>")]
    pub part: u8,
    /// How much the codes of an arm say, by its key: 0 is guessing, 1 is always seeing it.
    #[serde(default)]
    #[ts(as = "Option<BTreeMap<String, f64>>")]
    pub meaning: BTreeMap<String, f64>,
}

/// Analyse a study.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudyAnalysisRequest {
    /// Name of the study.
    pub name: String,
    /// Its version; none: the latest that is locked.
    pub version: Option<u64>,
    /// The run whose accuracy the ID schemes are shown with; none: the newest that used most of them.
    pub run: Option<i64>,
}

/// Draw the charts of results.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct StudyChartsRequest {
    /// As `study_analysis` gave them.
    pub results: StudyResults,
    /// For a dark page.
    pub dark: bool,
}

/// The charts of one kind of participants, in the order of the report.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct KindCharts {
    /// Who answered.
    pub kind: ParticipantKind,
    /// Each with its numbers as a table.
    pub charts: Vec<DrawnChart>,
}

/// Write the results of a study.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudyExportRequest {
    /// Name of the study.
    pub name: String,
    /// Its version; none: the latest that is locked.
    pub version: Option<u64>,
    /// The run whose accuracy the ID schemes are shown with; none: the newest that used most of them.
    pub run: Option<i64>,
    /// The folder.
    pub output: PathBuf,
}

/// Names a participant.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct PseudonymRequest {
    /// What the participant is called.
    pub pseudonym: String,
}

/// The file of English texts, to be translated.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct TextsTemplate {
    /// TOML.
    pub toml: String,
}

/// Names a session.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// Its token.
    pub session: String,
}

/// Agree to take part.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// Token of the session.
    pub session: String,
    /// Language of the text that was read.
    pub language: String,
    /// Its SHA-256.
    pub text_hash: String,
    /// Unix milliseconds.
    pub given_at: i64,
}

/// Answer a trial.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// Token of the session.
    pub session: String,
    /// The answer.
    pub answer: Answer,
}
