//! Studies: a protocol as JSON that changes until it is locked and never after.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Store, store};

/// A study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Number inside this workspace.
    pub id: i64,
    /// Names it in commands.
    pub name: String,
    /// 1, and one more for each new version after a lock.
    pub version: i64,
    /// Name of the data set.
    pub dataset: String,
    /// Digest of the data set it was drawn from.
    pub dataset_digest: String,
    /// Design, stimuli and texts, as JSON.
    pub protocol: String,
    /// Hash of the protocol; none before the lock.
    pub protocol_hash: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; none before the lock.
    pub locked_at: Option<i64>,
    /// Unix seconds of the end of data collection; none before.
    pub closed_at: Option<i64>,
}

/// A study to be written, or a draft to be written again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewStudy {
    /// Names it in commands.
    pub name: String,
    /// Name of the data set.
    pub dataset: String,
    /// Its digest.
    pub dataset_digest: String,
    /// The seed.
    pub seed: u64,
    /// Design, stimuli and texts, as JSON.
    pub protocol: String,
    /// Key and IDs of each arm.
    pub arms: Vec<(String, String)>,
    /// Task, key of the item, replacements of each stimulus.
    pub stimuli: Vec<(String, String, u32)>,
    /// Language, version and digest of each instrument.
    pub instruments: Vec<(String, u32, String)>,
}

impl Store {
    /// Writes a study: version 1, or the next version of a name whose latest is locked. A draft of the name is replaced.
    pub fn write_study(&self, new: &NewStudy) -> Result<Study> {
        self.write("writing a study", |connection| {
            let latest = find(connection, &new.name, None)?;
            let version = match &latest {
                Some(draft) if draft.locked_at.is_none() => {
                    connection.execute("DELETE FROM study WHERE id = ?1", [draft.id])?;
                    draft.version
                }
                Some(locked) => locked.version + 1,
                None => 1,
            };
            connection.execute(
                "INSERT INTO study (name, version, dataset, dataset_digest, seed, protocol, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    &new.name,
                    version,
                    &new.dataset,
                    &new.dataset_digest,
                    new.seed.cast_signed(),
                    &new.protocol,
                    store::now(),
                ),
            )?;
            let id = connection.last_insert_rowid();
            for (arm, (key, ids)) in new.arms.iter().enumerate() {
                let row = (id, arm as i64, key, ids);
                connection
                    .execute("INSERT INTO study_condition (study, arm, key, ids) VALUES (?1, ?2, ?3, ?4)", row)?;
            }
            for (idx, (task, item, replaced)) in new.stimuli.iter().enumerate() {
                connection.execute(
                    "INSERT INTO study_stimulus (study, idx, task, item, replaced) VALUES (?1, ?2, ?3, ?4, ?5)",
                    (id, idx as i64, task, item, replaced),
                )?;
            }
            for (language, version, digest) in &new.instruments {
                connection.execute(
                    "INSERT INTO study_instrument (study, language, version, digest) VALUES (?1, ?2, ?3, ?4)",
                    (id, language, version, digest),
                )?;
            }
            by_number(connection, id)
        })
    }

    /// All studies, newest first.
    pub fn studies(&self) -> Result<Vec<Study>> {
        self.read("reading the studies", |connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM study ORDER BY id DESC")?;
            let rows = statement.query_map([], study)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The study of a name; its latest version, or the one asked for.
    pub fn study(&self, name: &str, version: Option<i64>) -> Result<Study> {
        let found = self.read("reading a study", |connection| find(connection, name, version))?;
        found.ok_or_else(|| Error::NotFound {
            what: "study",
            name: name.chars().take(64).collect(),
            advice: "List the studies with `semid study list`.".to_owned(),
        })
    }

    /// The study of a number.
    pub fn study_by_number(&self, id: i64) -> Result<Study> {
        self.read("reading a study", |connection| by_number(connection, id))
    }

    /// Locks a study under the hash of its protocol. Locking it again changes nothing.
    pub fn lock_study(&self, id: i64, hash: &str) -> Result<Study> {
        self.write("locking a study", |connection| {
            connection.execute(
                "UPDATE study SET protocol_hash = ?2, locked_at = ?3 WHERE id = ?1 AND locked_at IS NULL",
                (id, hash, store::now()),
            )?;
            by_number(connection, id)
        })
    }

    /// Ends data collection. It does not begin again.
    pub fn close_study(&self, id: i64) -> Result<Study> {
        self.write("ending the data collection of a study", |connection| {
            let study = by_number(connection, id)?;
            if study.locked_at.is_none() {
                return Err(Error::input(format!(
                    "Study “{}” is not locked, so nothing was collected yet.",
                    study.name
                )));
            }
            connection
                .execute("UPDATE study SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL", (id, store::now()))?;
            by_number(connection, id)
        })
    }
}

fn find(connection: &Connection, name: &str, version: Option<i64>) -> Result<Option<Study>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM study WHERE name = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1",
    )?;
    Ok(statement.query_row((name, version), study).optional()?)
}

pub(crate) fn by_number(connection: &Connection, id: i64) -> Result<Study> {
    let mut statement = connection.prepare_cached("SELECT * FROM study WHERE id = ?1")?;
    statement.query_row([id], study).optional()?.ok_or_else(|| Error::NotFound {
        what: "study",
        name: id.to_string(),
        advice: "List the studies to see which there are.".to_owned(),
    })
}

fn study(row: &Row<'_>) -> rusqlite::Result<Study> {
    Ok(Study {
        id: row.get("id")?,
        name: row.get("name")?,
        version: row.get("version")?,
        dataset: row.get("dataset")?,
        dataset_digest: row.get("dataset_digest")?,
        protocol: row.get("protocol")?,
        protocol_hash: row.get("protocol_hash")?,
        created_at: row.get("created_at")?,
        locked_at: row.get("locked_at")?,
        closed_at: row.get("closed_at")?,
    })
}
