//! Sessions: participants by pseudonym, their trials, and the one file that a browser shows.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::TryRngCore;
use rand::rngs::OsRng;
use semid_core::Seed;
use semid_core::study::{ParticipantKind, PlannedTrial, TaskKind, TrialKind, block, plan_matching, plan_session};
use semid_store::{ExportedFile, NewParticipant, Participant, StoredTrial};
use serde::{Deserialize, Serialize};

use super::document::{consent_hashes, shown_trial};
use super::signing::hex;
use super::{Answer, FORM, OpenedStudy, SessionDocument, SessionTrial};
use crate::{Engine, Error, Result, files};

/// Letters that nobody mistakes for one another.
const LETTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Where the page expects its session.
const PLACE: &str = "<script id=\"session\" type=\"application/json\">null</script>";

/// A session that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct MadeSession {
    /// What the participant is called.
    pub pseudonym: String,
    /// Names the session to the participant's window.
    pub session: String,
    /// Who answers.
    pub kind: ParticipantKind,
    /// 2 for those who match names that others gave.
    pub part: u8,
    /// Trials.
    pub trials: u64,
    /// The file, where one was written.
    pub file: Option<PathBuf>,
}

/// A name that somebody gave to a code: by place of the matching stimulus and of the arm, who gave it.
type Names = BTreeMap<(u32, u32), Vec<i64>>;

impl Engine {
    /// Makes sessions of a locked study. Rows of the Latin square are dealt in turn, so that blocks fill up. `part` 2 makes
    /// sessions that match names which people gave in part 1. `files`: the participant's page and a folder, where each
    /// session is also written as one file.
    pub fn make_sessions(
        &self,
        name: &str,
        version: Option<u64>,
        count: u32,
        part: u8,
        files: Option<(&str, &Path)>,
    ) -> Result<Vec<MadeSession>> {
        if !(1..=1_000).contains(&count) {
            return Err(Error::input("Make 1 to 1,000 sessions at a time."));
        }
        let opened = self.locked_study(name, version)?;
        opened.check_open()?;
        // What cannot be written is told before a session is made.
        if let Some((template, folder)) = files {
            check_template(template)?;
            std::fs::create_dir_all(folder).map_err(|source| Error::io("written", folder, source))?;
        }
        let make = |_| {
            let made = self.make_participant(&opened, ParticipantKind::Person, part)?;
            match files {
                Some((template, folder)) => self.export_session(&made.pseudonym, template, folder),
                None => self.made_session(&opened, &made),
            }
        };
        (0..count).map(make).collect()
    }

    pub(super) fn made_session(&self, opened: &OpenedStudy, participant: &Participant) -> Result<MadeSession> {
        Ok(MadeSession {
            trials: self.shown_trials(opened, participant)?.len() as u64,
            pseudonym: participant.pseudonym.clone(),
            session: participant.session.clone(),
            kind: participant.kind,
            part: participant.part,
            file: None,
        })
    }

    /// A participant with the trials of the next row of the Latin square.
    pub(super) fn make_participant(
        &self,
        opened: &OpenedStudy,
        kind: ParticipantKind,
        part: u8,
    ) -> Result<Participant> {
        let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
        let names = match part {
            1 => Names::new(),
            2 => self.names_to_match(opened, kind)?,
            _ => return Err(Error::input("A study has part 1, and part 2 where names are matched.")),
        };
        let mut shown = self.times_shown(opened, kind)?;
        let new = NewParticipant {
            study: opened.study.id,
            pseudonym: self.pseudonym(kind)?,
            kind,
            part,
            session: hex(&secret::<16>()?),
            key: secret::<32>()?.to_vec(),
        };
        let plan = |row: u32, id: i64| {
            let trials = match part {
                1 => plan_session(design, stimuli, row, id as u64),
                _ => plan_matching(design, stimuli, row, id as u64, |at, arm| names.contains_key(&(at, arm))),
            };
            let mut rng = Seed(design.seed).rng(&format!("study names {id}"));
            let mut stored = Vec::with_capacity(trials.len());
            for (position, trial) in trials.into_iter().enumerate() {
                let name = match trial.kind {
                    TrialKind::Stimulus { stimulus, arm } if part == 2 => {
                        names.get(&(stimulus, arm)).and_then(|givers| {
                            // The name that was shown least so far; among equals by seed.
                            let times = |giver: &i64| shown.get(&(stimulus, arm, *giver)).copied().unwrap_or(0);
                            let least = givers.iter().map(times).min()?;
                            let rest: Vec<i64> = givers.iter().copied().filter(|giver| times(giver) == least).collect();
                            let giver = rest[rng.random_range(0..rest.len())];
                            *shown.entry((stimulus, arm, giver)).or_default() += 1;
                            Some(giver)
                        })
                    }
                    _ => None,
                };
                stored.push(StoredTrial {
                    position: position as u32,
                    task: trial.task.clone(),
                    plan: serde_json::to_string(&trial).unwrap_or_default(),
                    shown_name: name,
                });
            }
            stored
        };
        Ok(self.store().write_participant(&new, block(design), plan)?)
    }

