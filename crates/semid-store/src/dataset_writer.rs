//! Writes a data set whole or not at all: one transaction on a connection of its own, rolled back when dropped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::Connection;
use semid_core::{Interaction, Item};
use serde_json::Value;

use crate::dataset::{self, Dataset, NewDataset, OnExisting};
use crate::digest::DatasetDigest;
use crate::import_problem::{self, KEPT_PER_KIND, Problem};
use crate::{Error, Result, Store, interaction, item, store};

const DOING: &str = "importing a data set";

impl Store {
    /// Begins a data set. Nothing of it is seen by anyone before [`DatasetWriter::finish`]; dropping the writer undoes
    /// everything. Other writes wait meanwhile, readers go on.
    pub fn write_dataset(&self, new: &NewDataset, existing: OnExisting) -> Result<DatasetWriter> {
        if new.name.trim().is_empty() {
            return Err(Error::input("A data set needs a name."));
        }
        self.mark_interrupted_runs()?;
        let connection = self.connect_for_long_write(DOING)?;
        let path = self.database().to_path_buf();
        let begin = || -> Result<i64> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            match (dataset::find_by_name(&connection, &new.name)?, existing) {
                (Some(_), OnExisting::Refuse) => return Err(Error::Exists { name: new.name.clone() }),
                (Some(old), OnExisting::Replace) => dataset::delete(&connection, &old)?,
                (None, _) => {}
            }
            connection.execute(
                "INSERT INTO dataset (name, title, licence, simulated, source, text_template, settings, digest, \
                 imported_at, items, users, interactions, problems) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8, 0, 0, 0, 0)",
                (
                    &new.name,
                    &new.title,
                    &new.licence,
                    new.simulated,
                    &new.source,
                    &new.text_template,
                    new.settings.to_string(),
                    store::now(),
                ),
            )?;
            Ok(connection.last_insert_rowid())
        };
        let id = begin().map_err(|error| error.explained(DOING, &path))?;
        Ok(DatasetWriter {
            connection,
            path,
            id,
            digest: DatasetDigest::default(),
            items: 0,
            users: 0,
            waiting: Vec::with_capacity(interaction::CHUNK),
            interactions: 0,
            highest: None,
            kept: 0,
            problems: BTreeMap::new(),
            failed: false,
        })
    }
}

/// A data set that is being written. Items, users and interactions may come in any order and in batches of any size;
/// an interaction may name an item or a user that comes later. After an error it is good for nothing but dropping.
#[derive(Debug)]
pub struct DatasetWriter {
    connection: Connection,
    path: PathBuf,
    id: i64,
    digest: DatasetDigest,
    items: u64,
    users: u64,
    // Rows that do not fill a chunk yet: chunk boundaries, and so the digest, do not depend on the batches.
    waiting: Vec<Interaction>,
    interactions: u64,
    // The highest user and item any interaction names.
    highest: Option<(u32, u32)>,
    kept: u64,
    problems: BTreeMap<String, u64>,
    failed: bool,
}

impl DatasetWriter {
    /// Adds items; their indices go on from those before. A key that came before is an error that names it.
    pub fn add_items(&mut self, items: &[Item]) -> Result<()> {
        self.attempt(|writer| {
            item::insert(&writer.connection, writer.id, writer.items, items)?;
            items.iter().for_each(|item| writer.digest.item(item));
            writer.items += items.len() as u64;
            Ok(())
        })
    }

    /// Adds users by their keys; their indices go on from those before.
    pub fn add_users(&mut self, keys: &[impl AsRef<str>]) -> Result<()> {
        self.attempt(|writer| {
            interaction::insert_users(&writer.connection, writer.id, writer.users, keys)?;
            keys.iter().for_each(|key| writer.digest.user(key.as_ref()));
            writer.users += keys.len() as u64;
            Ok(())
        })
    }

    /// Adds interactions in the order of the file.
    pub fn add_interactions(&mut self, mut rows: &[Interaction]) -> Result<()> {
        for row in rows {
            let (user, item) = self.highest.unwrap_or_default();
            self.highest = Some((user.max(row.user), item.max(row.item)));
        }
        self.attempt(|writer| {
            while !rows.is_empty() {
                let (now, later) = rows.split_at(rows.len().min(interaction::CHUNK - writer.waiting.len()));
                writer.waiting.extend_from_slice(now);
                rows = later;
                if writer.waiting.len() == interaction::CHUNK {
                    writer.write_waiting()?;
                }
            }
            Ok(())
        })
    }

    /// Counts a row that could not be used, and keeps the first thousand of each kind in full.
    pub fn add_problem(&mut self, problem: &Problem) -> Result<()> {
        let count = self.problems.entry(problem.kind.clone()).or_default();
        *count += 1;
        if *count > KEPT_PER_KIND {
            return Ok(());
        }
        self.attempt(|writer| {
            import_problem::insert(&writer.connection, writer.id, writer.kept, problem)?;
            writer.kept += 1;
            Ok(())
        })
    }

    /// Counts rows with a problem that are not kept in full.
    pub fn count_problems(&mut self, kind: &str, rows: u64) {
        *self.problems.entry(kind.to_owned()).or_default() += rows;
    }

    /// Replaces the settings given at the start, where the import learned more on its way.
    pub fn set_settings(&mut self, settings: &Value) -> Result<()> {
        self.attempt(|writer| {
            let row = (writer.id, settings.to_string());
            writer.connection.execute("UPDATE dataset SET settings = ?2 WHERE id = ?1", row)?;
            Ok(())
        })
    }

    /// Commits. From here on the data set is there for everyone.
    ///
    /// Errors: there is no item; an interaction names an item or a user that never came. No interactions is fine: IDs
    /// need only a catalog.
    pub fn finish(mut self) -> Result<Dataset> {
        self.attempt(DatasetWriter::commit)
    }

    fn commit(&mut self) -> Result<Dataset> {
        self.write_waiting()?;
        if self.items == 0 {
            return Err(Error::input(
                "The data set would have no item. Check the files and the columns; nothing was imported.",
            ));
        }
        if let Some((user, item)) = self.highest
            && (u64::from(user) >= self.users || u64::from(item) >= self.items)
        {
            return Err(Error::input(format!(
                "An interaction names user {user} of {} and item {item} of {}, counted from 0. Nothing was imported.",
                self.users, self.items
            )));
        }
        for (kind, &rows) in &self.problems {
            import_problem::insert_count(&self.connection, self.id, kind, rows)?;
        }
        self.connection.execute(
            "UPDATE dataset SET digest = ?2, items = ?3, users = ?4, interactions = ?5, problems = ?6 WHERE id = ?1",
            (
                self.id,
                self.digest.finish(),
                self.items as i64,
                self.users as i64,
                self.interactions as i64,
                self.problems.values().sum::<u64>() as i64,
            ),
        )?;
        let dataset = dataset::find_by_id(&self.connection, self.id)?;
        self.connection.execute_batch("COMMIT")?;
        Ok(dataset)
    }

    fn write_waiting(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            interaction::insert_chunk(&self.connection, &mut self.digest, self.id, self.interactions, &self.waiting)?;
            self.interactions += self.waiting.len() as u64;
            self.waiting.clear();
        }
        Ok(())
    }

    // After an error a part may be missing, or SQLite may have rolled back: nothing may be added or committed then.
    fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.failed {
            return Err(Error::input("The import failed before; nothing of it was kept."));
        }
        let result = work(self);
        self.failed = result.is_err();
        result.map_err(|error| error.explained(DOING, &self.path))
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}
