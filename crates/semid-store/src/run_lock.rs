//! The run lock: at most one process works on runs in a workspace, and its death shows.
//!
//! The operating system holds the lock on the file `runs.lock` for as long as the process lives, so no clock and no
//! process number has to be believed: a run that is "running" while nobody holds the lock was killed.

use std::fs::{File, OpenOptions, TryLockError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use crate::{Error, Result, Store, store};

/// The right to work on runs in a workspace; given back when dropped or when the process dies.
#[derive(Debug)]
pub struct RunLock {
    owner: String,
    // Holding the file open is holding the lock.
    _file: File,
}

impl RunLock {
    /// Names this holding of the lock; stands beside the runs worked on under it.
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

impl Store {
    /// Takes the run lock. [`Error::RunsLocked`] names the run another process is working on; a caller may then wait
    /// and ask again. Runs of processes that died are marked interrupted.
    pub fn lock_runs(&self) -> Result<RunLock> {
        let start = Instant::now();
        let file = loop {
            match self.try_lock()? {
                Some(file) => break file,
                // Somebody may only be looking whether a run is alive, which takes no time.
                None if start.elapsed() < Duration::from_millis(500) => std::thread::sleep(Duration::from_millis(20)),
                None => {
                    let run = self.read("reading the runs", |connection| Ok(running(connection)?))?;
                    return Err(Error::RunsLocked { folder: self.folder().to_path_buf(), run });
                }
            }
        };
        self.interrupt_running()?;
        Ok(RunLock { owner: token(), _file: file })
    }

    /// Marks runs whose process died as interrupted, if there are any and nobody holds the lock.
    pub(crate) fn mark_interrupted_runs(&self) -> Result<()> {
        if self.is_writable()
            && self.read("reading the runs", |connection| Ok(running(connection)?))?.is_some()
            && let Some(_held) = self.try_lock()?
        {
            self.interrupt_running()?;
        }
        Ok(())
    }

    /// Whether a process that lives holds the run lock.
    pub(crate) fn runs_are_locked(&self) -> Result<bool> {
        let path = self.folder().join("runs.lock");
        match File::open(&path) {
            Ok(file) => Ok(file.try_lock_shared().is_err()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::io("opening the run lock", &path, source)),
        }
    }

    fn try_lock(&self) -> Result<Option<File>> {
        let path = self.folder().join("runs.lock");
        let failed = |source| Error::io("taking the run lock", &path, source);
        let file =
            OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    // Only while holding the lock: nobody else can be working on a run then.
    fn interrupt_running(&self) -> Result<()> {
        self.write("marking interrupted runs", |connection| {
            connection.execute(
                "UPDATE run SET status = 'interrupted', ended_at = ?1, progress = NULL WHERE status = 'running'",
                [store::now()],
            )?;
            Ok(())
        })
    }
}

fn running(connection: &Connection) -> rusqlite::Result<Option<(i64, String, Option<u32>)>> {
    connection
        .prepare_cached("SELECT id, name, process FROM run WHERE status = 'running' ORDER BY id LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
}

fn token() -> String {
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    let when = std::time::SystemTime::now();
    let unique = format!("{when:?} {} {}", std::process::id(), TAKEN.fetch_add(1, Ordering::Relaxed));
    blake3::hash(unique.as_bytes()).to_hex()[..16].to_owned()
}
