//! From rows as imported to a split: filters, order in time, and what is held out.
//!
//! The order matters and is fixed: minimum rating, duplicates, k-core, time order with ties, split.

use std::collections::HashMap;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{Case, Error, Interactions, Result, Sequences, Split, Work};

/// How rows become sequences and sequences a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct PrepareSettings {
    /// Rows rated below are dropped; rows without a rating stay. None keeps all.
    pub min_rating: Option<f32>,
    /// Users and items with fewer interactions are dropped until none is left; 0 or 1 keeps all.
    pub k_core: u32,
    /// What to do when a user met an item more than once.
    pub duplicates: Duplicates,
    /// The order of a user's interactions with the same time.
    pub ties: Ties,
    /// What is held out.
    pub split: SplitRule,
    /// How many users are judged, drawn by the seed; 0 or none: all. What is learned from is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub test_users: Option<u32>,
}

impl PrepareSettings {
    /// Leave-last-out with shuffled ties and nothing filtered.
    pub fn starter() -> Self {
        PrepareSettings {
            min_rating: None,
            k_core: 0,
            duplicates: Duplicates::KeepFirst,
            ties: Ties::Shuffle,
            split: SplitRule::LeaveLastOut,
            test_users: None,
        }
    }
}

/// What to do when a user met an item more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// Every meeting counts.
    KeepAll,
    /// The first in time counts.
    KeepFirst,
    /// The last in time counts.
    KeepLast,
}

/// The order of a user's interactions with the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// A seeded shuffle: the file's order inside a day is often the order of the items' keys, which a model can learn.
    Shuffle,
    /// As in the file, to compare with papers that do so.
    FileOrder,
}

/// What is held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case", tag = "rule")]
pub enum SplitRule {
    /// A user's last item is the test, the one before it the validation, which is part of the test's history. Users with
    /// fewer than three items only train.
    LeaveLastOut,
    /// Everything after a moment is the test, the same moment for all users, so that nobody's future leaks. The shares
    /// are of all interactions; a user's targets are all items of the period that are new to them.
    GlobalTime {
        /// Share of the interactions in the validation period.
        validation_share: f64,
        /// Share of the interactions in the test period.
        test_share: f64,
    },
}

/// What [`prepare`] makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prepared {
    /// One sequence per user that is left; items are indices into `kept_items`.
    pub sequences: Sequences,
    /// The catalog that takes part: indices into the imported catalog. All of it unless a k-core filter is set.
    pub kept_items: Vec<u32>,
    /// What is learned from and what is held out.
    pub split: Split,
    /// What was done to the rows.
    pub facts: PrepareFacts,
}

/// What preparing did, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PrepareFacts {
    /// Rows as imported.
    pub rows: u64,
    /// Rows dropped for their rating.
    pub below_min_rating: u64,
    /// Rows dropped because the user had met the item.
    pub duplicates: u64,
    /// Rows dropped by the k-core filter.
    pub outside_k_core: u64,
    /// Users that only train, being too short or without an item in the held-out period.
    pub users_not_judged: u64,
    /// Test cases with a target in their own history, which no arm can hit.
    pub targets_in_history: u64,
    /// Share of the test cases whose target and last history item carry the same time.
    pub tied_in_time: f64,
    /// Users ordered by the file because a time is missing.
    pub users_in_file_order: u64,
}

