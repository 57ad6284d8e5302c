//! Codes that another system made, from Parquet: an item and its codes a row, as the export writes them.

use semid_core::{Code, Error, Result};

use crate::lists::Cell;
use crate::parquet_rows;

/// The item of each row and its codes, coarse to fine. Columns are `item` and `codes` (a list) or `code1`, `code2`, ….
pub fn from_parquet(bytes: Vec<u8>) -> Result<Vec<(String, Vec<Code>)>> {
    let mut all = Vec::new();
    for (at, row) in parquet_rows::rows(bytes)?.into_iter().enumerate() {
        let wrong = |why: &str| Error::input(format!("Row {} of the Parquet file of IDs {why}", at + 1));
        let (mut item, mut codes) = (None, Vec::new());
        for (name, cell) in row {
            match (name.as_str(), cell) {
                ("item" | "item_id", cell) => item = cell.name(),
                ("codes" | "semantic_id", Cell::List(list)) => codes = list,
                (name, cell) if is_code_column(name) => codes.push(cell),
                _ => {}
            }
        }
        let item = item.ok_or_else(|| wrong("names no item; a column is called item."))?;
        let code = |cell: &Cell| match cell {
            Cell::Whole(code) => Code::try_from(*code).ok(),
            _ => None,
        };
        let codes = codes.iter().map(code).collect::<Option<Vec<Code>>>();
        let codes = codes.filter(|codes| !codes.is_empty()).ok_or_else(|| {
            wrong("has no codes that are whole numbers; a column called codes is a list of them, or there are code1, code2, ….")
        })?;
        all.push((item, codes));
    }
    Ok(all)
}

fn is_code_column(name: &str) -> bool {
    name.strip_prefix("code")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
