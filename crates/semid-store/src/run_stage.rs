//! The stages of a run: what each took, and which artifact it left or found.

use semid_core::comparison::StageTime;
use serde::{Deserialize, Serialize};

use crate::{Result, Store};

/// One stage of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunStage {
    /// "embed", "train generative/rq-kmeans, seed 1"; unique in the run.
    pub stage: String,
    /// Fingerprint of the artifacts it left or used, if any. What a run names here is in use.
    pub fingerprint: Option<String>,
    /// Wall seconds.
    pub secs: f64,
    /// Whether an artifact of an earlier run was used instead.
    pub reused: bool,
}

impl Store {
    /// Records a stage behind those before it; the same stage again replaces what was recorded.
    pub fn record_stage(&self, run: i64, stage: &RunStage) -> Result<()> {
        self.write("recording a stage", |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO run_stage (run, position, stage, fingerprint, secs, reused) VALUES \
                     (?1, (SELECT coalesce(max(position) + 1, 0) FROM run_stage WHERE run = ?1), ?2, ?3, ?4, ?5) \
                     ON CONFLICT (run, stage) DO UPDATE SET \
                     fingerprint = excluded.fingerprint, secs = excluded.secs, reused = excluded.reused",
                )?
                .execute((run, &stage.stage, &stage.fingerprint, stage.secs, stage.reused))?;
            Ok(())
        })
    }

    /// The stages of a run in order.
    pub fn stages(&self, run: i64) -> Result<Vec<RunStage>> {
        self.read("reading the stages of a run", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT stage, fingerprint, secs, reused FROM run_stage WHERE run = ?1 ORDER BY position",
            )?;
            let rows = statement.query_map([run], |row| {
                Ok(RunStage { stage: row.get(0)?, fingerprint: row.get(1)?, secs: row.get(2)?, reused: row.get(3)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Runs with a stage that names this fingerprint, newest first.
    pub fn runs_using(&self, fingerprint: &str) -> Result<Vec<i64>> {
        self.read("reading the stages of all runs", |connection| {
            let mut statement = connection
                .prepare_cached("SELECT DISTINCT run FROM run_stage WHERE fingerprint = ?1 ORDER BY run DESC")?;
            let rows = statement.query_map([fingerprint], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Fingerprints that a stage of any run, or an arm of any study, names.
    pub(crate) fn fingerprints_in_use(&self) -> Result<std::collections::BTreeSet<String>> {
        self.read("reading what is in use", |connection| {
            let mut statement = connection.prepare(
                "SELECT fingerprint FROM run_stage WHERE fingerprint IS NOT NULL UNION SELECT ids FROM study_condition",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl From<RunStage> for StageTime {
    fn from(stage: RunStage) -> Self {
        StageTime { stage: stage.stage, secs: stage.secs, reused: stage.reused }
    }
}
