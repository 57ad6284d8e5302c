//! What a language model answered in a run: kept with its prompt, and opened again.

use semid_core::{Outcome, Reply, Request};
use semid_llm::Grounded;
use serde::{Deserialize, Serialize};

use crate::envelope::{open_envelope, seal_envelope};
use crate::{Engine, Error, Result};

/// One answer of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct LmAnswer {
    /// Index of the user in the run's data.
    pub user: u32,
    /// The frame the model was given.
    pub system: String,
    /// The question it was asked.
    pub question: String,
    /// The names that were offered, in the order shown; empty where any ID could be written.
    pub shown: Vec<String>,
    /// The answer in the model's own words, hostile text; empty where the order was read from likelihoods.
    pub said: String,
    /// What was named, best first.
    pub named: Vec<LmNamed>,
    /// Natural logarithms of how likely each was to be named first, in the order of `named`; empty where it was written.
    pub likelihoods: Vec<f64>,
}

/// A name in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct LmNamed {
    /// As it was said.
    pub said: String,
    /// Whether it was offered and stands there for the first time; else it is a miss.
    pub counts: bool,
}

/// Which answer to open.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LmAnswerRequest {
    /// Which run.
    pub run: i64,
    /// Key of an arm that asked a language model.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Index of the user in the run's data; none: the first.
    #[ts(optional)]
    pub user: Option<u32>,
}

impl LmAnswer {
    pub(super) fn new(
        user: u32,
        request: &Request,
        shown: &[String],
        grounded: &Grounded,
        said: &str,
        likelihoods: Vec<f64>,
    ) -> Self {
        let turns: Vec<&str> = request.prompt.messages.iter().map(|message| message.text.as_str()).collect();
        let named =
            |named: &semid_llm::grounding::Named| LmNamed { said: named.said.clone(), counts: named.choice.is_some() };
        LmAnswer {
            user,
            system: request.prompt.system.clone(),
            question: turns.join("\n\n"),
            shown: shown.to_vec(),
            said: said.to_owned(),
            named: grounded.named.iter().map(named).collect(),
            likelihoods,
        }
    }
}

impl Engine {
    /// An answer of a run with its prompt.
    pub fn language_answer(&self, request: &LmAnswerRequest) -> Result<LmAnswer> {
        let run = self.past_run(request.run)?;
        let seed = run.seed(request.seed)?;
        let arm = run.arm(&request.arm)?;
        let name = format!("train and rank {}, seed {seed}", arm.key);
        let stage = self.store().stages(run.run.id)?.into_iter().find(|stage| stage.stage == name);
        let stored = match stage.and_then(|stage| stage.fingerprint) {
            Some(fingerprint) => self.store().artifacts().read(&fingerprint, "answers")?,
            None => None,
        };
        let (answers, _) = stored.as_deref().and_then(open_envelope::<Vec<LmAnswer>>).ok_or_else(|| {
            Error::input(format!(
                "{} has no answers of a language model, or they are no longer in the workspace.",
                arm.title
            ))
        })?;
        let wanted = |answer: &LmAnswer| request.user.is_none_or(|user| answer.user == user);
        answers.into_iter().find(wanted).ok_or_else(|| {
            Error::input(format!(
                "User {} was not judged in run {}: choose one of its users.",
                request.user.unwrap_or_default(),
                run.run.id
            ))
        })
    }
}

pub(super) fn seal_answers(answers: &Vec<LmAnswer>) -> Result<Vec<u8>> {
    seal_envelope(answers, &[])
}

/// What was answered, or why nothing was.
pub(super) fn said(reply: &Reply) -> String {
    match &reply.outcome {
        Outcome::Text { text, .. } => text.clone(),
        Outcome::Failed { sentence, .. } => sentence.clone(),
    }
}
