//! What a person set for this workspace: text by key. Never a secret.

use rusqlite::OptionalExtension;

use crate::{Result, Store};

impl Store {
    /// The value of a key, if it was set.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        self.read("reading a setting", |connection| {
            let mut statement = connection.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
            Ok(statement.query_row([key], |row| row.get(0)).optional()?)
        })
    }

    /// All settings by key.
    pub fn settings(&self) -> Result<Vec<(String, String)>> {
        self.read("reading the settings", |connection| {
            let mut statement = connection.prepare_cached("SELECT key, value FROM setting ORDER BY key")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Sets a key; none forgets it.
    pub fn set_setting(&self, key: &str, value: Option<&str>) -> Result<()> {
        self.write("keeping a setting", |connection| {
            match value {
                Some(value) => {
                    connection.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (key, value))?
                }
                None => connection.execute("DELETE FROM setting WHERE key = ?1", [key])?,
            };
            Ok(())
        })
    }
}
