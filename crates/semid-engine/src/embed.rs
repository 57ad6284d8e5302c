//! Texts become vectors through the cache: an edited catalog embeds only what changed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use semid_core::{Catalog, Embedder, Embeddings, Work};
use semid_fetch::Home;
use semid_models::text_encoder::TextEncoder;
use semid_store::{Store, text_digest};

use crate::fingerprint::Fingerprint;
use crate::{Error, Result};

/// Texts embedded between two writes of the cache: what an interruption can cost.
const CHUNK: usize = 4096;

/// Vectors of a catalog, and what they cost.
pub struct Embedded {
    /// One row per item.
    pub embeddings: Embeddings,
    /// Digest of the encoder and the texts.
    pub fingerprint: String,
    /// Wall seconds of loading the encoder and embedding.
    pub secs: f64,
    /// Texts that had to be embedded; the others came from the cache.
    pub fresh: usize,
}

/// The folder of an encoder: a path as given, or a name among the models.
pub fn encoder_folder(home: &Home, model: &str) -> Result<PathBuf> {
    let named = home.model(model);
    let folder = if Path::new(model).join("config.json").is_file() { PathBuf::from(model) } else { named };
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Error::NotHere {
        what: format!("The text encoder {model}"),
        advice: format!(
            "`cargo xtask setup` (in a checkout) or `semid doctor --fetch` fetches all-MiniLM-L6-v2; any \
             sentence-transformers folder of the BERT family can be given by its path or put into {}.",
            home.root().join("models").display()
        ),
    })
}

/// Embeds the texts of a catalog, asking the cache first.
pub fn embed_catalog(work: &Work, store: &Store, folder: &Path, catalog: &Catalog) -> Result<Embedded> {
    let start = Instant::now();
    let encoder = TextEncoder::load(folder)?;
    let texts: Vec<&str> = catalog.items.iter().map(|item| item.text.as_str()).collect();
    let (embeddings, fresh) = embed_cached(work, store, &encoder, &texts)?;
    let mut fingerprint = Fingerprint::new("embeddings", 1).with(encoder.digest());
    for text in &texts {
        fingerprint = fingerprint.with_bytes(&text_digest(text));
    }
    Ok(Embedded { embeddings, fingerprint: fingerprint.finish(), secs: start.elapsed().as_secs_f64(), fresh })
}

fn embed_cached(work: &Work, store: &Store, encoder: &TextEncoder, texts: &[&str]) -> Result<(Embeddings, usize)> {
    let dim = encoder.dim();
    let digests: Vec<_> = texts.iter().map(|text| text_digest(text)).collect();
    let mut rows = store.cached_embeddings(encoder.digest(), dim, &digests)?;
    for chunk in rows.missing.chunks(CHUNK) {
        let missing: Vec<String> = chunk.iter().map(|&position| texts[position].to_owned()).collect();
        let fresh = encoder.embed(work, &missing)?;
        let keys: Vec<_> = chunk.iter().map(|&position| digests[position]).collect();
        store.cache_embeddings(encoder.digest(), dim, &keys, fresh.values())?;
        for (&position, row) in chunk.iter().zip(fresh.iter()) {
            rows.values[position * dim..(position + 1) * dim].copy_from_slice(row);
        }
    }
    Ok((Embeddings::new(dim, rows.values)?, rows.missing.len()))
}
