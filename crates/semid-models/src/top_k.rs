//! The best k of many scores, the same way for every recommender: items of the history left out, equal scores in a
//! seeded order.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, HashSet};

use rayon::prelude::*;
use semid_core::{Error, History, RankedEntry, RankedList, Result, Seed, TokenTrie, Work};

/// The order of equal scores: drawn per user from the seed, and the same under every recommender, so that no order of
/// the catalog favours an arm.
#[derive(Clone, Copy, Debug)]
pub struct TieOrder(u64);

impl TieOrder {
    /// The order of one seed.
    pub fn new(seed: Seed) -> Self {
        let key = seed.key("order of equal scores");
        TieOrder(u64::from_le_bytes([key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]]))
    }

    /// Where `item` stands for `user` among items of the same score: lower comes first.
    pub fn place(self, user: u32, item: u32) -> u64 {
        mixed(self.0 ^ mixed((u64::from(user) << 32) | u64::from(item)))
    }

    /// The best `k` of the candidates for one user, best first. A score that is not finite is never listed.
    pub fn top_k(self, k: usize, user: u32, candidates: impl Iterator<Item = (u32, f64)>) -> RankedList {
        let mut best = self.best(k, user);
        candidates.for_each(|(item, score)| best.offer(item, score));
        best.into_list()
    }

    /// The best `k` items that the history has not met, from a score for every item of the catalog.
    ///
    /// Errors: a score is not finite; `what` says whose it is.
    pub fn best_unmet(
        self,
        k: usize,
        history: &History<'_>,
        scores: &[f32],
        met: &mut Met,
        what: &'static str,
    ) -> Result<RankedList> {
        if !scores.iter().all(|score| score.is_finite()) {
            return Err(Error::NotFinite { what, row: history.user as usize });
        }
        Ok(met.with(history.items, |met| {
            let candidates = scores.iter().zip(met).enumerate().filter(|(_, (_, met))| !**met);
            let scored = candidates.map(|(item, (&score, _))| (item as u32, f64::from(score)));
            self.top_k(k, history.user, scored)
        }))
    }

    /// The best `k` of candidates that come in parts.
    pub fn best(self, k: usize, user: u32) -> Best {
        Best { k, user, order: self, heap: BinaryHeap::with_capacity(k.min(1024) + 1), bar: f64::NEG_INFINITY }
    }
}

/// The best candidates seen so far for one user.
#[derive(Clone, Debug)]
pub struct Best {
    k: usize,
    user: u32,
    order: TieOrder,
    heap: BinaryHeap<Reverse<Candidate>>,
    /// What a score must reach to be listed.
    bar: f64,
}

impl Best {
    /// Takes `item` in if it is among the best so far.
    pub fn offer(&mut self, item: u32, score: f64) {
        if score < self.bar || !score.is_finite() || self.k == 0 {
            return;
        }
        let candidate = Candidate { score, place: self.order.place(self.user, item), item };
        if self.heap.len() == self.k {
            match self.heap.peek_mut() {
                Some(mut worst) if candidate > worst.0 => *worst = Reverse(candidate),
                _ => return,
            }
        } else {
            self.heap.push(Reverse(candidate));
        }
        if self.heap.len() == self.k {
            self.bar = self.heap.peek().map_or(f64::NEG_INFINITY, |worst| worst.0.score);
        }
    }

    /// The list, best first.
    pub fn into_list(self) -> RankedList {
        let entry = |Reverse(Candidate { item, score, .. })| RankedEntry { items: vec![item], score };
        RankedList { entries: self.heap.into_sorted_vec().into_iter().map(entry).collect() }
    }
}

/// Which items a user has met, as a table that is cleared by the history that filled it.
#[derive(Clone, Debug)]
pub struct Met(Vec<bool>);

impl Met {
    /// Nothing met, of `items` items.
    pub fn nothing(items: usize) -> Self {
        Met(vec![false; items])
    }

    /// Calls `f` with the history's items marked; they are unmarked again afterwards.
    pub fn with<T>(&mut self, history: &[u32], f: impl FnOnce(&[bool]) -> T) -> T {
        self.mark(history, true);
        let result = f(&self.0);
        self.mark(history, false);
        result
    }

