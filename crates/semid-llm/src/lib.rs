//! What a language model needs around it: a client for servers, prompts, and strict reading of what was answered.
//!
//! A run with a remote model goes like this: [`RemoteSettings`] and a [`Ledger`] (the budget) make a [`RemoteModel`], which
//! is a [`semid_core::LanguageModel`] as a local model is. A [`Template`] and [`ItemNames`] turn a history and candidates
//! into a task, such as [`tasks::rank`] does: a prompt, the IDs that may be answered, and the order in which they were
//! shown. The model's [`Reply`](semid_core::Reply) goes through [`grounding::read_ranking`], which accepts only those IDs
//! and counts the rest, and [`position_bias`] tells how much the order of showing mattered.
//!
//! Item text and model text are hostile: the first is one quoted, harmless line ([`item_text`]), the second is never
//! believed. Keys come from the system's keychain or the environment ([`keys`]) and go nowhere but to their endpoint.

mod attempt;
mod budget;
mod cache;
mod client;
pub mod grounding;
pub mod injection;
pub mod item_text;
pub mod keys;
#[cfg(any(test, feature = "mock"))]
pub mod mock;
mod pool;
pub mod position_bias;
mod probe;
mod prompts;
mod secret;
mod settings;
mod transport;
mod wire;

pub use budget::{Budget, Ledger, Price, Spent};
pub use cache::{MemoryCache, ReplyCache, request_digest};
pub use client::RemoteModel;
pub use grounding::{Choices, Grounded, Tally};
pub use probe::EndpointTest;
pub use prompts::{
    DiffLine, DiffMark, ItemNames, Part, PromptKind, Representation, Shown, Template, TemplateProblem, tasks,
};
pub use secret::Secret;
pub use settings::{Endpoint, RemoteSettings, Retries, SettingsProblem};
