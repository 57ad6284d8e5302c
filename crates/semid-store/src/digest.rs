//! The digest of a data set as stored: the same data give the same digest, whatever batches they came in.

use semid_core::Item;

/// Grows as a data set is written, or as it is read again.
#[derive(Debug, Default)]
pub(crate) struct DatasetDigest {
    items: blake3::Hasher,
    users: blake3::Hasher,
    interactions: blake3::Hasher,
}

impl DatasetDigest {
    pub(crate) fn item(&mut self, item: &Item) {
        text(&mut self.items, &item.key);
        text(&mut self.items, &item.title);
        text(&mut self.items, &item.text);
        self.items.update(&(item.categories.len() as u64).to_le_bytes());
        item.categories.iter().for_each(|category| text(&mut self.items, category));
    }

    pub(crate) fn user(&mut self, key: &str) {
        text(&mut self.users, key);
    }

    /// One column of one chunk; none when no row of the chunk has a value there.
    pub(crate) fn column(&mut self, bytes: Option<&[u8]>) {
        self.interactions.update(&(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64)).to_le_bytes());
        self.interactions.update(bytes.unwrap_or_default());
    }

    pub(crate) fn finish(&self) -> String {
        let mut whole = blake3::Hasher::new_derive_key("semid data set v1");
        for part in [&self.items, &self.users, &self.interactions] {
            whole.update(part.finalize().as_bytes());
        }
        whole.finalize().to_hex().to_string()
    }
}

// With its length in front, so that no two lists of texts look alike.
fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}
