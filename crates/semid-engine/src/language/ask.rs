//! A request in a person's own words, answered with items: found by text and by ID, ordered and explained by a language
//! model where there is one. What the model wrote is marked as its own.

use std::sync::Arc;

use semid_core::{Embedder, Embeddings, Sampling, Seed, Work};
use semid_llm::tasks::{self, Ask, Order, Turn};
use semid_llm::{ItemNames, PromptKind, Representation, Template, grounding};
use semid_models::text_encoder::TextEncoder;
use serde::{Deserialize, Serialize};

use crate::opened_ids::{NamedItem, OpenedIds};
use crate::{Engine, Error, Result};

/// Items found by text that a model chooses among.
const BY_TEXT: usize = 10;
/// Items found by the ID of the best of them.
const BY_ID: usize = 6;
/// How much the request before weighs beside the one after it.
const EARLIER: f32 = 0.5;
/// Tokens of an answer for each item asked for.
const TOKENS_AN_ITEM: u32 = 90;

/// A request in a person's own words.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// The data set.
    pub dataset: String,
    /// Names the IDs, as `SchemeRow` does.
    pub ids: String,
    /// What is wished for.
    pub text: String,
    /// The language model; none: the page answers by retrieval alone.
    pub model: Option<String>,
    /// Keys of items that the person liked, oldest first.
    #[serde(default)]
    pub history: Vec<String>,
    /// What was asked and shown before, oldest first: the list is steered from there.
    #[serde(default)]
    pub earlier: Vec<AskTurn>,
    /// Items wanted at the most.
    pub count: u32,
}

/// A request before, and what was shown for it.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AskTurn {
    /// In the person's words.
    pub text: String,
    /// Keys of the items shown, best first.
    pub items: Vec<String>,
}

/// What was found for a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Asked {
    /// The items, best first.
    pub items: Vec<AskedItem>,
    /// The model that ordered and explained them; none: no model spoke.
    pub model: Option<String>,
    /// Who spoke, and what of it could not be used, in sentences.
    pub notes: Vec<String>,
    /// What the model was asked, to be looked at.
    pub prompt: Option<String>,
}

/// One item of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AskedItem {
    /// The item with its ID and labels.
    pub item: NamedItem,
    /// Cosine of its text with the request.
    pub similarity: f64,
    /// Where it came from.
    pub found_by: FoundBy,
    /// The words of the model, which nobody checked; none: it said nothing of this item.
    pub explanation: Option<String>,
}

/// Where an item came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum FoundBy {
    /// Its text is like the request.
    Text {},
    /// It shares codes with an item whose text is.
    Id {
        /// Codes shared from the root.
        prefix: Vec<u32>,
        /// What they mean; empty where codes mean nothing.
        label: String,
        /// Title of the item it shares them with.
        with: String,
    },
}

impl Engine {
    /// Answers a request. Without a model the order is that of retrieval, and the answer says that no model spoke.
    pub fn ask(&self, work: &Work, request: &AskRequest) -> Result<Asked> {
        if request.text.trim().is_empty() {
            return Err(Error::input("The request is empty. Write what you would like to find."));
        }
        if !(1..=20).contains(&request.count) {
            return Err(Error::input("Ask for 1 to 20 items."));
        }
        let ids = self.opened_ids(&request.dataset, &request.ids)?;
        let none = || Error::NotHere {
            what: format!("The vectors of {}", request.dataset),
            advice: "Build its IDs once with `semid ids`, which embeds the texts.".to_owned(),
        };
        let vectors = self.embeddings_of(&ids.data)?.ok_or_else(none)?;
        let wish = self.wish(work, request, &vectors.model)?;
        let history = known(&ids, &request.history);
        let found = retrieve(&vectors.embeddings, &wish, &ids, &history);
        let mut asked = Asked { items: found, model: None, notes: Vec::new(), prompt: None };
        match &request.model {
            Some(model) => self.let_speak(work, request, model, &ids, &history, &mut asked)?,
            None => {
                asked.notes.push("No language model spoke: the order is that of the texts' similarity.".to_owned());
            }
        }
        asked.items.truncate(request.count as usize);
        Ok(asked)
    }

    /// The request as a vector, steered by those before it.
    fn wish(&self, work: &Work, request: &AskRequest, digest: &str) -> Result<Vec<f32>> {
        let encoder = self.encoder_of(digest)?;
        let texts: Vec<String> =
            request.earlier.iter().map(|turn| turn.text.clone()).chain([request.text.clone()]).collect();
        let rows = encoder.embed(work, &texts)?;
        let mut wish = vec![0.0; encoder.dim()];
        for row in rows.iter() {
            wish.iter_mut().zip(row).for_each(|(wish, value)| *wish = *wish * EARLIER + value);
        }
        let length = wish.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        wish.iter_mut().for_each(|value| *value /= length);
        Ok(wish)
    }

    /// The text encoder of a digest.
    fn encoder_of(&self, digest: &str) -> Result<Arc<TextEncoder>> {
        let opened = self.cache().get_or_make(&format!("encoder {digest}"), || {
            for (_, folder) in self.home().models_here() {
                // A folder that is no text encoder is passed over.
                if let Ok(encoder) = TextEncoder::load(&folder)
                    && encoder.digest() == digest
                {
                    return Ok((Arc::new(encoder), 100 << 20));
                }
            }
            Err(Error::NotHere {
                what: "The text encoder that embedded this catalog".to_owned(),
                advice: "Fetch it with `semid doctor --fetch`, or put its folder among the models.".to_owned(),
            })
        })?;
        Ok((*opened).clone())
    }

