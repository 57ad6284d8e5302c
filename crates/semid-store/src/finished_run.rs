//! A finished run that came from another workspace: kept whole, in one transaction, as if it had been run here.

use semid_core::RankedList;

use crate::{Error, NewRun, Result, RunResults, RunStage, Store, per_user, ranked_list, run_results};

/// A finished run of another workspace.
#[derive(Clone, Copy, Debug)]
pub struct FinishedRun<'a> {
    /// What was asked for.
    pub new: &'a NewRun,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds of its last start.
    pub started_at: Option<i64>,
    /// Unix seconds of its end.
    pub ended_at: Option<i64>,
    /// Its stages in order.
    pub stages: &'a [RunStage],
    /// Its numbers.
    pub results: RunResults<'a>,
    /// Its lists by arm and seed.
    pub lists: &'a [(String, u64, Vec<RankedList>)],
}

impl Store {
    /// Keeps a finished run of another workspace; its number here.
    ///
    /// Errors: a number is not finite; a vector has the wrong length.
    pub fn keep_finished_run(&self, run: &FinishedRun<'_>) -> Result<i64> {
        let json = run_results::exact_json(run.results.comparison)?;
        let known = |arm: &str, seed: u64| {
            let comparison = run.results.comparison;
            comparison.arms.iter().any(|known| known.key == arm) && comparison.seeds.contains(&seed)
        };
        let strange = run.results.per_user.iter().find(|values| !known(values.arm, values.seed));
        if let Some(values) = strange {
            return Err(Error::input(format!("There are values of {}, which is no arm of the run.", values.arm)));
        }
        self.write("keeping a run", |connection| {
            let new = run.new;
            connection.execute(
                "INSERT INTO run (name, dataset, dataset_digest, settings, fingerprint, protocol, status, created_at, \
                 started_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'finished', ?7, ?8, ?9)",
                (
                    &new.name,
                    &new.dataset,
                    &new.dataset_digest,
                    &new.settings,
                    &new.fingerprint,
                    &new.protocol,
                    run.created_at,
                    run.started_at,
                    run.ended_at,
                ),
            )?;
            let id = connection.last_insert_rowid();
            let mut insert = connection.prepare_cached(
                "INSERT OR REPLACE INTO run_stage (run, position, stage, fingerprint, secs, reused) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (position, stage) in run.stages.iter().enumerate() {
                let RunStage { stage, fingerprint, secs, reused } = stage;
                insert.execute((id, position as i64, stage, fingerprint, secs, reused))?;
            }
            run_results::insert_arms(connection, id, run.results.comparison)?;
            per_user::insert_order(connection, id, run.results.user_order)?;
            for values in run.results.per_user {
                per_user::insert(connection, id, run.results.user_order.len(), values)?;
            }
            for (arm, seed, lists) in run.lists {
                ranked_list::insert(connection, id, arm, *seed, lists)?;
            }
            connection.execute("INSERT INTO comparison (run, json) VALUES (?1, ?2)", (id, json))?;
            Ok(id)
        })
    }
}
