//! Lists that another system made, as an arm: matched with the users and items of the experiment, and held to the rules of
//! all arms. What does not match is counted and told with the run.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use semid_bridge::lists::Lists;
use semid_core::prepare::Prepared;
use semid_core::{Catalog, RankedEntry, RankedList, Seed, Work};
use semid_models::top_k::TieOrder;
use semid_store::{decode_lists, encode_lists};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::envelope::{open_envelope, seal_envelope};
use crate::fingerprint::Fingerprint;
use crate::settings::{ListNames, RecommenderSettings};
use crate::stages::{ArmCost, ArmLists, Shared};
use crate::{Error, Result, files};

/// Raised when code changes what is made of the same file.
const VERSION: u32 = 1;

/// Bytes of the largest file of lists: a hundred million entries or so.
const LARGEST: u64 = 4_000_000_000;

/// What was found in a file of lists, counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ListsFound {
    /// The file's name.
    pub file: String,
    /// Users with a list in it.
    pub users: u64,
    /// Entries of all lists.
    pub entries: u64,
    /// "key" or "index": what stands for users and for items.
    pub named_by: (String, String),
    /// Users to be judged.
    pub users_judged: u64,
    /// Those of them without a list; each counts 0.
    pub users_without_list: u64,
    /// Users that the data set does not have; left out.
    pub unknown_users: u64,
    /// Users that the data set has and does not judge; left out.
    pub users_not_judged: u64,
    /// Entries naming items that the catalog does not have; each keeps its rank as a miss.
    pub unknown_items: u64,
    /// Entries that were items of the user's own history; left out, as for all arms.
    pub history_items: u64,
    /// The same and what else is remarkable, in sentences; empty when nothing.
    pub notes: Vec<String>,
}

/// The lists of an arm and seed, from the artifact or made now.
pub fn arm_lists(work: &Work, shared: &Shared<'_>, recommender: &RecommenderSettings) -> Result<ArmLists> {
    let RecommenderSettings::Imported { files: paths, names, .. } = recommender else {
        return Err(Error::input("Only imported lists are read from files."));
    };
    let path = file_of_seed(paths, &shared.settings.seeds, work.seed())?;
    let bytes = files::read_up_to(path, LARGEST)?;
    let k = shared.settings.list_length();
    let fingerprint = Fingerprint::new("imported lists", VERSION)
        .with(&shared.data_fingerprint)
        .with(names)
        .with(work.seed())
        .with(k)
        .with_bytes(blake3::hash(&bytes).as_bytes())
        .finish();
    let stored = shared.artifacts.read(&fingerprint, "lists")?;
    if let Some((cost, content)) = stored.as_deref().and_then(open_envelope::<ArmCost>)
        && let Some(lists) = decode_lists(content)
        && lists.len() == shared.prepared.split.test.len()
    {
        return Ok(ArmLists { lists, cost, fingerprint, model_fingerprint: None, reused: true });
    }
    let (lists, found) = read(work, path, bytes, *names, &shared.catalog, &shared.prepared, k)?;
    let cost = ArmCost { notes: found.notes, ..ArmCost::default() };
    let about = json!({ "recommender": recommender, "seed": work.seed() });
    shared.artifacts.write(&fingerprint, "lists", &about, &seal_envelope(&cost, &encode_lists(&lists))?)?;
    Ok(ArmLists { lists, cost, fingerprint, model_fingerprint: None, reused: false })
}

/// What a file of lists holds for the users and items of an experiment.
pub fn look(
    work: &Work,
    path: &Path,
    names: ListNames,
    catalog: &Catalog,
    prepared: &Prepared,
    k: usize,
) -> Result<ListsFound> {
    let bytes = files::read_up_to(path, LARGEST)?;
    Ok(read(work, path, bytes, names, catalog, prepared, k)?.1)
}

fn file_of_seed<'a>(paths: &'a [PathBuf], seeds: &[u64], seed: Seed) -> Result<&'a Path> {
    let at = if paths.len() == 1 { Some(0) } else { seeds.iter().position(|&known| Seed(known) == seed) };
    let path = at.and_then(|at| paths.get(at));
    path.map(PathBuf::as_path).ok_or_else(|| Error::input(format!("There is no file of lists for seed {}.", seed.0)))
}

