//! Runs: what was asked, who works on it, how it ended.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use semid_core::ProgressView;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, RunLock, Store, store};

/// What a run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// What a person calls it.
    pub name: String,
    /// Name of the data set.
    pub dataset: String,
    /// Digest of the data set.
    pub dataset_digest: String,
    /// The experiment file that reproduces it.
    pub settings: String,
    /// Fingerprint of settings and data: the same one means the same run.
    pub fingerprint: String,
    /// Digest of the protocol: only equal ones may be compared.
    pub protocol: String,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Waits to be started.
    Queued,
    /// A process that lives is working on it.
    Running,
    /// Done; its numbers are there.
    Finished,
    /// Ended with an error.
    Failed,
    /// A person ended it.
    Cancelled,
    /// Its process died. Starting it again resumes from its artifacts.
    Interrupted,
}

/// How a run ended without numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd<'a> {
    /// With an error, in a sentence.
    Failed(&'a str),
    /// By a person.
    Cancelled,
}

/// Which runs, and which part of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct RunsRequest {
    /// Words that name or data set must contain; none: all.
    pub query: Option<String>,
    /// Only those on this data set.
    pub dataset: Option<String>,
    /// Only those that stand so.
    pub status: Option<RunStatus>,
    /// First row.
    #[ts(as = "Option<u64>")]
    pub offset: u64,
    /// Rows at most; 50 when none is said.
    pub limit: Option<u64>,
    /// What they are ordered by; newest first when nothing is said.
    #[ts(as = "Option<RunOrder>")]
    pub order: RunOrder,
}

/// What runs are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum RunOrder {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// By name.
    Name,
    /// By data set, then newest first.
    Dataset,
    /// Longest first.
    Longest,
}

/// Rows of a page at most, whatever was asked for.
const LONGEST_PAGE: u64 = 1_000;

/// A run of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Number inside this workspace; never given twice.
    pub id: i64,
    /// What a person calls it.
    pub name: String,
    /// Name of the data set, which may have been replaced or deleted since.
    pub dataset: String,
    /// Digest of the data set it was asked for.
    pub dataset_digest: String,
    /// The experiment file that reproduces it.
    pub settings: String,
    /// Fingerprint of settings and data.
    pub fingerprint: String,
    /// Digest of the protocol.
    pub protocol: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds of the latest start.
    pub started_at: Option<i64>,
    /// Unix seconds of the end, whichever it was.
    pub ended_at: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// Number of the process that works or worked on it.
    pub process: Option<u32>,
    /// Token of the run lock it was started under.
    pub owner: Option<String>,
    /// Whether somebody asked for it to be cancelled.
    pub cancel_asked: bool,
    /// What it is doing, while it runs.
    pub progress: Option<ProgressView>,
}

impl Store {
    /// Queues a run.
    pub fn create_run(&self, new: &NewRun) -> Result<Run> {
        self.write("queueing a run", |connection| {
            connection.execute(
                "INSERT INTO run (name, dataset, dataset_digest, settings, fingerprint, protocol, status, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7)",
                (
                    &new.name,
                    &new.dataset,
                    &new.dataset_digest,
                    &new.settings,
                    &new.fingerprint,
                    &new.protocol,
                    store::now(),
                ),
            )?;
            find(connection, connection.last_insert_rowid())
        })
    }