/// Filters, orders and splits `interactions` over a catalog of `items` items. Deterministic for `work`'s seed.
pub fn prepare(work: &Work, items: usize, interactions: &Interactions, settings: &PrepareSettings) -> Result<Prepared> {
    let mut facts = PrepareFacts { rows: interactions.rows.len() as u64, ..PrepareFacts::default() };
    let mut users = meetings_by_user(interactions, settings, &mut facts);
    work.check()?;
    for (user, meetings) in users.iter_mut().enumerate() {
        put_in_order(work, &interactions.user_keys[user], meetings, settings.ties, &mut facts);
        drop_duplicates(meetings, settings.duplicates, &mut facts);
    }
    work.check()?;
    let kept_items = apply_k_core(&mut users, items, settings.k_core, &mut facts);
    work.check()?;
    let mut sequences = Sequences::default();
    for (user, meetings) in users.into_iter().enumerate() {
        if meetings.is_empty() {
            continue;
        }
        sequences.user_keys.push(interactions.user_keys[user].clone());
        sequences.items.push(meetings.iter().map(|meeting| meeting.item).collect());
        sequences.at.push(meetings.iter().map(|meeting| meeting.at).collect());
    }
    if sequences.users() == 0 {
        return Err(Error::input(format!(
            "No interactions are left: of {} rows, {} were below the minimum rating and {} outside the {}-core. Lower \
             these settings.",
            facts.rows, facts.below_min_rating, facts.outside_k_core, settings.k_core
        )));
    }
    let mut split = match settings.split {
        SplitRule::LeaveLastOut => leave_last_out(&sequences, &mut facts),
        SplitRule::GlobalTime { validation_share, test_share } => {
            global_time(&sequences, validation_share, test_share, &mut facts)?
        }
    };
    if split.test.is_empty() {
        return Err(Error::input(
            "No user can be judged: leave-last-out needs users with at least three items, a time split needs users who \
             were there before and after it. Import more interactions or change the split.",
        ));
    }
    if let Some(users @ 1..) = settings.test_users {
        draw_cases(work, &mut split.test, users as usize);
    }
    facts.targets_in_history =
        split.test.iter().filter(|case| case.targets.iter().any(|target| case.history.contains(target))).count() as u64;
    Ok(Prepared { sequences, kept_items, split, facts })
}

/// Keeps so many cases, drawn by the seed, in the order they had.
fn draw_cases(work: &Work, cases: &mut Vec<Case>, count: usize) {
    let mut drawn: Vec<bool> = (0..cases.len()).map(|at| at < count).collect();
    drawn.shuffle(&mut work.rng("which users are judged"));
    let mut drawn = drawn.into_iter();
    cases.retain(|_| drawn.next().unwrap_or(false));
}

#[derive(Clone, Copy)]
struct Meeting {
    item: u32,
    at: Option<i64>,
}

fn meetings_by_user(
    interactions: &Interactions,
    settings: &PrepareSettings,
    facts: &mut PrepareFacts,
) -> Vec<Vec<Meeting>> {
    let mut users = vec![Vec::new(); interactions.user_keys.len()];
    for row in &interactions.rows {
        if let (Some(least), Some(rating)) = (settings.min_rating, row.rating)
            && rating < least
        {
            facts.below_min_rating += 1;
            continue;
        }
        users[row.user as usize].push(Meeting { item: row.item, at: row.at });
    }
    users
}

fn put_in_order(work: &Work, key: &str, meetings: &mut [Meeting], ties: Ties, facts: &mut PrepareFacts) {
    if meetings.iter().any(|meeting| meeting.at.is_none()) {
        // A missing time has no place among known ones; the file's order is all this user has.
        facts.users_in_file_order += 1;
        return;
    }
    meetings.sort_by_key(|meeting| meeting.at);
    if ties == Ties::Shuffle && meetings.windows(2).any(|pair| pair[0].at == pair[1].at) {
        // The user's own generator: dropping one user never reorders another.
        let mut rng = work.rng(&format!("ties in time of user {key}"));
        for tied in meetings.chunk_by_mut(|a, b| a.at == b.at) {
            tied.shuffle(&mut rng);
        }
    }
}

fn drop_duplicates(meetings: &mut Vec<Meeting>, rule: Duplicates, facts: &mut PrepareFacts) {
    let before = meetings.len();
    let mut seen = std::collections::HashSet::with_capacity(before);
    match rule {
        Duplicates::KeepAll => {}
        Duplicates::KeepFirst => meetings.retain(|meeting| seen.insert(meeting.item)),
        Duplicates::KeepLast => {
            meetings.reverse();
            meetings.retain(|meeting| seen.insert(meeting.item));
            meetings.reverse();
        }
    }
    facts.duplicates += (before - meetings.len()) as u64;
}

