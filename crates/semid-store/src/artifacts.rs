//! Artifacts: what a stage of a run leaves for later runs, found again by the fingerprint of everything it came from.
//!
//! Written under a temporary name in the same folder, synced, renamed: an artifact is there whole or not at all. Every
//! read checks the content; one that was damaged is set aside under another name and counts as absent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use semid_core::Checkpoints;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::artifact_file::{self, Header, Unreadable};
use crate::{Error, Result, store};

const TEMPORARY: &str = ".semid-writing-";
const DAMAGED: &str = "damaged";

/// The folder `artifacts/` of a workspace. A file is named `<fingerprint>.<kind>`.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
}

/// What is known of one artifact without reading its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Fingerprint of everything it came from.
    pub fingerprint: String,
    /// "embeddings", "codes", "weights", "checkpoint".
    pub kind: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Unix seconds; none when the header is unreadable.
    pub written_at: Option<i64>,
    /// The settings it came from, for people.
    pub settings: Value,
}

impl Artifacts {
    /// The content, exactly as written; none when there is no such artifact, or when it was damaged: then it was set
    /// aside, and `semid doctor` tells of it.
    pub fn read(&self, fingerprint: &str, kind: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(fingerprint, kind)?;
        match self.verify(&path, fingerprint, kind) {
            Ok(content) => Ok(content),
            Err(Unreadable::Damaged(_)) => {
                // Where it cannot be renamed it stays; the next write replaces it.
                let _ = fs::rename(&path, path.with_extension(format!("{kind}.{DAMAGED}")));
                Ok(None)
            }
            Err(Unreadable::Io(source)) => Err(Error::io("reading an artifact", &path, source)),
        }
    }

    /// Writes the content whole, in place of one of the same name. `settings` are for people who look at the folder.
    pub fn write(&self, fingerprint: &str, kind: &str, settings: &Value, content: &[u8]) -> Result<()> {
        let path = self.path(fingerprint, kind)?;
        let header = Header {
            kind: kind.to_owned(),
            fingerprint: fingerprint.to_owned(),
            written_at: store::now(),
            settings: settings.clone(),
            bytes: content.len() as u64,
            blake3: blake3::hash(content).to_hex().to_string(),
        };
        self.replace(&path, |file| artifact_file::write(file, &header, content))
            .map_err(|source| Error::io("writing an artifact", &path, source))
    }

    /// Whether there is such an artifact; its content is not looked at.
    pub fn contains(&self, fingerprint: &str, kind: &str) -> Result<bool> {
        Ok(self.path(fingerprint, kind)?.is_file())
    }

