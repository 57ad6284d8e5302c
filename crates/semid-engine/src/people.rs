//! The users behind a number: their values side by side, and one user's history, held-out items and list.

use std::cmp::Ordering;
use std::sync::Arc;

use semid_core::RankedList;
use semid_core::statistics::mean_over_seeds;
use serde::{Deserialize, Serialize};

use crate::opened_ids::NamedItem;
use crate::past_run::{PastRun, PreparedData};
use crate::settings::RecommenderSettings;
use crate::{Engine, Error, Result};

/// A page of the users behind a number.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct UsersRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Key of the arm it is compared with; none: the run's baseline.
    pub against: Option<String>,
    /// `ndcg@10`.
    pub metric: String,
    /// Column to sort by.
    pub sort: UserSort,
    /// Largest first.
    pub descending: bool,
    /// Part of the user's key; none: all.
    pub query: Option<String>,
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

/// Columns of the users behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum UserSort {
    /// The user's key.
    User,
    /// Value under the arm.
    Value,
    /// Value under the other arm.
    Against,
    /// Their difference.
    Difference,
    /// Items of the history.
    History,
}

/// A page of users.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct UserPage {
    /// Users in all, under the query.
    pub total: u64,
    /// The page.
    pub rows: Vec<UserRow>,
    /// What cannot be shown and why, in a sentence; empty when all can.
    pub note: String,
}

/// One user's values, mean over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct UserRow {
    /// Index in the run's data, which `user` asks with.
    pub user: u32,
    /// The user's key in the files; the index where the data set is not here.
    pub key: String,
    /// Items of the history; none where the data set is not here.
    pub history: Option<u64>,
    /// Value under the arm.
    pub value: f64,
    /// Value under the other arm.
    pub against: f64,
    /// Value minus the other.
    pub difference: f64,
    /// Rank of the first target under each seed; none where the list has none, or the data set is not here.
    pub ranks: Vec<Option<u32>>,
}

/// Names a user's list.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Index in the run's data.
    pub user: u32,
}

/// One user: history, what was held out, and the list of an arm.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct UserDetail {
    /// The user's key in the files.
    pub key: String,
    /// Oldest first.
    pub history: Vec<NamedItem>,
    /// The items held out as the test.
    pub targets: Vec<NamedItem>,
    /// The list, best first.
    pub list: Vec<ListEntry>,
    /// Every metric of the run for this list, as title and value.
    pub values: Vec<(String, f64)>,
    /// Seeds that can be asked for.
    pub seeds: Vec<u64>,
    /// Whether `why_item` can tell how an entry came about.
    pub explains: bool,
    /// What cannot be shown and why, in a sentence; empty when all can.
    pub note: String,
}

/// An entry of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ListEntry {
    /// Rank from 1.
    pub rank: u32,
    /// Higher is better.
    pub score: f64,
    /// Whether it holds a target.
    pub hit: bool,
    /// Its items: none for an ID that is no item's, several where items share an ID.
    pub items: Vec<NamedItem>,
}

impl Engine {
    /// The users behind a number, page by page.
    pub fn users(&self, request: &UsersRequest) -> Result<UserPage> {
        let run = self.past_run(request.run)?;
        let metric = &run.metric(&request.metric)?.key;
        let arm = run.arm(&request.arm)?;
        let against = run.arm_or_baseline(request.against.as_deref())?;
        let [values, others] = [self.values_of(&run, &arm.key, metric)?, self.values_of(&run, &against.key, metric)?];
        let users = self.judged_users(&run)?;
        let (data, note) = match self.data_of(&run) {
            Ok(data) => (Some(data), String::new()),
            Err(error @ Error::NotHere { .. }) => {
                (None, format!("{error} Until then users go by their number, and histories and ranks are not known."))
            }
            Err(error) => return Err(error),
        };
        let rows = Rows { values: &values, others: &others, users: &users, data: data.as_deref() };

        let wanted = request.query.as_deref().map(str::trim).filter(|query| !query.is_empty()).map(str::to_lowercase);
        let mut order: Vec<usize> = (0..users.len()).collect();
        if let Some(wanted) = wanted {
            order.retain(|&at| rows.key(at).to_lowercase().contains(&wanted));
        }
        order.sort_by(|&a, &b| {
            let order = rows.compare(request.sort, a, b);
            // Equal users keep one order whichever way the column is sorted.
            if request.descending { order.reverse() } else { order }.then(a.cmp(&b))
        });
        let ranks = match &data {
            Some(data) => Some(self.ranks_of(&run, data, &arm.key)?),
            None => None,
        };
        let page = order.iter().skip(request.offset as usize).take(request.limit as usize);
        Ok(UserPage {
            total: order.len() as u64,
            rows: page.map(|&at| rows.row(at, ranks.as_deref().map(Vec::as_slice), &run)).collect(),
            note,
        })
    }

