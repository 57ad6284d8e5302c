//! Replies of language models by the digest of what was asked, each with its request.

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::{Result, Store, store};

/// A question to a language model, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageReply {
    /// What was asked, as JSON.
    pub request: String,
    /// What was answered, as JSON.
    pub reply: String,
    /// Unix seconds.
    pub at: i64,
}

impl Store {
    /// The reply kept under a digest.
    pub fn language_reply(&self, digest: &str) -> Result<Option<LanguageReply>> {
        self.read("reading a reply of a language model", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT request, reply, at FROM language_reply WHERE digest = ?1")?;
            let row = statement.query_row([digest], |row| {
                Ok(LanguageReply { request: row.get(0)?, reply: row.get(1)?, at: row.get(2)? })
            });
            Ok(row.optional()?)
        })
    }

    /// Keeps a reply; one that is there already stays.
    pub fn keep_language_reply(&self, digest: &str, request: &str, reply: &str) -> Result<()> {
        self.write("keeping a reply of a language model", |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO language_reply (digest, request, reply, at) VALUES (?1, ?2, ?3, ?4)",
                (digest, request, reply, store::now()),
            )?;
            Ok(())
        })
    }
}
