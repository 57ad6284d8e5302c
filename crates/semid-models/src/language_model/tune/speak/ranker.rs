//! The trained model as a ranker: a beam over the trie, each code chosen among those that continue an ID of the catalog, so
//! the probabilities of all IDs add up to one and a beam as wide as the catalog ranks exactly.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;
use semid_core::{Error, History, RankedEntry, RankedList, Ranker, Result, TokenTrie, Work};

use super::AdapterFiles;
use super::export;
use super::lessons::Lessons;
use super::model::SpeakRoom;
use super::settings::SpeakSettings;
use super::world::World;
use crate::language_model::tune::FrozenLlama;
use crate::language_model::tune::forward::{forward, prefix_of};
use crate::products::dot;
use crate::top_k::{TieOrder, check_known, met_below};

/// A model that speaks in IDs.
pub struct SpeakRanker {
    world: Arc<World>,
    lessons: Arc<Lessons>,
    parameters: Vec<f32>,
}

/// A prefix, or at the end a whole ID.
#[derive(Clone, Debug)]
struct Prefix {
    node: u32,
    /// Log-probability.
    score: f64,
    /// Its tokens so far.
    tokens: Vec<u32>,
    tie: u64,
}

impl SpeakRanker {
    pub(super) fn new(world: Arc<World>, lessons: Arc<Lessons>, mut parameters: Vec<f32>) -> Self {
        // After the first phase alone there are no adapters yet; these change nothing.
        parameters.resize(world.layout.tensors.numbers(), 0.0);
        SpeakRanker { world, lessons, parameters }
    }

    /// The settings it was trained with.
    pub fn settings(&self) -> &SpeakSettings {
        &self.world.settings
    }

    /// Adapters and new rows as files that other tools read; `base` names the model that they belong to.
    pub fn export(&self, base: &str) -> Result<AdapterFiles> {
        AdapterFiles::of_weights(&export::weights(&self.world, &self.parameters)?, base)
    }

    /// The model with its adapters added to the weights; its new tokens are in [`Self::new_rows`].
    pub fn merged(&self) -> FrozenLlama {
        self.world.layout.lora.merged(&self.world.llama, &self.parameters)
    }

    /// The embeddings of the new tokens, `tokens × hidden`, in the order of their numbers.
    pub fn new_rows(&self) -> &[f32] {
        &self.parameters[self.world.layout.tokens.clone()]
    }

    /// Name and number of every new token.
    pub fn new_tokens(&self) -> Vec<(String, u32)> {
        self.world.tokens.names().collect()
    }

    /// All learned numbers.
    #[cfg(test)]
    pub(super) fn learned(&self) -> &[f32] {
        &self.parameters
    }

