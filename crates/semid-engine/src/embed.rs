//! Texts become vectors through the cache: an edited catalog embeds only what changed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use semid_core::{Catalog, Embedder, Embeddings, Work};
use semid_fetch::Home;
use semid_models::text_encoder::TextEncoder;
use semid_store::{Store, text_digest};

use crate::fingerprint::Fingerprint;
use crate::{Error, Result, files};

/// Texts embedded between two writes of the cache: what an interruption can cost.
const CHUNK: usize = 4096;

/// Bytes of the longest line that is taken for a text. Encoders look at some thousand bytes at most.
const LONGEST_TEXT: usize = 16_000_000;

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
    if Path::new(model).join("config.json").is_file() {
        return Ok(PathBuf::from(model));
    }
    let named = Some(home.model(model)).filter(|folder| folder.is_dir());
    if let Some(folder) = named.or_else(|| home.find_model(model)) {
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
    let fingerprint = fingerprint(encoder.digest(), &texts);
    Ok(Embedded { embeddings, fingerprint, secs: start.elapsed().as_secs_f64(), fresh })
}

/// Digest of an encoder and the texts it embeds.
pub(crate) fn fingerprint(encoder: &str, texts: &[&str]) -> String {
    let fingerprint = Fingerprint::new("embeddings", 1).with(encoder);
    texts.iter().fold(fingerprint, |fingerprint, text| fingerprint.with_bytes(&text_digest(text))).finish()
}

/// Digest of the encoder in a folder.
pub(crate) fn encoder_digest(folder: &Path) -> Result<String> {
    Ok(TextEncoder::load(folder)?.digest().to_owned())
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

/// What [`embed_file`] made.
pub struct EmbeddedFile {
    /// Number of texts.
    pub rows: usize,
    /// Numbers in a vector.
    pub dim: usize,
    /// Instructions and precision used: "bf16-avx512".
    pub kernel: String,
    /// Wall seconds of loading the encoder.
    pub load_secs: f64,
    /// Wall seconds of embedding.
    pub embed_secs: f64,
}

/// Embeds a file with one text a line and writes `.npy`: texts × dim, f32, little-endian, in the order of the lines.
pub fn embed_file(work: &Work, home: &Home, model: &str, texts: &Path, output: &Path) -> Result<EmbeddedFile> {
    let folder = encoder_folder(home, model)?;
    let texts = read_lines(texts)?;
    let start = Instant::now();
    let encoder = TextEncoder::load(&folder)?;
    let load_secs = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let embeddings = encoder.embed(work, &texts)?;
    let embed_secs = start.elapsed().as_secs_f64();
    write_npy(output, &embeddings, encoder.dim())?;
    let kernel = encoder.kernel().to_owned();
    Ok(EmbeddedFile { rows: texts.len(), dim: encoder.dim(), kernel, load_secs, embed_secs })
}

/// The lines of a file, without their line ends; a line of another encoding is an error that names it.
fn read_lines(path: &Path) -> Result<Vec<String>> {
    let bytes = files::read_lines(path, LONGEST_TEXT)?;
    let body = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Err(Error::input(format!("{} is empty. It needs one text a line.", path.display())));
    }
    let line = |(at, line): (usize, &[u8])| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        String::from_utf8(line.to_vec()).map_err(|_| {
            Error::input(format!("Line {} of {} is not UTF-8. Save the file as UTF-8.", at + 1, path.display()))
        })
    };
    body.split(|&byte| byte == b'\n').enumerate().map(line).collect()
}

fn write_npy(path: &Path, embeddings: &Embeddings, dim: usize) -> Result<()> {
    use npyz::WriterBuilder;
    files::write_atomically(path, |file| {
        let shape = [embeddings.rows() as u64, dim as u64];
        let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd()?;
        npy.extend(embeddings.values().iter().copied())?;
        npy.finish()
    })
}
