//! What a model's answer is worth: only IDs that were offered count; everything else is counted, and nothing is guessed.
//!
//! An answer is read when exactly one JSON value can be found in it, with or without a code fence and words around, and
//! after a block of thinking. In that value IDs are compared letter by letter; white space around and the outer `<…>` may
//! be there or not. There is no nearest ID, no reading of a cut list, no second chance.
//!
//! How this becomes a list that metrics can read:
//!
//! - An ID that was not offered, or that stands in the list for the second time, keeps its place as a miss: what comes
//!   after it does not move up.
//! - Items that the answer does not name are misses. They are not put at the end in the shown order, since that would give
//!   the retriever's ranking to a model that did not answer.
//! - A failed, cut or malformed answer is an empty list, and its user stays in the mean.

use std::collections::{HashMap, HashSet};

use semid_core::{Finish, Outcome, RankedEntry, RankedList, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::item_text::one_line;

/// Letters of an explanation that are kept.
pub const LONGEST_EXPLANATION: usize = 2_000;
const LONGEST_SAID: usize = 100;
/// An answer may name so many times as many IDs as were wanted.
const LONGEST_LIST: usize = 10;

/// The IDs that may be answered, and the items each stands for.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    ids: Vec<String>,
    items: Vec<Vec<u32>>,
    places: HashMap<String, usize>,
}

impl Choices {
    /// From IDs and items. Items that share an ID share its place: they are ranked together.
    pub fn new(pairs: impl IntoIterator<Item = (String, u32)>) -> Self {
        let mut choices = Choices::default();
        for (id, item) in pairs {
            match choices.places.get(bare(&id)) {
                Some(&place) => choices.items[place].push(item),
                None => {
                    choices.places.insert(bare(&id).to_owned(), choices.ids.len());
                    choices.ids.push(id);
                    choices.items.push(vec![item]);
                }
            }
        }
        choices
    }

    /// The IDs, in the order they were first given.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The items of the ID at a place.
    pub fn items(&self, place: usize) -> &[u32] {
        self.items.get(place).map_or(&[], Vec::as_slice)
    }

    /// How many IDs there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing is offered.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The place of an ID as it was answered.
    pub fn find(&self, said: &str) -> Option<usize> {
        self.places.get(bare(said)).copied()
    }
}

/// An ID without white space and its outer brackets.
fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

/// What an answer named, best first, and how it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grounded {
    /// Places as answered; empty when the answer could not be read.
    pub named: Vec<Named>,
    /// What was counted.
    pub tally: Tally,
}

/// One place of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Which of the choices; none: a miss.
    pub choice: Option<usize>,
    /// What stood there, in the model's words, on one line.
    pub said: String,
    /// Why, in the model's words; hostile text.
    pub explanation: Option<String>,
}

impl Grounded {
    /// The list for the metrics: misses keep their places.
    pub fn list(&self, choices: &Choices) -> RankedList {
        let entry = |(place, named): (usize, &Named)| RankedEntry {
            items: named.choice.map(|choice| choices.items(choice).to_vec()).unwrap_or_default(),
            score: -(place as f64),
        };
        RankedList { entries: self.named.iter().enumerate().map(entry).collect() }
    }

    /// For each choice the rank it was given, 0 the best; none: not named.
    pub fn ranks(&self, choices: &Choices) -> Vec<Option<usize>> {
        let mut ranks = vec![None; choices.len()];
        for (rank, named) in self.named.iter().enumerate() {
            if let Some(slot) = named.choice.and_then(|choice| ranks.get_mut(choice)) {
                *slot = Some(rank);
            }
        }
        ranks
    }
}

/// Counts over answers; they stand beside every metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Answers that were asked for.
    pub asked: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Answers that were cut before their end.
    pub truncated: u64,
    /// Answers in which there was not exactly one list.
    pub malformed: u64,
    /// IDs that were named and offered, each once.
    pub valid: u64,
    /// IDs that were named and not offered.
    pub invalid: u64,
    /// IDs that were named again.
    pub duplicates: u64,
    /// IDs that were wanted and not named, those of unreadable answers included.
    pub missing: u64,
}

impl Tally {
    /// The share of named IDs that were offered; none when nothing was named.
    pub fn validity(&self) -> Option<f64> {
        let named = self.valid + self.invalid + self.duplicates;
        (named > 0).then(|| (self.valid + self.duplicates) as f64 / named as f64)
    }

