//! What a run measured. All of it and the status "finished" are written in one transaction.

use rusqlite::{Connection, OptionalExtension};
use semid_core::comparison::{Comparison, DatasetFacts, Difference, MetricFacts};
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

/// A finished run in two numbers, for a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "RunGlance")]
pub struct Glance {
    /// The metric both numbers are of: "NDCG@10".
    pub metric: String,
    /// Title of the arm with the highest value.
    pub best_arm: String,
    /// Its value.
    pub best: f64,
    /// The first meaning gain, semantic − permuted, where there is one.
    pub meaning_gain: Option<Difference>,
}

impl Store {
    /// A finished run at a glance; none before it is finished. Reads a few numbers and not the whole answer.
    pub fn glance(&self, run: i64) -> Result<Option<Glance>> {
        self.read("reading the results of a run", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT json_extract(json, '$.primary_metric'), json_extract(json, '$.meaning_gains'), \
                 json_extract(json, '$.metrics') FROM comparison WHERE run = ?1",
            )?;
            let found = statement.query_row([run], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
            });
            let Some((metric, gains, metrics)) = found.optional()? else { return Ok(None) };
            let mut statement = connection.prepare_cached(
                "SELECT title, avg(value) FROM measurement JOIN run_arm USING (run, arm) \
                 WHERE run = ?1 AND metric = ?2 GROUP BY arm ORDER BY avg(value) DESC, position LIMIT 1",
            )?;
            let best = statement.query_row((run, &metric), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((best_arm, best)) = best else { return Ok(None) };
            let read = |json: Option<String>| json.unwrap_or_else(|| "[]".to_owned());
            let gains: Vec<Difference> = serde_json::from_str(&read(gains)).unwrap_or_default();
            let metrics: Vec<MetricFacts> = serde_json::from_str(&read(metrics)).unwrap_or_default();
            Ok(Some(Glance {
                meaning_gain: gains.into_iter().find(|gain| gain.metric == metric),
                metric: metrics.into_iter().find(|facts| facts.key == metric).map_or(metric, |facts| facts.title),
                best_arm,
                best,
            }))
        })
    }

    /// What the newest finished runs, at most `most`, ran on: number, settings as an experiment file, size after the
    /// filters.
    pub fn finished_on(&self, most: u32) -> Result<Vec<(i64, String, DatasetFacts)>> {
        self.read("reading the results of runs", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, settings, json_extract(json, '$.dataset') FROM run JOIN comparison ON run = id \
                 ORDER BY id DESC LIMIT ?1",
            )?;
            let rows = statement.query_map([most], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?.unwrap_or_default()))
            })?;
            let read = |(run, settings, facts): (i64, String, String)| {
                (run, settings, serde_json::from_str(&facts).unwrap_or_default())
            };
            Ok(rows.map(|row| row.map(read)).collect::<rusqlite::Result<_>>()?)
        })
    }

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

pub(crate) fn insert_arms(connection: &Connection, run: i64, comparison: &Comparison) -> Result<()> {
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
pub(crate) fn exact_json<T>(value: &T) -> Result<String>
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
