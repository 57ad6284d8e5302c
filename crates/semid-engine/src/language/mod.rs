//! Language models: which there are, opened by name, and what they are asked here.
//!
//! A model of this machine (`semid_models`) and one behind URLs (`semid_llm`) are the same to all that ask. What was asked
//! and answered is kept by the digest of the question: asked again it costs nothing, and it can be opened with its prompt.

mod answers;
pub(crate) mod arms;
mod ask;
mod explain;
mod models;
mod orders;
mod prompts;
mod raters;
mod replies;
pub(crate) mod tuned;

pub use answers::{LmAnswer, LmAnswerRequest, LmNamed};
pub use arms::{AnswerBy, LmGenerateSettings, LmRankSettings, OwnPrompt, Retriever};
pub use ask::{AskRequest, AskTurn, Asked, AskedItem, FoundBy};
pub use explain::{ExplainRequest, ExplainedArm, ExplanationSet};
pub use models::{LanguageModelRow, ModelPlace, ModelTest, RemoteModelDraft};
pub use orders::{OrdersRequest, OrdersRow};
pub use prompts::{PromptCheck, PromptDraft};
pub use raters::ModelRated;
pub use semid_llm::{DiffLine, DiffMark, Part as PromptPart, PromptKind, Template as PromptTemplate, TemplateProblem};
pub use tuned::{AdaptersRequest, AdaptersWritten, LmSoftSettings, LmSpeakSettings};