    /// The model orders and explains what was found. What it cannot be understood in leaves the order as it was.
    fn let_speak(
        &self,
        work: &Work,
        request: &AskRequest,
        model: &str,
        ids: &OpenedIds,
        history: &[u32],
        asked: &mut Asked,
    ) -> Result<()> {
        let opened = self.open_language_model(model)?;
        let named_by = Representation::SemanticIdAndTitle;
        let names = ItemNames::new(&ids.data.catalog, Some(ids.ids()), Some(ids.labels()), named_by, work.seed())?;
        let candidates: Vec<u32> = asked.items.iter().map(|found| found.item.item).collect();
        let turn = |turn: &AskTurn| Turn { request: turn.text.clone(), items: known(ids, &turn.items) };
        let earlier: Vec<Turn> = request.earlier.iter().map(turn).collect();
        let ask = Ask {
            request: &request.text,
            earlier: &earlier,
            history,
            candidates: &candidates,
            count: request.count as usize,
        };
        let sampling = Sampling::greedy(TOKENS_AN_ITEM * request.count);
        let order = Order { user: 0, seed: Seed(0) };
        let task = tasks::ask(&Template::built_in(PromptKind::Ask), &names, ask, order, sampling)?;
        asked.prompt = Some(shown(&task.request));
        let replies = opened.complete(work, std::slice::from_ref(&task.request))?;
        let Some(reply) = replies.into_iter().next() else { return Ok(()) };
        let name = opened.identity().name;
        let grounded = grounding::read_ranking(&reply, &task.shown.choices, request.count as usize);
        let tally = grounded.tally;
        if tally.readable() == 0 || tally.valid == 0 {
            let why = match &reply.outcome {
                semid_core::Outcome::Failed { sentence, .. } => sentence.clone(),
                semid_core::Outcome::Text { .. } => "its answer named none of the items it was shown".to_owned(),
            };
            asked.notes.push(format!("{name} was asked, and nothing it said could be used: {why}. The order is that of the texts' similarity."));
            return Ok(());
        }
        let mut ordered: Vec<AskedItem> = Vec::new();
        for named in &grounded.named {
            let Some(place) = named.choice else { continue };
            for &item in task.shown.choices.items(place) {
                if let Some(at) = asked.items.iter().position(|found| found.item.item == item) {
                    let mut found = asked.items.remove(at);
                    found.explanation = named.explanation.clone().filter(|text| !text.is_empty());
                    ordered.push(found);
                }
            }
        }
        asked.items = ordered;
        asked
            .notes
            .push(format!("Ordered and explained by {name}. The explanations are its words; nobody checked them."));
        if tally.invalid + tally.duplicates > 0 {
            asked.notes.push(format!(
                "Of what it named, {} was no item it was shown and {} was named twice; both are left out.",
                tally.invalid, tally.duplicates
            ));
        }
        asked.model = Some(name);
        Ok(())
    }
}

/// Items of these keys; what is not in the catalog is passed over.
fn known(ids: &OpenedIds, keys: &[String]) -> Vec<u32> {
    let of = |key: &String| ids.data.catalog.items.iter().position(|item| item.key == *key).map(|at| at as u32);
    keys.iter().filter_map(of).collect()
}

/// The items whose text is most like the wish, then those that share most codes with the best of them.
fn retrieve(embeddings: &Embeddings, wish: &[f32], ids: &OpenedIds, history: &[u32]) -> Vec<AskedItem> {
    let cosine = |row: &[f32]| {
        let dot: f64 = row.iter().zip(wish).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let length: f64 = row.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 { dot / length } else { 0.0 }
    };
    let similarity: Vec<f64> = embeddings.iter().map(cosine).collect();
    let mut order: Vec<u32> = (0..similarity.len() as u32).filter(|item| !history.contains(item)).collect();
    let by_similarity = |a: &u32, b: &u32| similarity[*b as usize].total_cmp(&similarity[*a as usize]).then(a.cmp(b));
    order.sort_unstable_by(by_similarity);
    let found = |item: u32, found_by: FoundBy| AskedItem {
        item: ids.named(item),
        similarity: similarity[item as usize],
        found_by,
        explanation: None,
    };
    let mut items: Vec<AskedItem> = order.iter().take(BY_TEXT).map(|&item| found(item, FoundBy::Text {})).collect();
    let Some(&best) = order.first() else { return items };
    // Codes that mean nothing lead nowhere.
    if !ids.has_meaning {
        return items;
    }
    let codes = |item: u32| ids.ids().ids[item as usize].codes.as_slice();
    let shared = |item: u32| codes(best).iter().zip(codes(item)).take_while(|(a, b)| a == b).count();
    let mut alike: Vec<u32> = order.iter().skip(BY_TEXT).copied().filter(|&item| shared(item) > 0).collect();
    alike.sort_by(|a, b| shared(*b).cmp(&shared(*a)).then(by_similarity(a, b)));
    items.extend(alike.into_iter().take(BY_ID).map(|item| {
        let prefix = codes(best)[..shared(item)].to_vec();
        let label = ids.label(&prefix);
        found(item, FoundBy::Id { prefix, label, with: ids.data.catalog.items[best as usize].title.clone() })
    }));
    items
}

/// A prompt as a person reads it.
fn shown(request: &semid_core::Request) -> String {
    let turns = request.prompt.messages.iter().map(|message| message.text.as_str());
    std::iter::once(request.prompt.system.as_str()).chain(turns).collect::<Vec<_>>().join("\n\n")
}
