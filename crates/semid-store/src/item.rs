//! The items of a data set, and the catalog they make.

use rusqlite::Connection;
use semid_core::{Catalog, Item};

use crate::{Error, Result, Store, dataset};

impl Store {
    /// The catalog of the data set with this number ([`crate::Dataset::id`]).
    pub fn load_catalog(&self, dataset: i64) -> Result<Catalog> {
        self.read("reading the items", |connection| {
            let facts = dataset::find_by_id(connection, dataset)?;
            let mut items = Vec::with_capacity(facts.items as usize);
            each(connection, dataset, |item| items.push(item))?;
            Ok(Catalog { items })
        })
    }
}

impl Store {
    /// How many items of a data set match, and a page of them with their indices. `words` must each stand in the key, the
    /// title or a category, whatever their case; none match all.
    pub fn item_page(
        &self,
        dataset: i64,
        words: &[String],
        offset: u64,
        limit: u64,
    ) -> Result<(u64, Vec<(u32, Item)>)> {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        self.read("reading the items", |connection| {
            let total = dataset::find_by_id(connection, dataset)?.items;
            let (mut matched, mut page) = (0, Vec::new());
            if words.is_empty() {
                each_from(connection, dataset, offset, limit, |idx, item| page.push((idx, item)))?;
                return Ok((total, page));
            }
            each_from(connection, dataset, 0, total, |idx, item| {
                let whole = format!("{}\n{}\n{}", item.key, item.title, item.categories.join("\n")).to_lowercase();
                if words.iter().all(|word| whole.contains(word.as_str())) {
                    if matched >= offset && (page.len() as u64) < limit {
                        page.push((idx, item));
                    }
                    matched += 1;
                }
            })?;
            Ok((matched, page))
        })
    }
}

/// Calls `visit` with every item in order.
pub(crate) fn each(connection: &Connection, dataset: i64, mut visit: impl FnMut(Item)) -> Result<()> {
    each_from(connection, dataset, 0, u64::MAX, |_, item| visit(item))
}

/// Calls `visit` with at most `limit` items from index `first` on, and their indices.
fn each_from(
    connection: &Connection,
    dataset: i64,
    first: u64,
    limit: u64,
    mut visit: impl FnMut(u32, Item),
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT key, title, text, categories, idx FROM item WHERE dataset = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3",
    )?;
    let largest = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows = statement.query((dataset, largest(first), largest(limit)))?;
    while let Some(row) = rows.next()? {
        let categories: &str = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        let categories = match categories {
            "[]" => Vec::new(),
            json => serde_json::from_str(json).map_err(|_| {
                Error::input(format!("The categories of an item of data set {dataset} are unreadable."))
            })?,
        };
        visit(row.get(4)?, Item { key: row.get(0)?, title: row.get(1)?, text: row.get(2)?, categories });
    }
    Ok(())
}

/// Adds items from index `first` on. A key that is there already is an error that names it.
pub(crate) fn insert(connection: &Connection, dataset: i64, first: u64, items: &[Item]) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO item (dataset, idx, key, title, text, categories) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (idx, item) in (first..).zip(items) {
        let categories = serde_json::Value::from(item.categories.as_slice()).to_string();
        let row = (dataset, idx as i64, &item.key, &item.title, &item.text, categories);
        statement.execute(row).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Error::input(format!(
                "The item key “{}” is there twice (the second time as item {}). Keep one of the two rows.",
                item.key,
                idx + 1
            )),
            _ => Error::from(error),
        })?;
    }
    Ok(())
}
