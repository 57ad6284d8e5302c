//! Participants by pseudonym, their trials, their consent and their answers.

use rusqlite::{Connection, OptionalExtension, Row};
pub use semid_core::study::ParticipantKind;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Store, store, study};

/// A participant and the session made for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Number inside this workspace.
    pub id: i64,
    /// The study.
    pub study: i64,
    /// What they are called everywhere.
    pub pseudonym: String,
    /// Who answers.
    pub kind: ParticipantKind,
    /// 2 for those who match names that others gave.
    pub part: u8,
    /// Row in the Latin square.
    pub row: u32,
    /// Token of the session.
    pub session: String,
    /// Signs the answers.
    pub key: Vec<u8>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; none before the answers were imported.
    pub handed_in: Option<i64>,
}

/// A participant to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewParticipant {
    /// The study, which must be locked and open.
    pub study: i64,
    /// Unique.
    pub pseudonym: String,
    /// Who answers.
    pub kind: ParticipantKind,
    /// 1 or 2.
    pub part: u8,
    /// Token of the session; unique.
    pub session: String,
    /// Signs the answers.
    pub key: Vec<u8>,
}

/// A trial as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTrial {
    /// Place in the session.
    pub position: u32,
    /// Key of the task.
    pub task: String,
    /// JSON.
    pub plan: String,
    /// Number of the participant whose name for a code is shown.
    pub shown_name: Option<i64>,
}

/// An answer as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResponse {
    /// Number of the participant.
    pub participant: i64,
    /// Place in the session.
    pub position: u32,
    /// JSON.
    pub answer: String,
    /// Unix milliseconds on the participant's clock.
    pub answered_at: i64,
    /// Signature of this answer and all before it.
    pub mac: String,
}

/// A consent as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredConsent {
    /// Digest of the text that was agreed to.
    pub text_hash: String,
    /// Its language.
    pub language: String,
    /// Unix seconds.
    pub given_at: i64,
}

impl Store {
    /// Writes a participant with the trials that `plan` gives for the row of the Latin square that has the fewest of its
    /// kind and part, of `rows` rows. Refused for a study that is not locked, or whose data collection has ended.
    pub fn write_participant(
        &self,
        new: &NewParticipant,
        rows: u32,
        plan: impl FnOnce(u32, i64) -> Vec<StoredTrial>,
    ) -> Result<Participant> {
        self.write("writing a session", |connection| {
            let study = study::by_number(connection, new.study)?;
            if study.locked_at.is_none() {
                return Err(Error::input(format!(
                    "Study “{}” is not locked. Lock it before anybody takes part.",
                    study.name
                )));
            }
            if study.closed_at.is_some() {
                return Err(Error::input(format!("The data collection of study “{}” has ended.", study.name)));
            }
            let mut in_row = vec![0u64; rows.max(1) as usize];
            let mut statement = connection
                .prepare_cached("SELECT square_row FROM participant WHERE study = ?1 AND kind = ?2 AND part = ?3")?;
            let taken = statement.query_map((new.study, new.kind.name(), new.part), |row| row.get::<_, u32>(0))?;
            for row in taken {
                let row = row? as usize % in_row.len();
                in_row[row] += 1;
            }
            let row = (0..in_row.len()).min_by_key(|&row| in_row[row]).unwrap_or(0) as u32;
            connection.execute(
                "INSERT INTO participant (study, pseudonym, kind, part, square_row, session, key, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (new.study, &new.pseudonym, new.kind.name(), new.part, row, &new.session, &new.key, store::now()),
            )?;
            let id = connection.last_insert_rowid();
            let mut insert = connection.prepare_cached(
                "INSERT INTO trial (participant, position, task, plan, shown_name) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for trial in plan(row, id) {
                insert.execute((id, trial.position, &trial.task, &trial.plan, trial.shown_name))?;
            }
            one(connection, "id", id)
        })
    }

