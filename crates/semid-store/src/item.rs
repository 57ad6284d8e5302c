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

/// Calls `visit` with every item in order.
pub(crate) fn each(connection: &Connection, dataset: i64, mut visit: impl FnMut(Item)) -> Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT key, title, text, categories FROM item WHERE dataset = ?1 ORDER BY idx")?;
    let mut rows = statement.query([dataset])?;
    while let Some(row) = rows.next()? {
        let categories: &str = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        let categories = match categories {
            "[]" => Vec::new(),
            json => serde_json::from_str(json).map_err(|_| {
                Error::input(format!("The categories of an item of data set {dataset} are unreadable."))
            })?,
        };
        visit(Item { key: row.get(0)?, title: row.get(1)?, text: row.get(2)?, categories });
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
