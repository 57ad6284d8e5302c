//! Language models: which there are, and what they are asked.

pub use semid_engine::language::{
    AskRequest, AskTurn, Asked, AskedItem, FoundBy, LanguageModelRow, ModelPlace, ModelRated, ModelTest,
};
use serde::{Deserialize, Serialize};

/// Names a language model.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LanguageModelRequest {
    /// Its name.
    pub model: String,
}

/// A model behind one or several URLs. Its key is no part of it: that is in the system's keychain or the environment.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct RemoteModelRequest {
    /// What people call it.
    pub name: String,
    /// The model's name at the endpoints.
    pub model: String,
    /// Base URLs up to and with the version; several share the requests.
    pub urls: Vec<String>,
    /// Requests on their way at once; none: four.
    pub concurrency: Option<u32>,
    /// Seconds until an attempt counts as lost; none: two minutes.
    pub timeout_secs: Option<f64>,
    /// Tokens a run may spend; none: a million.
    pub most_tokens: Option<u64>,
    /// What a run may cost; none: no bound. Needs the price.
    pub most_cost: Option<f64>,
    /// What a million tokens of a prompt cost; none: unknown.
    pub prompt_price: Option<f64>,
    /// What a million tokens of an answer cost; none: unknown.
    pub completion_price: Option<f64>,
    /// The currency of both.
    pub currency: Option<String>,
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
