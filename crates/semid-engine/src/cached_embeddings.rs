//! Embeddings of a catalog out of the cache alone: looking at neighbours needs no encoder.

use std::sync::Arc;

use semid_core::Embeddings;
use semid_store::text_digest;

use crate::past_run::PreparedData;
use crate::{Engine, Result};

/// Vectors of a catalog that were computed, or brought by a bundle, before.
pub struct CachedEmbeddings {
    /// Digest of the encoder.
    pub model: String,
    /// One row per item.
    pub embeddings: Embeddings,
}

impl Engine {
    /// The vectors of a catalog under an encoder that knows all its texts; none where there is no such encoder. Of
    /// several the one that knows most texts in all.
    pub fn embeddings_of(&self, data: &PreparedData) -> Result<Option<Arc<CachedEmbeddings>>> {
        let mut models = self.store().cached_models()?;
        models.retain(|model| model.rows > 0 && model.dim > 0);
        models.sort_by_key(|model| std::cmp::Reverse(model.rows));
        for model in models {
            let name = format!("vectors {} {}", model.digest, data.fingerprint);
            let found = self.cache().get_or_make(&name, || {
                let digests: Vec<_> = data.catalog.items.iter().map(|item| text_digest(&item.text)).collect();
                let rows = self.store().cached_embeddings(&model.digest, model.dim, &digests)?;
                if !rows.missing.is_empty() {
                    return Ok((None, usize::MAX));
                }
                let bytes = rows.values.len() * 4;
                let embeddings = Embeddings::new(model.dim, rows.values)?;
                Ok((Some(Arc::new(CachedEmbeddings { model: model.digest.clone(), embeddings })), bytes))
            })?;
            if let Some(found) = &*found {
                return Ok(Some(found.clone()));
            }
        }
        Ok(None)
    }
}
