//! Explanations for the rating study: one language model says of the same recommendations why, under each way of naming
//! items. What it could not say under one of them is left out of all.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use semid_core::study::Explained;
use semid_core::{History, NoCheckpoints, Recommender, Request, Sampling, Seed, TrainingData, Work};
use semid_llm::{ItemNames, PromptKind, Representation, Template, grounding, tasks};
use semid_models::baselines::{ItemKnn, ItemKnnSettings};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::envelope::{open_envelope, seal_envelope};
use crate::fingerprint::Fingerprint;
use crate::opened_ids::OpenedIds;
use crate::past_run::PreparedData;
use crate::{Engine, Error, Result};

/// Raised when code changes the explanations that come of the same request.
const VERSION: u32 = 1;
const KIND: &str = "explanations";
/// Items of a history that are told, and shown to whoever rates.
const TOLD: usize = 3;
/// Tokens of an explanation.
const LONGEST: u32 = 120;

/// Ask for explanations.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// The data set.
    pub dataset: String,
    /// IDs to name items by, as `SchemeRow` names them; at least one.
    pub ids: Vec<String>,
    /// The language model.
    pub model: String,
    /// Recommendations that are explained.
    pub count: u32,
    /// Draws them.
    pub seed: u64,
}

/// Explanations of the same recommendations under several ways of naming items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ExplanationSet {
    /// Names it in a study's design.
    pub name: String,
    /// The data set.
    pub dataset: String,
    /// Digest of the data as filtered and split: the items are places in this catalog.
    pub data: String,
    /// Who wrote them.
    pub model: String,
    /// Digest of the prompt.
    pub prompt: String,
    /// Recommendations that are explained in every arm.
    pub pairs: u64,
    /// Recommendations that were left out because an answer could not be read in one of the arms.
    pub left_out: u64,
    /// One a way of naming.
    pub arms: Vec<ExplainedArm>,
}

/// One way of naming items, with its explanations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ExplainedArm {
    /// `title`, `hash`, `legend.rq-kmeans`.
    pub key: String,
    /// "RQ-KMeans with legend".
    pub title: String,
    /// Names the IDs it named items by; none: it used none.
    pub ids: Option<String>,
    /// Explanations by recommended item.
    pub explained: BTreeMap<u32, Explained>,
}

/// A recommendation to explain.
struct Pair {
    liked: Vec<u32>,
    item: u32,
}

impl Engine {
    /// Lets a language model explain recommendations of item-kNN by title, by hash ID, and by the IDs given with a legend.
    /// The same request is answered once.
    pub fn explain(&self, work: &Work, request: &ExplainRequest) -> Result<ExplanationSet> {
        if !(1..=1_000).contains(&request.count) {
            return Err(Error::input("Explain 1 to 1,000 recommendations."));
        }
        let opened: Vec<std::sync::Arc<OpenedIds>> =
            request.ids.iter().map(|ids| self.opened_ids(&request.dataset, ids)).collect::<Result<_>>()?;
        let first = opened.first().ok_or_else(|| Error::input("Name IDs: explanations are compared between them."))?;
        if opened.iter().any(|ids| ids.data.fingerprint != first.data.fingerprint) {
            return Err(Error::input(
                "These IDs were made for different filters or splits, so they are about different items. Choose IDs that were \
                 built with the same settings.",
            ));
        }
        let model = self.open_language_model(&request.model)?;
        let template = Template::built_in(PromptKind::Explain);
        let name = Fingerprint::new(KIND, VERSION)
            .with(&first.data.fingerprint)
            .with(request)
            .with(model.identity())
            .with(template.digest())
            .finish();
        if let Ok(set) = self.explanations(&name) {
            return Ok(set);
        }
        let seed = Seed(request.seed);
        let work = work.with_seed(seed);
        let pairs = recommendations(&work, &first.data, request.count as usize)?;
        let mut ways: Vec<(String, String, Representation, Option<usize>)> = vec![
            ("title".to_owned(), "titles".to_owned(), Representation::Title, None),
            ("hash".to_owned(), "hash IDs".to_owned(), Representation::Hash, None),
        ];
        let schemes = self.schemes(&request.dataset)?;
        for (at, ids) in request.ids.iter().enumerate() {
            let row = schemes.iter().find(|row| row.ids == *ids);
            let (scheme, title) = row.map_or(("ids", "Semantic"), |row| (row.scheme.as_str(), row.title.as_str()));
            // Two sets of one scheme have keys of their own.
            let key = match ways.iter().any(|(key, ..)| *key == format!("legend.{scheme}")) {
                true => format!("legend.{scheme}.{}", at + 1),
                false => format!("legend.{scheme}"),
            };
            ways.push((key, format!("{title} IDs with legend"), Representation::SemanticIdWithLegend, Some(at)));
        }
        let step = work.step("explain", ways.len());
        let mut arms = Vec::new();
        for (key, title, representation, at) in ways {
            step.note(title.clone());
            let ids = at.map(|at| &opened[at]);
            let names = ItemNames::new(
                &first.data.catalog,
                ids.map(|ids| ids.ids()),
                ids.map(|ids| ids.labels()),
                representation,
                seed,
            )?;
            let ask =
                |pair: &Pair| tasks::explain(&template, &names, &pair.liked, pair.item, Sampling::greedy(LONGEST));
            let requests: Vec<Request> = pairs.iter().map(ask).collect::<Result<_, _>>()?;
            let replies = model.complete(&work, &requests)?;
            let explained = pairs.iter().zip(&replies).filter_map(|(pair, reply)| {
                let text = grounding::read_explanation(reply).ok().filter(|text| !text.trim().is_empty())?;
                Some((pair.item, Explained { liked: pair.liked.clone(), text }))
            });
            let ids = at.map(|at| request.ids[at].clone());
            arms.push(ExplainedArm { key, title, ids, explained: explained.collect() });
            step.advance(1)?;
        }
        let everywhere: Vec<u32> = pairs
            .iter()
            .map(|pair| pair.item)
            .filter(|item| arms.iter().all(|arm: &ExplainedArm| arm.explained.contains_key(item)))
            .collect();
        for arm in &mut arms {
            arm.explained.retain(|item, _| everywhere.contains(item));
        }
        let set = ExplanationSet {
            name: name.clone(),
            dataset: request.dataset.clone(),
            data: first.data.fingerprint.clone(),
            model: model.identity().name,
            prompt: template.digest(),
            pairs: everywhere.len() as u64,
            left_out: (pairs.len() - everywhere.len()) as u64,
            arms,
        };
        let about = json!({ "dataset": set.dataset, "model": model.identity(), "request": request });
        self.store().artifacts().write(&name, KIND, &about, &seal_envelope(&set, &[])?)?;
        Ok(set)
    }

