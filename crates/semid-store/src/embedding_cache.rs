//! The embedding cache: a vector by the digest of its model and of its text, so that an edited catalog embeds only what
//! changed. A row a vector: 12,000 of them come and go in a tenth of a second.

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::packed::{bytes_of, numbers_of};
use crate::{Error, Result, Store};

/// What a text is known by: the BLAKE3 hash of its bytes.
pub type TextDigest = [u8; 32];

/// The digest of a text.
pub fn text_digest(text: &str) -> TextDigest {
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// What the cache knew of some texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CachedRows {
    /// `texts × dim`, row-major, in the order asked for; zeros where a vector is missing.
    pub values: Vec<f32>,
    /// Positions of the texts whose vector is missing, ascending.
    pub missing: Vec<usize>,
}

/// What the cache holds of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedModel {
    /// Digest of the model.
    pub digest: String,
    /// Numbers in a vector.
    pub dim: usize,
    /// Vectors.
    pub rows: u64,
}

impl Store {
    /// Looks up the vectors of texts under a model. A vector of another length than `dim` counts as missing.
    pub fn cached_embeddings(&self, model: &str, dim: usize, texts: &[TextDigest]) -> Result<CachedRows> {
        self.read("reading the embedding cache", |connection| {
            let mut rows = CachedRows { values: vec![0.0; texts.len() * dim], missing: Vec::new() };
            let Some(model) = find_model(connection, model)? else {
                rows.missing = (0..texts.len()).collect();
                return Ok(rows);
            };
            let mut statement =
                connection.prepare_cached("SELECT vector FROM embedding WHERE model = ?1 AND text = ?2")?;
            for (position, text) in texts.iter().enumerate() {
                let mut found = statement.query((model, &text[..]))?;
                let vector = match found.next()? {
                    Some(row) => numbers_of::<f32>(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?),
                    None => None,
                };
                match vector {
                    Some(vector) if vector.len() == dim => {
                        rows.values[position * dim..(position + 1) * dim].copy_from_slice(&vector);
                    }
                    _ => rows.missing.push(position),
                }
            }
            Ok(rows)
        })
    }

    /// Keeps the vectors of texts under a model: `values` is `texts × dim`, row-major. One transaction; call it every
    /// few thousand texts, so that little is embedded again after an interruption.
    pub fn cache_embeddings(&self, model: &str, dim: usize, texts: &[TextDigest], values: &[f32]) -> Result<()> {
        if dim == 0 || values.len() != texts.len() * dim {
            return Err(Error::input(format!(
                "{} numbers are not {} vectors of {dim} numbers each.",
                values.len(),
                texts.len()
            )));
        }
        self.write("writing the embedding cache", |connection| {
            connection.execute(
                "INSERT INTO embedding_model (digest, dim) VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET dim = ?2",
                (model, dim as i64),
            )?;
            let Some(model) = find_model(connection, model)? else { return Ok(()) };
            let mut statement = connection
                .prepare_cached("INSERT OR REPLACE INTO embedding (model, text, vector) VALUES (?1, ?2, ?3)")?;
            for (text, vector) in texts.iter().zip(values.chunks_exact(dim)) {
                statement.execute((model, &text[..], bytes_of(vector).as_ref()))?;
            }
            Ok(())
        })
    }

    /// How many of these texts have a vector of any model: a guess at what is left to embed that needs no model.
    pub fn count_cached(&self, texts: &[TextDigest]) -> Result<usize> {
        self.read("reading the embedding cache", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM embedding_model CROSS JOIN embedding ON model = id WHERE text = ?1)",
            )?;
            let mut cached = 0;
            for text in texts {
                cached += usize::from(statement.query_row([text.as_slice()], |row| row.get::<_, bool>(0))?);
            }
            Ok(cached)
        })
    }

    /// What the cache holds, by model.
    pub fn cached_models(&self) -> Result<Vec<CachedModel>> {
        self.read("reading the embedding cache", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT digest, dim, (SELECT count(*) FROM embedding WHERE model = id) FROM embedding_model ORDER BY digest",
            )?;
            let rows = statement.query_map([], |row| {
                let (dim, rows): (u32, i64) = (row.get(1)?, row.get(2)?);
                Ok(CachedModel { digest: row.get(0)?, dim: dim as usize, rows: rows as u64 })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Forgets all vectors of a model.
    pub fn forget_embeddings(&self, model: &str) -> Result<()> {
        self.write("clearing the embedding cache", |connection| {
            connection.execute("DELETE FROM embedding_model WHERE digest = ?1", [model])?;
            Ok(())
        })
    }
}

fn find_model(connection: &Connection, digest: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM embedding_model WHERE digest = ?1")?
        .query_row([digest], |row| row.get(0))
        .optional()
}