    /// Deletes an artifact; none is fine.
    pub fn remove(&self, fingerprint: &str, kind: &str) -> Result<()> {
        let path = self.path(fingerprint, kind)?;
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("deleting an artifact", &path, source))
            }
            _ => Ok(()),
        }
    }

    /// A slot for the state of a long training under this fingerprint.
    pub fn checkpoint(&self, fingerprint: &str, settings: Value) -> Result<CheckpointSlot> {
        self.path(fingerprint, "checkpoint")?;
        Ok(CheckpointSlot { artifacts: self.clone(), fingerprint: fingerprint.to_owned(), settings })
    }

    /// All artifacts by name.
    pub fn list(&self) -> Result<Vec<Artifact>> {
        let mut artifacts = Vec::new();
        for path in self.files()? {
            let Some((fingerprint, kind)) = name_of(&path) else { continue };
            artifacts.extend(self.facts(&fingerprint, &kind)?);
        }
        Ok(artifacts)
    }

    /// All artifacts of a kind by name.
    pub fn list_kind(&self, kind: &str) -> Result<Vec<Artifact>> {
        let of_kind = self.files()?.into_iter().filter_map(|path| name_of(&path)).filter(|name| name.1 == kind);
        of_kind.filter_map(|(fingerprint, kind)| self.facts(&fingerprint, &kind).transpose()).collect()
    }

    /// What is known of one artifact; none when it is not there. Its content is not looked at.
    pub fn facts(&self, fingerprint: &str, kind: &str) -> Result<Option<Artifact>> {
        let path = self.path(fingerprint, kind)?;
        let Ok(facts) = fs::metadata(&path) else { return Ok(None) };
        let header = File::open(&path).ok().and_then(|file| artifact_file::read_header(file).ok());
        Ok(Some(Artifact {
            fingerprint: fingerprint.to_owned(),
            kind: kind.to_owned(),
            file_bytes: facts.len(),
            written_at: header.as_ref().map(|header| header.written_at),
            settings: header.map(|header| header.settings).unwrap_or_default(),
        }))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an artifact is or would be. A fingerprint and a kind are letters, digits, `-` and `_`.
    pub fn path(&self, fingerprint: &str, kind: &str) -> Result<PathBuf> {
        for name in [fingerprint, kind] {
            if !is_name(name) {
                return Err(Error::input(format!(
                    "“{name}” cannot name an artifact: it takes 1 to 128 letters, digits, - and _."
                )));
            }
        }
        Ok(self.folder.join(format!("{fingerprint}.{kind}")))
    }

    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Artifacts { folder }
    }

    /// Why an artifact cannot be used, if it cannot; reads all of it and changes nothing.
    pub(crate) fn problem(&self, artifact: &Artifact) -> Option<String> {
        let path = self.path(&artifact.fingerprint, &artifact.kind).ok()?;
        match self.verify(&path, &artifact.fingerprint, &artifact.kind) {
            Ok(_) => None,
            Err(Unreadable::Damaged(why)) => Some(why),
            Err(Unreadable::Io(source)) => Some(format!("it cannot be read: {source}")),
        }
    }

    /// Temporary files that nobody is writing: left by a process that was killed.
    pub(crate) fn leftovers(&self) -> Result<Vec<PathBuf>> {
        let mut left = self.files()?;
        left.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Whoever writes holds the lock, which falls open when they die.
            name.starts_with(TEMPORARY) && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
        });
        Ok(left)
    }

    /// Artifacts that were found damaged and set aside.
    pub(crate) fn set_aside(&self) -> Result<Vec<PathBuf>> {
        let mut files = self.files()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == DAMAGED));
        Ok(files)
    }

    fn verify(&self, path: &Path, fingerprint: &str, kind: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let (header, content) = artifact_file::read(&file, file.metadata()?.len())?;
        if header.kind != kind || header.fingerprint != fingerprint {
            return Err(Unreadable::Damaged(format!("it is {} of {}", header.kind, header.fingerprint)));
        }
        Ok(Some(content))
    }

    fn replace(&self, path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        #[cfg(unix)]
        {
            // As any other file of the person: what they want kept from others, their umask says.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(&self.folder)?;
        let file = temporary.as_file();
        file.lock()?;
        let mut buffered = BufWriter::with_capacity(1 << 16, file);
        write(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        file.sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        sync_folder(&self.folder)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other,
        };
        let mut files: Vec<PathBuf> = entries
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(|source| Error::io("listing the artifacts", &self.folder, source))?;
        files.sort();
        Ok(files)
    }
}

/// One slot for the state of a long training, kept as an artifact of kind "checkpoint"; replaced atomically.
#[derive(Clone, Debug)]
pub struct CheckpointSlot {
    artifacts: Artifacts,
    fingerprint: String,
    settings: Value,
}

impl CheckpointSlot {
    /// Empties the slot, once the training is done and its result kept.
    pub fn clear(&self) -> Result<()> {
        self.artifacts.remove(&self.fingerprint, "checkpoint")
    }
}

impl Checkpoints for CheckpointSlot {
    fn load(&self) -> semid_core::Result<Option<Vec<u8>>> {
        Ok(self.artifacts.read(&self.fingerprint, "checkpoint")?)
    }

    fn save(&self, state: &[u8]) -> semid_core::Result<()> {
        Ok(self.artifacts.write(&self.fingerprint, "checkpoint", &self.settings, state)?)
    }
}

fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn name_of(path: &Path) -> Option<(String, String)> {
    let (fingerprint, kind) = path.file_name()?.to_str()?.split_once('.')?;
    (is_name(fingerprint) && is_name(kind)).then(|| (fingerprint.to_owned(), kind.to_owned()))
}

// The rename itself is on the disk only once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
