//! What Semid speaks about: catalogs, interactions, splits, semantic IDs, recommenders, metrics, statistics.
//!
//! This room does no I/O and knows no candle, SQL, HTTP or UI.

mod catalog;
pub mod comparison;
mod embeddings;
mod error;
pub mod id_quality;
pub mod id_schemes;
mod interactions;
pub mod labels;
mod language_model;
mod methods;
pub mod metrics;
pub mod prepare;
mod semantic_id;
mod split;
pub mod statistics;
pub mod study;
mod token_trie;
pub mod trec;
mod work;

pub use catalog::{Catalog, Item};
pub use embeddings::Embeddings;
pub use error::{Error, Result};
pub use interactions::{Interaction, Interactions, Sequences};
pub use language_model::{
    Constraint, ContinuationScorer, FailureKind, Finish, LanguageModel, Message, ModelIdentity, ModelSource, Outcome,
    Prompt, Reply, Request, Role, Sampling, Usage,
};
pub use methods::{
    Checkpoints, Codebooks, Embedder, History, NoCheckpoints, Quantizer, RankedEntry, RankedList, Ranker, Recommender,
    TrainingData,
};
pub use semantic_id::{Code, CodeShape, CodeTable, SemanticId, SemanticIds};
pub use split::{Case, Split};
pub use token_trie::TokenTrie;
pub use work::{Cancel, Cancelled, ProgressView, Seed, SeriesPoint, Step, StepView, Work};
