//! Answers that come back as a file: verified first, then kept whole or not at all.

use std::path::Path;

use semid_core::study::{ParticipantKind, PlannedTrial, StudyDesign, TaskKind, TrialKind, canonical_json};
use semid_store::{Participant, StoredConsent, StoredResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::consent_hashes;
use super::signing::{hmac_sha256, is_equal, sign_next};
use super::{Answer, AnswersFile, FORM, OpenedStudy, SessionTrial};
use crate::{Engine, Error, Result, files};

/// Bytes of the largest answers file that is read.
const LARGEST: u64 = 20_000_000;

/// Characters of the longest text of an answer.
const LONGEST_TEXT: usize = 2_000;

/// What an answers file brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AnswersImported {
    /// The study.
    pub study: String,
    /// Its version.
    pub version: u64,
    /// Whose answers they are.
    pub pseudonym: String,
    /// Answers in the file.
    pub answers: u64,
    /// Those that were not here before.
    pub new: u64,
    /// Trials of the session.
    pub trials: u64,
    /// Whether the participant ended early.
    pub stopped: bool,
    /// What happened, in a sentence.
    pub sentence: String,
}

impl Engine {
    /// Imports an answers file. Anything that does not fit (another study, an unknown session, a signature that does not
    /// match, an answer that the trial does not allow) refuses the whole file.
    pub fn import_answers(&self, path: &Path) -> Result<AnswersImported> {
        let bytes = files::read_up_to(path, LARGEST)?;
        let refuse = |sentence: String| Error::input(format!("{}: {sentence} Nothing was imported.", path.display()));
        let raw: Value = serde_json::from_slice(&bytes)
            .map_err(|error| refuse(format!("This is no answers file, or it is cut off ({error}).")))?;
        let file: AnswersFile = AnswersFile::deserialize(&raw)
            .map_err(|error| refuse(format!("This is no answers file of this form ({error}).")))?;
        let unknown = || {
            refuse(format!(
                "Its session (participant {}) is not known here. It was made on another machine, or the participant \
                 withdrew.",
                shortened(&file.pseudonym)
            ))
        };
        let participant = self.store().participant_of_session(&file.session)?.ok_or_else(unknown)?;
        let opened = self.study_of(&participant)?;
        let trials = self.planned_and_shown(&opened, &participant)?;
        verify(&opened, &participant, &trials, &file, &raw).map_err(&refuse)?;
        let consent = StoredConsent {
            text_hash: file.consent.text_hash.clone(),
            language: file.consent.language.clone(),
            given_at: file.consent.given_at / 1000,
        };
        let mut responses = Vec::with_capacity(file.answers.len());
        for (signed, raw) in file.answers.iter().zip(raw["answers"].as_array().into_iter().flatten()) {
            responses.push(StoredResponse {
                participant: participant.id,
                position: signed.answer.position,
                answer: canonical_json(&raw["answer"]),
                answered_at: signed.answer.answered_at,
                mac: signed.mac.clone(),
            });
        }
        let there = self.store().responses(participant.id)?;
        let news = responses.iter().filter(|new| !there.iter().any(|old| old.position == new.position)).count() as u64;
        // The same file again is told from late answers: after the end nothing new comes in.
        if news > 0 {
            opened.check_open()?;
        }
        let new = self.store().hand_in(participant.id, Some(&consent), &responses)?;
        self.log_file(opened.study.id, "answers", path, Some(&participant.pseudonym))?;
        let (answers, trials) = (responses.len() as u64, trials.len() as u64);
        let sentence = match (new, participant.handed_in) {
            (0, Some(_)) => {
                format!("These answers of {} were imported before; nothing changed.", participant.pseudonym)
            }
            _ => format!(
                "{new} answers of {} were imported: {answers} of {trials} trials are answered{}.",
                participant.pseudonym,
                if file.stopped { ", and the participant ended early" } else { "" }
            ),
        };
        Ok(AnswersImported {
            study: opened.study.name.clone(),
            version: opened.study.version as u64,
            pseudonym: participant.pseudonym,
            answers,
            new,
            trials,
            stopped: file.stopped,
            sentence,
        })
    }
}