    /// Answers that could be read.
    pub fn readable(&self) -> u64 {
        self.asked - self.failed - self.truncated - self.malformed
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.asked += other.asked;
        self.failed += other.failed;
        self.truncated += other.truncated;
        self.malformed += other.malformed;
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.duplicates += other.duplicates;
        self.missing += other.missing;
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

/// Why an answer cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreadable {
    /// The request failed.
    Failed,
    /// The answer was cut before its end.
    Truncated,
    /// There is not exactly one JSON value of the form that was asked for.
    Malformed,
}

/// Reads an answer that ranks: an array of IDs or of objects with `id` and, if any, `explanation`; or an object whose only
/// field is such an array, under whatever name. `wanted` IDs were asked for.
pub fn read_ranking(reply: &Reply, choices: &Choices, wanted: usize) -> Grounded {
    let listed = read_json(reply).and_then(|value| entries(value).ok_or(Unreadable::Malformed));
    let mut tally = Tally { asked: 1, ..Tally::default() };
    let mut named = Vec::new();
    match listed {
        Err(Unreadable::Failed) => tally.failed = 1,
        Err(Unreadable::Truncated) => tally.truncated = 1,
        Err(Unreadable::Malformed) => tally.malformed = 1,
        // So long a list is a loop, not a ranking.
        Ok(entries) if entries.len() > LONGEST_LIST.saturating_mul(wanted.max(10)) => tally.malformed = 1,
        Ok(entries) => {
            let mut taken = HashSet::new();
            for (said, explanation) in entries {
                let found = choices.find(&said);
                let choice = found.filter(|&place| taken.insert(place));
                match (found, choice) {
                    (_, Some(_)) => tally.valid += 1,
                    (Some(_), None) => tally.duplicates += 1,
                    (None, None) => tally.invalid += 1,
                }
                let explanation = explanation.map(|text| one_line(&text, LONGEST_EXPLANATION));
                named.push(Named { choice, said: one_line(&said, LONGEST_SAID), explanation });
            }
        }
    }
    tally.missing = (wanted.min(choices.len()) as u64).saturating_sub(tally.valid);
    Grounded { named, tally }
}

/// Reads the answer of a rater who chooses: `{"choice": 2}` is place 1 of `options`.
pub fn read_choice(reply: &Reply, options: usize) -> Result<usize, Unreadable> {
    let value = read_json(reply)?;
    let choice = value.get("choice").and_then(Value::as_u64).and_then(|choice| usize::try_from(choice).ok());
    choice.filter(|choice| (1..=options).contains(choice)).map(|choice| choice - 1).ok_or(Unreadable::Malformed)
}

/// Reads the answer of a rater who rates: `{"rating": 4}` is point 3 of `points`; `{"rating": null}` says that it cannot
/// be judged.
pub fn read_rating(reply: &Reply, points: usize) -> Result<Option<usize>, Unreadable> {
    match read_json(reply)?.get("rating") {
        Some(Value::Null) => Ok(None),
        Some(rating) => {
            let rating = rating.as_u64().and_then(|rating| usize::try_from(rating).ok());
            let place = rating.filter(|rating| (1..=points).contains(rating)).map(|rating| rating - 1);
            place.map(Some).ok_or(Unreadable::Malformed)
        }
        None => Err(Unreadable::Malformed),
    }
}

/// Reads `{"explanation": "…"}`: the model's words, on one line.
pub fn read_explanation(reply: &Reply) -> Result<String, Unreadable> {
    read_text(reply, "explanation", LONGEST_EXPLANATION)
}

/// Reads `{"words": "…"}`: the model's words, on one line and at most three of them.
pub fn read_words(reply: &Reply) -> Result<String, Unreadable> {
    let words = read_text(reply, "words", LONGEST_SAID)?;
    Ok(words.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

fn read_text(reply: &Reply, field: &str, longest: usize) -> Result<String, Unreadable> {
    let value = read_json(reply)?;
    let text = value.get(field).and_then(Value::as_str).map(|text| one_line(text, longest));
    text.filter(|text| !text.is_empty()).ok_or(Unreadable::Malformed)
}

/// The one JSON array or object of an answer.
pub fn read_json(reply: &Reply) -> Result<Value, Unreadable> {
    match &reply.outcome {
        Outcome::Failed { .. } => Err(Unreadable::Failed),
        // A list that ends where the answer was cut may have been longer.
        Outcome::Text { finish: Finish::Length | Finish::ContentFilter, .. } => Err(Unreadable::Truncated),
        Outcome::Text { text, .. } => only_json(after_thinking(text)),
    }
}

/// What comes after a block of thinking; a model that is still thinking has not answered.
fn after_thinking(text: &str) -> &str {
    const OPEN: &str = "<think>";
    const CLOSE: &str = "</think>";
    match text.trim_start().strip_prefix(OPEN) {
        Some(rest) => rest.split_once(CLOSE).map_or("", |(_, answer)| answer),
        None => text,
    }
}

/// The one array or object in a text. A value that begins and does not end is a cut answer.
fn only_json(text: &str) -> Result<Value, Unreadable> {
    // So many brackets that open nothing are no answer, and looking at them all takes time.
    const MOST_STARTS: usize = 1_000;
    let mut found = None;
    let mut from = 0;
    for _ in 0..MOST_STARTS {
        let Some(start) = text[from..].find(['[', '{']).map(|at| from + at) else {
            return found.ok_or(Unreadable::Malformed);
        };
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(_)) if found.is_some() => return Err(Unreadable::Malformed),
            Some(Ok(value)) => {
                found = Some(value);
                from = start + values.byte_offset();
            }
            Some(Err(why)) if why.is_eof() => return Err(Unreadable::Truncated),
            _ => from = start + 1,
        }
    }
    Err(Unreadable::Malformed)
}

/// The entries of a list: an ID, or an ID with an explanation. Anything else makes the list malformed, but for a number or
/// the like in place of an ID, which is an ID that was not offered.
fn entries(value: Value) -> Option<Vec<(String, Option<String>)>> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(fields) if fields.len() == 1 => match fields.into_iter().next() {
            Some((_, Value::Array(list))) => list,
            _ => return None,
        },
        _ => return None,
    };
    list.into_iter()
        .map(|entry| match entry {
            Value::String(id) => Some((id, None)),
            Value::Object(mut fields) => match (fields.remove("id")?, fields.remove("explanation")) {
                (Value::String(id), Some(Value::String(words))) => Some((id, Some(words))),
                (Value::String(id), None | Some(Value::Null)) => Some((id, None)),
                _ => None,
            },
            Value::Number(number) => Some((number.to_string(), None)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
