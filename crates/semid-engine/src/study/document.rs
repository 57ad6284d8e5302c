//! What goes to the participant's page and comes back: neither arms nor right answers are in it.

use std::collections::BTreeMap;

use semid_core::study::{PlannedTrial, Protocol, TaskKind, Texts, TrialKind, Words};
use serde::{Deserialize, Serialize};

use super::signing::sha256;

/// All that a participant's page may know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionDocument {
    /// Version of this document's form.
    pub form: u32,
    /// What the participant is called.
    pub pseudonym: String,
    /// Token of the session.
    pub session: String,
    /// 64 hexadecimal digits: the HMAC-SHA-256 key of this session. Empty in the app's own window, where the engine signs.
    pub key: String,
    /// Hash of the locked protocol.
    pub protocol_hash: String,
    /// Languages to choose from; the first is shown first.
    pub languages: Vec<String>,
    /// By language.
    pub title: Words,
    /// By language.
    pub consent: Words,
    /// SHA-256 of the consent text in UTF-8 as hexadecimal digits, by language.
    pub consent_hash: BTreeMap<String, String>,
    /// One a language.
    pub texts: Vec<Texts>,
    /// Trials between two breaks.
    pub break_every: u32,
    /// In the order they are shown.
    pub trials: Vec<SessionTrial>,
}

/// One trial as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionTrial {
    /// Place in the session, from 0.
    pub position: u32,
    /// Running number of the task.
    pub task: u32,
    /// How it is shown.
    pub kind: TrialTask,
    /// What is asked, by language.
    pub prompt: Words,
    /// What stands above, each as the name of a label in `Texts` and a line.
    pub lead: Vec<(String, String)>,
    /// Items shown that cannot be chosen.
    pub shown: Vec<String>,
    /// What is chosen from, in the order of the screen, each a list of lines.
    pub options: Vec<Vec<String>>,
    /// Labels of a scale from the lowest, by language; none where there is no scale.
    pub points: Option<BTreeMap<String, Vec<String>>>,
    /// Whether "cannot judge" is offered.
    pub cannot_judge: bool,
    /// Whether confidence is asked.
    pub confidence: bool,
    /// The name that somebody gave, to be matched.
    pub name: Option<String>,
    /// An attention check: the place to choose, from 0.
    pub attention: Option<u32>,
}

/// How a trial is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum TrialTask {
    /// Find the stranger.
    Intrusion,
    /// Find the group of a new item.
    ForwardSimulation,
    /// Write words.
    Naming,
    /// Find the group of a name.
    Matching,
    /// Choose a point.
    Rating,
}

impl TrialTask {
    /// How a task is shown.
    pub fn of(kind: &TaskKind) -> Self {
        match kind {
            TaskKind::Intrusion { .. } => TrialTask::Intrusion,
            TaskKind::ForwardSimulation { .. } => TrialTask::ForwardSimulation,
            TaskKind::Naming { .. } => TrialTask::Naming,
            TaskKind::Matching { .. } => TrialTask::Matching,
            TaskKind::Rating { .. } => TrialTask::Rating,
        }
    }

    /// The word for it on the wire.
    pub fn name(self) -> &'static str {
        match self {
            TrialTask::Intrusion => "intrusion",
            TrialTask::ForwardSimulation => "forward-simulation",
            TrialTask::Naming => "naming",
            TrialTask::Matching => "matching",
            TrialTask::Rating => "rating",
        }
    }
}

/// One answer, as the page gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Place of the trial in the session, from 0.
    pub position: u32,
    /// Place chosen on the screen, from 0.
    pub place: Option<u32>,
    /// "Cannot judge" was chosen.
    pub cannot_judge: bool,
    /// How sure, 0 to 4.
    pub confidence: Option<u32>,
    /// Words.
    pub text: Option<String>,
    /// Milliseconds from showing to answering.
    pub ms: u64,
    /// Unix milliseconds on the participant's clock.
    pub answered_at: i64,
    /// Language of the page.
    pub language: String,
}

