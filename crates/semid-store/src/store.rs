//! The workspace folder and its database: opening, reading, writing in one transaction.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::{Artifacts, Error, Result, migrations};

/// How long a short write waits for another process's write, an import for instance.
const PATIENCE: Duration = Duration::from_secs(30);

/// A workspace: a folder with `semid.db`, `artifacts/` and the run lock.
///
/// Any number of processes may read and write one workspace at a time; runs are worked on by one process at a time (see
/// [`Store::lock_runs`]). A `Store` is shared between threads by reference.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    database: PathBuf,
    artifacts: Artifacts,
    // Apart, so that a person can look around while something is being written.
    reader: Mutex<Connection>,
    writer: Option<Mutex<Connection>>,
}

impl Store {
    /// Opens the workspace in `folder`, makes it where there is none, and brings its tables up to date. Runs whose
    /// process died are marked interrupted.
    ///
    /// Errors: the folder is a file or cannot be written; the database is newer than this program, damaged, or none.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        let database = folder.join("semid.db");
        let artifacts = Artifacts::in_folder(folder.join("artifacts"));
        make_folder(&folder)?;
        make_folder(artifacts.folder())?;
        let writer = connect_writing(&database)?;
        retry_while_busy(|| migrations::migrate(&writer, &database))
            .map_err(|error| error.explained("bringing the tables up to date", &database))?;
        let reader = connect(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let store = Store { folder, database, artifacts, reader: Mutex::new(reader), writer: Some(Mutex::new(writer)) };
        store.mark_interrupted_runs()?;
        Ok(store)
    }

    /// Opens an existing workspace and never changes it; works on a read-only disk too.
    ///
    /// Errors: there is no workspace; its tables are older or newer than this program.
    pub fn open_read_only(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        let database = folder.join("semid.db");
        if !database.is_file() {
            return Err(Error::NoWorkspace { folder });
        }
        let reader = connect_reading(&database)?;
        let artifacts = Artifacts::in_folder(folder.join("artifacts"));
        Ok(Store { folder, database, artifacts, reader: Mutex::new(reader), writer: None })
    }

    /// The workspace's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The artifacts of this workspace.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// Whether this workspace was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.writer.is_some()
    }

    /// The database file.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Reads, all from one moment of the database. `doing` in lower case: "reading the runs".
    pub(crate) fn read<T>(&self, doing: &str, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let reader = lock(&self.reader);
        let result = Transaction::new_unchecked(&reader, TransactionBehavior::Deferred)
            .map_err(Error::from)
            .and_then(|transaction| work(&transaction));
        result.map_err(|error| error.explained(doing, &self.database))
    }

    /// Writes in one transaction: all of it, or nothing when `work` fails.
    pub(crate) fn write<T>(&self, doing: &str, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let writer = lock(self.writer(doing)?);
        let result = (|| {
            let transaction = Transaction::new_unchecked(&writer, TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        result.map_err(|error: Error| error.explained(doing, &self.database))
    }

    /// Works on the writing connection outside any transaction.
    pub(crate) fn maintain<T>(&self, doing: &str, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let writer = lock(self.writer(doing)?);
        work(&writer).map_err(|error| error.explained(doing, &self.database))
    }

    /// A second writing connection, for a transaction that lasts while others go on reading and writing beside it.
    pub(crate) fn connect_for_long_write(&self, doing: &str) -> Result<Connection> {
        self.writer(doing)?;
        connect_writing(&self.database)
    }

    fn writer(&self, doing: &str) -> Result<&Mutex<Connection>> {
        self.writer
            .as_ref()
            .ok_or_else(|| Error::ReadOnly { doing: format!("{doing}, opened for reading"), path: self.folder.clone() })
    }
}

/// Unix seconds now.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn make_folder(folder: &Path) -> Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(Error::input(format!(
            "{} is a file, and a workspace is a folder. Choose another with SEMID_HOME.",
            folder.display()
        )));
    }
    fs::create_dir_all(folder).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => Error::input(format!(
            "The folder {} cannot be made, because part of its path is a file. Choose another with SEMID_HOME.",
            folder.display()
        )),
        _ => Error::io("making the workspace folder", folder, source),
    })
}

