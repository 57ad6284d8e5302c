//! What a language model is to the rest of the house, whether it runs here or behind a URL.
//!
//! A request that failed is a [`Reply`] with a failure in it, never an error: a user whose request failed is counted as a
//! miss, not dropped. Errors are for a cancel and for input that no model could take.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Result, Work};

/// Answers chats.
pub trait LanguageModel: Send + Sync {
    /// Who answers, and how it was set, for the record of a run.
    fn identity(&self) -> ModelIdentity;
    /// One reply a request, in the order asked.
    fn complete(&self, work: &Work, requests: &[Request]) -> Result<Vec<Reply>>;
}

/// A model that can also tell how likely it finds a text. Remote endpoints cannot.
pub trait ContinuationScorer: LanguageModel {
    /// For each prompt, one natural-log likelihood for each of its continuations: the sum over the tokens of the
    /// continuation, given the prompt and the tokens before. `continuations[i]` belongs to `prompts[i]`.
    fn score(&self, work: &Work, prompts: &[Prompt], continuations: &[Vec<String>]) -> Result<Vec<Vec<f64>>>;
}

/// What is said to a model: the frame it works in, then the turns of a chat, the user's last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The system message; empty for none.
    pub system: String,
    /// Turns, oldest first.
    pub messages: Vec<Message>,
}

impl Prompt {
    /// A system message and one turn of the user.
    pub fn once(system: impl Into<String>, user: impl Into<String>) -> Self {
        Prompt { system: system.into(), messages: vec![Message { role: Role::User, text: user.into() }] }
    }
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who asks.
    User,
    /// The model, in an earlier turn.
    Assistant,
}

/// One question to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What is said.
    pub prompt: Prompt,
    /// How the answer is drawn.
    pub sampling: Sampling,
    /// What form the answer must have; none for free text.
    pub constraint: Option<Constraint>,
}

/// How an answer is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0: always the likeliest token.
    pub temperature: f32,
    /// Draws among the likeliest tokens that hold this share of the probability; 1: among all.
    pub top_p: f32,
    /// What the draws follow from; 32 bits, since some servers take no more.
    pub seed: Option<u32>,
    /// The answer ends here at the latest.
    pub max_tokens: u32,
}

impl Sampling {
    /// The likeliest answer, of at most so many tokens.
    pub fn greedy(max_tokens: u32) -> Self {
        Sampling { temperature: 0.0, top_p: 1.0, seed: Some(0), max_tokens }
    }
}

/// What form an answer must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// JSON after a schema. A server that cannot do this answers freely, and the reply says so.
    JsonSchema {
        /// What the schema is called, in letters, digits and dashes.
        name: String,
        /// The schema; its root is an object.
        schema: Value,
    },
    /// Exactly one of these texts. Local models only.
    OneOf(Vec<String>),
}

/// What came of one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text, or why there is none.
    pub outcome: Outcome,
    /// Tokens read and written, over all attempts that may have been charged.
    pub usage: Usage,
    /// What it cost, in the currency of the price; none where no price is known. 0 when it came from the cache.
    pub cost: Option<f64>,
    /// Whether it came from the cache and nothing was sent.
    pub cached: bool,
    /// How often it was sent; 0 when it came from the cache.
    pub attempts: u32,
    /// Sentences a reader of the answer should know, such as that the schema was not enforced.
    pub notes: Vec<String>,
}

impl Reply {
    /// A reply that has no text.
    pub fn failed(kind: FailureKind, sentence: impl Into<String>) -> Self {
        Reply {
            outcome: Outcome::Failed { kind, sentence: sentence.into() },
            usage: Usage::default(),
            cost: None,
            cached: false,
            attempts: 0,
            notes: Vec::new(),
        }
    }

    /// The text, where there is one.
    pub fn text(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Text { text, .. } => Some(text),
            Outcome::Failed { .. } => None,
        }
    }
}

/// A text, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The model answered.
    Text {
        /// What it wrote. Hostile: never markup, never believed.
        text: String,
        /// Why it stopped.
        finish: Finish,
    },
    /// It did not.
    Failed {
        /// Which kind of failure, to count by.
        kind: FailureKind,
        /// What happened, to what, what to do.
        sentence: String,
    },
}

/// Why a model stopped writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It reached [`Sampling::max_tokens`] or the end of its context: the text is cut.
    Length,
    /// The server withheld the rest.
    ContentFilter,
    /// Another reason, in the server's word; empty where it gave none.
    Other(String),
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The budget of the run would have been passed; nothing was sent.
    Budget,
    /// Too many requests, to the end of all retries.
    RateLimited,
    /// The server failed, to the end of all retries.
    Server,
    /// No answer in time, to the end of all retries.
    Timeout,
    /// No connection, or one that broke, to the end of all retries.
    Connection,
    /// The server did not accept the request: key, model, length, settings.
    Rejected,
    /// What came is not the answer of a chat.
    Malformed,
    /// The model declined.
    Refused,
    /// This model cannot do what was asked.
    Unsupported,
}

/// Tokens of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Whether some of it is an upper bound, since an answer was lost or came without a count.
    pub estimated: bool,
}

/// Who answers, for the record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// What people call it.
    pub name: String,
    /// Where it comes from.
    pub source: ModelSource,
    /// Everything that was set, without keys.
    pub settings: Value,
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelSource {
    /// A file on this machine.
    File {
        /// Digest of its bytes.
        digest: String,
    },
    /// Servers that answer for it. What they run is theirs to say: the same name may mean other weights tomorrow.
    Endpoints {
        /// Base URLs.
        urls: Vec<String>,
        /// The model's name there.
        model: String,
    },
}