    /// One user's history, held-out items and list.
    pub fn user(&self, request: &UserRequest) -> Result<UserDetail> {
        let run = self.past_run(request.run)?;
        let arm = run.arm(&request.arm)?;
        let seed = run.seed(request.seed)?;
        let data = self.data_of(&run)?;
        let (at, case) = data.case(request.user).ok_or_else(|| {
            Error::input(format!(
                "User {} was not judged in run {}: choose one of its users.",
                request.user, run.run.id
            ))
        })?;
        let ids = self.ids_of_arm(&run, &arm.key, seed)?;
        let ids = ids.as_deref();
        let list = self.store().ranked_list(run.run.id, &arm.key, seed, at)?;
        let mut notes = Vec::new();
        if arm.ids.is_some() && ids.is_none() {
            notes.push(
                "The IDs of this arm were removed from the workspace, so codes and labels are not shown. Run the \
                 experiment again to make them.",
            );
        }
        if list.is_none() {
            notes.push("The lists of this arm were not kept.");
        }
        let place = self.judged_users(&run)?.iter().position(|&user| user == request.user);
        let mut values = Vec::new();
        for metric in &run.comparison.metrics {
            let of_seed = self.store().per_user(run.run.id, &arm.key, seed, &metric.key)?;
            let value = of_seed.zip(place).and_then(|(values, place)| values.get(place).copied());
            values.extend(value.map(|value| (metric.title.clone(), value)));
        }
        let named = |items: &[u32]| items.iter().map(|&item| data.named_under(item, ids)).collect::<Vec<_>>();
        let mut rank = 1;
        let entries = list.unwrap_or_default().entries.into_iter().map(|entry| {
            let here = rank;
            rank += entry.items.len().max(1) as u32;
            ListEntry {
                rank: here,
                score: entry.score,
                hit: entry.items.iter().any(|item| case.targets.contains(item)),
                items: named(&entry.items),
            }
        });
        Ok(UserDetail {
            key: data.prepared.sequences.user_keys[request.user as usize].clone(),
            list: entries.collect(),
            history: named(&case.history),
            targets: named(&case.targets),
            values,
            seeds: run.comparison.seeds.clone(),
            explains: ids.is_some() && self.model_of_arm(&run, &arm.key, seed)?.is_some(),
            note: notes.join(" "),
        })
    }

    /// Fingerprint of the kept model of a generative arm, if it is still there.
    pub(crate) fn model_of_arm(&self, run: &PastRun, arm: &str, seed: u64) -> Result<Option<String>> {
        let generative = |settings: &RecommenderSettings| matches!(settings, RecommenderSettings::Generative(_));
        let recommender = &run.arm(arm)?.recommender;
        if !run.settings.recommenders.iter().any(|known| known.key() == recommender && generative(known)) {
            return Ok(None);
        }
        let name = format!("model of {arm}, seed {seed}");
        let stage = self.store().stages(run.run.id)?.into_iter().find(|stage| stage.stage == name);
        let Some(fingerprint) = stage.and_then(|stage| stage.fingerprint) else { return Ok(None) };
        Ok(self.store().artifacts().contains(&fingerprint, "model")?.then_some(fingerprint))
    }