fn connect_writing(database: &Path) -> Result<Connection> {
    let connection = connect(database, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let prepare = || -> Result<()> {
        // Looked at before anything is changed: a database that is not ours stays as it is.
        migrations::inspect(&connection, database)?;
        // Five vectors of 384 numbers fit a page of 8 KiB; counts only while the file is empty.
        connection.pragma_update(None, "page_size", 8192)?;
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            return Err(Error::input(format!(
                "The disk that holds {} cannot be shared between processes safely (SQLite's write-ahead log does not \
                 work there, as on many network disks). Choose a workspace on a local disk with SEMID_HOME.",
                database.display()
            )));
        }
        // A commit survives a power cut, for some milliseconds each; commits here are few and large.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        Ok(())
    };
    retry_while_busy(prepare).map_err(|error| error.explained("opening the database", database))?;
    Ok(connection)
}

fn connect_reading(database: &Path) -> Result<Connection> {
    let look = |connection: &Connection| -> Result<()> {
        match migrations::inspect(connection, database)? {
            found if found < migrations::NEWEST => {
                Err(Error::Older { path: database.to_path_buf(), found, known: migrations::NEWEST })
            }
            _ => Ok(()),
        }
    };
    let connection = connect(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match retry_while_busy(|| look(&connection)) {
        Ok(()) => Ok(connection),
        // On a read-only disk the log's index cannot be made. Without a log, the file alone is the whole truth.
        Err(Error::Database { source, .. })
            if matches!(source.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
                && fs::metadata(database.with_extension("db-wal")).map_or(true, |wal| wal.len() == 0) =>
        {
            let connection = connect_immutable(database)?;
            look(&connection).map_err(|error| error.explained("opening the database", database))?;
            Ok(connection)
        }
        Err(error) => Err(error.explained("opening the database", database)),
    }
}

fn connect_immutable(database: &Path) -> Result<Connection> {
    let mut uri = String::from("file:");
    for byte in database.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    connect(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|error| error.explained("opening the database", database))
}

fn connect(database: &Path, flags: OpenFlags) -> Result<Connection> {
    let open = || -> Result<Connection> {
        let connection = Connection::open_with_flags(database, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(|error| error.explained("opening the database", database))
}

// Switching a new database to the write-ahead log does not wait for others by itself.
fn retry_while_busy<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match work() {
            Err(Error::Database { source, .. })
                if matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

// A panic while a connection was locked rolled its transaction back; the connection stays good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::{NewDataset, OnExisting};
    use semid_core::{Interaction, Item};

    // A database that may not grow fails as one on a full disk does.
    fn fill_up(connection: &Connection) {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 4).unwrap();
    }

    #[test]
    fn a_full_disk_is_a_sentence_and_nothing_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.set_setting("kept", Some("before")).unwrap();
        store
            .maintain("", |writer| {
                fill_up(writer);
                Ok(())
            })
            .unwrap();
        let error = store.set_setting("kept", Some(&"x".repeat(200_000))).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "told from other failures: {error}");
        assert!(error.to_string().contains("Free some space"), "says what to do: {error}");
        assert_eq!(store.setting("kept").unwrap().as_deref(), Some("before"), "the old value is still there");
        assert!(store.check().is_empty(), "and the database is sound: {:?}", store.check());
        store.set_setting("small", Some("fits")).unwrap();
    }

    #[test]
    fn an_import_that_finds_no_room_imports_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let new = NewDataset { name: "films".to_owned(), ..NewDataset::default() };
        let mut writer = store.write_dataset(&new, OnExisting::Refuse).unwrap();
        fill_up(writer.connection());
        writer.add_items(&[Item { key: "a".to_owned(), ..Item::default() }]).unwrap();
        writer.add_users(&["u"]).unwrap();
        let rows = vec![Interaction { user: 0, item: 0, rating: None, at: None }; 100_000];
        let error = writer.add_interactions(&rows).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "told from other failures: {error}");
        assert!(writer.finish().is_err(), "and not finished as if nothing had happened");
        assert!(store.datasets().unwrap().is_empty(), "nothing half-imported");
        assert!(store.check().is_empty(), "and the database is sound: {:?}", store.check());
    }

    #[test]
    fn a_write_that_another_process_keeps_waiting_ends_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let other = store.connect_for_long_write("").unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        store.maintain("", |writer| Ok(writer.busy_timeout(Duration::from_millis(50))?)).unwrap();
        let error = store.set_setting("a", Some("b")).unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "told from other failures: {error}");
        assert!(error.to_string().contains("Wait until it is done"), "says what to do: {error}");
        assert_eq!(store.setting("a").unwrap(), None, "who reads does not wait");
        other.execute_batch("COMMIT").unwrap();
        store.set_setting("a", Some("b")).unwrap();
    }
}