fn read(
    work: &Work,
    path: &Path,
    bytes: Vec<u8>,
    names: ListNames,
    catalog: &Catalog,
    prepared: &Prepared,
    k: usize,
) -> Result<(Vec<RankedList>, ListsFound)> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lists = Lists::read(&file, bytes)?;
    let user_keys: Vec<&str> = prepared.sequences.user_keys.iter().map(String::as_str).collect();
    let item_keys: Vec<&str> = catalog.items.iter().map(|item| item.key.as_str()).collect();
    let users = Matching::of("users", &file, lists.users.iter().map(|list| list.user.as_str()), &user_keys, names)?;
    let named = lists.users.iter().flat_map(|list| &list.entries).map(|(item, _)| item.as_str());
    let items = Matching::of("items", &file, named, &item_keys, names)?;
    let cases = &prepared.split.test;
    let mut found = ListsFound {
        users: lists.users.len() as u64,
        entries: lists.entries() as u64,
        named_by: (users.title().to_owned(), items.title().to_owned()),
        users_judged: cases.len() as u64,
        file,
        ..ListsFound::default()
    };
    found.notes.extend([&users, &items].iter().filter_map(|matching| matching.doubt.clone()));
    let case_of: HashMap<u32, usize> = cases.iter().enumerate().map(|(at, case)| (case.user, at)).collect();
    let mut ranked = vec![RankedList::default(); cases.len()];
    let (mut strangers, mut strange_items) = (Vec::new(), Vec::new());
    let ties = TieOrder::new(work.seed());
    let step = work.step("read lists", lists.users.len());
    for list in &lists.users {
        step.advance(1)?;
        let Some(user) = users.find(&list.user) else {
            strangers.push(list.user.as_str());
            continue;
        };
        let Some(&case) = case_of.get(&user) else {
            found.users_not_judged += 1;
            continue;
        };
        let history: HashSet<u32> = cases[case].history.iter().copied().collect();
        // What is no item of the catalog keeps its rank; among equal scores it comes as the file has it.
        let mut entries: Vec<(f64, u64, Option<u32>)> = Vec::with_capacity(list.entries.len());
        for (place, (name, score)) in list.entries.iter().enumerate() {
            let item = items.find(name);
            if item.is_some_and(|item| history.contains(&item)) {
                found.history_items += 1;
                continue;
            }
            if item.is_none() {
                strange_items.push(name.as_str());
            }
            let tie = ties.place(user, item.unwrap_or(u32::MAX - place as u32));
            // Adding 0 makes a negative zero equal to zero.
            entries.push((*score + 0.0, tie, item));
        }
        entries.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        entries.truncate(k);
        let entry =
            |(score, _, item): (f64, u64, Option<u32>)| RankedEntry { items: item.into_iter().collect(), score };
        ranked[case].entries = entries.into_iter().map(entry).collect();
    }
    found.unknown_users = strangers.len() as u64;
    found.unknown_items = strange_items.len() as u64;
    found.users_without_list = ranked.iter().filter(|list| list.entries.is_empty()).count() as u64;
    found.tell(&strangers, &strange_items);
    if found.users_without_list == found.users_judged {
        return Err(Error::input(format!(
            "{} has no list for any of the {} users who are judged. Check that it was made on this data set and split.",
            found.file, found.users_judged
        )));
    }
    Ok((ranked, found))
}

impl ListsFound {
    fn tell(&mut self, strangers: &[&str], strange_items: &[&str]) {
        let file = &self.file;
        if self.unknown_users > 0 {
            self.notes.push(format!(
                "{file} has lists for {} users that the data set does not have ({}); they are left out.",
                self.unknown_users,
                first_few(strangers)
            ));
        }
        if self.users_not_judged > 0 {
            self.notes.push(format!(
                "{file} has lists for {} users who are not judged, having too few interactions; they are left out.",
                self.users_not_judged
            ));
        }
        if self.unknown_items > 0 {
            self.notes.push(format!(
                "{} entries of {file} name items that the catalog does not have ({}); each keeps its rank as a miss.",
                self.unknown_items,
                first_few(strange_items)
            ));
        }
        if self.history_items > 0 {
            self.notes.push(format!(
                "{} entries of {file} were items of the user's own history; they are left out, as for all arms.",
                self.history_items
            ));
        }
    }
}

/// How names of a file are found among the keys of a data set.
struct Matching<'a> {
    /// None: names are indices.
    by_key: Option<HashMap<&'a str, u32>>,
    count: usize,
    /// Said where the names fit both ways.
    doubt: Option<String>,
}

impl<'a> Matching<'a> {
    fn of<'n>(
        what: &str,
        file: &str,
        names: impl Iterator<Item = &'n str>,
        keys: &[&'a str],
        how: ListNames,
    ) -> Result<Self> {
        let by_key: HashMap<&str, u32> = (0u32..).zip(keys).map(|(index, &key)| (key, index)).collect();
        let distinct: HashSet<&str> = names.collect();
        let as_keys = distinct.iter().filter(|name| by_key.contains_key(**name)).count();
        let as_indices = distinct.iter().filter(|name| index(name, keys.len()).is_some()).count();
        let by_key_is_meant = match how {
            ListNames::Auto => as_keys >= as_indices,
            ListNames::Keys => true,
            ListNames::Indices => false,
        };
        let found = if by_key_is_meant { as_keys } else { as_indices };
        if found == 0 {
            let mut some: Vec<&str> = distinct.into_iter().collect();
            some.sort_unstable();
            return Err(Error::input(format!(
                "{file} names none of the {} {what} of the data set, neither by key (such as {}) nor by index; it names {}. \
                 Check that it was made on this data set.",
                keys.len(),
                first_few(&keys[..keys.len().min(2)]),
                first_few(&some)
            )));
        }
        let same = || keys.iter().enumerate().all(|(at, key)| index(key, keys.len()) == u32::try_from(at).ok());
        let doubt = (how == ListNames::Auto && as_keys == as_indices && !same()).then(|| {
            format!(
                "The names of {what} in {file} fit keys as well as indices; they were taken for keys. If they are indices, \
                 say so with --names indices."
            )
        });
        Ok(Matching { by_key: by_key_is_meant.then_some(by_key), count: keys.len(), doubt })
    }