    /// Ranks with a beam of this width instead of the settings'. A beam as wide as the catalog ranks exactly.
    pub fn rank_with_beam(
        &self,
        work: &Work,
        histories: &[History<'_>],
        k: usize,
        beam: usize,
    ) -> Result<Vec<RankedList>> {
        check_known(histories, self.lessons.items())?;
        let ties = TieOrder::new(work.seed());
        let step = work.step("ranking", histories.len());
        let ranked = histories.par_iter().map_init(SpeakRoom::default, |room, history| {
            let beam = self.search(ties, history, beam.max(1), room);
            step.advance(1)?;
            match beam.iter().any(|prefix| !prefix.score.is_finite()) {
                true => Err(Error::NotFinite { what: "a score of speaking items", row: history.user as usize }),
                false => Ok(self.list(history, &beam, k)),
            }
        });
        ranked.collect()
    }

    /// Entries of whole IDs, best first, until `k` ranks are taken.
    fn list(&self, history: &History<'_>, beam: &[Prefix], k: usize) -> RankedList {
        let met: HashSet<u32> = history.items.iter().copied().collect();
        let mut list = RankedList::default();
        let mut ranks = 0;
        for id in beam {
            if ranks >= k {
                break;
            }
            let items = self.world.trie.items(id.node).iter().copied().filter(|item| !met.contains(item));
            let items: Vec<u32> = items.collect();
            ranks += items.len();
            list.entries.push(RankedEntry { items, score: id.score });
        }
        list
    }

    /// The best `beam` IDs for a history, best first.
    fn search(&self, ties: TieOrder, history: &History<'_>, beam: usize, at: &mut SpeakRoom<f32>) -> Vec<Prefix> {
        let (frozen, trie) = (self.world.frozen(), &self.world.trie);
        let (d, network) = (frozen.hidden(), frozen.reading(&self.parameters));
        let met = met_below(trie, history);
        let prompt = self.lessons.prompt(history.items);
        let rows: Vec<f32> =
            prompt.iter().flat_map(|&token| frozen.embed(&self.parameters, token).iter().copied()).collect();
        let past = prefix_of(&network, &rows, &mut at.trace);
        let mut hidden = at.trace.hidden[(prompt.len() - 1) * d..].to_vec();
        let mut prefixes = vec![Prefix { node: TokenTrie::ROOT, score: 0.0, tokens: Vec::new(), tie: 0 }];
        for level in 0..self.world.tokens.levels() {
            if level > 0 {
                let input = at.trace.input(prefixes.len() * level, d);
                let tokens = prefixes.iter().flat_map(|prefix| &prefix.tokens);
                for (row, &token) in input.chunks_exact_mut(d).zip(tokens) {
                    row.copy_from_slice(frozen.embed(&self.parameters, token));
                }
                forward(&network, &vec![level; prefixes.len()], Some(&past), false, &mut at.trace);
                hidden.clear();
                let rows = at.trace.hidden.chunks_exact(d).skip(level - 1).step_by(level);
                rows.for_each(|row| hidden.extend_from_slice(row));
            }
            let mut ways = Vec::new();
            for (prefix, hidden) in prefixes.iter().zip(hidden.chunks_exact(d)) {
                self.ways(ties, history.user, &met, level, prefix, hidden, &mut ways);
            }
            keep_best(&mut ways, beam);
            prefixes = ways;
            if prefixes.is_empty() {
                break; // Everything was met.
            }
        }
        prefixes
    }

    /// All ways on from a prefix, each with the logarithm of its share among the codes that continue an ID. A way that leads
    /// only to items of the history has its share and is not taken.
    #[allow(clippy::too_many_arguments)] // One call site; a struct would only rename the arguments.
    fn ways(
        &self,
        ties: TieOrder,
        user: u32,
        met: &HashMap<u32, usize>,
        level: usize,
        prefix: &Prefix,
        hidden: &[f32],
        out: &mut Vec<Prefix>,
    ) {
        let (tokens, trie, d) = (&self.world.tokens, &self.world.trie, hidden.len());
        let outputs = &self.parameters[self.world.layout.outputs.clone()];
        let logit = |node: u32| {
            let row = tokens.row(level, trie.code(node));
            f64::from(dot(hidden, &outputs[row * d..(row + 1) * d]))
        };
        let logits: Vec<f64> = trie.children(prefix.node).map(logit).collect();
        let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let normaliser = top + logits.iter().map(|logit| (logit - top).exp()).sum::<f64>().ln();
        for (node, logit) in trie.children(prefix.node).zip(logits) {
            let items = trie.items(node);
            if met.get(&node).is_none_or(|&met| met < items.len()) {
                let mut spelled = prefix.tokens.clone();
                spelled.push(tokens.token(level, trie.code(node)));
                let score = prefix.score + logit - normaliser;
                out.push(Prefix { node, score, tokens: spelled, tie: ties.place(user, items[0]) });
            }
        }
    }
}

/// Keeps the best, best first; equal scores in their seeded order.
fn keep_best(ways: &mut Vec<Prefix>, beam: usize) {
    let order = |a: &Prefix, b: &Prefix| b.score.total_cmp(&a.score).then(a.tie.cmp(&b.tie)).then(a.node.cmp(&b.node));
    if ways.len() > beam {
        ways.select_nth_unstable_by(beam - 1, order);
        ways.truncate(beam);
    }
    ways.sort_unstable_by(order);
}

impl Ranker for SpeakRanker {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        self.rank_with_beam(work, histories, k, self.world.settings.beam.max(2 * k))
    }

    fn parameters(&self) -> usize {
        self.parameters.len()
    }

    fn weights(&self) -> Option<Vec<u8>> {
        export::weights(&self.world, &self.parameters).ok()
    }
}

impl fmt::Debug for SpeakRanker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpeakRanker").field("settings", self.settings()).finish_non_exhaustive()
    }
}
