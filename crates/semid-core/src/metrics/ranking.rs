//! Judging ranked lists: one value per user and metric, and counts of everything that was out of the ordinary.
//!
//! The edge cases, decided once: a user without relevant item is left out and counted; a user without list counts 0; a
//! short list is padded with misses; an entry without item keeps its rank as a miss; the items of one entry share its
//! ranks, and metrics take the expectation under a random order; an item twice in a list, a score that is not finite and
//! scores that do not descend are errors.

use rayon::prelude::*;

use super::{Hit, Judged, Metric};
use crate::comparison::Health;
use crate::{Case, Error, RankedList, Result};

/// What came out of judging lists. Per-user values are kept as they are, never rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The metrics, in the order asked for.
    pub metrics: Vec<Metric>,
    /// One vector per metric with one value per judged user.
    pub per_user: Vec<Vec<f64>>,
    /// For each judged user the index of the case. Equal for all arms that are judged on the same cases.
    pub judged: Vec<u32>,
    /// Users left out because they have no relevant item.
    pub users_without_target: u64,
    /// Judged users for whom no list came; each counts 0.
    pub users_without_list: u64,
    /// Judged users whose list has fewer ranks than the largest K, those without list among them.
    pub short_lists: u64,
    /// Entries of all lists of judged users.
    pub entries: u64,
    /// Entries without an item: emitted IDs that are no item's.
    pub invalid_entries: u64,
    /// Share of neighbouring ranks with equal scores; ranks that one tied group shares are equal.
    pub tie_rate: f64,
    /// Different items in the top 10 over the judged users; its expectation, rounded, when groups are tied.
    pub distinct_in_top10: u64,
    /// Items there are.
    pub catalog_items: u64,
}

/// A case whose relevant items differ in how relevant they are.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedCase {
    /// The user, for error messages.
    pub user: u32,
    /// Relevant items with their gain; an item with a gain of 0 or less is not relevant.
    pub targets: Vec<(u32, f64)>,
}

/// Judges one list per case. Targets are a set: an item listed twice counts once. `catalog_items` bounds the items.
pub fn evaluate(lists: &[RankedList], cases: &[Case], metrics: &[Metric], catalog_items: usize) -> Result<Evaluation> {
    judge_all(lists, cases.len(), metrics, catalog_items, |at, targets| {
        targets.extend(cases[at].targets.iter().map(|&item| (item, 1.0)));
        cases[at].user
    })
}

/// Judges one list per case, where some items are more relevant than others. Metrics of yes-or-no relevance take every
/// gain above 0 as relevant.
pub fn evaluate_graded(
    lists: &[RankedList],
    cases: &[GradedCase],
    metrics: &[Metric],
    catalog_items: usize,
) -> Result<Evaluation> {
    judge_all(lists, cases.len(), metrics, catalog_items, |at, targets| {
        targets.extend_from_slice(&cases[at].targets);
        cases[at].user
    })
}

impl Evaluation {
    /// Number of users judged.
    pub fn users(&self) -> usize {
        self.judged.len()
    }

    /// The values of one metric, one per judged user; none if it was not asked for.
    pub fn values(&self, metric: &Metric) -> Option<&[f64]> {
        let at = self.metrics.iter().position(|known| known == metric)?;
        Some(&self.per_user[at])
    }

    /// The mean of one metric over the judged users; 0 when there is none. None if the metric was not asked for.
    pub fn mean(&self, metric: &Metric) -> Option<f64> {
        self.values(metric).map(crate::statistics::mean)
    }

    /// Share of emitted IDs that are an item's ID; 1 when nothing was emitted.
    pub fn id_validity(&self) -> f64 {
        if self.entries == 0 { 1.0 } else { 1.0 - self.invalid_entries as f64 / self.entries as f64 }
    }

