//! Raters that are no people: simulated participants, to try a study before anybody takes part, and language models. Each
//! is kept under its own kind and never mixed with people.

use std::collections::BTreeMap;

use rand::Rng;
use semid_core::study::{ParticipantKind, PlannedTrial, StudyDesign, canonical_json, simulate_answer};
use semid_core::{Seed, Work};
use semid_store::{Participant, StoredResponse};

use super::import::check_answer;
use super::signing::sign_next;
use super::{Answer, MadeSession, OpenedStudy, SessionTrial};
use crate::{Engine, Error, Result};

/// What answers the trials of a session.
pub trait Rater {
    /// The answer to a trial; none leaves it unanswered. `position`, `ms`,
    /// `answered_at` are taken as given.
    fn answer(&mut self, asked: &AskedTrial<'_>) -> Result<Option<Answer>>;
}

impl<F: FnMut(&AskedTrial<'_>) -> Result<Option<Answer>>> Rater for F {
    fn answer(&mut self, asked: &AskedTrial<'_>) -> Result<Option<Answer>> {
        self(asked)
    }
}

/// A trial that is put to a rater: what a person would see, and nothing more.
#[derive(Clone, Copy, Debug)]
pub struct AskedTrial<'a> {
    /// The trial as the participant's page shows it.
    pub trial: &'a SessionTrial,
    /// Language in which it is asked: the study's first.
    pub language: &'a str,
    /// Number of the trial among those of the session, from 0, and how many there are.
    pub progress: (usize, usize),
}

impl Engine {
    /// Simulated participants who answer a whole part. `meaning` says for each arm, by key, how much its codes say: 0 is
    /// guessing, 1 is always seeing it. For arms that are not named: .6 where codes mean something, else 0.
    pub fn simulate_participants(
        &self,
        work: &Work,
        name: &str,
        version: Option<u64>,
        count: u32,
        part: u8,
        meaning: &BTreeMap<String, f64>,
    ) -> Result<Vec<MadeSession>> {
        if !(1..=1_000).contains(&count) {
            return Err(Error::input("Simulate 1 to 1,000 participants at a time."));
        }
        let opened = self.locked_study(name, version)?;
        opened.check_open()?;
        let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
        let meaning = self.meaning_of_arms(design, meaning)?;
        let step = work.step("simulate", count as usize);
        let mut made = Vec::new();
        for _ in 0..count {
            let participant = self.make_participant(&opened, ParticipantKind::Simulated, part)?;
            let mut rng = Seed(design.seed).rng(&format!("study simulated {}", participant.id));
            let ability = rng.random::<f64>() - 0.5;
            let planned: BTreeMap<u32, PlannedTrial> = self
                .planned_and_shown(&opened, &participant)?
                .into_iter()
                .map(|(planned, shown)| (shown.position, planned))
                .collect();
            let mut clock = super::now() * 1000;
            let answers = |asked: &AskedTrial<'_>| {
                let Some(trial) = planned.get(&asked.trial.position) else { return Ok(None) };
                let said = simulate_answer(&mut rng, design, stimuli, trial, &meaning, ability);
                clock += i64::from(said.ms);
                Ok(Some(Answer {
                    position: asked.trial.position,
                    place: said.place,
                    cannot_judge: said.cannot_judge,
                    confidence: said.confidence,
                    text: said.text,
                    ms: u64::from(said.ms),
                    answered_at: clock,
                    language: asked.language.to_owned(),
                }))
            };
            self.record_rater(&opened, &participant, answers)?;
            made.push(self.made_session(&opened, &participant)?);
            step.advance(1)?;
        }
        Ok(made)
    }

    /// Puts the trials of one part to a language model and keeps its answers, under a pseudonym of its own and the kind
    /// `Model`. The model sees what a person would see.
    pub fn model_participant(
        &self,
        work: &Work,
        name: &str,
        version: Option<u64>,
        part: u8,
        mut rater: impl Rater,
    ) -> Result<MadeSession> {
        let opened = self.locked_study(name, version)?;
        opened.check_open()?;
        let participant = self.make_participant(&opened, ParticipantKind::Model, part)?;
        let step = work.step("ask the model", self.shown_trials(&opened, &participant)?.len());
        let counted = |asked: &AskedTrial<'_>| {
            step.advance(1)?;
            rater.answer(asked)
        };
        self.record_rater(&opened, &participant, counted)?;
        self.made_session(&opened, &participant)
    }

    /// Asks a rater trial by trial and keeps what it said, in one piece.
    fn record_rater(&self, opened: &OpenedStudy, participant: &Participant, mut rater: impl Rater) -> Result<()> {
        let trials = self.planned_and_shown(opened, participant)?;
        let language = opened.design().languages.first().cloned().unwrap_or_default();
        let mut responses: Vec<StoredResponse> = Vec::with_capacity(trials.len());
        for (at, (_, trial)) in trials.iter().enumerate() {
            let asked = AskedTrial { trial, language: &language, progress: (at, trials.len()) };
            let Some(answer) = rater.answer(&asked)? else { continue };
            check_answer(opened.design(), &trials, &answer).map_err(Error::input)?;
            let value = serde_json::to_value(&answer).map_err(|error| Error::Report(error.to_string()))?;
            let canonical = canonical_json(&value);
            let before = responses.last().map_or(participant.session.as_str(), |response| response.mac.as_str());
            responses.push(StoredResponse {
                participant: participant.id,
                position: answer.position,
                mac: sign_next(&participant.key, before, &canonical),
                answer: canonical,
                answered_at: answer.answered_at,
            });
        }
        self.store().hand_in(participant.id, None, &responses)?;
        Ok(())
    }

    fn meaning_of_arms(&self, design: &StudyDesign, given: &BTreeMap<String, f64>) -> Result<Vec<f64>> {
        if let Some(unknown) = given.keys().find(|key| !design.arms.iter().any(|arm| arm.key == **key)) {
            let keys: Vec<&str> = design.arms.iter().map(|arm| arm.key.as_str()).collect();
            return Err(Error::Unknown {
                kind: "arm",
                name: unknown.chars().take(64).collect(),
                known: format!("The study has: {}.", keys.join(", ")),
            });
        }
        if given.values().any(|meaning| !(0.0..=1.0).contains(meaning)) {
            return Err(Error::input("How much the codes of an arm say lies between 0 and 1."));
        }
        let data = self.study_data(design)?;
        let usual = |key: &str| if data.has_meaning(key) { 0.6 } else { 0.0 };
        Ok(design.arms.iter().map(|arm| given.get(&arm.key).copied().unwrap_or_else(|| usual(&arm.key))).collect())
    }
}
