//! Why this item: the path of the generative model's beam to it, level by level, and the history items it resembles.

use semid_core::{History, Seed, Work};
use semid_models::generative::{Generative, PathLevel};
use serde::{Deserialize, Serialize};

use crate::envelope::open_envelope;
use crate::opened_ids::{NamedItem, OpenedIds};
use crate::stages::ArmCost;
use crate::{Engine, Error, Result};

/// Codes shown beside the chosen one.
const ALTERNATIVES: usize = 6;
/// Titles shown below a code.
const EXEMPLARS: usize = 3;

/// Ask how the generative model came to an item.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Which run.
    pub run: i64,
    /// Key of an arm that speaks in IDs.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Index of the user in the run's data.
    pub user: u32,
    /// Index of the item in the run's catalog.
    pub item: u32,
}

/// The beam's path to an item, level by level (result of the job `why_item`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyReply {
    /// The item.
    pub item: NamedItem,
    /// Rank in the list; none when it is not in it.
    pub rank: Option<u32>,
    /// Probability of its whole ID: the product over the levels, whose logarithm is the score in the list.
    pub probability: f64,
    /// One a level, the digit last.
    pub levels: Vec<WhyLevel>,
    /// Items of the history that share codes with it, most shared first: item and shared levels.
    pub shared: Vec<(NamedItem, u32)>,
}

/// One level of the path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyLevel {
    /// "Level 1", "Digit".
    pub title: String,
    /// The code chosen.
    pub code: u32,
    /// Its label; empty where codes mean nothing.
    pub label: String,
    /// Its probability given the codes before it.
    pub probability: f64,
    /// Its place among the allowed codes, from 1.
    pub rank: u32,
    /// Codes the trie allows here.
    pub allowed: u32,
    /// Items of the catalog below the prefix up to here.
    pub items: u64,
    /// Whether the prefix stayed in the beam; a prefix that fell out ends the path of the search.
    pub in_beam: bool,
    /// The most probable codes here, the chosen one among them.
    pub alternatives: Vec<WhyAlternative>,
}

/// A code that could have been chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct WhyAlternative {
    /// The code.
    pub code: u32,
    /// Its label.
    pub label: String,
    /// Its probability given the codes before it.
    pub probability: f64,
    /// Whether it is the one of the item.
    pub chosen: bool,
    /// Whether prefix and code stayed in the beam.
    pub in_beam: bool,
    /// Titles of a few items below it.
    pub exemplars: Vec<String>,
}

impl Engine {
    /// How the generative model of an arm came to an item for a user, or why it did not.
    pub fn why_item(&self, work: &Work, request: &WhyRequest) -> Result<WhyReply> {
        let run = self.past_run(request.run)?;
        let seed = run.seed(request.seed)?;
        let arm = run.arm(&request.arm)?;
        let data = self.data_of(&run)?;
        let step = work.step("follow the path", 2);
        let gone = |what: &str| {
            Error::input(format!(
                "{what} of {}, seed {seed}, is no longer in the workspace, so its path cannot be followed. Run the \
                 experiment again under another name to make it.",
                arm.title
            ))
        };
        if arm.ids.is_none() {
            return Err(Error::input(format!("{} names items directly and has no path of codes.", arm.title)));
        }
        if arm.recommender == "tiger" {
            return Err(Error::input(
                "TIGER's beam cannot be followed yet, only that of the generative recommender. Choose one of its arms, or \
                 run the experiment with it.",
            ));
        }
        let ids = self.ids_of_arm(&run, &arm.key, seed)?.ok_or_else(|| gone("The set of IDs"))?;
        let model = self.model_of_arm(&run, &arm.key, seed)?.ok_or_else(|| gone("The model"))?;
        if request.item as usize >= data.catalog.len() {
            let items = data.catalog.len();
            return Err(Error::input(format!("There is no item {}: the catalog has {items} items.", request.item)));
        }
        let (at, case) = data.case(request.user).ok_or_else(|| {
            Error::input(format!(
                "User {} was not judged in run {}: choose one of its users.",
                request.user, run.run.id
            ))
        })?;
        let ranker = self.cache().get_or_make(&format!("model {model}"), || {
            let stored = self.store().artifacts().read(&model, "model")?;
            let (_, weights) = stored.as_deref().and_then(open_envelope::<ArmCost>).ok_or_else(|| gone("The model"))?;
            Ok((Generative::restore_ranker(ids.ids(), weights)?, weights.len()))
        })?;
        step.advance(1)?;
        let history = History { user: case.user, items: &case.history };
        let k = run.settings.list_length();
        let path = ranker.follow(&work.with_seed(Seed(seed)), &history, request.item, k)?;
        step.advance(1)?;

        let list = self.store().ranked_list(run.run.id, &arm.key, seed, at)?.unwrap_or_default();
        let mut rank = 1;
        let mut found = None;
        for entry in &list.entries {
            if entry.items.contains(&request.item) {
                found = Some(rank);
                break;
            }
            rank += entry.items.len().max(1) as u32;
        }
        let mut prefix: Vec<u32> = Vec::new();
        let levels = path.levels.iter().map(|level| why_level(&ids, &mut prefix, level)).collect();
        let own = &ids.ids().ids[request.item as usize].codes;
        let shared_levels = |item: u32| {
            let codes = &ids.ids().ids[item as usize].codes;
            own.iter().zip(codes).take_while(|(a, b)| a == b).count() as u32
        };
        let mut met = case.history.clone();
        met.sort_unstable();
        met.dedup();
        let mut shared: Vec<(u32, u32)> = met.into_iter().map(|item| (item, shared_levels(item))).collect();
        shared.retain(|item| item.1 > 0);
        shared.sort_by_key(|&(item, levels)| (std::cmp::Reverse(levels), item));
        Ok(WhyReply {
            item: ids.named(request.item),
            rank: found,
            probability: path.score().exp(),
            levels,
            shared: shared.into_iter().map(|(item, levels)| (ids.named(item), levels)).collect(),
        })
    }
}

/// One level in words; the chosen code joins the prefix.
fn why_level(ids: &OpenedIds, prefix: &mut Vec<u32>, level: &PathLevel) -> WhyLevel {
    let is_digit = prefix.len() >= ids.ids().shape.levels();
    let title = if is_digit { "Digit".to_owned() } else { format!("Level {}", prefix.len() + 1) };
    let label = |code: u32| match is_digit {
        true => String::new(),
        false => ids.label(&prefix.iter().copied().chain([code]).collect::<Vec<u32>>()),
    };
    let titles = |node: u32| {
        let items = ids.trie().items(node).iter().take(EXEMPLARS);
        items.map(|&item| ids.data.catalog.items[item as usize].title.clone()).collect()
    };
    let chosen = &level.ways[level.chosen];
    let shown = level.ways.iter().enumerate().filter(|(at, _)| *at < ALTERNATIVES || *at == level.chosen);
    let alternatives = shown.map(|(at, way)| WhyAlternative {
        code: way.code,
        label: label(way.code),
        probability: way.log_probability.exp(),
        chosen: at == level.chosen,
        in_beam: way.in_beam,
        exemplars: titles(way.node),
    });
    let why = WhyLevel {
        title,
        code: chosen.code,
        label: label(chosen.code),
        probability: chosen.log_probability.exp(),
        rank: level.chosen as u32 + 1,
        allowed: level.ways.len() as u32,
        items: ids.trie().items(chosen.node).len() as u64,
        in_beam: chosen.in_beam,
        alternatives: alternatives.collect(),
    };
    prefix.push(chosen.code);
    why
}
