//! `semid doctor`: what is wrong with a workspace, what to do, and the repairs that lose nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::DatasetDigest;
use crate::error::unwritable;
use crate::{Artifact, Dataset, Error, Result, RunStatus, Store, interaction, item};

/// A log larger than this should have been folded into the database.
const LARGE_LOG_BYTES: u64 = 256 << 20;

/// Less than this is too little for a comparison.
const LITTLE_DISK_BYTES: u64 = 1 << 30;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works, but something should be done.
    Warning,
    /// Something is lost or cannot work.
    Error,
}

/// One thing the doctor noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub advice: String,
    /// What [`Store::repair`] would do about it, where that is safe.
    pub repair: Option<Repair>,
}

/// A repair that loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Delete a file nobody needs: a leftover, or an artifact that was set aside.
    DeleteFile(PathBuf),
    /// Delete an artifact whose content is damaged; the next run that needs it computes it again.
    DeleteArtifact {
        /// Its fingerprint.
        fingerprint: String,
        /// Its kind.
        kind: String,
    },
    /// Fold the log into the database.
    FoldLog,
    /// Give unused pages of the database back to the disk.
    Compact,
}

/// Examines the workspace in `folder`, even one that does not open: that is a finding too. Nothing is changed, but that
/// tables are brought up to date and killed runs marked, as every opening does.
pub fn check(folder: &Path) -> Vec<Finding> {
    if !folder.join("semid.db").exists() && !folder.is_file() {
        return vec![Finding {
            severity: Severity::Note,
            what: format!("There is no workspace in {} yet.", folder.display()),
            advice: "Import a data set: that makes it. Or check SEMID_HOME.".to_owned(),
            repair: None,
        }];
    }
    let store = match Store::open(folder) {
        Ok(store) => Ok(store),
        Err(error @ Error::ReadOnly { .. }) => Store::open_read_only(folder).map_err(|_| error),
        Err(error) => Err(error),
    };
    match store {
        Ok(store) => store.check(),
        Err(error) => vec![unopened(&error)],
    }
}

impl Store {
    /// Examines the workspace: the database, the data sets' digests, the artifacts' content, what was left behind, what
    /// is short. Worst first; empty when all is well. Reads everything, so it takes seconds for gigabytes.
    pub fn check(&self) -> Vec<Finding> {
        let checks = [
            Store::check_database,
            Store::check_datasets,
            Store::check_runs,
            Store::check_artifacts,
            Store::check_leftovers,
            Store::check_disk,
        ];
        let mut findings: Vec<Finding> =
            checks.iter().flat_map(|check| check(self).unwrap_or_else(|error| vec![unopened(&error)])).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Does the safe repairs of these findings; says what was done, a sentence each.
    pub fn repair(&self, findings: &[Finding]) -> Result<Vec<String>> {
        findings.iter().filter_map(|finding| finding.repair.as_ref()).map(|repair| self.repair_one(repair)).collect()
    }

    /// Artifacts that no run and no study names: what [`Store::remove_unused_artifacts`] would delete. Checkpoints of runs that can
    /// still be resumed are kept by naming their fingerprint in a stage.
    pub fn unused_artifacts(&self) -> Result<Vec<Artifact>> {
        let used = self.fingerprints_in_use()?;
        let mut artifacts = self.artifacts().list()?;
        artifacts.retain(|artifact| !used.contains(&artifact.fingerprint));
        Ok(artifacts)
    }

    /// Deletes the artifacts that no run and no study names, and returns them. Refused while a run is going on, which may be about to
    /// name them.
    pub fn remove_unused_artifacts(&self) -> Result<Vec<Artifact>> {
        let _nobody_runs = self.lock_runs()?;
        let unused = self.unused_artifacts()?;
        for artifact in &unused {
            self.artifacts().remove(&artifact.fingerprint, &artifact.kind)?;
        }
        Ok(unused)
    }

    fn check_database(&self) -> Result<Vec<Finding>> {
        let path = self.database();
        let mut findings = self.read("checking the database", |connection| {
            let mut findings = Vec::new();
            let mut statement = connection.prepare("PRAGMA integrity_check(5)")?;
            for line in statement.query_map([], |row| row.get::<_, String>(0))? {
                let line = line?;
                if line != "ok" {
                    findings.push(Finding {
                        severity: Severity::Error,
                        what: format!("The database {} is damaged: {line}.", path.display()),
                        advice: "Restore it from a backup, or import again into a new workspace.".to_owned(),
                        repair: None,
                    });
                }
            }
            let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
            let orphans = statement.query_map([], |row| row.get::<_, String>(0))?;
            for table in orphans.collect::<rusqlite::Result<BTreeSet<String>>>()? {
                findings.push(Finding {
                    severity: Severity::Error,
                    what: format!("Rows of the table {table} belong to nothing that exists."),
                    advice: "Another program changed the database. Restore it from a backup.".to_owned(),
                    repair: None,
                });
            }
            let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let (pages, unused, page) = (pragma("page_count")?, pragma("freelist_count")?, pragma("page_size")?);
            let unused_bytes = (unused * page) as u64;
            if unused * 3 > pages && unused_bytes > 64 << 20 {
                findings.push(Finding {
                    severity: Severity::Note,
                    what: format!("{} of the database are unused.", megabytes(unused_bytes)),
                    advice: "They are used again; to give them back to the disk, repair.".to_owned(),
                    repair: Some(Repair::Compact),
                });
            }
            Ok(findings)
        })?;
        let log_bytes = fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len());
        if log_bytes > LARGE_LOG_BYTES {
            findings.push(Finding {
                severity: Severity::Warning,
                what: format!("The database's log has grown to {}.", megabytes(log_bytes)),
                advice: "Close other programs that read the workspace, and repair.".to_owned(),
                repair: Some(Repair::FoldLog),
            });
        }
        Ok(findings)
    }

