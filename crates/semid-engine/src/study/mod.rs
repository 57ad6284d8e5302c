//! Interpretability studies: designed, locked, taken part in, analysed, written out, and withdrawn from.
//!
//! What a study is and what its answers say is `semid_core::study`; what is kept of it is `semid_store`. Here both meet the
//! data sets and IDs of the workspace, and the files that go out and come back.

mod agreement;
mod analyse;
mod design;
mod document;
mod export;
mod import;
mod power;
mod raters;
mod sessions;
mod signing;
mod starter;
mod stimuli;
mod texts;
mod two_axes;
mod window;
mod withdraw;

use semid_core::study::{ParticipantKind, Protocol, Stimulus, StudyDesign, Texts, block, plan_session};
use semid_store::{Participant, Study};
use serde::{Deserialize, Serialize};

pub use analyse::{KindProgress, MaskedArm, StudyAnalysis};
pub use design::{design_from_toml, design_to_toml};
pub use document::{
    Answer, AnswersFile, ConsentGiven, SessionDocument, SessionState, SessionTrial, SignedAnswer, TrialTask,
};
pub use export::{StudyExported, study_charts};
pub use import::AnswersImported;
pub use raters::{AskedTrial, Rater};
pub use sessions::MadeSession;
pub use signing::{hmac_sha256, sha256, sign_next};
pub use starter::STARTER_CONTACT;
pub use texts::template as texts_template;
pub use window::ParticipantSession;
pub use withdraw::{FileFate, FileOutcome, Withdrawn};

use crate::{Engine, Error, Result};

/// Form of the documents of this module.
const FORM: u32 = 1;

/// A study in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyRow {
    /// Names it in commands.
    pub name: String,
    /// 1, and one more for each new version after a lock.
    pub version: u64,
    /// Its title in its first language.
    pub title: String,
    /// The data set.
    pub dataset: String,
    /// Where it is.
    pub state: StudyState,
    /// Hash of the locked protocol.
    pub protocol_hash: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; none before the lock.
    pub locked_at: Option<i64>,
    /// Unix seconds of the end of data collection; none before.
    pub closed_at: Option<i64>,
    /// Participants planned.
    pub planned: u32,
    /// People with at least one answer.
    pub people: u64,
    /// Simulated participants with at least one answer.
    pub simulated: u64,
    /// Language models with at least one answer.
    pub models: u64,
}

/// Where a study is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum StudyState {
    /// It can still be changed.
    Draft,
    /// Fixed; people take part.
    Open,
    /// Data collection has ended; arms are unmasked.
    Closed,
}

impl StudyState {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            StudyState::Draft => "draft",
            StudyState::Open => "open",
            StudyState::Closed => "closed",
        }
    }
}

/// A study with everything its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyDetail {
    /// As in the list.
    pub study: StudyRow,
    /// The design.
    pub design: StudyDesign,
    /// What is shown, in every arm.
    pub stimuli: Vec<Stimulus>,
    /// What the participant's page says, by language in the order of the design.
    pub texts: Vec<Texts>,
    /// Rows of the Latin square: participants come in multiples of it.
    pub block: u32,
    /// Trials of one participant, attention checks among them; those of a second part are not.
    pub trials: u32,
    /// Minutes that a session is likely to take.
    pub minutes: u32,
    /// Sessions that were made, oldest first.
    pub participants: Vec<ParticipantRow>,
    /// Withdrawals, oldest first.
    pub withdrawals: Vec<Withdrawn>,
    /// Files with answers or sessions that were written or read.
    pub files: Vec<StudyFile>,
}

/// A participant in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ParticipantRow {
    /// What they are called everywhere.
    pub pseudonym: String,
    /// Who answers.
    pub kind: ParticipantKind,
    /// 2 for those who match names that others gave.
    pub part: u8,
    /// Names the session to the participant's window.
    pub session: String,
    /// Trials.
    pub trials: u64,
    /// Those that are answered.
    pub answered: u64,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; none before.
    pub handed_in: Option<i64>,
}

/// A file with answers or a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyFile {
    /// `results`, `protocol`, `session`, `answers`.
    pub kind: String,
    /// Where it was put, or read.
    pub path: String,
    /// Whose; none: of all.
    pub pseudonym: Option<String>,
    /// Unix seconds.
    pub at: i64,
}

/// A study of the store, opened.
pub(crate) struct OpenedStudy {
    pub study: Study,
    pub protocol: Protocol,
}

impl OpenedStudy {
    fn design(&self) -> &StudyDesign {
        &self.protocol.design
    }

    fn state(&self) -> StudyState {
        match (self.study.locked_at, self.study.closed_at) {
            (None, _) => StudyState::Draft,
            (Some(_), None) => StudyState::Open,
            (Some(_), Some(_)) => StudyState::Closed,
        }
    }