    /// All runs, newest first. Settings and progress included; numbers are read apart.
    pub fn runs(&self) -> Result<Vec<Run>> {
        self.read_runs(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM run ORDER BY id DESC")?;
            let rows = statement.query_map([], run)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many runs there are of this kind, and a page of them.
    pub fn run_page(&self, request: &RunsRequest) -> Result<(u64, Vec<Run>)> {
        let words: Vec<String> =
            request.query.iter().flat_map(|query| query.split_whitespace()).map(str::to_lowercase).collect();
        // Words are few; each is one more condition with a place of its own.
        let mut holds = String::from("(?1 IS NULL OR dataset = ?1) AND (?2 IS NULL OR status = ?2)");
        for at in 0..words.len() {
            holds.push_str(&format!(" AND instr(lower(name || ' ' || dataset), ?{}) > 0", at + 3));
        }
        let order = match request.order {
            RunOrder::Newest => "id DESC",
            RunOrder::Oldest => "id",
            RunOrder::Name => "name COLLATE NOCASE, id DESC",
            RunOrder::Dataset => "dataset, id DESC",
            RunOrder::Longest => "coalesce(ended_at - started_at, -1) DESC, id DESC",
        };
        let limit = request.limit.unwrap_or(50).min(LONGEST_PAGE);
        let total = std::cell::Cell::new(0);
        let runs = self.read_runs(|connection| {
            let dataset = request.dataset.clone();
            let status = request.status.map(|status| status.name().to_owned());
            let parameters: Vec<Option<String>> =
                [dataset, status].into_iter().chain(words.iter().cloned().map(Some)).collect();
            let parameters = || rusqlite::params_from_iter(&parameters);
            let count = format!("SELECT count(*) FROM run WHERE {holds}");
            total.set(connection.prepare(&count)?.query_row(parameters(), |row| row.get::<_, i64>(0))? as u64);
            let page = format!(
                "SELECT * FROM run WHERE {holds} ORDER BY {order} LIMIT {limit} OFFSET {}",
                i64::try_from(request.offset).unwrap_or(i64::MAX)
            );
            let mut statement = connection.prepare(&page)?;
            let rows = statement.query_map(parameters(), run)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        Ok((total.get(), runs))
    }

    /// Numbers of the runs on a data set of this name, newest first.
    pub fn runs_on(&self, dataset: &str) -> Result<Vec<i64>> {
        self.read("reading the runs", |connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM run WHERE dataset = ?1 ORDER BY id DESC")?;
            let rows = statement.query_map([dataset], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The run with this number.
    pub fn run(&self, id: i64) -> Result<Run> {
        Ok(self.read_runs(|connection| Ok(vec![find(connection, id)?]))?.remove(0))
    }

    /// The newest run with this fingerprint: what the same command resumes, or shows again when it is finished.
    pub fn run_by_fingerprint(&self, fingerprint: &str) -> Result<Option<Run>> {
        let runs = self.read_runs(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM run WHERE fingerprint = ?1 ORDER BY id DESC LIMIT 1")?;
            Ok(statement.query_row([fingerprint], run).optional()?.into_iter().collect())
        })?;
        Ok(runs.into_iter().next())
    }

    /// Starts a run, or starts one again that failed, was cancelled or was interrupted. What earlier attempts recorded
    /// as stages, curves and lists stays until it is recorded again, so that a resumed training shows its whole curve and
    /// the artifacts it resumes from count as used.
    pub fn start_run(&self, lock: &RunLock, id: i64) -> Result<Run> {
        self.write("starting a run", |connection| {
            let run = find(connection, id)?;
            match run.status {
                RunStatus::Finished => {
                    return Err(Error::input(format!("Run {id} “{}” is finished. Start a new run instead.", run.name)));
                }
                RunStatus::Running => {
                    return Err(Error::input(format!("Run {id} “{}” is going on already.", run.name)));
                }
                _ => {}
            }
            connection.execute(
                "UPDATE run SET status = 'running', started_at = ?2, ended_at = NULL, error = NULL, process = ?3, \
                 owner = ?4, cancel_asked = 0, progress = NULL WHERE id = ?1",
                (id, store::now(), std::process::id(), lock.owner()),
            )?;
            find(connection, id)
        })
    }

    /// Ends a run that has no numbers to keep.
    pub fn end_run(&self, lock: &RunLock, id: i64, end: RunEnd<'_>) -> Result<()> {
        let (status, error) = match end {
            RunEnd::Failed(why) => ("failed", Some(why)),
            RunEnd::Cancelled => ("cancelled", None),
        };
        self.write("ending a run", |connection| close(connection, lock, id, status, error))
    }

    /// Asks for a run to be cancelled: a queued one is at once, a running one when its process looks
    /// ([`Store::cancel_asked`]).
    pub fn ask_cancel(&self, id: i64) -> Result<()> {
        self.mark_interrupted_runs()?;
        self.write("cancelling a run", |connection| {
            find(connection, id)?;
            connection.execute("UPDATE run SET cancel_asked = 1 WHERE id = ?1 AND status = 'running'", [id])?;
            connection.execute(
                "UPDATE run SET status = 'cancelled', ended_at = ?2 WHERE id = ?1 AND status = 'queued'",
                (id, store::now()),
            )?;
            Ok(())
        })
    }

    /// Whether somebody asked for this run to be cancelled. Cheap: ask about twice a second.
    pub fn cancel_asked(&self, id: i64) -> Result<bool> {
        self.read("reading a run", |connection| {
            let mut statement = connection.prepare_cached("SELECT cancel_asked FROM run WHERE id = ?1")?;
            Ok(statement.query_row([id], |row| row.get(0)).optional()?.unwrap_or(true))
        })
    }

    /// Leaves a view of a running run for every other process to read. Write about once a second.
    pub fn show_progress(&self, id: i64, view: &ProgressView) -> Result<()> {
        let json = serde_json::to_string(view).map_err(|error| Error::input(error.to_string()))?;
        self.write("showing progress", |connection| {
            connection
                .prepare_cached("UPDATE run SET progress = ?2 WHERE id = ?1 AND status = 'running'")?
                .execute((id, json))?;
            Ok(())
        })
    }

    /// Deletes a run with all its numbers; its artifacts stay until unused ones are removed. Refused while it runs.
    pub fn delete_run(&self, id: i64) -> Result<()> {
        self.mark_interrupted_runs()?;
        self.write("deleting a run", |connection| {
            let run = find(connection, id)?;
            if run.status == RunStatus::Running {
                return Err(Error::input(format!("Run {id} “{}” is going on. Cancel it first.", run.name)));
            }
            connection.execute("DELETE FROM run WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    // A "running" whose process died is shown as what it is. It is dead when the lock was seen free between two reads
    // that both found it running under the same holding of the lock: a run that just ended is not mistaken for it.
    fn read_runs(&self, read: impl Fn(&Connection) -> Result<Vec<Run>>) -> Result<Vec<Run>> {
        let is_running = |run: &&Run| run.status == RunStatus::Running;
        let first = self.read("reading the runs", &read)?;
        if !first.iter().any(|run| is_running(&run)) || self.runs_are_locked()? {
            return Ok(first);
        }
        self.mark_interrupted_runs()?;
        let mut second = self.read("reading the runs", &read)?;
        for run in second.iter_mut().filter(|run| run.status == RunStatus::Running) {
            if first.iter().filter(is_running).any(|before| before.id == run.id && before.owner == run.owner) {
                run.status = RunStatus::Interrupted;
                run.progress = None;
            }
        }
        Ok(second)
    }
}

/// Ends a run inside a transaction; only for whoever started it.
pub(crate) fn close(connection: &Connection, lock: &RunLock, id: i64, status: &str, error: Option<&str>) -> Result<()> {
    let closed = connection.execute(
        "UPDATE run SET status = ?2, error = ?3, ended_at = ?4, progress = NULL \
         WHERE id = ?1 AND status = 'running' AND owner = ?5",
        (id, status, error, store::now(), lock.owner()),
    )?;
    if closed == 1 {
        return Ok(());
    }
    let run = find(connection, id)?;
    Err(Error::input(format!("Run {id} “{}” was not started here, so it cannot be ended here.", run.name)))
}

pub(crate) fn find(connection: &Connection, id: i64) -> Result<Run> {
    let mut statement = connection.prepare_cached("SELECT * FROM run WHERE id = ?1")?;
    statement.query_row([id], run).optional()?.ok_or_else(|| Error::NotFound {
        what: "run",
        name: id.to_string(),
        advice: "List the runs to see which there are.".to_owned(),
    })
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let status: String = row.get("status")?;
    let progress: Option<String> = row.get("progress")?;
    Ok(Run {
        id: row.get("id")?,
        name: row.get("name")?,
        dataset: row.get("dataset")?,
        dataset_digest: row.get("dataset_digest")?,
        settings: row.get("settings")?,
        fingerprint: row.get("fingerprint")?,
        protocol: row.get("protocol")?,
        status: RunStatus::from_name(&status)
            .ok_or_else(|| rusqlite::Error::InvalidColumnType(0, format!("status {status}"), Type::Text))?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        error: row.get("error")?,
        process: row.get("process")?,
        owner: row.get("owner")?,
        cancel_asked: row.get("cancel_asked")?,
        progress: progress.and_then(|json| serde_json::from_str(&json).ok()),
    })
}

impl RunStatus {
    /// The word for it: "queued", "running", "finished", "failed", "cancelled", "interrupted".
    pub fn name(self) -> &'static str {
        match self {
            RunStatus::Queued => "queued",
            RunStatus::Running => "running",
            RunStatus::Finished => "finished",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Interrupted => "interrupted",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        use RunStatus::*;
        [Queued, Running, Finished, Failed, Cancelled, Interrupted].into_iter().find(|status| status.name() == name)
    }
}
