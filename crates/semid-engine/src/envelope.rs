//! The inside of an artifact: a JSON header that says what it cost and how it came about, then raw bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Header length (u32, little-endian), header as JSON, bytes.
pub fn seal_envelope(header: &impl Serialize, bytes: &[u8]) -> Result<Vec<u8>> {
    let header =
        serde_json::to_vec(header).map_err(|why| Error::input(format!("An artifact has no header: {why}.")))?;
    let mut sealed = Vec::with_capacity(4 + header.len() + bytes.len());
    sealed.extend_from_slice(&(header.len() as u32).to_le_bytes());
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(bytes);
    Ok(sealed)
}

/// The header and the bytes; none when the form is another, so that the artifact is made again.
pub fn open_envelope<T: DeserializeOwned>(sealed: &[u8]) -> Option<(T, &[u8])> {
    let (length, rest) = sealed.split_first_chunk::<4>()?;
    let (header, bytes) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((serde_json::from_slice(header).ok()?, bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_envelope_opens_to_what_was_sealed_and_junk_does_not_open() {
        let sealed = seal_envelope(&vec![1, 2], b"weights").unwrap();
        let (header, bytes) = open_envelope::<Vec<u8>>(&sealed).unwrap();
        assert_eq!((header, bytes), (vec![1, 2], b"weights".as_slice()), "header and bytes come back");
        assert!(open_envelope::<Vec<u8>>(&sealed[..5]).is_none(), "a cut header does not open");
        assert!(open_envelope::<Vec<u8>>(b"xx").is_none(), "two bytes are no length");
    }
}
