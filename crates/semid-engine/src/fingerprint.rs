//! Fingerprints: the name of an artifact is a digest of all that decides its bytes, so that equal work is done once.

use serde::Serialize;

/// Collects what decides an artifact's bytes.
#[derive(Clone)]
pub struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Starts a fingerprint for a kind of artifact. Raise `version` when the code that makes it changes its bytes.
    pub fn new(kind: &str, version: u32) -> Self {
        Fingerprint(blake3::Hasher::new()).with(kind).with(version)
    }

    /// Adds anything that serialises.
    pub fn with(mut self, part: impl Serialize) -> Self {
        // Every type given here serialises: plain settings and strings. The length keeps parts apart.
        let bytes = serde_json::to_vec(&part).unwrap_or_default();
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(&bytes);
        self
    }

    /// Adds raw bytes.
    pub fn with_bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// 64 hexadecimal digits.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