/// Drops users and items below `k` until none is, and renumbers items. Without a filter the whole catalog stays, items
/// that nobody met included: they can be recommended.
fn apply_k_core(users: &mut [Vec<Meeting>], items: usize, k: u32, facts: &mut PrepareFacts) -> Vec<u32> {
    if k <= 1 {
        return (0..items as u32).collect();
    }
    let before: usize = users.iter().map(Vec::len).sum();
    loop {
        let mut counts = vec![0u32; items];
        for meeting in users.iter().flatten() {
            counts[meeting.item as usize] += 1;
        }
        let mut dropped = false;
        for meetings in users.iter_mut() {
            let length = meetings.len();
            meetings.retain(|meeting| counts[meeting.item as usize] >= k);
            if meetings.len() < k as usize {
                meetings.clear();
            }
            dropped |= meetings.len() < length;
        }
        if !dropped {
            break;
        }
    }
    facts.outside_k_core = (before - users.iter().map(Vec::len).sum::<usize>()) as u64;
    let mut kept: Vec<u32> = users.iter().flatten().map(|meeting| meeting.item).collect();
    kept.sort_unstable();
    kept.dedup();
    let new_index: HashMap<u32, u32> = kept.iter().enumerate().map(|(new, &old)| (old, new as u32)).collect();
    for meeting in users.iter_mut().flatten() {
        meeting.item = new_index[&meeting.item];
    }
    kept
}

fn leave_last_out(sequences: &Sequences, facts: &mut PrepareFacts) -> Split {
    let mut split = Split::default();
    let mut tied = 0usize;
    for (user, items) in sequences.items.iter().enumerate() {
        let n = items.len();
        if n < 3 {
            facts.users_not_judged += 1;
            split.train.push(items.clone());
            continue;
        }
        let user_index = user as u32;
        split.train.push(items[..n - 2].to_vec());
        split.validation.push(Case { user: user_index, history: items[..n - 2].to_vec(), targets: vec![items[n - 2]] });
        split.test.push(Case { user: user_index, history: items[..n - 1].to_vec(), targets: vec![items[n - 1]] });
        let at = &sequences.at[user];
        tied += usize::from(at[n - 1].is_some() && at[n - 1] == at[n - 2]);
    }
    facts.tied_in_time = tied as f64 / split.test.len().max(1) as f64;
    split
}

