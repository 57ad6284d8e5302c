//! Data sets, runs, reports: the only room that composes the others.
//!
//! [`Engine`] is the door: a home with models, a workspace with a database and artifacts. An experiment goes
//! [`settings`] → stages (each asking for its artifact first) → judging → verdict → one transaction → report.

pub mod bridge;
pub mod bundle;
mod cache;
mod cached_embeddings;
pub mod catalog_map;
pub mod dataset_charts;
pub mod dataset_profile;
pub mod datasets;
pub mod doctor;
pub mod embed;
mod envelope;
mod error;
pub mod estimate;
pub mod evaluate_lists;
pub mod explore;
pub mod export;
pub mod files;
mod fingerprint;
pub mod id_report;
pub mod import_files;
mod imported_ids;
pub mod imported_lists;
mod judge;
pub mod language;
pub mod machine;
mod memory;
pub mod number;
pub mod opened_ids;
pub mod past_run;
pub mod people;
pub mod plan;
mod run;
pub mod run_progress;
pub mod sample;
pub mod settings;
pub mod settings_facts;
mod settings_file;
mod stages;
pub mod study;
mod training_facts;
mod verdict;
pub mod why;

pub use error::{Error, Result};
pub use run::RunOutcome;
pub use semid_charts::{Mark as ChartMark, Theme};
pub use semid_fetch::{self as fetch, Home};
pub use semid_store as store;

/// What an import is told and tells, for whoever shows it.
pub mod import {
    pub use semid_import::{
        FileKind, FileSummary, Format, ImportSummary, Mapping, Preview as FilePreview, Problem as RowProblem,
        ProblemKind, Role, preview,
    };
}

/// What a table on a screen is made of.
pub mod report {
    pub use semid_report::{Cell, Column, Row, Table};
}

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dataset_profile::DatasetProfile;
use semid_store::Store;

/// A home with models and a workspace with data sets, runs and artifacts.
pub struct Engine {
    home: Home,
    store: Arc<Store>,
    /// Data sets counted through, by number.
    profiles: Mutex<BTreeMap<i64, Arc<DatasetProfile>>>,
    cache: cache::Cache,
    /// What estimates have found out.
    known: estimate::Known,
}

impl Engine {
    /// Opens the workspace of a home, and makes it where there is none.
    pub fn open(home: Home) -> Result<Self> {
        let store = Arc::new(Store::open(home.workspace())?);
        Ok(Engine {
            home,
            store,
            profiles: Mutex::default(),
            cache: cache::Cache::default(),
            known: estimate::Known::default(),
        })
    }

    /// Where models, downloads and the workspace are.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// What was opened lately.
    pub(crate) fn cache(&self) -> &cache::Cache {
        &self.cache
    }

    /// The same, for what outlives a call.
    pub(crate) fn shared_store(&self) -> Arc<Store> {
        self.store.clone()
    }

    /// The workspace's database and artifacts.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
