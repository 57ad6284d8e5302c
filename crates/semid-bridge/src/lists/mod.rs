//! Ranked lists that other systems made: users and items by name, from a TREC run, Parquet or JSON.
//!
//! A list is scored or in order. What would make its numbers mean something else is refused with its place: a score that is
//! no finite number, an item twice in one list, a user with two lists. Names are matched with a data set by whoever has one.

mod rows;

use std::collections::HashSet;

use semid_core::trec::Run;
use semid_core::{Error, Result};

use crate::parquet_rows;

/// Endings of files that are read as lists.
pub const ENDINGS: [&str; 6] = ["trec", "run", "txt", "parquet", "json", "jsonl"];

/// The lists of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lists {
    /// One per user named.
    pub users: Vec<UserList>,
}

/// What one user was recommended.
#[derive(Clone, Debug, PartialEq)]
pub struct UserList {
    /// As the file names it.
    pub user: String,
    /// Item as the file names it, and its score, higher is better; in the order of the file. Lists without scores score
    /// their ranks.
    pub entries: Vec<(String, f64)>,
}

/// A value of JSON or Parquet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Cell>),
    Object(Vec<(String, Cell)>),
}

impl Lists {
    /// Reads a file by what its name ends with.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self> {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        let lists = match ending.as_str() {
            "trec" | "run" | "txt" => from_trec(&bytes),
            "parquet" => parquet_rows::rows(bytes).and_then(|rows| rows::from_rows(rows, "row")),
            "json" => from_json(&bytes),
            "jsonl" => from_json_lines(&bytes),
            _ => Err(Error::input(format!(
                "Lists are read from files ending in {}, and this one ends in {ending:?}. Name it after what it holds.",
                ENDINGS.map(|ending| format!(".{ending}")).join(", ")
            ))),
        };
        let lists = lists.map_err(|error| Error::input(format!("{name}: {error}")))?;
        if lists.users.is_empty() {
            return Err(Error::input(format!("{name}: There is no list in it. Check that it is the right file.")));
        }
        lists.check().map_err(|error| Error::input(format!("{name}: {error}")))?;
        Ok(lists)
    }

    /// Entries of all lists.
    pub fn entries(&self) -> usize {
        self.users.iter().map(|list| list.entries.len()).sum()
    }

    /// Counts what cannot be judged and names the first of each kind.
    fn check(&self) -> Result<()> {
        let (mut not_finite, mut repeated) = (Vec::new(), Vec::new());
        for list in &self.users {
            let mut seen = HashSet::with_capacity(list.entries.len());
            for (item, score) in &list.entries {
                if !score.is_finite() {
                    not_finite.push((&list.user, item));
                }
                if !seen.insert(item) {
                    repeated.push((&list.user, item));
                }
            }
        }
        let mut sentences = Vec::new();
        if let Some((user, item)) = not_finite.first() {
            sentences.push(format!(
                "{} scores are no finite numbers, the first that of item {item:?} for user {user:?}. Leave these entries \
                 out or score them.",
                not_finite.len()
            ));
        }
        if let Some((user, item)) = repeated.first() {
            sentences.push(format!(
                "{} entries repeat an item of the same list, the first item {item:?} for user {user:?}. Keep each once.",
                repeated.len()
            ));
        }
        if sentences.is_empty() { Ok(()) } else { Err(Error::input(sentences.join(" "))) }
    }
}

fn from_trec(bytes: &[u8]) -> Result<Lists> {
    let run = Run::parse(bytes)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let users = run.lists().map(|(user, entries)| UserList {
        user: text(user),
        entries: entries.map(|(item, score)| (text(item), score)).collect(),
    });
    Ok(Lists { users: users.collect() })
}

/// `{"user": ["item", …]}`, `{"user": {"item": score}}`, or an array of rows.
fn from_json(bytes: &[u8]) -> Result<Lists> {
    let ordered = rows::ordered(bytes).map_err(|why| {
        let nan =
            if bytes.windows(3).any(|three| three == b"NaN") { " NaN is no JSON: leave such entries out." } else { "" };
        Error::input(format!("It is not JSON that can be read ({why}).{nan}"))
    })?;
    match ordered {
        Cell::Object(users) => rows::from_object(users),
        Cell::List(entries) => {
            let mut all = Vec::with_capacity(entries.len());
            for (at, entry) in entries.into_iter().enumerate() {
                match entry {
                    Cell::Object(fields) => all.push(fields),
                    _ => return Err(Error::input(format!("Entry {} of the array is no object.", at + 1))),
                }
            }
            rows::from_rows(all, "entry")
        }
        _ => Err(Error::input("It holds neither an object of users nor an array of rows.")),
    }
}

fn from_json_lines(bytes: &[u8]) -> Result<Lists> {
    let mut all = Vec::new();
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match rows::ordered(line) {
            Ok(Cell::Object(fields)) => all.push(fields),
            Ok(_) => return Err(Error::input(format!("Line {} is no JSON object.", at + 1))),
            Err(why) => return Err(Error::input(format!("Line {} is not JSON that can be read ({why}).", at + 1))),
        }
    }
    rows::from_rows(all, "row")
}

impl Cell {
    /// A name: text as it is, a number as it is written without a fraction.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Cell::Text(text) => Some(text.clone()),
            Cell::Whole(number) => Some(number.to_string()),
            // A column of indices with a gap becomes one of fractions in many tools.
            Cell::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some((*number as i64).to_string()),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Cell::Whole(number) => Some(*number as f64),
            Cell::Number(number) => Some(*number),
            // A score that is not there is as little a number as NaN, and is refused with it.
            Cell::Missing => Some(f64::NAN),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