    fn check_datasets(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for dataset in self.datasets()? {
            if self.digest_of(&dataset)? != dataset.digest {
                findings.push(Finding {
                    severity: Severity::Error,
                    what: format!("The data set “{}” is not what was imported: its digest differs.", dataset.name),
                    advice: "Import it again.".to_owned(),
                    repair: None,
                });
            }
        }
        Ok(findings)
    }

    fn check_runs(&self) -> Result<Vec<Finding>> {
        let interrupted = self.runs()?.into_iter().filter(|run| run.status == RunStatus::Interrupted);
        Ok(interrupted
            .map(|run| Finding {
                severity: Severity::Note,
                what: format!("Run {} “{}” was interrupted.", run.id, run.name),
                advice: "Start it again: it resumes from what is finished. Or delete it.".to_owned(),
                repair: None,
            })
            .collect())
    }

    fn check_artifacts(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let artifacts = self.artifacts().list()?;
        for artifact in &artifacts {
            // Gone by now, or replaced: a run beside us is at work, and nothing is wrong.
            if let Some(why) = self.artifacts().problem(artifact) {
                findings.push(Finding {
                    severity: Severity::Warning,
                    what: format!("The artifact {}.{} is damaged: {why}.", artifact.fingerprint, artifact.kind),
                    advice: "Repair deletes it; the next run that needs it computes it again.".to_owned(),
                    repair: Some(Repair::DeleteArtifact {
                        fingerprint: artifact.fingerprint.clone(),
                        kind: artifact.kind.clone(),
                    }),
                });
            }
        }
        let there: BTreeSet<&str> = artifacts.iter().map(|artifact| artifact.fingerprint.as_str()).collect();
        let missing = self.fingerprints_in_use()?.iter().filter(|used| !there.contains(used.as_str())).count();
        if missing > 0 {
            findings.push(Finding {
                severity: Severity::Note,
                what: format!("{missing} artifacts that runs or studies came from are gone."),
                advice:
                    "Numbers and answers are kept. A run that needs one of them computes it again; a study shows no \
                         companions beside its numbers until the IDs of its arms are built again."
                        .to_owned(),
                repair: None,
            });
        }
        Ok(findings)
    }

    fn check_leftovers(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for path in self.artifacts().leftovers()? {
            findings.push(Finding {
                severity: Severity::Note,
                what: format!("{} was left by a process that was killed while writing.", path.display()),
                advice: "Nobody needs it; repair deletes it.".to_owned(),
                repair: Some(Repair::DeleteFile(path)),
            });
        }
        for path in self.artifacts().set_aside()? {
            findings.push(Finding {
                severity: Severity::Warning,
                what: format!("{} was found damaged and set aside; what it held was computed again.", path.display()),
                advice: "Repair deletes it. If this happens again, check the disk.".to_owned(),
                repair: Some(Repair::DeleteFile(path)),
            });
        }
        Ok(findings)
    }

    fn check_disk(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for folder in [self.folder(), self.artifacts().folder()] {
            if unwritable(folder) {
                findings.push(Finding {
                    severity: Severity::Error,
                    what: format!("{} cannot be written to.", folder.display()),
                    advice: "Check its permissions, whether its disk is mounted read-only, and whether it is full."
                        .to_owned(),
                    repair: None,
                });
            }
        }
        if let Some(free) = free_bytes(self.folder()).filter(|&free| free < LITTLE_DISK_BYTES) {
            findings.push(Finding {
                severity: Severity::Warning,
                what: format!("Only {} are free on the disk of {}.", megabytes(free), self.folder().display()),
                advice: "Free some space, remove unused artifacts, or move the workspace with SEMID_HOME.".to_owned(),
                repair: None,
            });
        }
        Ok(findings)
    }

    fn digest_of(&self, dataset: &Dataset) -> Result<String> {
        self.read("checking a data set", |connection| {
            let mut digest = DatasetDigest::default();
            item::each(connection, dataset.id, |item| digest.item(&item))?;
            interaction::each_user(connection, dataset.id, |key| digest.user(key))?;
            interaction::each_chunk(connection, dataset.id, |columns| {
                interaction::digest_columns(&mut digest, &columns);
                Some(())
            })?;
            Ok(digest.finish())
        })
    }

    fn repair_one(&self, repair: &Repair) -> Result<String> {
        match repair {
            Repair::DeleteFile(path) => {
                // Looked for again: a finding may be old by now, or not ours at all.
                if !self.artifacts().leftovers()?.contains(path) && !self.artifacts().set_aside()?.contains(path) {
                    return Ok(format!("Left {} alone: it is nothing to delete.", path.display()));
                }
                fs::remove_file(path).map_err(|source| Error::io("deleting a file", path, source))?;
                Ok(format!("Deleted {}.", path.display()))
            }
            Repair::DeleteArtifact { fingerprint, kind } => {
                self.artifacts().remove(fingerprint, kind)?;
                Ok(format!("Deleted the damaged artifact {fingerprint}.{kind}."))
            }
            Repair::FoldLog => {
                self.maintain("folding the log into the database", |connection| {
                    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
                })?;
                Ok("Folded the log into the database.".to_owned())
            }
            Repair::Compact => {
                self.maintain("compacting the database", |connection| Ok(connection.execute_batch("VACUUM")?))?;
                Ok("Gave unused pages back to the disk.".to_owned())
            }
        }
    }
}

fn unopened(error: &Error) -> Finding {
    Finding {
        severity: Severity::Error,
        what: error.to_string(),
        advice: "Then run `semid doctor` again.".to_owned(),
        repair: None,
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
