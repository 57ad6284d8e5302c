//! From rows and objects to lists: which field is the user, the item, the score.

use std::collections::HashMap;
use std::fmt;

use semid_core::{Error, Result};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Cell, Lists, UserList};

const USER: [&str; 6] = ["user", "user_id", "userid", "uid", "query_id", "qid"];
const ITEM: [&str; 6] = ["item", "item_id", "itemid", "iid", "doc_id", "docid"];
const ITEMS: [&str; 6] = ["items", "item_ids", "item_list", "recommendations", "predictions", "ranking"];
const SCORE: [&str; 2] = ["score", "prediction"];
const SCORES: [&str; 2] = ["scores", "item_scores"];
const RANK: [&str; 2] = ["rank", "position"];

type Fields = Vec<(String, Cell)>;

/// Rows of one entry (`user`, `item`, `score` or `rank`) or of one list (`user`, `items`, perhaps `scores`).
pub(super) fn from_rows(rows: Vec<Fields>, what: &str) -> Result<Lists> {
    let mut lists = Lists::default();
    let mut place: HashMap<String, usize> = HashMap::new();
    for (at, mut row) in rows.into_iter().enumerate() {
        let at = at + 1;
        let wrong = |why: &str| Error::input(format!("{what} {at} {why}"));
        let user = take(&mut row, &USER).and_then(|cell| cell.name());
        let user =
            user.ok_or_else(|| wrong(&format!("names no user; a column is called one of {}.", USER.join(", "))))?;
        let known = place.get(&user).copied();
        if let Some(items) = take(&mut row, &ITEMS) {
            if known.is_some() {
                return Err(wrong(&format!("is a second list of user {user:?}. Keep one a user.")));
            }
            let scores = take(&mut row, &SCORES).filter(|cell| *cell != Cell::Missing);
            let entries = entries(items, scores).map_err(|why| wrong(&why))?;
            place.insert(user.clone(), lists.users.len());
            lists.users.push(UserList { user, entries });
            continue;
        }
        let item = take(&mut row, &ITEM).and_then(|cell| cell.name());
        let item = item.ok_or_else(|| {
            wrong(&format!("names no item; a column is called one of {}, {}.", ITEM.join(", "), ITEMS.join(", ")))
        })?;
        let index = known.unwrap_or_else(|| {
            place.insert(user.clone(), lists.users.len());
            lists.users.push(UserList { user, entries: Vec::new() });
            lists.users.len() - 1
        });
        let list = &mut lists.users[index];
        let score = match (take(&mut row, &SCORE), take(&mut row, &RANK)) {
            (Some(score), _) => score.number(),
            (None, Some(rank)) => rank.number().map(|rank| -rank),
            (None, None) => Some(-(list.entries.len() as f64)),
        };
        list.entries.push((item, score.ok_or_else(|| wrong("has a score that is no number."))?));
    }
    Ok(lists)
}

/// `{"user": ["item", …], …}`, the lists as [`entries`] takes them, or `{"user": {"item": score, …}, …}`.
pub(super) fn from_object(users: Fields) -> Result<Lists> {
    let mut lists = Lists::default();
    let mut seen = std::collections::HashSet::new();
    for (user, list) in users {
        let wrong = |why: &str| Error::input(format!("User {user:?} {why}"));
        if !seen.insert(user.clone()) {
            return Err(wrong("has two lists. Keep one."));
        }
        let entries = match list {
            Cell::Object(scored) => {
                let scored = scored.into_iter().map(|(item, score)| Some((item, score.number()?)));
                scored.collect::<Option<Vec<_>>>().ok_or_else(|| wrong("has a score that is no number."))?
            }
            other => entries(other, None).map_err(|why| wrong(&why))?,
        };
        lists.users.push(UserList { user, entries });
    }
    Ok(lists)
}

/// Items best first; pairs or objects of item and score; or items beside as many scores.
fn entries(items: Cell, scores: Option<Cell>) -> Result<Vec<(String, f64)>, String> {
    let Cell::List(items) = items else { return Err("has a list of items that is no list.".to_owned()) };
    let scores = match scores {
        Some(Cell::List(scores)) if scores.len() == items.len() => Some(scores),
        Some(Cell::List(scores)) => {
            return Err(format!("has {} items and {} scores; give one a item.", items.len(), scores.len()));
        }
        Some(_) => return Err("has scores that are no list.".to_owned()),
        None => None,
    };
    let mut entries = Vec::with_capacity(items.len());
    for (rank, cell) in items.into_iter().enumerate() {
        let beside = || match &scores {
            Some(scores) => scores[rank].number(),
            None => Some(-(rank as f64)),
        };
        let entry = match cell {
            Cell::List(pair) => match &pair[..] {
                [item, score] => item.name().zip(score.number()),
                _ => None,
            },
            Cell::Object(mut fields) => {
                let item = take(&mut fields, &ITEM).and_then(|cell| cell.name());
                item.zip(take(&mut fields, &SCORE).map_or_else(beside, |score| score.number()))
            }
            plain => plain.name().zip(beside()),
        };
        entries.push(entry.ok_or_else(|| {
            format!("has an entry at rank {} that is neither an item nor a pair of item and score.", rank + 1)
        })?);
    }
    Ok(entries)
}

/// The first field of one of these names, however it is capitalised and whatever type RecBole wrote behind it.
fn take(fields: &mut Fields, names: &[&str]) -> Option<Cell> {
    let plain = |name: &str| name.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    let at = names.iter().find_map(|wanted| fields.iter().position(|(name, _)| plain(name) == *wanted))?;
    Some(fields.swap_remove(at).1)
}

/// JSON with the fields of its objects in the order of the file, so that a user named twice is seen.
pub(super) fn ordered(bytes: &[u8]) -> Result<Cell, serde_json::Error> {
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyCell)
    }
}

struct AnyCell;

impl<'de> Visitor<'de> for AnyCell {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Missing)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Cell, E> {
        Ok(Cell::Text(yes.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cell, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Cell::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Cell::Object(fields))
    }
}
