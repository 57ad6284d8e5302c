//! Taking part in the app's own window: every answer is on the disk when it is acknowledged, and a session goes on where it
//! stopped.

use semid_core::study::{ParticipantKind, PlannedTrial, canonical_json};
use semid_store::{Participant, StoredConsent, StoredResponse};
use serde::{Deserialize, Serialize};

use super::document::consent_hashes;
use super::import::check_answer;
use super::signing::sign_next;
use super::{Answer, OpenedStudy, SessionDocument, SessionState, SessionTrial};
use crate::{Engine, Error, Result};

/// A session as the app's own window opens it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ParticipantSession {
    /// All that the page may know.
    pub document: SessionDocument,
    /// Where it goes on.
    pub state: SessionState,
}

impl Engine {
    /// Opens a session for the participant's window; the engine keeps the key and signs.
    pub fn participant_session(&self, session: &str) -> Result<ParticipantSession> {
        let (opened, participant) = self.session(session)?;
        Ok(ParticipantSession {
            document: self.session_document(&opened, &participant, false)?,
            state: self.session_state(&participant)?,
        })
    }

    /// Keeps the consent of a participant. Given again it changes nothing.
    pub fn participant_consent(
        &self,
        session: &str,
        language: &str,
        text_hash: &str,
        given_at: i64,
    ) -> Result<SessionState> {
        let (opened, participant) = self.session(session)?;
        if consent_hashes(&opened.protocol).get(language).is_none_or(|hash| hash != text_hash) {
            return Err(Error::input("The consent is not to the text of this study. Open the session again."));
        }
        self.store().record_consent(
            participant.id,
            &StoredConsent {
                text_hash: text_hash.to_owned(),
                language: language.to_owned(),
                given_at: given_at / 1000,
            },
        )?;
        self.session_state(&participant)
    }

    /// Keeps one answer; it is on the disk when this returns. The same answer again changes nothing; a different one to a
    /// trial that is answered is refused.
    pub fn participant_answer(&self, session: &str, answer: &Answer) -> Result<SessionState> {
        let (opened, participant) = self.session(session)?;
        let state = self.session_state(&participant)?;
        if !state.consent_given {
            return Err(Error::input("Nobody answers before the consent is given."));
        }
        let trials = self.planned_and_shown(&opened, &participant)?;
        check_answer(opened.design(), &trials, answer).map_err(Error::input)?;
        let value = serde_json::to_value(answer).map_err(|error| Error::Report(error.to_string()))?;
        let canonical = canonical_json(&value);
        let given = self.store().responses(participant.id)?;
        if given.iter().any(|response| response.position == answer.position && response.answer == canonical) {
            return Ok(state);
        }
        // Answers come in the order of the trials, so that each signature stands on the one before it.
        let next = trials.iter().map(|(_, shown)| shown.position).find(|at| !state.answered.contains(at));
        if next != Some(answer.position) {
            return Err(Error::input(match next {
                Some(next) => format!(
                    "Trial {} is not the next one: the session goes on with trial {}.",
                    u64::from(answer.position) + 1,
                    next + 1
                ),
                None => "Every trial of this session is answered.".to_owned(),
            }));
        }
        let before = given.last().map_or(participant.session.as_str(), |response| response.mac.as_str());
        self.store().record_response(&StoredResponse {
            participant: participant.id,
            position: answer.position,
            mac: sign_next(&participant.key, before, &canonical),
            answer: canonical,
            answered_at: answer.answered_at,
        })?;
        if given.len() + 1 == trials.len() {
            self.store().hand_in(participant.id, None, &[])?;
        }
        self.session_state(&participant)
    }

    fn session(&self, session: &str) -> Result<(OpenedStudy, Participant)> {
        let unknown = || {
            Error::input("This session is not known here: it was made on another machine, or its participant withdrew.")
        };
        let participant = self.store().participant_of_session(session)?.ok_or_else(unknown)?;
        if participant.kind != ParticipantKind::Person {
            return Err(Error::input("This session belongs to no person."));
        }
        let opened = self.study_of(&participant)?;
        opened.check_open()?;
        Ok((opened, participant))
    }

    fn session_state(&self, participant: &Participant) -> Result<SessionState> {
        Ok(SessionState {
            consent_given: self.store().consent(participant.id)?.is_some(),
            answered: self.store().responses(participant.id)?.iter().map(|response| response.position).collect(),
        })
    }

    /// Trials as planned and as shown, in the order of the session.
    pub(super) fn planned_and_shown(
        &self,
        opened: &OpenedStudy,
        participant: &Participant,
    ) -> Result<Vec<(PlannedTrial, SessionTrial)>> {
        let shown = self.shown_trials(opened, participant)?;
        let mut trials = Vec::with_capacity(shown.len());
        for stored in self.store().trials(participant.id)? {
            if let Some(shown) = shown.iter().find(|shown| shown.position == stored.position) {
                trials.push((super::sessions::planned(&stored)?, shown.clone()));
            }
        }
        Ok(trials)
    }
}
