//! Per-user values of a run, never rounded: one vector for each arm, seed and metric, all in one order of users.

use rusqlite::{Connection, OptionalExtension};

use crate::packed::{bytes_of, numbers_of, pack, unpack};
use crate::{Error, Result, Store};

/// The values of one arm, seed and metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerUser<'a> {
    /// Key of the arm.
    pub arm: &'a str,
    /// Seed of the replicate.
    pub seed: u64,
    /// `ndcg@10`.
    pub metric: &'a str,
    /// One value per user, in the run's order of users.
    pub values: &'a [f64],
}

impl Store {
    /// One vector of a finished run, in its order of users ([`Store::user_order`]).
    pub fn per_user(&self, run: i64, arm: &str, seed: u64, metric: &str) -> Result<Option<Vec<f64>>> {
        self.read("reading per-user values", |connection| {
            let row = connection
                .prepare_cached(
                    "SELECT users, vals FROM per_user WHERE run = ?1 AND arm = ?2 AND seed = ?3 AND metric = ?4",
                )?
                .query_row((run, arm, seed as i64, metric), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            row.map(|(users, packed): (u32, Vec<u8>)| {
                unpack(&packed, users as usize * size_of::<f64>())
                    .and_then(|bytes| numbers_of(&bytes))
                    .ok_or_else(|| damaged(run))
            })
            .transpose()
        })
    }

    /// The users a finished run judged, in the order of all its vectors and lists: indices as the run handed them in.
    pub fn user_order(&self, run: i64) -> Result<Option<Vec<u32>>> {
        self.read("reading the users of a run", |connection| {
            let bytes: Option<Vec<u8>> = connection
                .prepare_cached("SELECT users FROM run_user_order WHERE run = ?1")?
                .query_row([run], |row| row.get(0))
                .optional()?;
            bytes.map(|bytes| numbers_of(&bytes).ok_or_else(|| damaged(run))).transpose()
        })
    }
}

/// Writes the order inside a transaction.
pub(crate) fn insert_order(connection: &Connection, run: i64, users: &[u32]) -> Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO run_user_order (run, users) VALUES (?1, ?2)",
        (run, bytes_of(users).as_ref()),
    )?;
    Ok(())
}

/// Writes one vector inside a transaction. Refused: another number of values than users, values that are not finite.
pub(crate) fn insert(connection: &Connection, run: i64, users: usize, values: &PerUser<'_>) -> Result<()> {
    let PerUser { arm, seed, metric, values } = *values;
    if values.len() != users {
        return Err(Error::input(format!("{metric} of {arm} has {} values for {users} users.", values.len())));
    }
    if let Some(user) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::input(format!("{metric} of {arm} is no finite number for the user at {user}.")));
    }
    let packed = pack(&bytes_of(values)).map_err(|error| Error::input(error.to_string()))?;
    connection
        .prepare_cached("INSERT INTO per_user (run, arm, seed, metric, users, vals) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((run, arm, seed as i64, metric, users as i64, packed))?;
    Ok(())
}

fn damaged(run: i64) -> Error {
    Error::input(format!("The per-user values of run {run} are damaged. Run `semid doctor`, and the run again."))
}
