//! The tasks: a template filled with a history, candidates, or a study's trial, and the form that the answer must have.
//!
//! Each gives a [`Request`]. Where candidates are shown it comes with [`Shown`]: the IDs that may be answered and the order
//! in which they stood. Read the reply with [`crate::grounding`].

use std::collections::BTreeSet;

use semid_core::{Constraint, Error, Prompt, Request, Result, Sampling, Seed};
use serde_json::{Value, json};

use super::names::{ItemNames, Shown};
use super::template::{PromptKind, Template};
use crate::item_text::{LONGEST_TITLE, quoted};

/// Letters of a request in a person's own words.
pub const LONGEST_REQUEST: usize = 500;

/// A question about candidates, and how they were shown.
#[derive(Clone, Debug)]
pub struct CandidateTask {
    /// What to ask.
    pub request: Request,
    /// What may be answered, in the order shown.
    pub shown: Shown,
}

/// What a person asks for in their own words.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The request.
    pub request: &'a str,
    /// What was asked and shown before, oldest first.
    pub earlier: &'a [Turn],
    /// What the person met, oldest first; may be empty.
    pub history: &'a [u32],
    /// What retrieval found, best first.
    pub candidates: &'a [u32],
    /// How many are wanted at most.
    pub count: usize,
}

/// An earlier request and what was shown for it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// In the person's words.
    pub request: String,
    /// The items shown, best first.
    pub items: Vec<u32>,
}

/// Which user, and the seed of the order in which candidates are shown.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The user.
    pub user: u32,
    /// The seed.
    pub seed: Seed,
}

/// A study's trial, in the texts that participants see. All of them are quoted here, the question and the points of a scale
/// aside, which are the study's own.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// What is asked.
    pub question: &'a str,
    /// What stands above, each with its name.
    pub lead: &'a [(String, String)],
    /// Items shown that cannot be chosen.
    pub shown: &'a [String],
    /// What is chosen from, in the order shown, each a list of lines.
    pub options: &'a [Vec<String>],
    /// The labels of a scale, lowest first.
    pub points: &'a [String],
}

/// All candidates in the order in which a person would want them. Read with [`crate::grounding::read_ranking`].
pub fn rank(
    template: &Template,
    names: &ItemNames<'_>,
    history: &[u32],
    candidates: &[u32],
    order: Order,
    sampling: Sampling,
) -> Result<CandidateTask> {
    let shown = names.show(candidates, order.seed, order.user)?;
    let holes = json!({
        "history": names.lines(history)?,
        "candidates": shown.lines,
        "legend": names.legend(history.iter().chain(candidates).copied()),
        "count": shown.choices.len(),
    });
    let prompt = fill(template, PromptKind::Rank, &holes)?;
    let items = json!({ "type": "string", "enum": shown.choices.ids() });
    let request = Request { prompt, sampling, constraint: Some(list_of(items)) };
    Ok(CandidateTask { request, shown })
}

/// IDs of what comes next, `count` of them. Read with [`crate::grounding::read_ranking`] and [`ItemNames::all`]: free
/// answers may hold IDs that no item has, and their share is counted.
pub fn generate(
    template: &Template,
    names: &ItemNames<'_>,
    history: &[u32],
    count: usize,
    sampling: Sampling,
) -> Result<Request> {
    let lines = names.lines(history)?;
    if lines.iter().any(|line| line.id.is_empty()) {
        return Err(Error::input("Items that appear by title have no ID to generate. Choose hash or semantic IDs."));
    }
    let holes = json!({ "history": lines, "legend": names.legend(history.iter().copied()), "count": count });
    let prompt = fill(template, PromptKind::Generate, &holes)?;
    Ok(Request { prompt, sampling, constraint: Some(list_of(json!({ "type": "string" }))) })
}

/// Candidates that fit a request in a person's own words, each with an explanation, which is the model's words and nobody's
/// fact. Read with [`crate::grounding::read_ranking`].
pub fn ask(
    template: &Template,
    names: &ItemNames<'_>,
    ask: Ask<'_>,
    order: Order,
    sampling: Sampling,
) -> Result<CandidateTask> {
    let shown = names.show(ask.candidates, order.seed, order.user)?;
    let earlier = ask.earlier.iter().map(|turn| {
        let lines = names.lines(&turn.items)?;
        let shown: Vec<String> = lines.into_iter().map(|line| line.line).collect();
        Ok(json!({ "request": quoted(&turn.request, LONGEST_REQUEST), "shown": shown }))
    });
    let mentioned: BTreeSet<u32> = ask.history.iter().chain(ask.candidates).copied().collect();
    let holes = json!({
        "history": names.lines(ask.history)?,
        "candidates": shown.lines,
        "legend": names.legend(mentioned),
        "request": quoted(ask.request, LONGEST_REQUEST),
        "earlier": earlier.collect::<Result<Vec<Value>>>()?,
        "count": ask.count.min(shown.choices.len()),
    });
    let prompt = fill(template, PromptKind::Ask, &holes)?;
    let entry = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "enum": shown.choices.ids() },
            "explanation": { "type": "string" },
        },
        "required": ["id", "explanation"],
        "additionalProperties": false,
    });
    let request = Request { prompt, sampling, constraint: Some(list_of(entry)) };
    Ok(CandidateTask { request, shown })
}

