//! Language models: which there are, and what they are asked.

pub use semid_engine::language::{
    AdaptersRequest, AdaptersWritten, AnswerBy, AskRequest, AskTurn, Asked, AskedItem, DiffLine, DiffMark,
    ExplainRequest, ExplainedArm, ExplanationSet, FoundBy, LanguageModelRow, LmAnswer, LmAnswerRequest, ModelPlace,
    ModelRated, ModelTest, OrdersRequest, OrdersRow, PromptCheck, PromptDraft, PromptKind, PromptPart, PromptTemplate,
    RemoteModelDraft, TemplateProblem,
};
use serde::{Deserialize, Serialize};

/// Names a language model.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelRequest {
    /// Its name.
    pub model: String,
}

/// A key for the keychain.
#[derive(Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Name of the model whose endpoints it is for.
    pub model: String,
    /// The key; empty: forget it. Kept in the system's keychain and nowhere else.
    pub key: String,
}

/// Let a language model take part in a study.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct StudyRateRequest {
    /// Name of the study, which must be locked and open.
    pub name: String,
    /// Its version; none: the latest that is locked.
    pub version: Option<u64>,
    /// 2 to match names that others gave.
    pub part: u8,
    /// The language model.
    pub model: String,
}
