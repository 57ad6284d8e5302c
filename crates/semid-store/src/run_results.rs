//! What a run measured. All of it and the status "finished" are written in one transaction.

use rusqlite::{Connection, OptionalExtension};
use semid_core::comparison::Comparison;
use serde::{Deserialize, Serialize};

use crate::{Error, PerUser, Result, RunLock, Store, curve, per_user, run};

/// What a run hands in when it is done. Arms, measurements and curves are taken from the comparison.
#[derive(Clone, Copy, Debug)]
pub struct RunResults<'a> {
    /// The answer.
    pub comparison: &'a Comparison,
    /// The users judged, in the order of all per-user vectors and lists.
    pub user_order: &'a [u32],
    /// Per-user values of every arm, seed and metric.
    pub per_user: &'a [PerUser<'a>],
}

/// One metric of one arm and seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Key of the arm.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// `ndcg@10`.
    pub metric: String,
    /// Mean over users.
    pub value: f64,
    /// Users judged.
    pub n: u64,
}

impl Store {
    /// Keeps the numbers of a run and marks it finished, both or neither.
    ///
    /// Errors: the run was not started under this lock; a number is not finite; a vector has the wrong length.
    pub fn finish_run(&self, lock: &RunLock, run: i64, results: &RunResults<'_>) -> Result<()> {
        let json = exact_json(results.comparison)?;
        self.write("keeping the results of a run", |connection| {
            run::close(connection, lock, run, "finished", None)?;
            insert_arms(connection, run, results.comparison)?;
            per_user::insert_order(connection, run, results.user_order)?;
            for values in results.per_user {
                per_user::insert(connection, run, results.user_order.len(), values)?;
            }
            connection.execute("INSERT INTO comparison (run, json) VALUES (?1, ?2)", (run, json))?;
            Ok(())
        })
    }

    /// The answer of a finished run; none before it is finished.
    pub fn comparison(&self, run: i64) -> Result<Option<Comparison>> {
        let json: Option<String> = self.read("reading the results of a run", |connection| {
            let mut statement = connection.prepare_cached("SELECT json FROM comparison WHERE run = ?1")?;
            Ok(statement.query_row([run], |row| row.get(0)).optional()?)
        })?;
        json.map(|json| {
            serde_json::from_str(&json).map_err(|error| {
                Error::input(format!(
                    "The results of run {run} are unreadable for this version ({error}). Run it again: what its stages \
                     left is used again."
                ))
            })
        })
        .transpose()
    }

    /// Every metric of every arm and seed of a finished run.
    pub fn measurements(&self, run: i64) -> Result<Vec<Measurement>> {
        self.read("reading the measurements of a run", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT arm, seed, metric, value, n FROM measurement JOIN run_arm USING (run, arm) \
                 WHERE run = ?1 ORDER BY position, seed, metric",
            )?;
            let rows = statement.query_map([run], |row| {
                Ok(Measurement {
                    arm: row.get(0)?,
                    seed: row.get::<_, i64>(1)? as u64,
                    metric: row.get(2)?,
                    value: row.get(3)?,
                    n: row.get::<_, i64>(4)? as u64,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn insert_arms(connection: &Connection, run: i64, comparison: &Comparison) -> Result<()> {
    let mut insert_arm = connection.prepare_cached(
        "INSERT INTO run_arm (run, arm, position, title, recommender, ids, cost, health) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut insert_value = connection
        .prepare_cached("INSERT INTO measurement (run, arm, seed, metric, value, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (position, arm) in comparison.arms.iter().enumerate() {
        insert_arm.execute((
            run,
            &arm.key,
            position as i64,
            &arm.title,
            &arm.recommender,
            &arm.ids,
            exact_json(&arm.cost)?,
            exact_json(&arm.health)?,
        ))?;
        for metric in &arm.values {
            if metric.by_seed.len() != comparison.seeds.len() {
                return Err(Error::input(format!(
                    "{} of {} has {} values for {} seeds.",
                    metric.metric,
                    arm.key,
                    metric.by_seed.len(),
                    comparison.seeds.len()
                )));
            }
            for (&seed, &value) in comparison.seeds.iter().zip(&metric.by_seed) {
                let n = comparison.protocol.users as i64;
                insert_value.execute((run, &arm.key, seed as i64, &metric.metric, value, n))?;
            }
        }
        for line in &arm.curves {
            let points = line.points.iter().map(|&(at, value)| (line.series.as_str(), at, value));
            curve::insert(connection, run, &arm.key, line.seed, points)?;
        }
    }
    Ok(())
}

// JSON has no NaN and no infinity: written they become null, and what is read back is not what was measured.
fn exact_json<T>(value: &T) -> Result<String>
where
    T: Serialize + PartialEq + for<'de> Deserialize<'de>,
{
    let unusable = || Error::input("A result holds a number that is not finite, so the run cannot be finished.");
    let json = serde_json::to_string(value).map_err(|_| unusable())?;
    match serde_json::from_str::<T>(&json) {
        Ok(same) if same == *value => Ok(json),
        _ => Err(unusable()),
    }
}