    /// Mean over seeds of one metric of an arm, a value per judged user: what its mean and its tests were made of.
    pub(crate) fn values_of(&self, run: &PastRun, arm: &str, metric: &str) -> Result<Arc<Vec<f64>>> {
        self.cache().get_or_make(&format!("values {} {arm} {metric}", run.run.id), || {
            let missing = || Error::input(format!("Run {} has no values of {metric} for {arm}.", run.run.id));
            let seeds = run
                .comparison
                .seeds
                .iter()
                .map(|&seed| self.store().per_user(run.run.id, arm, seed, metric)?.ok_or_else(missing));
            let seeds = seeds.collect::<Result<Vec<_>>>()?;
            let seeds: Vec<&[f64]> = seeds.iter().map(Vec::as_slice).collect();
            let values = mean_over_seeds(&seeds)?;
            let bytes = values.len() * 8;
            Ok((values, bytes))
        })
    }

    /// The users a run judged, in the order of its per-user values.
    fn judged_users(&self, run: &PastRun) -> Result<Arc<Vec<u32>>> {
        let id = run.run.id;
        self.cache().get_or_make(&format!("users {id}"), || {
            let users = self.store().user_order(id)?;
            let users = users.ok_or_else(|| Error::input(format!("Run {id} has no per-user values.")))?;
            let bytes = users.len() * 4;
            Ok((users, bytes))
        })
    }

    /// The rank of the first target in every list of an arm: `[seed][case]`.
    fn ranks_of(&self, run: &PastRun, data: &PreparedData, arm: &str) -> Result<Arc<Vec<Vec<Option<u32>>>>> {
        self.cache().get_or_make(&format!("ranks {} {arm}", run.run.id), || {
            let of_seed = |&seed: &u64| -> Result<Vec<Option<u32>>> {
                let lists = self.store().ranked_lists(run.run.id, arm, seed)?;
                let cases = data.prepared.split.test.iter().zip(&lists);
                Ok(cases.map(|(case, list)| first_hit(list, &case.targets)).collect())
            };
            let ranks = run.comparison.seeds.iter().map(of_seed).collect::<Result<Vec<_>>>()?;
            let bytes = ranks.iter().map(|seed| seed.len() * 8).sum();
            Ok((ranks, bytes))
        })
    }
}

/// The rank from 1 of the first entry that holds a target. Items that share an ID share the rank of their entry.
fn first_hit(list: &RankedList, targets: &[u32]) -> Option<u32> {
    let mut rank = 1;
    for entry in &list.entries {
        if entry.items.iter().any(|item| targets.contains(item)) {
            return Some(rank);
        }
        rank += entry.items.len().max(1) as u32;
    }
    None
}

/// The columns of a page.
struct Rows<'a> {
    values: &'a [f64],
    others: &'a [f64],
    users: &'a [u32],
    data: Option<&'a PreparedData>,
}

impl Rows<'_> {
    fn key(&self, at: usize) -> String {
        let user = self.users[at];
        let keys = self.data.map(|data| &data.prepared.sequences.user_keys);
        keys.and_then(|keys| keys.get(user as usize).cloned()).unwrap_or_else(|| user.to_string())
    }

    fn history(&self, at: usize) -> Option<usize> {
        Some(self.data?.case(self.users[at])?.1.history.len())
    }

    fn difference(&self, at: usize) -> f64 {
        self.values[at] - self.others[at]
    }

    fn compare(&self, sort: UserSort, a: usize, b: usize) -> Ordering {
        match sort {
            UserSort::User => natural(&self.key(a), &self.key(b)),
            UserSort::Value => self.values[a].total_cmp(&self.values[b]),
            UserSort::Against => self.others[a].total_cmp(&self.others[b]),
            UserSort::Difference => self.difference(a).total_cmp(&self.difference(b)),
            UserSort::History => self.history(a).cmp(&self.history(b)),
        }
    }

    fn row(&self, at: usize, ranks: Option<&[Vec<Option<u32>>]>, run: &PastRun) -> UserRow {
        let case = self.data.and_then(|data| data.case(self.users[at])).map(|case| case.0);
        let of_case = |seed: &Vec<Option<u32>>| case.and_then(|case| seed.get(case).copied().flatten());
        UserRow {
            user: self.users[at],
            key: self.key(at),
            history: self.history(at).map(|items| items as u64),
            value: self.values[at],
            against: self.others[at],
            difference: self.difference(at),
            ranks: ranks.map_or(vec![None; run.comparison.seeds.len()], |seeds| seeds.iter().map(of_case).collect()),
        }
    }
}

/// Numbers by their size, before words by their letters: user 9 stands before user 10.
fn natural(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        _ => a.cmp(b),
    }
}