fn global_time(
    sequences: &Sequences,
    validation_share: f64,
    test_share: f64,
    facts: &mut PrepareFacts,
) -> Result<Split> {
    let shares_fit = validation_share > 0.0 && test_share > 0.0 && validation_share + test_share < 1.0;
    if !shares_fit {
        return Err(Error::input(format!(
            "A time split with {validation_share} for validation and {test_share} for test leaves nothing to train on or \
             nothing to judge. Both must be above 0 and their sum below 1."
        )));
    }
    let mut times: Vec<i64> = Vec::with_capacity(sequences.interactions());
    for at in sequences.at.iter().flatten() {
        match at {
            Some(at) => times.push(*at),
            None => {
                return Err(Error::input(
                    "A time split needs a time on every interaction, and some have none. Use leave-last-out, or import \
                     with a timestamp column.",
                ));
            }
        }
    }
    times.sort_unstable();
    let moment = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let (validation_from, test_from) = (moment(1.0 - test_share - validation_share), moment(1.0 - test_share));
    let mut split = Split::default();
    let mut tied = 0usize;
    for (user, (items, at)) in sequences.items.iter().zip(&sequences.at).enumerate() {
        let before = |from: i64| at.iter().take_while(|at| at.is_some_and(|at| at < from)).count();
        let (train_end, validation_end) = (before(validation_from), before(test_from));
        split.train.push(items[..train_end].to_vec());
        let case = |from: usize, to: usize| {
            let history = items[..from].to_vec();
            let mut targets: Vec<u32> = Vec::new();
            for item in &items[from..to] {
                if !history.contains(item) && !targets.contains(item) {
                    targets.push(*item);
                }
            }
            (from > 0 && !targets.is_empty()).then_some(Case { user: user as u32, history, targets })
        };
        split.validation.extend(case(train_end, validation_end));
        match case(validation_end, items.len()) {
            Some(test) => {
                tied += usize::from(at[validation_end] == at[validation_end - 1]);
                split.test.push(test);
            }
            None => facts.users_not_judged += 1,
        }
    }
    facts.tied_in_time = tied as f64 / split.test.len().max(1) as f64;
    Ok(split)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Interaction, Seed};

    fn log(rows: &[(u32, u32, i64)]) -> Interactions {
        let users = rows.iter().map(|row| row.0 + 1).max().unwrap_or(0);
        Interactions {
            user_keys: (0..users).map(|user| format!("u{user}")).collect(),
            rows: rows
                .iter()
                .map(|&(user, item, at)| Interaction { user, item, rating: None, at: (at >= 0).then_some(at) })
                .collect(),
        }
    }

    fn run(rows: &[(u32, u32, i64)], items: usize, settings: &PrepareSettings) -> Result<Prepared> {
        prepare(&Work::new(Seed(1)), items, &log(rows), settings)
    }

    #[test]
    fn the_last_item_is_the_test_and_the_one_before_is_in_its_history() {
        let prepared = run(&[(0, 3, 30), (0, 1, 10), (0, 2, 20), (1, 4, 5)], 5, &PrepareSettings::starter()).unwrap();
        let split = prepared.split;
        assert_eq!(split.train, [vec![1], vec![4]], "time decides, not the file; a short user still trains");
        assert_eq!(split.validation, [Case { user: 0, history: vec![1], targets: vec![2] }], "next to last");
        assert_eq!(split.test, [Case { user: 0, history: vec![1, 2], targets: vec![3] }], "last");
        assert_eq!(prepared.facts.users_not_judged, 1, "the user with one item is counted, not lost");
    }

    #[test]
    fn ties_are_shuffled_by_seed_and_can_keep_the_order_of_the_file() {
        let rows: Vec<_> = (0..40).map(|item| (0, item, 7)).collect();
        let shuffled = run(&rows, 40, &PrepareSettings::starter()).unwrap();
        let again = run(&rows, 40, &PrepareSettings::starter()).unwrap();
        assert_eq!(shuffled, again, "the same seed gives the same order");
        let in_file = PrepareSettings { ties: Ties::FileOrder, ..PrepareSettings::starter() };
        let raw = run(&rows, 40, &in_file).unwrap();
        assert!(raw.sequences.items[0].is_sorted(), "file order was asked for");
        assert_ne!(shuffled.sequences.items, raw.sequences.items, "40 tied items do not shuffle into file order");
        assert_eq!(raw.facts.tied_in_time, 1.0, "target and last history item carry the same time");
    }

    #[test]
    fn a_missing_time_puts_that_user_into_the_order_of_the_file() {
        let prepared = run(&[(0, 2, 9), (0, 1, -1), (0, 0, 1)], 3, &PrepareSettings::starter()).unwrap();
        assert_eq!(prepared.sequences.items[0], [2, 1, 0], "one unknown time leaves only the file's order");
        assert_eq!(prepared.facts.users_in_file_order, 1, "and it is counted");
    }

    #[test]
    fn the_k_core_is_what_repeated_dropping_leaves() {
        // User 2 holds item 9 alone; dropping item 9 drops user 2, which drops item 8 below two.
        let rows = [(0, 5, 1), (0, 6, 2), (0, 7, 3), (1, 5, 1), (1, 6, 2), (1, 7, 3), (2, 9, 1), (2, 8, 2), (1, 8, 4)];
        let settings = PrepareSettings { k_core: 2, ..PrepareSettings::starter() };
        let prepared = run(&rows, 10, &settings).unwrap();
        assert_eq!(prepared.kept_items, [5, 6, 7], "items 8 and 9 fall in turn");
        assert_eq!(prepared.sequences.items, [vec![0, 1, 2], vec![0, 1, 2]], "items are renumbered");
        assert_eq!(prepared.facts.outside_k_core, 3, "three rows fell");
    }

    #[test]
    fn repeated_items_count_once_unless_all_are_wanted() {
        let rows = [(0, 1, 1), (0, 2, 2), (0, 1, 3), (0, 3, 4)];
        let first = run(&rows, 4, &PrepareSettings::starter()).unwrap();
        assert_eq!(first.sequences.items[0], [1, 2, 3], "the first meeting stays");
        let last = PrepareSettings { duplicates: Duplicates::KeepLast, ..PrepareSettings::starter() };
        assert_eq!(run(&rows, 4, &last).unwrap().sequences.items[0], [2, 1, 3], "the last meeting stays");
        let all = PrepareSettings { duplicates: Duplicates::KeepAll, ..PrepareSettings::starter() };
        let rows = [(0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 1, 4)];
        assert_eq!(run(&rows, 4, &all).unwrap().facts.targets_in_history, 1, "a repeat as target cannot be hit");
    }

    #[test]
    fn judged_users_are_drawn_by_the_seed_and_what_is_learned_from_is_the_same() {
        let rows: Vec<(u32, u32, i64)> =
            (0..40).flat_map(|user| (0..4).map(move |at| (user, (user + at) % 7, i64::from(at)))).collect();
        let all = run(&rows, 7, &PrepareSettings::starter()).unwrap();
        let few = run(&rows, 7, &PrepareSettings { test_users: Some(9), ..PrepareSettings::starter() }).unwrap();
        assert_eq!(few.split.test.len(), 9, "as many as asked for");
        assert!(few.split.test.iter().all(|case| all.split.test.contains(case)), "cases as they are without the draw");
        assert!(few.split.test.is_sorted_by_key(|case| case.user), "in the order of the users");
        assert_ne!(few.split.test, all.split.test[..9], "drawn, not the first ones");
        assert_eq!((&few.split.train, &few.split.validation), (&all.split.train, &all.split.validation));
        let many = PrepareSettings { test_users: Some(400), ..PrepareSettings::starter() };
        assert_eq!(run(&rows, 7, &many).unwrap(), all, "more than there are is all");
    }

    #[test]
    fn a_time_split_trains_only_on_the_past_of_everyone() {
        let rows: Vec<_> = (0..10).flat_map(|t| [(0, t as u32, t), (1, 10 + t as u32, t)]).collect();
        let rule = SplitRule::GlobalTime { validation_share: 0.2, test_share: 0.2 };
        let prepared = run(&rows, 20, &PrepareSettings { split: rule, ..PrepareSettings::starter() }).unwrap();
        assert_eq!(prepared.split.train[0], (0..6).collect::<Vec<_>>(), "60 % of the time is for training");
        assert_eq!(prepared.split.test[0].history, (0..8).collect::<Vec<_>>(), "the validation period is past by then");
        assert_eq!(prepared.split.test[0].targets, [8, 9], "all items of the period are targets");
        let missing = run(&[(0, 1, -1), (0, 2, 3)], 3, &PrepareSettings { split: rule, ..PrepareSettings::starter() });
        assert!(missing.is_err(), "a time split without times is refused");
    }

    #[test]
    fn filters_that_leave_nothing_say_which_did_it() {
        let settings = PrepareSettings { k_core: 5, ..PrepareSettings::starter() };
        let error = run(&[(0, 1, 1), (0, 2, 2), (0, 0, 3)], 3, &settings).unwrap_err().to_string();
        assert!(error.contains("5-core"), "the sentence names the filter: {error}");
    }
}
