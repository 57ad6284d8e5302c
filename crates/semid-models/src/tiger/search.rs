//! Beam search over the trie: the histories of a group are read once, then every prefix of every user costs one token a level.
//!
//! A prefix that leads only to items of the history is never entered, so the beam is spent on items that can be recommended,
//! and a beam as wide as the catalog is an exact ranking.

use std::collections::{HashMap, HashSet};

use candle_core::{DType, Result, Tensor};
use semid_core::{History, RankedEntry, RankedList, TokenTrie};

use super::layers::Dropout;
use super::model::Model;
use super::tokens::Tokens;
use crate::top_k::{TieOrder, met_below};

/// A trained model and the trie it speaks in.
pub(crate) struct Searcher<'a> {
    pub model: &'a Model,
    pub tokens: &'a Tokens,
    pub trie: &'a TokenTrie,
    pub ties: TieOrder,
}

/// A prefix, or at the end a whole ID.
#[derive(Clone, Copy, Debug)]
struct Prefix {
    node: u32,
    /// Log-probability.
    score: f64,
    /// Its place in the beam of the level before.
    parent: usize,
    tie: u64,
}

impl Searcher<'_> {
    /// Lists of at most `k` ranks for some users, read and searched together.
    pub fn rank(&self, histories: &[History<'_>], k: usize, beam: usize) -> Result<Vec<RankedList>> {
        let beams = self.search(histories, beam.clamp(1, self.trie.leaves().max(1)))?;
        Ok(histories.iter().zip(beams).map(|(history, beam)| self.list(history, &beam, k)).collect())
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
            let items: Vec<u32> = self.trie.items(id.node).iter().copied().filter(|item| !met.contains(item)).collect();
            ranks += items.len();
            list.entries.push(RankedEntry { items, score: id.score });
        }
        list
    }

    /// The best `beam` IDs of each user, best first.
    fn search(&self, histories: &[History<'_>], beam: usize) -> Result<Vec<Vec<Prefix>>> {
        let (users, device, off) = (histories.len(), self.model.device(), Dropout::default());
        let batch = self.tokens.batch(histories.iter().map(|one| (one.user, one.items)), DType::F32, device)?;
        let memory = self.model.encode(&batch, &off)?;
        let met: Vec<HashMap<u32, usize>> = histories.iter().map(|history| met_below(self.trie, history)).collect();
        let root = Prefix { node: TokenTrie::ROOT, score: 0.0, parent: 0, tie: 0 };
        let mut beams = vec![vec![root]; users];
        let mut written = Tensor::full(self.tokens.ids.opening(), (users, 1, 1), device)?;
        let mut past = Vec::new();
        for level in 0..self.tokens.ids.levels() {
            let width = written.dim(1)?;
            if level > 0 {
                // Beams narrower than the widest of the group are filled up with rows that nobody reads.
                let parents = beams.iter().enumerate().flat_map(|(user, beam)| {
                    let parent = move |place: usize| beam.get(place).map_or(0, |prefix| prefix.parent);
                    let before = past_width(&past, users);
                    (0..width).map(move |place| (user * before + parent(place)) as u32)
                });
                let parents = Tensor::from_vec(parents.collect::<Vec<u32>>(), users * width, device)?;
                for (keys, values) in &mut past {
                    (*keys, *values) = (keys.index_select(&parents, 0)?, values.index_select(&parents, 0)?);
                }
            }
            let hidden = self.model.decode(&memory, &mut past, &written, &off)?;
            let logs = self.model.log_probabilities(self.tokens, &hidden, level)?.flatten_all()?.to_vec1::<f32>()?;
            let size = self.tokens.ids.size(level);
            for (user, (beam_of_user, logs)) in beams.iter_mut().zip(logs.chunks_exact(width * size)).enumerate() {
                let rows = logs.chunks_exact(size);
                let mut ways = self.ways(histories[user].user, &met[user], beam_of_user, rows);
                keep_best(&mut ways, beam);
                *beam_of_user = ways;
            }
            let width = beams.iter().map(Vec::len).max().unwrap_or(0).max(1);
            let offset = self.tokens.ids.offset(level) as u32;
            let next = beams.iter().flat_map(|beam| {
                (0..width).map(|place| offset + beam.get(place).map_or(0, |prefix| self.trie.code(prefix.node)))
            });
            written = Tensor::from_vec(next.collect::<Vec<u32>>(), (users, width, 1), device)?;
        }
        Ok(beams)
    }

    /// All ways on from the prefixes of a user, each scored by its row.
    fn ways<'a>(
        &self,
        user: u32,
        met: &HashMap<u32, usize>,
        beam: &[Prefix],
        rows: impl Iterator<Item = &'a [f32]>,
    ) -> Vec<Prefix> {
        let mut ways = Vec::new();
        for (parent, (prefix, row)) in beam.iter().zip(rows).enumerate() {
            for node in self.trie.children(prefix.node) {
                let items = self.trie.items(node);
                if met.get(&node).is_none_or(|&met| met < items.len()) {
                    let score = prefix.score + f64::from(row[self.trie.code(node) as usize]);
                    ways.push(Prefix { node, score, parent, tie: self.ties.place(user, items[0]) });
                }
            }
        }
        ways
    }
}

/// Prefixes a user had when these keys were made.
fn past_width(past: &[(Tensor, Tensor)], users: usize) -> usize {
    past.first().map_or(1, |(keys, _)| keys.dims()[0] / users.max(1))
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
