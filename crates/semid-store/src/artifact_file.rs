//! The form of an artifact on disk: a line that names the format, a JSON header, the content.
//!
//! ```text
//! "semid artifact 1\n"   17 bytes
//! length of the header   u32, little-endian
//! header                 JSON: kind, fingerprint, when, settings, bytes and BLAKE3 of the content
//! content
//! ```
//! One file and not two, so that a rename puts content and header in place together.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

const MAGIC: &[u8] = b"semid artifact 1\n";

/// A header is small; a damaged length must not fill the memory.
const MAX_HEADER_BYTES: u32 = 16 << 20;

/// What stands in front of the content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) kind: String,
    pub(crate) fingerprint: String,
    pub(crate) written_at: i64,
    pub(crate) settings: Value,
    pub(crate) bytes: u64,
    pub(crate) blake3: String,
}

/// Why an artifact cannot be used.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The file could not be read at all.
    Io(io::Error),
    /// It was read, and is not what was written.
    Damaged(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Unreadable::Damaged("it ends early".to_owned()),
            _ => Unreadable::Io(error),
        }
    }
}

pub(crate) fn write(mut file: impl Write, header: &Header, content: &[u8]) -> io::Result<()> {
    let json = serde_json::to_vec(header)?;
    file.write_all(MAGIC)?;
    file.write_all(&(json.len() as u32).to_le_bytes())?;
    file.write_all(&json)?;
    file.write_all(content)
}

pub(crate) fn read_header(mut file: impl Read) -> Result<Header, Unreadable> {
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(Unreadable::Damaged("it does not begin as an artifact does".to_owned()));
    }
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_HEADER_BYTES {
        return Err(Unreadable::Damaged("its header is unreadable".to_owned()));
    }
    let mut json = vec![0; length as usize];
    file.read_exact(&mut json)?;
    serde_json::from_slice(&json).map_err(|_| Unreadable::Damaged("its header is unreadable".to_owned()))
}

/// The header and the content, which is what was written, byte for byte. `file_bytes` is the length of the file.
pub(crate) fn read(mut file: impl Read, file_bytes: u64) -> Result<(Header, Vec<u8>), Unreadable> {
    let header = read_header(&mut file)?;
    if header.bytes > file_bytes {
        return Err(Unreadable::Damaged("it ends early".to_owned()));
    }
    let mut content = Vec::with_capacity(header.bytes as usize);
    file.read_to_end(&mut content)?;
    if content.len() as u64 != header.bytes {
        return Err(Unreadable::Damaged(format!("it has {} bytes instead of {}", content.len(), header.bytes)));
    }
    if blake3::hash(&content).to_hex().as_str() != header.blake3 {
        return Err(Unreadable::Damaged("its bytes are not those that were written".to_owned()));
    }
    Ok((header, content))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::Error;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = std::path::Path::new("/dev/full");
        let header = Header {
            kind: "codes".to_owned(),
            fingerprint: "abc".to_owned(),
            written_at: 0,
            settings: Value::Null,
            bytes: 1,
            blake3: String::new(),
        };
        let source = write(std::fs::OpenOptions::new().write(true).open(full).unwrap(), &header, b"x").unwrap_err();
        let error = Error::io("writing an artifact", full, source);
        assert!(matches!(error, Error::DiskFull { .. }), "the device has no room: {error}");
        assert!(error.to_string().contains("took no more while writing an artifact"), "so says it: {error}");
    }
}
