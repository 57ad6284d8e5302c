//! The path to one item, followed through a beam search: what each code's probability was, and where the beam lost it.

use std::collections::HashSet;

use semid_core::{Error, History, Result, TokenTrie, Work};

use super::ranker::GenerativeRanker;
use super::search::{Emission, Hypothesis, SearchRoom, Way};

/// The path to an item, a level at a time, the digit last.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPath {
    /// One a level.
    pub levels: Vec<PathLevel>,
}

/// One level of the path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathLevel {
    /// Every code that may follow the prefix so far, most probable first.
    pub ways: Vec<PathWay>,
    /// Which of them leads to the item.
    pub chosen: usize,
}

/// A code that may follow a prefix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathWay {
    /// The code.
    pub code: u32,
    /// Where it leads in the trie.
    pub node: u32,
    /// ln of its probability given the codes before it, among those that the softmax runs over.
    pub log_probability: f64,
    /// Whether prefix and code stayed in the beam.
    pub in_beam: bool,
}

impl ItemPath {
    /// ln of the probability of the whole ID: what ranking gives as the score.
    pub fn score(&self) -> f64 {
        self.levels.iter().map(|level| level.ways[level.chosen].log_probability).sum()
    }
}

/// What a search that follows a path writes down as it goes.
pub(crate) struct Follow {
    /// Nodes from the root to the leaf of the item.
    pub path: Vec<u32>,
    pub levels: Vec<PathLevel>,
    /// Place in the beam of the prefix that is only there to be followed, once the beam has lost it.
    pub forced: Option<usize>,
}

impl Follow {
    fn new(trie: &TokenTrie, item: u32) -> Self {
        let mut path = vec![trie.leaf(item)];
        while path[path.len() - 1] != TokenTrie::ROOT {
            path.push(trie.parent(path[path.len() - 1]));
        }
        path.reverse();
        Follow { path, levels: Vec::new(), forced: None }
    }

    /// Writes down all ways on from the followed prefix, `kept` being the next beam; the way to the item is added to
    /// it where it was lost.
    pub fn step(&mut self, level: usize, followed: Vec<Way>, beam: &[Hypothesis], kept: &mut Vec<Way>) {
        let in_beam: HashSet<u32> = kept.iter().filter_map(|way| way.node).collect();
        let mut ways: Vec<PathWay> = followed
            .iter()
            .filter_map(|way| {
                let (node, log_probability) = (way.node?, way.score - beam[way.parent].score);
                Some(PathWay { code: way.code, node, log_probability, in_beam: in_beam.contains(&node) })
            })
            .collect();
        let next = self.path[level + 1];
        self.forced = None;
        if !in_beam.contains(&next)
            && let Some(way) = followed.iter().find(|way| way.node == Some(next))
        {
            self.forced = Some(kept.len());
            kept.push(*way);
        }
        ways.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability).then(a.code.cmp(&b.code)));
        let chosen = ways.iter().position(|way| way.node == next).unwrap_or_default();
        self.levels.push(PathLevel { ways, chosen });
    }
}

impl GenerativeRanker {
    /// Follows the path to an item through the search that [`semid_core::Ranker::rank`] does for lists of `k`.
    ///
    /// Errors: the item, or every item that shares its ID, is in the history, so that the search never goes there.
    pub fn follow(&self, work: &Work, history: &History<'_>, item: u32, k: usize) -> Result<ItemPath> {
        let items = self.layout.vocabulary.items() as u32;
        if let Some(unknown) = history.items.iter().chain([&item]).find(|&&item| item >= items) {
            return Err(Error::input(format!(
                "Item {unknown} is not among the {items} items that the model was trained on."
            )));
        }
        let leaf = self.trie.leaf(item);
        if self.trie.items(leaf).iter().all(|item| history.items.contains(item)) {
            return Err(Error::input(
                "The item is in the user's history. What a user has met is never recommended again, so no path leads \
                 to it.",
            ));
        }
        let mut follow = Follow::new(&self.trie, item);
        let searcher = self.searcher(work);
        let beam = self.beam_for(k).min(self.trie.leaves());
        let one = std::slice::from_ref(history);
        searcher.search_following(one, beam, Emission::Recommendable, &mut SearchRoom::default(), Some(&mut follow));
        work.check()?;
        Ok(ItemPath { levels: follow.levels })
    }
}