    /// The hash of the locked protocol.
    fn hash(&self) -> Result<&str> {
        self.study.protocol_hash.as_deref().ok_or_else(|| self.not_locked())
    }

    fn not_locked(&self) -> Error {
        Error::input(format!(
            "Study “{}” is a draft. Lock it with `semid study lock {0}` before anybody takes part.",
            self.study.name
        ))
    }

    /// Refuses whatever belongs to a data collection that is going on.
    fn check_open(&self) -> Result<()> {
        match self.state() {
            StudyState::Draft => Err(self.not_locked()),
            StudyState::Open => Ok(()),
            StudyState::Closed => Err(Error::input(format!(
                "The data collection of study “{}” has ended: nobody takes part and no answers come in any more.",
                self.study.name
            ))),
        }
    }
}

impl Engine {
    /// All studies, newest first; each version is one.
    pub fn studies(&self) -> Result<Vec<StudyRow>> {
        let mut rows: Vec<StudyRow> = Vec::new();
        for study in self.store().studies()? {
            rows.push(self.study_row(&opened(study)?)?);
        }
        Ok(rows)
    }

    /// A study with everything its page shows: the latest version, or the one asked for.
    pub fn study(&self, name: &str, version: Option<u64>) -> Result<StudyDetail> {
        let opened = self.open_study(name, version)?;
        let id = opened.study.id;
        let design = opened.design();
        let planned = plan_session(design, &opened.protocol.stimuli, 0, 0);
        let mut participants = Vec::new();
        for participant in self.store().participants(id)? {
            participants.push(ParticipantRow {
                trials: self.shown_trials(&opened, &participant)?.len() as u64,
                answered: self.store().responses(participant.id)?.len() as u64,
                pseudonym: participant.pseudonym,
                kind: participant.kind,
                part: participant.part,
                session: participant.session,
                created_at: participant.created_at,
                handed_in: participant.handed_in,
            });
        }
        let file = |file: semid_store::ExportedFile| StudyFile {
            kind: file.kind,
            path: file.path,
            pseudonym: file.pseudonym,
            at: file.at,
        };
        Ok(StudyDetail {
            study: self.study_row(&opened)?,
            block: block(design),
            trials: planned.len() as u32,
            minutes: design::minutes(design, &planned),
            participants,
            withdrawals: self.withdrawals(id)?,
            files: self.store().exports(id)?.into_iter().map(file).collect(),
            design: opened.protocol.design,
            stimuli: opened.protocol.stimuli,
            texts: opened.protocol.texts,
        })
    }

    fn study_row(&self, opened: &OpenedStudy) -> Result<StudyRow> {
        let (study, design) = (&opened.study, opened.design());
        let mut with_answers = [0u64; 3];
        for (participant, _) in self.store().answered_counts(study.id)?.into_iter().filter(|(_, count)| *count > 0) {
            with_answers[participant as usize] += 1;
        }
        let [people, simulated, models] = with_answers;
        let title = design.languages.first().and_then(|language| design.title.get(language));
        Ok(StudyRow {
            name: study.name.clone(),
            version: study.version as u64,
            title: title.cloned().unwrap_or_default(),
            dataset: study.dataset.clone(),
            state: opened.state(),
            protocol_hash: study.protocol_hash.clone(),
            created_at: study.created_at,
            locked_at: study.locked_at,
            closed_at: study.closed_at,
            planned: design.participants,
            people,
            simulated,
            models,
        })
    }

    /// The latest version of a study, or the one asked for.
    pub(crate) fn open_study(&self, name: &str, version: Option<u64>) -> Result<OpenedStudy> {
        opened(self.store().study(name, version.map(|version| version as i64))?)
    }

    /// The study that people take part in: the version asked for, or the latest that is locked.
    fn locked_study(&self, name: &str, version: Option<u64>) -> Result<OpenedStudy> {
        let locked = |study: &Study| study.name == name && study.locked_at.is_some();
        let newest = self.store().studies()?.into_iter().filter(locked).max_by_key(|study| study.version);
        match (version, newest) {
            (None, Some(study)) => opened(study),
            _ => {
                let found = self.open_study(name, version)?;
                if found.state() == StudyState::Draft { Err(found.not_locked()) } else { Ok(found) }
            }
        }
    }

    /// The study of a participant.
    fn study_of(&self, participant: &Participant) -> Result<OpenedStudy> {
        opened(self.store().study_by_number(participant.study)?)
    }
}

fn opened(study: Study) -> Result<OpenedStudy> {
    let protocol = serde_json::from_str(&study.protocol).map_err(|error| {
        Error::input(format!(
            "The protocol of study “{}” is of another form than this version knows ({error}). Update Semid.",
            study.name
        ))
    })?;
    Ok(OpenedStudy { study, protocol })
}

/// Unix seconds now.
fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}
