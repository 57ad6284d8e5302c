//! Category-path IDs: each level is a step of the item's category path, coarse to fine. What people made by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Catalog, Code, CodeShape, CodeTable, Error, Result};

/// Codes from category paths, and what each code is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryCodes {
    /// One row per item.
    pub table: CodeTable,
    /// The name of each code of each level; empty for the code of items whose path ends before that level.
    pub names: Vec<Vec<String>>,
}

/// One level per step of the category path, at most `depth` of them. A name has one code per level, whatever its parent.
/// Codes are numbered in the alphabetical order of the names, so that they do not depend on the order of the catalog;
/// the last code of a level is that of items whose path ends before it, where there are such. A level on which all items
/// agree says nothing and is left out, as long as another is left.
///
/// Fails when no item has a category, or when `depth` is 0.
pub fn category_path_codes(catalog: &Catalog, depth: usize) -> Result<CategoryCodes> {
    if depth == 0 {
        return Err(Error::input("Category-path IDs need a depth of at least one level."));
    }
    if !catalog.has_categories() {
        return Err(Error::input(
            "Category-path IDs cannot be made: no item of this catalog has a category. Choose another ID scheme, or \
             import the items with a category column.",
        ));
    }
    let deepest = catalog.items.iter().map(|item| item.categories.len()).max().unwrap_or(0).min(depth);
    let mut levels: Vec<Vec<&str>> = (0..deepest)
        .map(|level| {
            let names: BTreeSet<&str> = catalog.items.iter().map(|item| name_at(&item.categories, level)).collect();
            // "" sorts first and stands for "ends here": it moves to the end, so that 0 is always a category.
            let (ended, named): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| name.is_empty());
            named.into_iter().chain(ended).collect()
        })
        .collect();
    let telling = |names: &Vec<&str>| names.len() > 1;
    let kept: Vec<usize> = match (0..levels.len()).filter(|&level| telling(&levels[level])).collect::<Vec<_>>() {
        none if none.is_empty() => vec![0],
        some => some,
    };

    let numbers: Vec<BTreeMap<&str, Code>> =
        levels.iter().map(|names| names.iter().zip(0..).map(|(&name, code)| (name, code)).collect()).collect();
    let mut codes = Vec::with_capacity(catalog.len() * kept.len());
    for item in &catalog.items {
        codes.extend(kept.iter().map(|&level| numbers[level][name_at(&item.categories, level)]));
    }
    let names: Vec<Vec<String>> =
        kept.iter().map(|&level| std::mem::take(&mut levels[level]).into_iter().map(str::to_owned).collect()).collect();
    let shape = CodeShape(names.iter().map(|names| names.len() as u32).collect());
    Ok(CategoryCodes { table: CodeTable { shape, codes }, names })
}

/// The name on a level, without surrounding space; "" where the path has ended.
fn name_at(path: &[String], level: usize) -> &str {
    path.get(level).map_or("", |name| name.trim())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::Item;

    fn catalog(paths: &[&[&str]]) -> Catalog {
        let item =
            |path: &&[&str]| Item { categories: path.iter().map(|&name| name.into()).collect(), ..Item::default() };
        Catalog { items: paths.iter().map(item).collect() }
    }

    #[test]
    fn levels_are_steps_of_the_path_and_codes_are_alphabetical() {
        let catalog = catalog(&[&["Beauty", "Skin", "Sun"], &["Beauty", "Makeup"], &[], &["Beauty", "Skin", "Face"]]);
        let made = category_path_codes(&catalog, 3).unwrap();
        assert_eq!(made.names, [vec!["Beauty", ""], vec!["Makeup", "Skin", ""], vec!["Face", "Sun", ""]], "names");
        assert_eq!(made.table.shape.0, [2, 3, 3], "as many codes as names, and one for paths that ended");
        let rows: Vec<&[Code]> = made.table.iter().collect();
        assert_eq!(rows, [[0, 1, 1], [0, 0, 2], [1, 2, 2], [0, 1, 0]], "an item without a category has codes too");
    }

    #[test]
    fn the_order_of_the_catalog_does_not_matter() {
        let forward = category_path_codes(&catalog(&[&["b", "x"], &["a", "y"], &["c"]]), 2).unwrap();
        let backward = category_path_codes(&catalog(&[&["c"], &["a", "y"], &["b", "x"]]), 2).unwrap();
        assert_eq!(forward.names, backward.names, "codes are numbered by name");
        assert!((0..3).all(|n| forward.table.row(n) == backward.table.row(2 - n)), "so items keep their codes");
    }

    #[test]
    fn a_level_that_tells_nothing_is_left_out_and_depth_is_capped() {
        let paths = catalog(&[&["Beauty", "Skin", "Sun"], &["Beauty", "Makeup", "Eyes"]]);
        let made = category_path_codes(&paths, 2).unwrap();
        assert_eq!(made.names, [["Makeup", "Skin"]], "every item is Beauty; the third level is beyond the cap");
        let same = category_path_codes(&catalog(&[&["Beauty"], &["Beauty"]]), 2).unwrap();
        assert_eq!(same.names, [["Beauty"]], "one level stays even if it tells nothing");
    }

    #[test]
    fn a_catalog_without_categories_is_refused_in_a_sentence() {
        let error = category_path_codes(&catalog(&[&[], &[]]), 3).unwrap_err().to_string();
        assert!(error.contains("no item of this catalog has a category"), "it says what is missing: {error}");
        assert!(category_path_codes(&catalog(&[&["a"]]), 0).is_err(), "a depth of 0 makes no ID");
    }
}