/// What does not fit, in a sentence.
fn verify(
    opened: &OpenedStudy,
    participant: &Participant,
    trials: &[(PlannedTrial, SessionTrial)],
    file: &AnswersFile,
    raw: &Value,
) -> Result<(), String> {
    let tampered = |what: &str| {
        Err(format!(
            "{what} does not match its signature: the file was changed after the participant saved it, or damaged on the \
             way. Ask for the file again."
        ))
    };
    if file.form != FORM {
        return Err(format!("It is of form {}, and this version reads form {FORM}. Update Semid.", file.form));
    }
    if participant.kind != ParticipantKind::Person || file.pseudonym != participant.pseudonym {
        return Err(format!("It names participant {}, whose session it is not.", shortened(&file.pseudonym)));
    }
    if opened.study.protocol_hash.as_deref() != Some(file.protocol_hash.as_str()) {
        return Err(format!(
            "It was answered under another protocol than the one that study “{}” is locked under.",
            opened.study.name
        ));
    }
    let mut last = participant.session.clone();
    let listed = raw["answers"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, (signed, raw)) in file.answers.iter().zip(listed).enumerate() {
        let expected = sign_next(&participant.key, &last, &canonical_json(&raw["answer"]));
        if !is_equal(&expected, &signed.mac) {
            return tampered(&format!("Answer {}", at + 1));
        }
        last = expected;
    }
    let mut rest = raw.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.remove("mac");
    }
    let expected = hmac_sha256(&participant.key, format!("{last}\n{}", canonical_json(&rest)).as_bytes());
    if !is_equal(&expected, &file.mac) {
        return tampered("The file");
    }
    if consent_hashes(&opened.protocol).get(&file.consent.language) != Some(&file.consent.text_hash) {
        return Err("The consent that was given is not to the text of this study.".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    for signed in &file.answers {
        let position = signed.answer.position;
        if !seen.insert(position) {
            return Err(format!("Trial {} is answered twice.", u64::from(position) + 1));
        }
        check_answer(opened.design(), trials, &signed.answer)?;
    }
    Ok(())
}

/// Whether an answer is one that its trial allows.
pub(super) fn check_answer(
    design: &StudyDesign,
    trials: &[(PlannedTrial, SessionTrial)],
    answer: &Answer,
) -> Result<(), String> {
    let number = u64::from(answer.position) + 1;
    let Some((planned, shown)) = trials.iter().find(|(_, shown)| shown.position == answer.position) else {
        return Err(format!("Trial {number} is no trial of this session."));
    };
    let Some(task) = design.task(&planned.task) else { return Err(format!("Trial {number} has no task.")) };
    let is_naming = matches!(task.kind, TaskKind::Naming { .. });
    let options = match planned.kind {
        TrialKind::Attention { .. } => planned.order.len(),
        TrialKind::Stimulus { .. } => task.options(),
    };
    let wrong = |what: &str| Err(format!("The answer to trial {number} {what}."));
    if answer.place.is_some_and(|place| place as usize >= options) {
        return wrong("chooses what was not offered");
    }
    if answer.cannot_judge && (!shown.cannot_judge || answer.place.is_some()) {
        return wrong("says “cannot judge” where it was not offered, or beside a choice");
    }
    if answer.confidence.is_some_and(|point| point > 4) || (answer.confidence.is_some() && !shown.confidence) {
        return wrong("has a confidence that was not asked");
    }
    if !is_naming && answer.place.is_none() && !answer.cannot_judge {
        return wrong("holds no choice");
    }
    if answer.text.is_some() && !is_naming {
        return wrong("holds a text where none was asked");
    }
    if is_naming && answer.text.is_none() {
        return wrong("holds no text");
    }
    if answer.text.as_deref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return wrong(&format!("is longer than {LONGEST_TEXT} characters"));
    }
    if !design.languages.contains(&answer.language) {
        return wrong("is in a language that the study does not have");
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(24).collect()
}
