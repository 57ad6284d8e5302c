//! Withdrawal: a participant's answers leave the database file, its log, and the free pages between.
//!
//! Deleting a row leaves its bytes where they were. So rows are deleted with `secure_delete`, which writes zeros over
//! them; the log is emptied into the file and cut to nothing; and the file is written anew (`VACUUM`), because pages that
//! were split or moved earlier may hold copies that no deletion knows of. Last the log is cut again.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::participant::one;
use crate::{Error, Result, Store, store};

/// A file with answers that the app wrote or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// `results`, `session`, `answers`.
    pub kind: String,
    /// Where it was put.
    pub path: String,
    /// Digest of the file as it was.
    pub digest: String,
    /// Whose; none: of all.
    pub pseudonym: Option<String>,
    /// Unix seconds.
    pub at: i64,
}

/// A withdrawal that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deletion {
    /// Who.
    pub pseudonym: String,
    /// Answers that were deleted.
    pub responses: u64,
    /// What became of each file, as JSON.
    pub files: String,
    /// Unix seconds.
    pub at: i64,
}

impl Store {
    /// Remembers a file with answers. The same path again takes the place of the earlier entry.
    pub fn log_export(&self, study: i64, file: &ExportedFile) -> Result<()> {
        self.write("remembering an export", |connection| {
            connection.execute("DELETE FROM export_log WHERE study = ?1 AND path = ?2", (study, &file.path))?;
            connection.execute(
                "INSERT INTO export_log (study, kind, path, digest, pseudonym, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (study, &file.kind, &file.path, &file.digest, &file.pseudonym, store::now()),
            )?;
            Ok(())
        })
    }

    /// Forgets a file that is gone.
    pub fn forget_export(&self, study: i64, path: &str) -> Result<()> {
        self.write("forgetting an export", |connection| {
            connection.execute("DELETE FROM export_log WHERE study = ?1 AND path = ?2", (study, path))?;
            Ok(())
        })
    }

    /// The files with answers, oldest first.
    pub fn exports(&self, study: i64) -> Result<Vec<ExportedFile>> {
        self.read("reading the log of exports", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, path, digest, pseudonym, at FROM export_log WHERE study = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([study], |row| {
                Ok(ExportedFile {
                    kind: row.get(0)?,
                    path: row.get(1)?,
                    digest: row.get(2)?,
                    pseudonym: row.get(3)?,
                    at: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Deletes a participant with trials, consent and answers. When this returns, none of their bytes is left in the
    /// database, its log, or free pages. Gives the number of answers.
    ///
    /// Errors: another process keeps the file busy. The rows are gone by then; asked again, it goes on where it stopped.
    pub fn withdraw(&self, pseudonym: &str) -> Result<u64> {
        let doing = "removing a participant's answers";
        let secure = |connection: &Connection, on: bool| -> Result<()> {
            Ok(connection.pragma_update_and_check(None, "secure_delete", on, |_| Ok(()))?)
        };
        self.maintain(doing, |connection| secure(connection, true))?;
        let deleted = self.write(doing, |connection| {
            let participant = one(connection, "pseudonym", pseudonym)?;
            connection.execute("INSERT INTO withdrawal_in_progress (participant) VALUES (?1)", [participant.id])?;
            // Trials of others that showed this person's words keep their answers and lose the pointer.
            connection.execute("UPDATE trial SET shown_name = NULL WHERE shown_name = ?1", [participant.id])?;
            let responses = connection.execute("DELETE FROM response WHERE participant = ?1", [participant.id])?;
            connection.execute("DELETE FROM participant WHERE id = ?1", [participant.id])?;
            connection.execute("DELETE FROM withdrawal_in_progress WHERE participant = ?1", [participant.id])?;
            Ok(responses as u64)
        });
        let cleaned = match &deleted {
            Ok(_) => self.scrub(),
            Err(_) => Ok(()),
        };
        self.maintain(doing, |connection| secure(connection, false))?;
        let deleted = deleted?;
        cleaned?;
        Ok(deleted)
    }

    /// Writes the database anew and empties its log, so that nothing deleted is left in either.
    pub fn scrub(&self) -> Result<()> {
        self.maintain("rewriting the database after a withdrawal", |connection| {
            empty_log(connection)?;
            connection.execute_batch("VACUUM")?;
            empty_log(connection)
        })
    }

    /// Records a withdrawal: who by pseudonym, and what became of exported files.
    pub fn log_deletion(&self, study: i64, deletion: &Deletion) -> Result<()> {
        self.write("recording a withdrawal", |connection| {
            connection.execute(
                "INSERT INTO deletion_log (study, pseudonym, responses, files, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                (study, &deletion.pseudonym, deletion.responses as i64, &deletion.files, store::now()),
            )?;
            Ok(())
        })
    }

    /// Withdrawals of a study, oldest first.
    pub fn deletions(&self, study: i64) -> Result<Vec<Deletion>> {
        self.read("reading the log of withdrawals", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT pseudonym, responses, files, at FROM deletion_log WHERE study = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([study], |row| {
                Ok(Deletion {
                    pseudonym: row.get(0)?,
                    responses: row.get::<_, i64>(1)? as u64,
                    files: row.get(2)?,
                    at: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Moves the whole log into the file and cuts it to nothing; waits for readers of other processes.
fn empty_log(connection: &Connection) -> Result<()> {
    let start = Instant::now();
    loop {
        let busy: i64 = connection.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |row| row.get(0))?;
        if busy == 0 {
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(30) {
            return Err(Error::input(
                "The answers are deleted, but another program reads the database, so that traces may still be in its \
                 log. Close other windows and commands of Semid, and give the command again.",
            ));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
