//! A download in the making: `NAME.part`, and beside it the server's tag for what it belongs to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The bytes of one file that have arrived so far. They stay on disk until the file is whole, so that a later attempt
/// goes on from there.
pub(crate) struct Part {
    path: PathBuf,
    tag: PathBuf,
    file: Option<fs::File>,
    len: u64,
}

impl Part {
    /// The part of `target`, with what an earlier attempt left of it.
    pub fn of(target: &Path) -> Result<Self> {
        let path = beside(target, "part");
        let len = match fs::metadata(&path) {
            Ok(data) => data.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(Error::disk("reading an unfinished download", &path, error)),
        };
        Ok(Part { tag: beside(target, "part-tag"), path, file: None, len })
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// What the server called the file when these bytes came: its tag or its date.
    pub fn tag(&self) -> Option<String> {
        fs::read_to_string(&self.tag).ok().filter(|tag| !tag.is_empty())
    }

    /// Throws away what is here.
    pub fn discard(&mut self) -> Result<()> {
        self.file = None;
        self.len = 0;
        let _ = fs::remove_file(&self.tag);
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.disk(error)),
            _ => Ok(()),
        }
    }

    /// Gets ready for bytes that belong after those here, of the file the server calls `tag`.
    pub fn begin(&mut self, tag: Option<&str>) -> Result<()> {
        let opened = fs::OpenOptions::new().create(true).append(true).open(&self.path);
        self.file = Some(opened.map_err(|error| self.disk(error))?);
        fs::write(&self.tag, tag.unwrap_or_default()).map_err(|error| self.disk(error))
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(file) = &mut self.file else { return Err(self.disk(io::Error::other("not begun"))) };
        let written = file.write_all(bytes);
        self.len += bytes.len() as u64;
        written.map_err(|error| self.disk(error))
    }

    /// All bytes are here: where they are.
    pub fn finish(self) -> Result<PathBuf> {
        if let Some(file) = &self.file {
            file.sync_all().map_err(|error| self.disk(error))?;
        }
        let _ = fs::remove_file(&self.tag);
        Ok(self.path)
    }

    fn disk(&self, error: io::Error) -> Error {
        Error::disk("writing a download", &self.path, error)
    }
}

/// `NAME` → `NAME.part`.
pub(crate) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