    /// Names that participants of a kind gave, by the stimulus and arm in which they are matched.
    fn names_to_match(&self, opened: &OpenedStudy, kind: ParticipantKind) -> Result<Names> {
        let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
        if !design.tasks.iter().any(|task| task.is_second_part()) {
            return Err(Error::input(format!(
                "Study “{}” has no second part: none of its tasks matches names.",
                design.name
            )));
        }
        let mut names = Names::new();
        for participant in self.store().participants(opened.study.id)? {
            if participant.kind != kind || participant.part != 1 {
                continue;
            }
            for (trial, answer) in self.answered_trials(&participant)? {
                let TrialKind::Stimulus { stimulus, arm } = trial.kind else { continue };
                let written = answer.text.as_deref().is_some_and(|text| !text.trim().is_empty());
                let Some(named) = stimuli.get(stimulus as usize).filter(|_| written) else { continue };
                for (at, matched) in stimuli.iter().enumerate() {
                    if is_matched_to(design, &matched.task, &named.task) && matched.anchor == named.anchor {
                        names.entry((at as u32, arm)).or_default().push(participant.id);
                    }
                }
            }
        }
        if names.is_empty() {
            return Err(Error::input(
                "Nobody has given a name to a code yet. Import the answers of the first part; then make sessions of the second.",
            ));
        }
        Ok(names)
    }

    /// How often each name was shown, by stimulus, arm and giver.
    fn times_shown(&self, opened: &OpenedStudy, kind: ParticipantKind) -> Result<BTreeMap<(u32, u32, i64), u32>> {
        let mut times = BTreeMap::new();
        for participant in self.store().participants(opened.study.id)? {
            if participant.kind != kind || participant.part != 2 {
                continue;
            }
            for stored in self.store().trials(participant.id)? {
                let (Some(giver), TrialKind::Stimulus { stimulus, arm }) = (stored.shown_name, planned(&stored)?.kind)
                else {
                    continue;
                };
                *times.entry((stimulus, arm, giver)).or_default() += 1;
            }
        }
        Ok(times)
    }

    /// What a page may know of a session; with the key where the page signs.
    pub(super) fn session_document(
        &self,
        opened: &OpenedStudy,
        participant: &Participant,
        with_key: bool,
    ) -> Result<SessionDocument> {
        let protocol = &opened.protocol;
        let design = &protocol.design;
        Ok(SessionDocument {
            form: FORM,
            pseudonym: participant.pseudonym.clone(),
            session: participant.session.clone(),
            key: if with_key { hex(&participant.key) } else { String::new() },
            protocol_hash: opened.hash()?.to_owned(),
            languages: design.languages.clone(),
            title: design.title.clone(),
            consent: design.consent.clone(),
            consent_hash: consent_hashes(protocol),
            texts: protocol.texts.clone(),
            break_every: design.break_every,
            trials: self.shown_trials(opened, participant)?,
        })
    }

    /// The trials of a participant whose parts are all there: a name to be matched is gone with whoever gave it.
    pub(super) fn shown_trials(&self, opened: &OpenedStudy, participant: &Participant) -> Result<Vec<SessionTrial>> {
        let mut trials = Vec::new();
        for stored in self.store().trials(participant.id)? {
            let planned = planned(&stored)?;
            let name = stored.shown_name.map(|giver| self.name_given(opened, giver, &planned)).transpose()?.flatten();
            trials.extend(shown_trial(&opened.protocol, stored.position, &planned, name));
        }
        Ok(trials)
    }

    /// The name that somebody gave to the code of a matching trial.
    fn name_given(&self, opened: &OpenedStudy, giver: i64, matching: &PlannedTrial) -> Result<Option<String>> {
        let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
        let TrialKind::Stimulus { stimulus, arm } = matching.kind else { return Ok(None) };
        let Some(matched) = stimuli.get(stimulus as usize) else { return Ok(None) };
        for (trial, answer) in self.answered_trials_of(giver)? {
            let TrialKind::Stimulus { stimulus: named, arm: in_arm } = trial.kind else { continue };
            let Some(named) = stimuli.get(named as usize) else { continue };
            if in_arm == arm && named.anchor == matched.anchor && is_matched_to(design, &matched.task, &named.task) {
                return Ok(answer.text);
            }
        }
        Ok(None)
    }

    /// Trials with their answers, in the order of the session.
    pub(super) fn answered_trials(&self, participant: &Participant) -> Result<Vec<(PlannedTrial, Answer)>> {
        self.answered_trials_of(participant.id)
    }

