//! The workspace: one folder with `semid.db` and `artifacts/`. The only room with SQL.
//!
//! [`Store`] is the door. A data set is written whole or not at all ([`DatasetWriter`]); a run's measurements and its
//! status "finished" are written in one transaction ([`Store::finish_run`]); an artifact is written under a temporary
//! name, synced and renamed ([`Artifacts`]). A killed process therefore leaves nothing half-written, and its run is
//! found and marked interrupted, because the lock it ran under ([`RunLock`]) fell open when it died.

mod artifact_file;
mod artifacts;
mod curve;
mod dataset;
mod dataset_writer;
mod digest;
mod doctor;
mod embedding_cache;
mod error;
mod finished_run;
mod import_problem;
mod interaction;
mod item;
mod language_reply;
mod migrations;
mod packed;
mod participant;
mod per_user;
mod ranked_list;
mod run;
mod run_lock;
mod run_results;
mod run_stage;
mod setting;
mod store;
mod study;
mod withdrawal;

pub use artifacts::{Artifact, Artifacts, CheckpointSlot};
pub use dataset::{Dataset, NewDataset, OnExisting};
pub use dataset_writer::DatasetWriter;
pub use doctor::{Finding, Repair, Severity, check};
pub use embedding_cache::{CachedModel, CachedRows, TextDigest, text_digest};
pub use error::{Error, Result};
pub use finished_run::FinishedRun;
pub use import_problem::{Problem, Problem as ImportProblem, ProblemCount};
pub use language_reply::LanguageReply;
pub use participant::{NewParticipant, Participant, ParticipantKind, StoredConsent, StoredResponse, StoredTrial};
pub use per_user::PerUser;
pub use ranked_list::{decode_lists, encode_lists};
pub use run::{NewRun, Run, RunEnd, RunOrder, RunStatus, RunsRequest};
pub use run_lock::RunLock;
pub use run_results::{Glance, Measurement, RunResults};
pub use run_stage::RunStage;
pub use store::Store;
pub use study::{NewStudy, Study};
pub use withdrawal::{Deletion, ExportedFile};

/// Version of the database library.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
