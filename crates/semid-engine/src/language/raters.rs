//! A language model as a rater of a study: it is asked what a person would be asked, and kept apart from people.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use semid_core::study::Texts;
use semid_core::{LanguageModel, Request, Sampling, Work};
use semid_llm::tasks::{self, Trial};
use semid_llm::{PromptKind, Template, grounding};
use serde::{Deserialize, Serialize};

use crate::study::{Answer, AskedTrial, MadeSession, TrialTask};
use crate::{Engine, Error, Result};

/// Tokens of an answer: a number in JSON, or a few words in it.
const LONGEST_ANSWER: u32 = 60;

/// A language model that took part.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ModelRated {
    /// Its session.
    pub session: MadeSession,
    /// The model.
    pub model: String,
    /// Trials it was asked.
    pub asked: u32,
    /// Trials whose answer could not be read or did not come; they count as not answered.
    pub unreadable: u32,
}

impl Engine {
    /// Lets a language model take part in a study. It sees the texts that a person sees, one trial at a time and without
    /// memory of the others.
    pub fn rate_with_model(
        &self,
        work: &Work,
        study: &str,
        version: Option<u64>,
        part: u8,
        model: &str,
    ) -> Result<ModelRated> {
        let opened = self.open_language_model(model)?;
        let texts: BTreeMap<String, Texts> =
            self.study(study, version)?.texts.into_iter().map(|texts| (texts.language.clone(), texts)).collect();
        let (mut asked_of_it, mut unreadable) = (0, 0);
        let rater = |asked: &AskedTrial<'_>| -> Result<Option<Answer>> {
            let none = || Error::input(format!("The study has no texts in “{}”.", asked.language));
            asked_of_it += 1;
            let answer = answer(work, opened.as_ref(), asked, texts.get(asked.language).ok_or_else(none)?)?;
            unreadable += u32::from(answer.is_none());
            Ok(answer)
        };
        let session = self.model_participant(work, study, version, part, rater)?;
        Ok(ModelRated { session, model: opened.identity().name, asked: asked_of_it, unreadable })
    }
}

/// The answer to one trial; none when it could not be read.
fn answer(work: &Work, model: &dyn LanguageModel, asked: &AskedTrial<'_>, texts: &Texts) -> Result<Option<Answer>> {
    let start = Instant::now();
    let request = request(asked, texts)?;
    let replies = model.complete(work, std::slice::from_ref(&request))?;
    let Some(reply) = replies.into_iter().next() else { return Ok(None) };
    let trial = asked.trial;
    let mut answer = Answer {
        position: trial.position,
        ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        answered_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64),
        language: asked.language.to_owned(),
        ..Answer::default()
    };
    let points = trial.points.as_ref().and_then(|points| points.get(asked.language)).map_or(0, Vec::len);
    let read = match trial.kind {
        TrialTask::Naming => grounding::read_words(&reply).map(|words| answer.text = Some(words)),
        TrialTask::Rating => grounding::read_rating(&reply, points).map(|point| match point {
            Some(point) => answer.place = u32::try_from(point).ok(),
            None => answer.cannot_judge = trial.cannot_judge,
        }),
        _ => grounding::read_choice(&reply, trial.options.len()).map(|place| answer.place = u32::try_from(place).ok()),
    };
    // "Cannot judge" where it was not offered is no answer.
    let says_something = answer.place.is_some() || answer.cannot_judge || answer.text.is_some();
    Ok((read.is_ok() && says_something).then_some(answer))
}

fn request(asked: &AskedTrial<'_>, texts: &Texts) -> Result<Request> {
    let trial = asked.trial;
    let named = |label: &str| match label {
        "new_item" => texts.new_item.clone(),
        "item" => texts.item.clone(),
        "id" => texts.id.clone(),
        "liked" => texts.liked.clone(),
        "recommended" => texts.recommended.clone(),
        "because" => texts.because.clone(),
        other => other.to_owned(),
    };
    let mut lead: Vec<(String, String)> = trial.lead.iter().map(|(label, line)| (named(label), line.clone())).collect();
    lead.extend(trial.name.iter().map(|name| (texts.name_given.clone(), name.clone())));
    // What a person is told to press is told to the model too.
    let question = match trial.attention {
        Some(place) => texts.attention.replace("{n}", &(place + 1).to_string()),
        None => trial.prompt.get(asked.language).cloned().unwrap_or_default(),
    };
    let no_points = Vec::new();
    let points = trial.points.as_ref().and_then(|points| points.get(asked.language)).unwrap_or(&no_points);
    let shown = Trial { question: &question, lead: &lead, shown: &trial.shown, options: &trial.options, points };
    let sampling = Sampling::greedy(LONGEST_ANSWER);
    let ask = match trial.kind {
        TrialTask::Intrusion => tasks::intrusion(&Template::built_in(PromptKind::Intrusion), shown, sampling),
        TrialTask::ForwardSimulation | TrialTask::Matching => {
            tasks::forward_simulation(&Template::built_in(PromptKind::ForwardSimulation), shown, sampling)
        }
        TrialTask::Naming => tasks::naming(&Template::built_in(PromptKind::Naming), shown, sampling),
        TrialTask::Rating => tasks::rating(&Template::built_in(PromptKind::Rating), shown, sampling),
    };
    Ok(ask?)
}
