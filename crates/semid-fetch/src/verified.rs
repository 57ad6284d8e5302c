//! What was verified, so that it is not hashed again: digest, size and time of change of each file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::part::beside;
use crate::{Digest, Error, Result};

/// The verified files of one folder, by path below it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Verified {
    #[serde(default)]
    files: BTreeMap<String, Stamp>,
}

/// A file as it was when its digest was last computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Length.
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
    /// Of its bytes.
    pub sha256: Digest,
    /// Of the archive it came out of.
    pub archive: Option<Digest>,
}

impl Verified {
    /// What is remembered about a folder. What cannot be read is as good as nothing: then files are hashed again.
    pub fn of(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(".verified.toml")).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// What is remembered about one file.
    pub fn stamp(&self, path: &str) -> Option<&Stamp> {
        self.files.get(path)
    }

    /// Remembers that a file has a digest, as it is on disk now.
    pub fn remember(&mut self, folder: &Path, path: &str, sha256: Digest, archive: Option<Digest>) -> io::Result<()> {
        let (bytes, modified) = look(&folder.join(path))?;
        self.files.insert(path.to_owned(), Stamp { bytes, modified, sha256, archive });
        Ok(())
    }

    /// Writes it down.
    pub fn save(&self, folder: &Path) -> Result<()> {
        write_toml(&folder.join(".verified.toml"), self)
    }
}

impl Stamp {
    /// Whether the file is as it was.
    pub fn fits(&self, file: &Path) -> bool {
        look(file).is_ok_and(|seen| seen == (self.bytes, self.modified))
    }
}

/// The digests of first downloads whose publishers print none, by `recipe/path`. Kept beside the data, not in it, so
/// that they outlive a deleted copy.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct FirstUse {
    #[serde(default)]
    digests: BTreeMap<String, Digest>,
    #[serde(skip)]
    file: PathBuf,
}

impl FirstUse {
    /// What this home remembers. A damaged record is an error: passing over it would trust again what may have changed.
    pub fn of(home: &Path) -> Result<Self> {
        let file = home.join("first-use.toml");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::disk("reading remembered digests", &file, error)),
        };
        let read: FirstUse = toml::from_str(&text)
            .map_err(|error| Error::disk("reading remembered digests", &file, io::Error::other(error)))?;
        Ok(FirstUse { file, ..read })
    }

    pub fn digest(&self, recipe: &str, path: &str) -> Option<Digest> {
        self.digests.get(&format!("{recipe}/{path}")).copied()
    }

    pub fn remember(&mut self, recipe: &str, path: &str, digest: Digest) -> Result<()> {
        self.digests.insert(format!("{recipe}/{path}"), digest);
        write_toml(&self.file, self)
    }
}

fn look(file: &Path) -> io::Result<(u64, i64)> {
    let data = fs::metadata(file)?;
    if !data.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let since = data.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((data.len(), i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
}

/// Writes all or nothing: a temporary name beside the target, then a rename.
fn write_toml(file: &Path, value: &impl Serialize) -> Result<()> {
    let disk = |error| Error::disk("writing", file, error);
    let text = toml::to_string(value).map_err(|error| disk(io::Error::other(error)))?;
    let temporary = beside(file, &format!("{}", std::process::id()));
    let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(disk)
}
