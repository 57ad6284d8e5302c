//! Data sets: what is known of each, and getting rid of one.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result, Store};

/// What the importer knows before the first row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewDataset {
    /// Its name in the workspace; unique.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// Licence in a sentence; empty when unknown.
    pub licence: String,
    /// Whether the interactions were simulated.
    pub simulated: bool,
    /// Where it came from: files, or a recipe.
    pub source: String,
    /// The template that made each item's text.
    pub text_template: String,
    /// Columns, filters and whatever else the import was told.
    pub settings: Value,
}

/// What to do when a data set of the name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    /// Refuse with [`Error::Exists`].
    Refuse,
    /// Put the new one in its place, in the same transaction.
    Replace,
}

/// A data set of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Dataset {
    /// Number inside this workspace; a replaced data set gets a new one.
    pub id: i64,
    /// Its name in the workspace; unique.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// Licence in a sentence; empty when unknown.
    pub licence: String,
    /// Whether the interactions were simulated; said wherever the data set is shown.
    pub simulated: bool,
    /// Where it came from.
    pub source: String,
    /// The template that made each item's text.
    pub text_template: String,
    /// Columns, filters and whatever else the import was told.
    #[ts(type = "unknown")]
    pub settings: Value,
    /// Digest of items, users and interactions as stored.
    pub digest: String,
    /// Unix seconds.
    pub imported_at: i64,
    /// Items of the catalog.
    pub items: u64,
    /// Users.
    pub users: u64,
    /// Interactions.
    pub interactions: u64,
    /// Rows of the files that could not be used.
    pub problems: u64,
}

impl Store {
    /// All data sets by name.
    pub fn datasets(&self) -> Result<Vec<Dataset>> {
        self.read("reading the data sets", |connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM dataset ORDER BY name")?;
            let rows = statement.query_map([], dataset)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The data set of this name. [`Error::NotFound`] names those that exist.
    pub fn dataset(&self, name: &str) -> Result<Dataset> {
        self.read("reading a data set", |connection| find(connection, name))
    }

    /// Deletes a data set with everything in it. Finished runs on it stay. Refused while a run is working on it.
    pub fn delete_dataset(&self, name: &str) -> Result<()> {
        self.mark_interrupted_runs()?;
        self.write("deleting a data set", |connection| {
            let dataset = find(connection, name)?;
            delete(connection, &dataset)
        })
    }
}

/// Deletes inside a transaction; the tables below it follow by themselves.
pub(crate) fn delete(connection: &Connection, dataset: &Dataset) -> Result<()> {
    let running: Option<(i64, String)> = connection
        .query_row("SELECT id, name FROM run WHERE status = 'running' AND dataset = ?1", [&dataset.name], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((id, name)) = running {
        return Err(Error::input(format!(
            "Run {id} “{name}” is working on the data set “{}”. Wait for it or cancel it first.",
            dataset.name
        )));
    }
    connection.execute("DELETE FROM dataset WHERE id = ?1", [dataset.id])?;
    Ok(())
}

pub(crate) fn find_by_name(connection: &Connection, name: &str) -> Result<Option<Dataset>> {
    let mut statement = connection.prepare_cached("SELECT * FROM dataset WHERE name = ?1")?;
    Ok(statement.query_row([name], dataset).optional()?)
}

pub(crate) fn find_by_id(connection: &Connection, id: i64) -> Result<Dataset> {
    let mut statement = connection.prepare_cached("SELECT * FROM dataset WHERE id = ?1")?;
    statement.query_row([id], dataset).optional()?.ok_or_else(|| Error::NotFound {
        what: "data set",
        name: format!("number {id}"),
        advice: "It was deleted or replaced; ask for it by name again.".to_owned(),
    })
}

fn find(connection: &Connection, name: &str) -> Result<Dataset> {
    if let Some(dataset) = find_by_name(connection, name)? {
        return Ok(dataset);
    }
    let mut statement = connection.prepare_cached("SELECT name FROM dataset ORDER BY name")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let advice = match names.as_slice() {
        [] => "It has none yet: import one first.".to_owned(),
        names => format!("It has: {}.", names.join(", ")),
    };
    Err(Error::NotFound { what: "data set", name: name.to_owned(), advice })
}

fn dataset(row: &Row<'_>) -> rusqlite::Result<Dataset> {
    let settings: String = row.get("settings")?;
    Ok(Dataset {
        id: row.get("id")?,
        name: row.get("name")?,
        title: row.get("title")?,
        licence: row.get("licence")?,
        simulated: row.get("simulated")?,
        source: row.get("source")?,
        text_template: row.get("text_template")?,
        settings: serde_json::from_str(&settings).unwrap_or(Value::Null),
        digest: row.get("digest")?,
        imported_at: row.get("imported_at")?,
        items: row.get::<_, i64>("items")? as u64,
        users: row.get::<_, i64>("users")? as u64,
        interactions: row.get::<_, i64>("interactions")? as u64,
        problems: row.get::<_, i64>("problems")? as u64,
    })
}