    fn mark(&mut self, history: &[u32], met: bool) {
        for &item in history {
            if let Some(mark) = self.0.get_mut(item as usize) {
                *mark = met;
            }
        }
    }
}

/// One list per history, in parallel, with progress and cancel. `scratch` makes what a thread reuses from list to list.
pub(crate) fn rank_each<S>(
    work: &Work,
    histories: &[History<'_>],
    scratch: impl Fn() -> S + Sync + Send,
    rank: impl Fn(&mut S, &History<'_>) -> RankedList + Sync + Send,
) -> Result<Vec<RankedList>> {
    let step = work.step("ranking", histories.len());
    let ranked = histories.par_iter().map_init(scratch, |scratch, history| {
        step.advance(1)?;
        Ok(rank(scratch, history))
    });
    ranked.collect()
}

/// Greater is better.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    score: f64,
    place: u64,
    item: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        // −0 and 0 are one score here, as they are to whoever reads the list.
        let by_score = (self.score + 0.0).total_cmp(&(other.score + 0.0));
        by_score.then(other.place.cmp(&self.place)).then(other.item.cmp(&self.item))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit.
fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Refuses histories that name items which the model was not trained on.
pub(crate) fn check_known(histories: &[History<'_>], items: usize) -> Result<()> {
    for history in histories {
        if let Some(&item) = history.items.iter().find(|&&item| item as usize >= items) {
            return Err(Error::input(format!(
                "The history of user {} names item {item}, but the model knows {items} items. \
                 Rank with the catalog it was trained on.",
                history.user
            )));
        }
    }
    Ok(())
}

/// How many items of a history lie below each node of the trie that has any.
pub(crate) fn met_below(trie: &TokenTrie, history: &History<'_>) -> HashMap<u32, usize> {
    let items: HashSet<u32> = history.items.iter().copied().collect();
    let mut below = HashMap::with_capacity(items.len() * 2);
    for item in items {
        let mut node = trie.leaf(item);
        while node != TokenTrie::ROOT {
            *below.entry(node).or_insert(0) += 1;
            node = trie.parent(node);
        }
    }
    below
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn items(list: &RankedList) -> Vec<u32> {
        list.entries.iter().map(|entry| entry.items[0]).collect()
    }

    #[test]
    fn the_best_k_are_those_of_a_full_sort() {
        let order = TieOrder::new(Seed(3));
        let scores: Vec<f64> = (0..500u64).map(|item| (mixed(item) % 40) as f64).collect();
        let mut sorted: Vec<u32> = (0..500).collect();
        sorted.sort_by(|&a, &b| {
            let by_score = scores[b as usize].total_cmp(&scores[a as usize]);
            by_score.then(order.place(9, a).cmp(&order.place(9, b)))
        });
        for k in [0, 1, 7, 100, 500, 1_000] {
            let list = order.top_k(k, 9, scores.iter().enumerate().map(|(item, &score)| (item as u32, score)));
            assert_eq!(items(&list), sorted[..k.min(500)], "the first {k} of a full sort");
        }
    }

    #[test]
    fn equal_scores_are_ordered_by_seed_and_user_and_spread_evenly() {
        let first = |seed, user| items(&TieOrder::new(Seed(seed)).top_k(1, user, (0..10).map(|item| (item, 1.0))))[0];
        let mut counts = [0; 10];
        (0..10_000).for_each(|user| counts[first(1, user) as usize] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "no item is favoured: {counts:?}");
        assert!((0..50).any(|user| first(1, user) != first(2, user)), "another seed gives another order");
    }

    #[test]
    fn scores_that_are_not_finite_are_never_listed() {
        let scores = [(0, f64::NAN), (1, 1.0), (2, f64::INFINITY), (3, f64::NEG_INFINITY), (4, 2.0)];
        assert_eq!(items(&TieOrder::new(Seed(1)).top_k(5, 0, scores.into_iter())), [4, 1], "two finite scores");
    }

    #[test]
    fn met_items_are_marked_only_inside() {
        let mut met = Met::nothing(3);
        assert_eq!(met.with(&[2, 2, 99], <[bool]>::to_vec), [false, false, true], "unknown items are ignored");
        assert_eq!(met.with(&[], <[bool]>::to_vec), [false; 3], "the table is clean again");
    }
}