    /// Signs that the arm works as it should, with what to worry about in sentences.
    pub fn health(&self) -> Health {
        Health {
            id_validity: self.id_validity(),
            unconstrained_id_validity: None,
            users_without_list: self.users_without_list,
            short_lists: self.short_lists,
            tie_rate: self.tie_rate,
            distinct_in_top10: self.distinct_in_top10,
            warnings: self.warnings(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let users = self.users() as u64;
        let mut warnings = Vec::new();
        if self.users_without_list > 0 {
            warnings
                .push(format!("No list came for {} of {users} users; each of them counts 0.", self.users_without_list));
        }
        let short = self.short_lists - self.users_without_list;
        if short > 0 {
            warnings.push(format!(
                "{short} of {users} lists are shorter than the largest K; the missing ranks are misses."
            ));
        }
        if self.id_validity() < 0.99 {
            let share = 100.0 * (1.0 - self.id_validity());
            warnings.push(format!("{share:.1} % of the emitted IDs are no item's ID; each keeps its rank as a miss."));
        }
        if self.tie_rate > 0.1 {
            let share = 100.0 * self.tie_rate;
            warnings
                .push(format!("{share:.0} % of neighbouring ranks have equal scores: much of the order is chance."));
        }
        // Ten lists of ten could not show more than a hundred items, so few users prove nothing.
        let expected_at_least = (self.catalog_items / 100).max(11).min(users);
        if self.entries > 0 && self.distinct_in_top10 < expected_at_least {
            warnings.push(format!(
                "Only {} of {} items stand in the top 10 of any of {users} users: nearly everybody gets the same list.",
                self.distinct_in_top10, self.catalog_items
            ));
        }
        warnings
    }
}

/// `targets_of(case, into)` pushes the targets with their gains and returns the user.
fn judge_all(
    lists: &[RankedList],
    cases: usize,
    metrics: &[Metric],
    catalog_items: usize,
    targets_of: impl Fn(usize, &mut Vec<(u32, f64)>) -> u32 + Sync,
) -> Result<Evaluation> {
    if lists.len() != cases {
        return Err(Error::input(format!("There are {} lists for {cases} cases; each case needs one.", lists.len())));
    }
    let Some(deepest) = metrics.iter().map(Metric::k).max() else {
        return Err(Error::input("No metric was asked for; name at least one, such as ndcg@10."));
    };
    // Chunks keep their order, so that the values do not depend on the number of threads.
    let chunks = lists
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(chunk, lists)| {
            let mut counted = Counted { values: vec![Vec::new(); metrics.len()], ..Counted::default() };
            let mut scratch = Scratch::default();
            for (offset, list) in lists.iter().enumerate() {
                let at = chunk * CHUNK + offset;
                scratch.targets.clear();
                let user = targets_of(at, &mut scratch.targets);
                counted.judge(at, user, list, metrics, deepest, catalog_items, &mut scratch)?;
            }
            Ok(counted)
        })
        .collect::<Result<Vec<Counted>>>()?;

    let mut all = Counted { values: vec![Vec::new(); metrics.len()], ..Counted::default() };
    for chunk in chunks {
        all.append(chunk);
    }
    Ok(Evaluation {
        metrics: metrics.to_vec(),
        distinct_in_top10: distinct_on_top(all.judged.iter().map(|&at| &lists[at as usize]), 10, catalog_items).round()
            as u64,
        per_user: all.values,
        judged: all.judged,
        users_without_target: all.without_target,
        users_without_list: all.without_list,
        short_lists: all.short,
        entries: all.entries,
        invalid_entries: all.invalid,
        tie_rate: if all.neighbours == 0 { 0.0 } else { all.tied as f64 / all.neighbours as f64 },
        catalog_items: catalog_items as u64,
    })
}

/// Expected number of different items among the first `k` ranks over all lists: exact where no group straddles `k`.
pub(crate) fn distinct_on_top<'a>(lists: impl Iterator<Item = &'a RankedList>, k: usize, catalog_items: usize) -> f64 {
    // The probability that nobody is shown the item.
    let mut unseen = vec![1.0f64; catalog_items];
    for list in lists {
        for (item, chance) in chances_on_top(list, k) {
            unseen[item as usize] *= 1.0 - chance;
        }
    }
    unseen.iter().map(|p| 1.0 - p).sum()
}

/// The items that can be among the first `k` ranks of a list, each with the probability that it is.
pub(crate) fn chances_on_top(list: &RankedList, k: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
    let mut above = 0;
    list.entries
        .iter()
        .map(move |entry| {
            let size = entry.items.len().max(1);
            let within = k.saturating_sub(above).min(size);
            above += size;
            (entry, within as f64 / size as f64)
        })
        .take_while(|&(_, chance)| chance > 0.0)
        .flat_map(|(entry, chance)| entry.items.iter().map(move |&item| (item, chance)))
}