/// Why an item was recommended for a history. Read with [`crate::grounding::read_explanation`].
pub fn explain(
    template: &Template,
    names: &ItemNames<'_>,
    history: &[u32],
    item: u32,
    sampling: Sampling,
) -> Result<Request> {
    let line = names.lines(&[item])?.pop();
    let legend = names.legend(history.iter().copied().chain([item]));
    let holes = json!({ "history": names.lines(history)?, "item": line, "legend": legend });
    let prompt = fill(template, PromptKind::Explain, &holes)?;
    Ok(Request { prompt, sampling, constraint: Some(object("explanation", json!({ "type": "string" }))) })
}

/// Which item is the stranger; each option is one item. Read with [`crate::grounding::read_choice`].
pub fn intrusion(template: &Template, trial: Trial<'_>, sampling: Sampling) -> Result<Request> {
    let options: Vec<String> = trial.options.iter().map(|lines| quoted(&lines.join(" "), LONGEST_TITLE)).collect();
    let holes = json!({ "question": trial.question, "options": options });
    choose(template, PromptKind::Intrusion, &holes, options.len(), sampling)
}

/// To which group a new item belongs; each option is a group. Read with [`crate::grounding::read_choice`].
pub fn forward_simulation(template: &Template, trial: Trial<'_>, sampling: Sampling) -> Result<Request> {
    let groups: Vec<Vec<String>> = trial.options.iter().map(|lines| all_quoted(lines)).collect();
    let holes = json!({ "question": trial.question, "lead": lead(trial.lead), "groups": groups });
    choose(template, PromptKind::ForwardSimulation, &holes, groups.len(), sampling)
}

/// Up to three words for what the items shown have in common. Read with [`crate::grounding::read_words`].
pub fn naming(template: &Template, trial: Trial<'_>, sampling: Sampling) -> Result<Request> {
    let holes = json!({ "question": trial.question, "shown": all_quoted(trial.shown) });
    let prompt = fill(template, PromptKind::Naming, &holes)?;
    Ok(Request { prompt, sampling, constraint: Some(object("words", json!({ "type": "string" }))) })
}

/// A point on a scale, or that it cannot be judged. Read with [`crate::grounding::read_rating`].
pub fn rating(template: &Template, trial: Trial<'_>, sampling: Sampling) -> Result<Request> {
    let holes = json!({
        "question": trial.question,
        "lead": lead(trial.lead),
        "shown": all_quoted(trial.shown),
        "points": trial.points,
    });
    let prompt = fill(template, PromptKind::Rating, &holes)?;
    let points: Vec<Value> = (1..=trial.points.len()).map(Value::from).chain([Value::Null]).collect();
    let constraint = object("rating", json!({ "type": ["integer", "null"], "enum": points }));
    Ok(Request { prompt, sampling, constraint: Some(constraint) })
}

fn choose(template: &Template, kind: PromptKind, holes: &Value, options: usize, sampling: Sampling) -> Result<Request> {
    let prompt = fill(template, kind, holes)?;
    let places: Vec<usize> = (1..=options).collect();
    let constraint = object("choice", json!({ "type": "integer", "enum": places }));
    Ok(Request { prompt, sampling, constraint: Some(constraint) })
}

fn fill(template: &Template, kind: PromptKind, holes: &Value) -> Result<Prompt> {
    if template.kind != kind {
        return Err(Error::input(format!(
            "The prompt “{}” cannot be used to {}: choose one of that kind.",
            template.kind.key(),
            kind.key()
        )));
    }
    template.fill(holes)
}

fn all_quoted(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| quoted(line, LONGEST_TITLE)).collect()
}

fn lead(entries: &[(String, String)]) -> Vec<Value> {
    entries.iter().map(|(name, line)| json!({ "name": name, "line": quoted(line, LONGEST_TITLE) })).collect()
}

/// `{"ranking": [entry, …]}`.
fn list_of(entry: Value) -> Constraint {
    object("ranking", json!({ "type": "array", "items": entry }))
}

/// An object with one field: servers want an object at the root.
fn object(field: &str, value: Value) -> Constraint {
    let schema = json!({
        "type": "object",
        "properties": { field: value },
        "required": [field],
        "additionalProperties": false,
    });
    Constraint::JsonSchema { name: field.to_owned(), schema }
}

#[cfg(test)]
mod tests;