    /// The participants of a study, oldest first.
    pub fn participants(&self, study: i64) -> Result<Vec<Participant>> {
        self.read("reading the participants", |connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM participant WHERE study = ?1 ORDER BY id")?;
            let rows = statement.query_map([study], participant)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The participant of a session's token.
    pub fn participant_of_session(&self, session: &str) -> Result<Option<Participant>> {
        self.read("reading a participant", |connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM participant WHERE session = ?1")?;
            Ok(statement.query_row([session], participant).optional()?)
        })
    }

    /// The participant of a pseudonym.
    pub fn participant(&self, pseudonym: &str) -> Result<Participant> {
        self.read("reading a participant", |connection| one(connection, "pseudonym", pseudonym))
    }

    /// Every participant of a study by kind, with the number of answers.
    pub fn answered_counts(&self, study: i64) -> Result<Vec<(ParticipantKind, u64)>> {
        self.read("counting answers", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, (SELECT count(*) FROM response WHERE participant = participant.id) FROM participant \
                 WHERE study = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([study], |row| {
                Ok((kind(&row.get::<_, String>(0)?), row.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Pseudonyms of those whose trials show words that a participant wrote.
    pub fn shown_names_of(&self, participant: i64) -> Result<Vec<String>> {
        self.read("looking for shown words", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT pseudonym FROM participant JOIN trial ON trial.participant = participant.id \
                 WHERE shown_name = ?1 ORDER BY pseudonym",
            )?;
            let rows = statement.query_map([participant], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The trials of a participant in their order.
    pub fn trials(&self, participant: i64) -> Result<Vec<StoredTrial>> {
        self.read("reading trials", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT position, task, plan, shown_name FROM trial WHERE participant = ?1 ORDER BY position",
            )?;
            let rows = statement.query_map([participant], |row| {
                Ok(StoredTrial { position: row.get(0)?, task: row.get(1)?, plan: row.get(2)?, shown_name: row.get(3)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The answers of a participant in their order.
    pub fn responses(&self, participant: i64) -> Result<Vec<StoredResponse>> {
        self.read("reading answers", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT participant, position, answer, answered_at, mac FROM response WHERE participant = ?1 \
                 ORDER BY position",
            )?;
            let rows = statement.query_map([participant], response)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps one answer. When this returns, the answer is on the disk: the connection commits with `synchronous=FULL`.
    pub fn record_response(&self, response: &StoredResponse) -> Result<()> {
        self.write("keeping an answer", |connection| insert_response(connection, response))
    }

    /// Keeps a consent; one that is here already stays.
    pub fn record_consent(&self, participant: i64, consent: &StoredConsent) -> Result<()> {
        self.write("keeping a consent", |connection| insert_consent(connection, participant, consent))
    }

    /// Keeps the consent (nobody asks a program for one) and all answers of a session that was handed in, or nothing at all.
    /// Answers that are here already and equal stay; a different one is refused. Gives the number of new ones.
    pub fn hand_in(
        &self,
        participant: i64,
        consent: Option<&StoredConsent>,
        responses: &[StoredResponse],
    ) -> Result<u64> {
        self.write("importing answers", |connection| {
            if let Some(consent) = consent {
                insert_consent(connection, participant, consent)?;
            }
            let mut kept = 0;
            for response in responses {
                let there: Option<String> = connection
                    .prepare_cached("SELECT mac FROM response WHERE participant = ?1 AND position = ?2")?
                    .query_row((participant, response.position), |row| row.get(0))
                    .optional()?;
                match there {
                    None => {
                        insert_response(connection, response)?;
                        kept += 1;
                    }
                    Some(mac) if mac == response.mac => {}
                    Some(_) => {
                        return Err(Error::input(format!(
                            "Trial {} was answered differently in an earlier import. Nothing was imported; keep both \
                             files and ask whoever handed them in.",
                            response.position + 1
                        )));
                    }
                }
            }
            connection.execute("UPDATE participant SET handed_in = ?2 WHERE id = ?1", (participant, store::now()))?;
            Ok(kept)
        })
    }

    /// The consent of a participant.
    pub fn consent(&self, participant: i64) -> Result<Option<StoredConsent>> {
        self.read("reading a consent", |connection| {
            let mut statement = connection
                .prepare_cached("SELECT text_hash, language, given_at FROM consent WHERE participant = ?1")?;
            let row = statement.query_row([participant], |row| {
                Ok(StoredConsent { text_hash: row.get(0)?, language: row.get(1)?, given_at: row.get(2)? })
            });
            Ok(row.optional()?)
        })
    }

    /// Records whom the rules leave out, in place of what an earlier analysis recorded.
    pub fn record_exclusions(&self, study: i64, excluded: &[(i64, String, String)]) -> Result<()> {
        self.write("recording exclusions", |connection| {
            connection.execute(
                "DELETE FROM exclusion WHERE participant IN (SELECT id FROM participant WHERE study = ?1)",
                [study],
            )?;
            for (participant, rule, sentence) in excluded {
                connection.execute(
                    "INSERT INTO exclusion (participant, rule, sentence) VALUES (?1, ?2, ?3)",
                    (participant, rule, sentence),
                )?;
            }
            Ok(())
        })
    }
}

fn insert_consent(connection: &Connection, participant: i64, consent: &StoredConsent) -> Result<()> {
    connection.execute(
        "INSERT OR IGNORE INTO consent (participant, text_hash, language, given_at) VALUES (?1, ?2, ?3, ?4)",
        (participant, &consent.text_hash, &consent.language, consent.given_at),
    )?;
    Ok(())
}

fn insert_response(connection: &Connection, response: &StoredResponse) -> Result<()> {
    let insert = connection
        .prepare_cached(
            "INSERT INTO response (participant, position, answer, answered_at, received_at, mac) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            response.participant,
            response.position,
            &response.answer,
            response.answered_at,
            store::now(),
            &response.mac,
        ));
    match insert {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Err(Error::input(format!(
                "Trial {} cannot take this answer: it has one already, or is no trial of this session.",
                response.position + 1
            )))
        }
        other => Ok(other.map(|_| ())?),
    }
}

/// One participant by a column that is unique.
pub(crate) fn one(
    connection: &Connection,
    column: &str,
    value: impl rusqlite::ToSql + ToString,
) -> Result<Participant> {
    let mut statement = connection.prepare(&format!("SELECT * FROM participant WHERE {column} = ?1"))?;
    statement.query_row([&value], participant).optional()?.ok_or_else(|| Error::NotFound {
        what: "participant",
        name: value.to_string().chars().take(64).collect(),
        advice: "Check the code; `semid study show` lists them. One who withdrew is gone.".to_owned(),
    })
}

pub(crate) fn response(row: &Row<'_>) -> rusqlite::Result<StoredResponse> {
    Ok(StoredResponse {
        participant: row.get(0)?,
        position: row.get(1)?,
        answer: row.get(2)?,
        answered_at: row.get(3)?,
        mac: row.get(4)?,
    })
}

fn kind(name: &str) -> ParticipantKind {
    match name {
        "person" => ParticipantKind::Person,
        "model" => ParticipantKind::Model,
        _ => ParticipantKind::Simulated,
    }
}

fn participant(row: &Row<'_>) -> rusqlite::Result<Participant> {
    Ok(Participant {
        id: row.get("id")?,
        study: row.get("study")?,
        pseudonym: row.get("pseudonym")?,
        kind: kind(&row.get::<_, String>("kind")?),
        part: row.get("part")?,
        row: row.get("square_row")?,
        session: row.get("session")?,
        key: row.get("key")?,
        created_at: row.get("created_at")?,
        handed_in: row.get("handed_in")?,
    })
}
