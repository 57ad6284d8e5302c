//! Brings a database up to date: the numbered SQL files of `migrations/`, each in its own transaction.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{Error, Result};

/// Every migration in order. Number n is the file `migrations/000n_*.sql`; a released file is never edited.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_datasets.sql"),
    include_str!("../migrations/0002_runs.sql"),
    include_str!("../migrations/0003_embeddings_and_settings.sql"),
    include_str!("../migrations/0004_studies.sql"),
    include_str!("../migrations/0005_language_models.sql"),
];

/// The version of the tables this program works with.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Marks the file as ours ("SmID"), so that another program's database is never migrated by mistake.
const APPLICATION_ID: i64 = 0x536D_4944;

/// Refuses databases of other programs and of newer versions of this one; changes nothing.
/// Returns the version of the tables: 0 for an empty file.
pub(crate) fn inspect(connection: &Connection, path: &Path) -> Result<i64> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || found > 0 || application != 0) {
        return Err(Error::NotADatabase { path: path.to_path_buf() });
    }
    if found > NEWEST {
        return Err(Error::Newer { path: path.to_path_buf(), found, known: NEWEST });
    }
    Ok(found)
}

/// Applies what is missing. Two processes may do so at once: whoever comes second finds nothing left to do.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<()> {
    while inspect(connection, path)? < NEWEST {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let done = inspect(&transaction, path)?;
        if let Some(sql) = MIGRATIONS.get(done as usize) {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", done + 1)?;
        }
        transaction.commit()?;
    }
    Ok(())
}