    /// A set of explanations by its name.
    pub fn explanations(&self, name: &str) -> Result<ExplanationSet> {
        let stored = self.store().artifacts().read(name, KIND)?;
        let set = stored.as_deref().and_then(open_envelope::<ExplanationSet>).map(|(set, _)| set);
        set.ok_or_else(|| Error::NotHere {
            what: format!("The set of explanations {}", name.chars().take(64).collect::<String>()),
            advice: "Let a language model write one with `semid model explain`.".to_owned(),
        })
    }

    /// The explanations of one arm, named `SET/KEY`, for the items of this data.
    pub(crate) fn explained(&self, name: &str, data: &PreparedData) -> Result<BTreeMap<u32, Explained>> {
        let (set, key) = name.split_once('/').unwrap_or((name, ""));
        let set = self.explanations(set)?;
        if set.data != data.fingerprint {
            return Err(Error::input(
                "These explanations are about the items of another data set, or of another split. Let them be written for this \
                 one.",
            ));
        }
        let known: Vec<String> = set.arms.iter().map(|arm| arm.key.clone()).collect();
        let arm = set.arms.into_iter().find(|arm| arm.key == key);
        arm.map(|arm| arm.explained).ok_or_else(|| Error::Unknown {
            kind: "arm of these explanations",
            name: key.to_owned(),
            known: format!("There are: {}.", known.join(", ")),
        })
    }
}

/// The best recommendation of item-kNN for users drawn by the seed, each item once.
fn recommendations(work: &Work, data: &PreparedData, count: usize) -> Result<Vec<Pair>> {
    let split = &data.prepared.split;
    let training = TrainingData {
        catalog: &data.catalog,
        sequences: &split.train,
        validation: &split.validation,
        embeddings: None,
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    let ranker = ItemKnn::new(ItemKnnSettings::starter()).fit(work, &training)?;
    let mut cases: Vec<usize> = (0..split.test.len()).collect();
    cases.shuffle(&mut work.rng("recommendations to explain"));
    let mut pairs: Vec<Pair> = Vec::new();
    for case in cases.into_iter().map(|at| &split.test[at]) {
        if pairs.len() == count {
            break;
        }
        let history = History { user: case.user, items: &case.history };
        let lists = ranker.rank(work, &[history], 5)?;
        let best = lists.iter().flat_map(|list| &list.entries).flat_map(|entry| entry.items.iter().copied());
        let fresh = best.into_iter().find(|item| !pairs.iter().any(|pair| pair.item == *item));
        if let Some(item) = fresh {
            let liked = case.history[case.history.len().saturating_sub(TOLD)..].to_vec();
            pairs.push(Pair { liked, item });
        }
    }
    if pairs.is_empty() {
        return Err(Error::input("Nothing could be recommended to anyone here, so there is nothing to explain."));
    }
    Ok(pairs)
}
