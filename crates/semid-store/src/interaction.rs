//! Users and interactions of a data set. Interactions are kept column by column in chunks, in the order of the file.

use rusqlite::Connection;
use semid_core::{Interaction, Interactions};

use crate::digest::DatasetDigest;
use crate::packed::{bytes_of, numbers_of};
use crate::{Error, Result, Store, dataset};

/// Rows in a chunk: enough that the database spends its time on bytes, few enough to stay in a processor's cache.
pub(crate) const CHUNK: usize = 16_384;

/// Stands for "no time" in a chunk; refused as a time.
const NO_TIME: i64 = i64::MIN;

impl Store {
    /// Users and interactions of the data set with this number, in the order of the file.
    pub fn load_interactions(&self, dataset: i64) -> Result<Interactions> {
        self.read("reading the interactions", |connection| {
            let facts = dataset::find_by_id(connection, dataset)?;
            let mut user_keys = Vec::with_capacity(facts.users as usize);
            each_user(connection, dataset, |key| user_keys.push(key.to_owned()))?;
            let mut rows = Vec::with_capacity(facts.interactions as usize);
            each_chunk(connection, dataset, |columns| columns.rows_into(&mut rows))?;
            if rows.len() as u64 != facts.interactions || user_keys.len() as u64 != facts.users {
                return Err(damaged(dataset));
            }
            Ok(Interactions { user_keys, rows })
        })
    }
}

/// The rows of one chunk, column by column, as they are stored.
pub(crate) struct Columns<'a> {
    pub(crate) users: &'a [u8],
    pub(crate) items: &'a [u8],
    pub(crate) ratings: Option<&'a [u8]>,
    pub(crate) times: Option<&'a [u8]>,
}

impl Columns<'_> {
    fn rows_into(&self, rows: &mut Vec<Interaction>) -> Option<()> {
        let users = numbers_of::<u32>(self.users)?;
        let items = numbers_of::<u32>(self.items).filter(|items| items.len() == users.len())?;
        let ratings = match self.ratings {
            Some(bytes) => Some(numbers_of::<f32>(bytes).filter(|ratings| ratings.len() == users.len())?),
            None => None,
        };
        let times = match self.times {
            Some(bytes) => Some(numbers_of::<i64>(bytes).filter(|times| times.len() == users.len())?),
            None => None,
        };
        rows.extend(users.iter().zip(&items).enumerate().map(|(row, (&user, &item))| Interaction {
            user,
            item,
            rating: ratings.as_ref().map(|ratings| ratings[row]).filter(|rating| !rating.is_nan()),
            at: times.as_ref().map(|times| times[row]).filter(|&at| at != NO_TIME),
        }));
        Some(())
    }
}

/// Calls `visit` with every chunk in order; an error when it answers none, for damaged.
pub(crate) fn each_chunk(
    connection: &Connection,
    dataset: i64,
    mut visit: impl FnMut(Columns<'_>) -> Option<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT users, items, ratings, times FROM interaction_chunk WHERE dataset = ?1 ORDER BY first",
    )?;
    let mut chunks = statement.query([dataset])?;
    while let Some(chunk) = chunks.next()? {
        let blob = |column| chunk.get_ref(column)?.as_blob().map_err(rusqlite::Error::from);
        let optional = |column| chunk.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from);
        let columns = Columns { users: blob(0)?, items: blob(1)?, ratings: optional(2)?, times: optional(3)? };
        visit(columns).ok_or_else(|| damaged(dataset))?;
    }
    Ok(())
}

/// Calls `visit` with every user's key in order.
pub(crate) fn each_user(connection: &Connection, dataset: i64, mut visit: impl FnMut(&str)) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT key FROM user_key WHERE dataset = ?1 ORDER BY idx")?;
    let mut rows = statement.query([dataset])?;
    while let Some(row) = rows.next()? {
        visit(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
    }
    Ok(())
}

/// Adds users from index `first` on.
pub(crate) fn insert_users(connection: &Connection, dataset: i64, first: u64, keys: &[impl AsRef<str>]) -> Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO user_key (dataset, idx, key) VALUES (?1, ?2, ?3)")?;
    for (idx, key) in (first..).zip(keys) {
        statement.execute((dataset, idx as i64, key.as_ref()))?;
    }
    Ok(())
}

/// Adds one chunk that starts at position `first` of the file.
pub(crate) fn insert_chunk(
    connection: &Connection,
    digest: &mut DatasetDigest,
    dataset: i64,
    first: u64,
    rows: &[Interaction],
) -> Result<()> {
    let wrong = |row: usize, what: &str| {
        Error::input(format!("Interaction {} has {what}. Leave the value out or correct it.", first + row as u64 + 1))
    };
    if let Some(row) = rows.iter().position(|row| row.rating.is_some_and(|rating| !rating.is_finite())) {
        return Err(wrong(row, "a rating that is not a finite number"));
    }
    if let Some(row) = rows.iter().position(|row| row.at == Some(NO_TIME)) {
        return Err(wrong(row, "a time outside of all calendars"));
    }
    let users: Vec<u32> = rows.iter().map(|row| row.user).collect();
    let items: Vec<u32> = rows.iter().map(|row| row.item).collect();
    let ratings: Option<Vec<f32>> = rows
        .iter()
        .any(|row| row.rating.is_some())
        .then(|| rows.iter().map(|row| row.rating.unwrap_or(f32::NAN)).collect());
    let times: Option<Vec<i64>> =
        rows.iter().any(|row| row.at.is_some()).then(|| rows.iter().map(|row| row.at.unwrap_or(NO_TIME)).collect());
    let ratings = ratings.as_deref().map(bytes_of);
    let times = times.as_deref().map(bytes_of);
    let columns = Columns {
        users: &bytes_of(&users),
        items: &bytes_of(&items),
        ratings: ratings.as_deref(),
        times: times.as_deref(),
    };
    digest_columns(digest, &columns);
    connection
        .prepare_cached(
            "INSERT INTO interaction_chunk (dataset, first, users, items, ratings, times) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((dataset, first as i64, columns.users, columns.items, columns.ratings, columns.times))?;
    Ok(())
}

/// What of a chunk goes into the digest.
pub(crate) fn digest_columns(digest: &mut DatasetDigest, columns: &Columns<'_>) {
    for column in [Some(columns.users), Some(columns.items), columns.ratings, columns.times] {
        digest.column(column);
    }
}

fn damaged(dataset: i64) -> Error {
    Error::input(format!(
        "The interactions of data set {dataset} are damaged. Run `semid doctor`, and import the data set again."
    ))
}