const CHUNK: usize = 256;

#[derive(Default)]
struct Scratch {
    targets: Vec<(u32, f64)>,
    gains: Vec<f64>,
    hits: Vec<Hit>,
    items: Vec<u32>,
}

#[derive(Default)]
struct Counted {
    values: Vec<Vec<f64>>,
    judged: Vec<u32>,
    without_target: u64,
    without_list: u64,
    short: u64,
    entries: u64,
    invalid: u64,
    neighbours: u64,
    tied: u64,
}

impl Counted {
    #[allow(clippy::too_many_arguments)] // One call site; a struct for it would only rename the arguments.
    fn judge(
        &mut self,
        at: usize,
        user: u32,
        list: &RankedList,
        metrics: &[Metric],
        deepest: usize,
        catalog_items: usize,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let Scratch { targets, gains, hits, items } = scratch;
        if let Some((item, gain)) = targets.iter().find(|(_, gain)| !gain.is_finite()) {
            return Err(Error::input(format!("The relevance of item {item} for user {user} is {gain}, not a number.")));
        }
        targets.retain(|&(_, gain)| gain > 0.0);
        targets.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        targets.dedup_by_key(|target| target.0);
        refuse_unsound(user, list, catalog_items, items)?;
        if targets.is_empty() {
            self.without_target += 1;
            return Ok(());
        }
        gains.clear();
        gains.extend(targets.iter().map(|&(_, gain)| gain));
        gains.sort_unstable_by(|a, b| b.total_cmp(a));

        hits.clear();
        let mut above = 0;
        let mut last_score = None;
        for entry in &list.entries {
            let size = entry.items.len().max(1);
            self.entries += 1;
            self.invalid += u64::from(entry.items.is_empty());
            if let Some(last) = last_score {
                self.neighbours += 1;
                self.tied += u64::from(last == entry.score);
            }
            self.neighbours += size as u64 - 1;
            self.tied += size as u64 - 1;
            last_score = Some(entry.score);
            if above < deepest {
                for item in &entry.items {
                    if let Ok(found) = targets.binary_search_by_key(item, |target| target.0) {
                        hits.push(Hit { above, size, gain: targets[found].1 });
                    }
                }
            }
            above += size;
        }
        self.without_list += u64::from(list.entries.is_empty());
        self.short += u64::from(above < deepest);
        self.judged.push(at as u32);
        let judged = Judged { hits, gains };
        for (values, metric) in self.values.iter_mut().zip(metrics) {
            values.push(metric.value(&judged));
        }
        Ok(())
    }

    fn append(&mut self, chunk: Counted) {
        for (values, more) in self.values.iter_mut().zip(chunk.values) {
            values.extend(more);
        }
        self.judged.extend(chunk.judged);
        self.without_target += chunk.without_target;
        self.without_list += chunk.without_list;
        self.short += chunk.short;
        self.entries += chunk.entries;
        self.invalid += chunk.invalid;
        self.neighbours += chunk.neighbours;
        self.tied += chunk.tied;
    }
}

/// Refuses scores that are not finite or do not descend, items outside the catalog, and items that stand twice.
fn refuse_unsound(user: u32, list: &RankedList, catalog_items: usize, items: &mut Vec<u32>) -> Result<()> {
    for (entry, next) in list.entries.iter().zip(list.entries.iter().skip(1)) {
        if entry.score < next.score {
            return Err(Error::input(format!(
                "The list of user {user} is not sorted: a score of {} stands above {}. Sort lists by score, highest first.",
                entry.score, next.score
            )));
        }
    }
    items.clear();
    for (rank, entry) in list.entries.iter().enumerate() {
        if !entry.score.is_finite() {
            return Err(Error::input(format!(
                "Entry {} of the list of user {user} has the score {}, which is not a finite number.",
                rank + 1,
                entry.score
            )));
        }
        items.extend_from_slice(&entry.items);
    }
    items.sort_unstable();
    if let Some(twice) = items.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::input(format!(
            "Item {} stands twice in the list of user {user}. An item may be recommended once.",
            twice[0]
        )));
    }
    match items.last() {
        Some(&item) if item as usize >= catalog_items => Err(Error::input(format!(
            "The list of user {user} names item {item}, but the catalog has {catalog_items} items, counted from 0."
        ))),
        _ => Ok(()),
    }
}