    fn find(&self, name: &str) -> Option<u32> {
        match &self.by_key {
            Some(keys) => keys.get(name).copied(),
            None => index(name, self.count),
        }
    }

    fn title(&self) -> &'static str {
        if self.by_key.is_some() { "key" } else { "index" }
    }
}

fn index(name: &str, count: usize) -> Option<u32> {
    name.parse().ok().filter(|&index: &u32| (index as usize) < count)
}

fn first_few(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().take(3).copied().collect();
    let rest = if names.len() > shown.len() { ", …" } else { "" };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use semid_core::prepare::{PrepareSettings, prepare};
    use semid_core::{Interaction, Interactions, Item};

    /// Three users with the items 0–3 in time, a fourth who only trains. Keys are not indices: items are i10, i11, ….
    fn world() -> (Catalog, Prepared) {
        let item = |index: usize| Item { key: format!("i{}", index + 10), ..Item::default() };
        let catalog = Catalog { items: (0..8).map(item).collect() };
        let rows = |user: u32, items: u32| {
            (0..items).map(move |item| Interaction { user, item, rating: None, at: Some(i64::from(item)) })
        };
        let log = Interactions {
            user_keys: ["ann", "bob", "cat", "dan"].map(str::to_owned).to_vec(),
            rows: rows(0, 4).chain(rows(1, 4)).chain(rows(2, 4)).chain(rows(3, 2)).collect(),
        };
        let prepared = prepare(&Work::new(Seed(1)), 8, &log, &PrepareSettings::starter()).unwrap();
        (catalog, prepared)
    }

    fn found(json: &str, names: ListNames) -> Result<(Vec<RankedList>, ListsFound)> {
        let (catalog, prepared) = world();
        let path = Path::new("made/lists.json");
        read(&Work::new(Seed(1)), path, json.as_bytes().to_vec(), names, &catalog, &prepared, 10)
    }

    fn items(list: &RankedList) -> Vec<Option<u32>> {
        list.entries.iter().map(|entry| entry.items.first().copied()).collect()
    }

    #[test]
    fn what_does_not_match_is_counted_and_keeps_its_rank() {
        let json = r#"{"ann": ["i13", "nope", "i10", "i14"], "zoe": ["i13"], "dan": ["i14"], "bob": []}"#;
        let (lists, found) = found(json, ListNames::Auto).unwrap();
        assert_eq!(items(&lists[0]), [Some(3), None, Some(4)], "the unknown item is a miss, the history is left out");
        let counts = (found.unknown_users, found.users_not_judged, found.unknown_items, found.history_items);
        assert_eq!(counts, (1, 1, 1, 1), "zoe is unknown, dan only trains, nope is no item, i10 is history");
        assert_eq!((found.users_judged, found.users_without_list), (3, 2), "bob's list is empty, cat has none");
        assert!(found.notes.iter().any(|note| note.contains("zoe")), "the first are named: {:?}", found.notes);
        assert_eq!(found.notes.len(), 4, "each kind is told: {:?}", found.notes);
    }

    #[test]
    fn indices_are_understood_and_can_be_insisted_on() {
        let (lists, facts) = found(r#"{"0": [3, 4], "2": [5]}"#, ListNames::Auto).unwrap();
        assert_eq!((items(&lists[0]), items(&lists[2])), (vec![Some(3), Some(4)], vec![Some(5)]), "the place counts");
        assert_eq!(facts.named_by, ("index".to_owned(), "index".to_owned()), "and it is said");
        assert!(found(r#"{"0": [3]}"#, ListNames::Keys).is_err(), "there is no user whose key is 0");
        assert!(found(r#"{"ann": ["i13"]}"#, ListNames::Indices).is_err(), "ann is no index");
    }

    #[test]
    fn lists_of_another_data_set_are_refused() {
        let error = found(r#"{"u1": ["a"]}"#, ListNames::Auto).err().unwrap().to_string();
        assert!(error.contains("none of the 4 users") && error.contains("ann") && error.contains("u1"), "{error}");
        let error = found(r#"{"dan": ["i13"]}"#, ListNames::Auto).err().unwrap().to_string();
        assert!(error.contains("for any of the 3 users"), "{error}");
    }

    #[test]
    fn equal_scores_are_in_the_seeded_order_of_all_arms() {
        let json = r#"{"ann": {"i13": 1, "i14": 1, "i15": 2, "i16": 1}}"#;
        let (lists, _) = found(json, ListNames::Auto).unwrap();
        let by_ties = TieOrder::new(Seed(1)).top_k(4, 0, [(3, 1.0), (4, 1.0), (5, 2.0), (6, 1.0)].into_iter());
        assert_eq!(lists[0], by_ties, "as any other arm would order them");
    }
}