    fn answered_trials_of(&self, participant: i64) -> Result<Vec<(PlannedTrial, Answer)>> {
        let answers = self.store().responses(participant)?;
        if answers.is_empty() {
            return Ok(Vec::new());
        }
        let trials: BTreeMap<u32, StoredTrial> =
            self.store().trials(participant)?.into_iter().map(|trial| (trial.position, trial)).collect();
        let mut answered = Vec::new();
        for response in answers {
            let Some(trial) = trials.get(&response.position) else { continue };
            let answer = serde_json::from_str(&response.answer)
                .map_err(|error| Error::input(format!("A stored answer cannot be read: {error}.")))?;
            answered.push((planned(trial)?, answer));
        }
        Ok(answered)
    }

    /// Writes a session as one file that runs in any browser without a network. `template` is the participant's page.
    pub fn export_session(&self, pseudonym: &str, template: &str, output: &Path) -> Result<MadeSession> {
        let participant = self.store().participant(pseudonym)?;
        let opened = self.study_of(&participant)?;
        opened.check_open()?;
        let document = self.session_document(&opened, &participant, true)?;
        let page = page(template, &document)?;
        let path = match output.is_dir() {
            true => output.join(format!("{}-{pseudonym}.html", opened.study.name)),
            false => output.to_owned(),
        };
        files::write_atomically(&path, |file| file.write_all(page.as_bytes()))?;
        self.log_file(opened.study.id, "session", &path, Some(pseudonym))?;
        Ok(MadeSession { file: Some(path), ..self.made_session(&opened, &participant)? })
    }

    /// Remembers a file, so that a withdrawal finds it.
    pub(super) fn log_file(&self, study: i64, kind: &str, path: &Path, pseudonym: Option<&str>) -> Result<()> {
        let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.store().log_export(
            study,
            &ExportedFile {
                kind: kind.to_owned(),
                digest: files::digest(path)?.to_hex().to_string(),
                path: whole.to_string_lossy().into_owned(),
                pseudonym: pseudonym.map(str::to_owned),
                at: 0,
            },
        )?;
        Ok(())
    }

    /// A pseudonym that is free: P for people, S for simulated participants, M for models.
    fn pseudonym(&self, kind: ParticipantKind) -> Result<String> {
        let first = match kind {
            ParticipantKind::Person => 'P',
            ParticipantKind::Simulated => 'S',
            ParticipantKind::Model => 'M',
        };
        for attempt in 0..200 {
            let length = 4 + attempt / 20;
            let letters = (0..length).map(|_| {
                // 248 is the largest multiple of 31 that fits a byte: no letter is likelier than another.
                loop {
                    let [byte] = secret::<1>()?;
                    if byte < 248 {
                        return Ok(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
                    }
                }
            });
            let pseudonym = format!("{first}-{}", letters.collect::<Result<String>>()?);
            match self.store().participant(&pseudonym) {
                Err(semid_store::Error::NotFound { .. }) => return Ok(pseudonym),
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
        Err(Error::input("No free pseudonym was found. Try again."))
    }
}

/// A trial as it was planned.
pub(super) fn planned(stored: &StoredTrial) -> Result<PlannedTrial> {
    serde_json::from_str(&stored.plan)
        .map_err(|error| Error::input(format!("Trial {} cannot be read: {error}.", stored.position + 1)))
}

/// Whether a task matches the names of another.
pub(super) fn is_matched_to(design: &semid_core::study::StudyDesign, matching: &str, naming: &str) -> bool {
    design.task(matching).is_some_and(|task| matches!(&task.kind, TaskKind::Matching { of, .. } if of == naming))
}

/// Bytes nobody can guess, of the operating system.
fn secret<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        Error::input(format!("The operating system gave no random numbers: {error}. Nothing was made; try again."))
    })?;
    Ok(bytes)
}

fn check_template(template: &str) -> Result<()> {
    match template.matches(PLACE).count() {
        1 => Ok(()),
        _ => Err(Error::input(
            "The participant's page was not built into this program. Build it with `cargo xtask ui`, then the program \
             again; the app's own participant window needs no such file.",
        )),
    }
}

/// The page with its session inside.
fn page(template: &str, document: &SessionDocument) -> Result<String> {
    check_template(template)?;
    let json = serde_json::to_string(document).map_err(|error| Error::Report(error.to_string()))?;
    // Inside a script element these would end it, or begin a comment, or end a line for old parsers. JSON allows to write
    // any of them as an escape.
    let mut safe = String::with_capacity(json.len() + 64);
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(letter))),
            other => safe.push(other),
        }
    }
    Ok(template.replace(PLACE, &PLACE.replace("null", &safe)))
}
