//! Withdrawal: a participant's answers leave the database and every file the app wrote; what cannot be reached is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use semid_core::Work;
use semid_store::{Deletion, ExportedFile, Participant};
use serde::{Deserialize, Serialize};

use super::OpenedStudy;
use super::export::{NUMBERS, RESULTS, result_files};
use crate::{Engine, Result, files};

/// A withdrawal that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Withdrawn {
    /// The study.
    pub study: String,
    /// Who.
    pub pseudonym: String,
    /// Answers that were deleted.
    pub answers: u64,
    /// What became of each file that held something of this person.
    pub files: Vec<FileOutcome>,
    /// Unix seconds.
    pub at: i64,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct FileOutcome {
    /// Where it was put, or read.
    pub path: String,
    /// What became of it.
    pub fate: FileFate,
    /// In a sentence.
    pub sentence: String,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum FileFate {
    /// Written anew without the person.
    Rewritten,
    /// Deleted.
    Deleted,
    /// Not reached: somebody has to look after it.
    NotReached,
}

impl FileOutcome {
    fn new(path: &str, fate: FileFate, sentence: impl Into<String>) -> Self {
        FileOutcome { path: path.to_owned(), fate, sentence: sentence.into() }
    }
}

impl Engine {
    /// Deletes everything of a participant: session, consent, answers; session files and results that the app wrote and
    /// nobody changed since. Results are written again without the person. Files that were changed, moved, or not written by
    /// the app are named, because they cannot be reached.
    ///
    /// Files go first: stopped half-way, the same command goes on.
    pub fn withdraw_participant(&self, work: &Work, pseudonym: &str) -> Result<Withdrawn> {
        let participant = self.store().participant(pseudonym)?;
        let opened = self.study_of(&participant)?;
        let study = opened.study.id;
        let shown_to: BTreeSet<String> = self.store().shown_names_of(participant.id)?.into_iter().collect();
        let mut outcomes: Vec<FileOutcome> = Vec::new();
        let mut again: BTreeSet<PathBuf> = BTreeSet::new();
        let mut run = None;
        for file in self.store().exports(study)? {
            run = run.or_else(|| run_of(Path::new(&file.path)));
            if let Some(outcome) = self.take_back(&participant, &file, &shown_to)? {
                if file.kind == RESULTS && outcome.fate == FileFate::Deleted {
                    again.insert(PathBuf::from(&file.path));
                }
                outcomes.push(outcome);
            }
        }
        let answers = self.store().withdraw(pseudonym)?;
        let rewritten = self.write_again(work, &opened, &again, run)?;
        for outcome in outcomes.iter_mut().filter(|outcome| rewritten.contains(Path::new(&outcome.path))) {
            *outcome = FileOutcome::new(&outcome.path, FileFate::Rewritten, "Written anew without this participant.");
        }
        let files = serde_json::to_string(&outcomes).unwrap_or_default();
        let deletion = Deletion { pseudonym: pseudonym.to_owned(), responses: answers, files, at: 0 };
        self.store().log_deletion(study, &deletion)?;
        Ok(Withdrawn {
            study: opened.study.name.clone(),
            pseudonym: pseudonym.to_owned(),
            answers,
            files: outcomes,
            at: super::now(),
        })
    }

    /// Withdrawals of a study, oldest first.
    pub(super) fn withdrawals(&self, study: i64) -> Result<Vec<Withdrawn>> {
        let name = self.store().study_by_number(study)?.name;
        let of = |deletion: Deletion| Withdrawn {
            study: name.clone(),
            pseudonym: deletion.pseudonym,
            answers: deletion.responses,
            files: serde_json::from_str(&deletion.files).unwrap_or_default(),
            at: deletion.at,
        };
        Ok(self.store().deletions(study)?.into_iter().map(of).collect())
    }

    /// Deletes a file if it holds something of this person and is as the app wrote it; none for files of others.
    fn take_back(
        &self,
        participant: &Participant,
        file: &ExportedFile,
        shown_to: &BTreeSet<String>,
    ) -> Result<Option<FileOutcome>> {
        let own = file.pseudonym.as_deref() == Some(participant.pseudonym.as_str());
        let shows_words = file.pseudonym.as_ref().is_some_and(|other| shown_to.contains(other));
        let holds = match file.kind.as_str() {
            RESULTS => true,
            "session" => own || shows_words,
            _ => own,
        };
        if !holds {
            return Ok(None);
        }
        let path = Path::new(&file.path);
        let fate = |fate, sentence: &str| Ok(Some(FileOutcome::new(&file.path, fate, sentence)));
        if !path.is_file() {
            return fate(
                FileFate::NotReached,
                "It is no longer there. If it was moved or copied, delete it where it is now.",
            );
        }
        if file.kind == "answers" {
            return fate(
                FileFate::NotReached,
                "This is the answers file as it was handed in, not written by Semid. Delete it, and the message it came in.",
            );
        }
        let is_ours = files::digest(path).is_ok_and(|digest| digest.to_hex().as_str() == file.digest);
        if !is_ours {
            return fate(
                FileFate::NotReached,
                "It was changed since Semid wrote it, so it was left alone. Remove this participant from it, or delete it.",
            );
        }
        if let Err(error) = overwrite_and_remove(path) {
            return fate(FileFate::NotReached, &format!("It could not be deleted ({error}). Delete it."));
        }
        self.store().forget_export(participant.study, &file.path)?;
        let sentence = match (file.kind.as_str(), own) {
            ("session", false) => {
                "Deleted: it showed words of this participant. Export the session again if it is needed."
            }
            _ => "Deleted.",
        };
        fate(FileFate::Deleted, sentence)
    }

    /// Writes results again into the folders they were in; gives what was written. What cannot be made stays deleted.
    fn write_again(
        &self,
        work: &Work,
        opened: &OpenedStudy,
        paths: &BTreeSet<PathBuf>,
        run: Option<i64>,
    ) -> Result<BTreeSet<PathBuf>> {
        let mut written = BTreeSet::new();
        if paths.is_empty() {
            return Ok(written);
        }
        let version = Some(opened.study.version as u64);
        let Ok(results) = self.study_results(work, &opened.study.name, version, run) else { return Ok(written) };
        let Ok(made) = result_files(opened, &results) else { return Ok(written) };
        let by_name: BTreeMap<&str, &[u8]> =
            made.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
        for path in paths {
            // The longest name that the path ends with: `charts/a.svg` before `a.svg`.
            let name = by_name.keys().filter(|name| path.ends_with(name)).max_by_key(|name| name.len());
            let Some(bytes) = name.and_then(|name| by_name.get(name)) else { continue };
            if files::write_atomically(path, |writer| writer.write_all(bytes)).is_ok() {
                self.log_file(opened.study.id, RESULTS, path, None)?;
                written.insert(path.clone());
            }
        }
        Ok(written)
    }
}

/// The run whose accuracy results were written with, so that they are written anew with the same.
fn run_of(path: &Path) -> Option<i64> {
    if !path.ends_with(NUMBERS) {
        return None;
    }
    let results: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    results["kinds"].as_array()?.iter().find_map(|kind| kind["two_axes"][0]["run"].as_i64())
}

/// Writes zeros over a file before it is removed, so that its blocks do not keep what it held, on disks that write in place.
fn overwrite_and_remove(path: &Path) -> io::Result<()> {
    let length = fs::metadata(path)?.len();
    let mut file = File::options().write(true).open(path)?;
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    file.flush()?;
    file.sync_all()?;
    drop(file);
    fs::remove_file(path)
}