/// An answer with the signature of it and all before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SignedAnswer {
    /// The answer.
    pub answer: Answer,
    /// HMAC-SHA-256 of the signature before it (the session's token at first), a line feed, and the answer's canonical JSON.
    pub mac: String,
}

/// The file a page gives back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AnswersFile {
    /// Version of this document's form.
    pub form: u32,
    /// What the participant is called.
    pub pseudonym: String,
    /// Token of the session.
    pub session: String,
    /// Hash of the protocol.
    pub protocol_hash: String,
    /// What was agreed to.
    pub consent: ConsentGiven,
    /// In the order given; each position once.
    pub answers: Vec<SignedAnswer>,
    /// Whether the participant ended early.
    pub stopped: bool,
    /// HMAC-SHA-256 of the last signature (the session's token without any), a line feed, and the canonical JSON of this file
    /// without this field.
    pub mac: String,
}

/// A consent as the page gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// Language of the text that was read.
    pub language: String,
    /// Its SHA-256.
    pub text_hash: String,
    /// Unix milliseconds on the participant's clock.
    pub given_at: i64,
}

/// Where a session in the app's own window goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionState {
    /// Whether the participant agreed to take part.
    pub consent_given: bool,
    /// Positions of the trials that are answered.
    pub answered: Vec<u32>,
}

/// SHA-256 of the consent of each language.
pub(super) fn consent_hashes(protocol: &Protocol) -> BTreeMap<String, String> {
    let design = &protocol.design;
    let of = |language: &String| Some((language.clone(), sha256(design.consent.get(language)?)));
    design.languages.iter().filter_map(of).collect()
}

/// A planned trial as the page shows it; none where what it shows is not there.
pub(super) fn shown_trial(
    protocol: &Protocol,
    position: u32,
    planned: &PlannedTrial,
    name: Option<String>,
) -> Option<SessionTrial> {
    let design = &protocol.design;
    let at = design.tasks.iter().position(|task| task.key == planned.task)?;
    let task = &design.tasks[at];
    let prompt = |texts: &Texts| (texts.language.clone(), texts.prompt(&task.kind));
    let (points, cannot_judge) = match &task.kind {
        TaskKind::Rating { question, .. } => {
            let of_study = |(language, _): &(&String, &Vec<String>)| design.languages.contains(language);
            let points = question.points.iter().filter(of_study);
            let points = points.map(|(language, labels)| (language.clone(), labels.clone())).collect();
            (Some(points), question.cannot_judge)
        }
        _ => (None, false),
    };
    let mut trial = SessionTrial {
        position,
        task: at as u32,
        kind: TrialTask::of(&task.kind),
        prompt: protocol.texts.iter().map(prompt).collect(),
        lead: Vec::new(),
        shown: Vec::new(),
        options: Vec::new(),
        points,
        cannot_judge,
        confidence: task.confidence,
        name,
        attention: None,
    };
    match planned.kind {
        TrialKind::Attention { place } => {
            // Numbers alone: what is asked is to choose one of them.
            if trial.points.is_none() {
                trial.options = (1..=planned.order.len()).map(|number| vec![number.to_string()]).collect();
            }
            (trial.cannot_judge, trial.confidence, trial.attention) = (false, false, Some(place));
        }
        TrialKind::Stimulus { stimulus, arm } => {
            let stimulus = protocol.stimuli.get(stimulus as usize)?;
            let key = &design.arms.get(arm as usize)?.key;
            let view = stimulus.views.iter().find(|view| view.arm == *key)?;
            trial.lead.clone_from(&view.lead);
            trial.shown.clone_from(&view.shown);
            if task.chance().is_some() {
                let in_order = planned.order.iter().map(|&at| view.options.get(at as usize).cloned());
                trial.options = in_order.collect::<Option<_>>()?;
            }
            if task.is_second_part() && trial.name.is_none() {
                return None;
            }
        }
    }
    Some(trial)
}
