//! IDs that another system made: which file holds them how, and the digit they may bring along.

use std::collections::HashSet;
use std::path::Path;

use semid_core::id_schemes::{CollisionRule, ImportedCodes};
use semid_core::{Catalog, Code, CodeShape, CodeTable, SemanticId, SemanticIds};
use semid_models::torch_file::{NumberTable, read_table};

use crate::settings::CodeSettings;
use crate::{Error, Result};

/// Levels an ID can have; a tensor with more rows than that has an item a row.
const MOST_LEVELS: usize = 16;

/// One row of codes per item of the catalog, from `index.json`, Parquet, a PyTorch tensor, or a CSV.
pub fn table(file: &Path, bytes: &[u8], catalog: &Catalog) -> Result<CodeTable> {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let codes = match ending.as_str() {
        "json" => ImportedCodes::from_index_json(bytes)?,
        "parquet" => ImportedCodes::from_rows(semid_bridge::codes::from_parquet(bytes.to_vec())?)?,
        "pt" => ImportedCodes::from_rows(of_tensor(read_table(bytes)?, catalog.len())?)?,
        _ => ImportedCodes::from_csv(bytes)?,
    };
    Ok(codes.table(catalog)?)
}

/// Rows by index, from levels × items as GRID has them, or from items × levels.
fn of_tensor(tensor: NumberTable, items: usize) -> Result<Vec<(String, Vec<Code>)>> {
    let NumberTable { rows, columns, numbers } = tensor;
    let by_level = columns == items && rows <= MOST_LEVELS;
    if !by_level && rows != items {
        return Err(Error::input(format!(
            "The tensor of IDs is {rows} × {columns}, and the catalog has {items} items. It should be levels × items, as \
             GRID writes it, over the items of this data set as prepared."
        )));
    }
    let at = |item: usize, level: usize| if by_level { level * columns + item } else { item * columns + level };
    let code = |number: i64| {
        let wrong = || Error::input(format!("The tensor of IDs holds {number}, which is no code."));
        Code::try_from(number).map_err(|_| wrong())
    };
    let levels = if by_level { rows } else { columns };
    let row = |item: usize| (0..levels).map(|level| code(numbers[at(item, level)])).collect::<Result<Vec<Code>>>();
    (0..items).map(|item| Ok((item.to_string(), row(item)?))).collect()
}

/// The IDs as they are, when their last level is the digit of an export: one level more than the experiment has, and no two
/// items alike. So what went out and came back spends the tokens that all arms spend.
pub fn with_their_digit(table: &CodeTable, codes: &CodeSettings) -> Option<SemanticIds> {
    let levels = codes.levels;
    let brings_digit = codes.collisions == CollisionRule::AppendDigit && table.shape.levels() == levels + 1;
    let suffixes = u16::try_from(*table.shape.0.get(levels)?).ok()?;
    let unique = table.iter().collect::<HashSet<_>>().len() == table.rows();
    if !brings_digit || !unique {
        return None;
    }
    // A level keeps the size that all schemes share, where its codes fit.
    let size = |&size: &u32| size.max(codes.codes);
    let shape = CodeShape(table.shape.0[..levels].iter().map(size).collect());
    let id = |row: &[Code]| {
        let suffix = u16::try_from(row[levels]).ok()?;
        Some(SemanticId { codes: row[..levels].to_vec(), suffix: Some(suffix) })
    };
    let ids = table.iter().map(id).collect::<Option<Vec<_>>>()?;
    Some(SemanticIds { shape, suffixes, ids })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use semid_core::Item;

    fn catalog(items: usize) -> Catalog {
        Catalog { items: (0..items).map(|item| Item { key: format!("k{item}"), ..Item::default() }).collect() }
    }

    #[test]
    fn a_tensor_is_understood_whichever_way_it_lies() {
        let grid = NumberTable { rows: 2, columns: 3, numbers: vec![1, 2, 3, 7, 8, 9] };
        let rows = ImportedCodes::from_rows(of_tensor(grid, 3).unwrap()).unwrap().table(&catalog(3)).unwrap();
        assert_eq!(rows.codes, [1, 7, 2, 8, 3, 9], "levels × items becomes a row an item");
        let plain = NumberTable { rows: 3, columns: 2, numbers: vec![1, 7, 2, 8, 3, 9] };
        assert_eq!(of_tensor(plain, 3).unwrap()[2], ("2".to_owned(), vec![3, 9]), "items × levels is taken as it lies");
        let other = NumberTable { rows: 2, columns: 4, numbers: vec![0; 8] };
        assert!(of_tensor(other, 3).unwrap_err().to_string().contains("2 × 4"), "another catalog's IDs are refused");
        let negative = NumberTable { rows: 1, columns: 1, numbers: vec![-1] };
        assert!(of_tensor(negative, 1).is_err(), "-1 is no code");
    }

    #[test]
    fn the_digit_of_an_export_is_the_digit_again() {
        let table = CodeTable { shape: CodeShape(vec![4, 2]), codes: vec![3, 0, 3, 1, 2, 0] };
        let settings = CodeSettings { levels: 1, codes: 8, collisions: CollisionRule::AppendDigit };
        let ids = with_their_digit(&table, &settings).unwrap();
        assert_eq!((ids.suffixes, ids.tokens_per_item(), &ids.shape.0[..]), (2, 2, [8].as_slice()), "no token more");
        assert_eq!(ids.ids[1], SemanticId { codes: vec![3], suffix: Some(1) }, "codes and digit apart");
        let twins = CodeTable { codes: vec![3, 0, 3, 0, 2, 0], ..table.clone() };
        assert!(with_their_digit(&twins, &settings).is_none(), "a last level that leaves twins is no digit");
        let other = CodeSettings { levels: 2, ..settings };
        assert!(with_their_digit(&table, &other).is_none(), "as many levels as the experiment has: codes, no digit");
    }
}
