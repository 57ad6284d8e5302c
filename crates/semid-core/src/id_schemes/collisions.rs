//! What to do with items that share all their codes: append a digit, take the next-best last code, or keep them together.
//!
//! The order inside a group is the order of the catalog: the item with the lowest index comes first. So IDs depend on
//! nothing but the codes and that order.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{Code, CodeTable, Error, Result, SemanticId, SemanticIds};

/// How items that share all their codes are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum CollisionRule {
    /// Every ID gets one more position, 0 for the first item of a group, 1 for the second, and so on (TIGER, Rajput et
    /// al. 2023). IDs without a twin get 0 too, so that every item costs the same number of tokens.
    AppendDigit,
    /// The first item of a group keeps its codes; each of the others takes the free last-level code that suits it best.
    /// Where all last-level codes under a prefix are taken, a digit is appended to every ID, as above.
    NextBest,
    /// They keep one ID; metrics take the expectation over the items that share it.
    Keep,
}

impl CollisionRule {
    /// The rule in a few words.
    pub fn title(self) -> &'static str {
        match self {
            CollisionRule::AppendDigit => "a digit tells apart items that share all codes",
            CollisionRule::NextBest => "items that share all codes take the next best last code",
            CollisionRule::Keep => "items that share all codes share one ID",
        }
    }
}

/// For an item and its codes, the codes of the last level from best to worst; what [`CollisionRule::NextBest`] walks.
pub type Preference<'a> = &'a dyn Fn(usize, &[Code]) -> Vec<Code>;

/// IDs, and what it took to get them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// One ID per item.
    pub ids: SemanticIds,
    /// What was found and done.
    pub report: CollisionReport,
}

/// Collisions found, and what was done about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollisionReport {
    /// Different rows of codes before any rule was applied.
    pub distinct: u64,
    /// Items whose codes another item had too.
    pub colliding_items: u64,
    /// Items in the largest group that shared all codes; 0 in an empty catalog.
    pub largest_group: u64,
    /// Items that took another last code.
    pub moved: u64,
    /// Items told apart by a digit other than 0.
    pub by_digit: u64,
    /// Prefixes with more items than last-level codes, where the next-best rule fell back to a digit.
    pub full_prefixes: u64,
}

impl CollisionReport {
    /// What happened in a sentence, for people.
    pub fn sentence(&self) -> String {
        if self.colliding_items == 0 {
            return format!("All {} items have codes of their own.", self.distinct);
        }
        let mut text = format!(
            "{} items share their codes with another; the largest group has {}.",
            self.colliding_items, self.largest_group
        );
        if self.moved > 0 {
            text += &format!(" {} took another last code.", self.moved);
        }
        if self.by_digit > 0 {
            text += &format!(" {} are told apart by a digit above 0.", self.by_digit);
        }
        if self.full_prefixes > 0 {
            text += &format!(" {} prefixes had more items than last codes.", self.full_prefixes);
        }
        text
    }
}

/// Turns codes into IDs under a rule. `preference` is read by [`CollisionRule::NextBest`] only; without one, the free
/// code next in number is taken (wrapping around), as suits schemes whose codes have no distance.
///
/// Fails on a code outside its level, and on a group of more than 65,535 items where a digit has to tell them apart.
pub fn resolve(table: &CodeTable, rule: CollisionRule, preference: Option<Preference<'_>>) -> Result<Resolved> {
    check(table)?;
    let mut groups: HashMap<&[Code], u64> = HashMap::with_capacity(table.rows());
    table.iter().for_each(|row| *groups.entry(row).or_default() += 1);
    let mut report = CollisionReport {
        distinct: groups.len() as u64,
        colliding_items: groups.values().filter(|&&size| size > 1).sum(),
        largest_group: groups.values().copied().max().unwrap_or(0),
        ..CollisionReport::default()
    };

    let moved;
    let (table, digits) = match rule {
        CollisionRule::Keep => (table, false),
        CollisionRule::AppendDigit => (table, true),
        CollisionRule::NextBest => {
            moved = next_best(table, preference, &mut report)?;
            (&moved, report.full_prefixes > 0)
        }
    };

    let mut ids = Vec::with_capacity(table.rows());
    let mut suffixes = 0;
    if digits {
        let mut next: HashMap<&[Code], u16> = HashMap::with_capacity(table.rows());
        for row in table.iter() {
            let digit = next.entry(row).or_default();
            ids.push(SemanticId { codes: row.to_vec(), suffix: Some(*digit) });
            report.by_digit += u64::from(*digit > 0);
            *digit = digit.checked_add(1).ok_or_else(|| too_many(row, report.largest_group))?;
            suffixes = suffixes.max(*digit);
        }
    } else {
        ids.extend(table.iter().map(|row| SemanticId { codes: row.to_vec(), suffix: None }));
    }
    Ok(Resolved { ids: SemanticIds { shape: table.shape.clone(), suffixes, ids }, report })
}

/// Moves all but the first item of each group to a free last code where its prefix has one.
fn next_best(table: &CodeTable, preference: Option<Preference<'_>>, report: &mut CollisionReport) -> Result<CodeTable> {
    let last = table.shape.levels() - 1;
    let size = table.shape.0[last];
    // First every item that is the first with its codes takes them, so that no moved item drives out a rightful one.
    let mut taken: HashMap<&[Code], HashSet<Code>> = HashMap::new();
    let homeless: Vec<usize> = table
        .iter()
        .enumerate()
        .filter(|(_, row)| !taken.entry(&row[..last]).or_default().insert(row[last]))
        .map(|(item, _)| item)
        .collect();

    let mut moved = table.clone();
    let mut full = HashSet::new();
    for item in homeless {
        let row = table.row(item);
        let used = taken.entry(&row[..last]).or_default();
        if used.len() == size as usize {
            full.insert(&row[..last]);
            continue;
        }
        let free = match preference {
            Some(preference) => preference(item, row).into_iter().find(|&code| code < size && !used.contains(&code)),
            None => (1..size)
                .map(|step| ((u64::from(row[last]) + u64::from(step)) % u64::from(size)) as Code)
                .find(|code| !used.contains(code)),
        };
        let Some(code) = free else {
            return Err(Error::input(format!(
                "Item {item} was to take another last code, but the quantizer named none of the {} that are free.",
                size as usize - used.len()
            )));
        };
        used.insert(code);
        moved.codes[item * (last + 1) + last] = code;
        report.moved += 1;
    }
    report.full_prefixes = full.len() as u64;
    Ok(moved)
}

fn check(table: &CodeTable) -> Result<()> {
    let levels = table.shape.levels();
    if levels == 0 || !table.codes.len().is_multiple_of(levels) {
        return Err(Error::input(format!("{} codes cannot be rows of {levels} levels.", table.codes.len())));
    }
    for (item, row) in table.iter().enumerate() {
        if let Some(level) = (0..levels).find(|&level| row[level] >= table.shape.0[level]) {
            return Err(Error::input(format!(
                "Item {item} has code {} on level {}, which has only {} codes.",
                row[level],
                level + 1,
                table.shape.0[level]
            )));
        }
    }
    Ok(())
}

fn too_many(row: &[Code], group: u64) -> Error {
    let codes = SemanticId { codes: row.to_vec(), suffix: None };
    Error::input(format!(
        "{group} items share the codes {codes}, and a digit tells at most {} apart: use more levels or codes, or keep \
         shared IDs.",
        u16::MAX
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::CodeShape;

    fn table(shape: &[u32], rows: &[&[Code]]) -> CodeTable {
        CodeTable { shape: CodeShape(shape.to_vec()), codes: rows.concat() }
    }

    fn written(resolved: &Resolved) -> Vec<String> {
        resolved.ids.ids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_appended_digit_counts_through_each_group_in_catalog_order() {
        let codes = table(&[4, 4], &[&[1, 2], &[3, 0], &[1, 2], &[1, 2]]);
        let resolved = resolve(&codes, CollisionRule::AppendDigit, None).unwrap();
        assert_eq!(written(&resolved), ["1·2·0", "3·0·0", "1·2·1", "1·2·2"], "every ID has a digit, lone ones too");
        assert_eq!(resolved.ids.suffixes, 3, "the digit takes as many values as the largest group has items");
        assert_eq!(resolved.ids.position_sizes(), [4, 4, 3], "the digit is a position like any other");
        let expected =
            CollisionReport { distinct: 2, colliding_items: 3, largest_group: 3, by_digit: 2, ..Default::default() };
        assert_eq!(resolved.report, expected, "three items collided, two of them needed a digit above 0");
    }

    #[test]
    fn unique_codes_still_get_a_digit_under_that_rule() {
        let resolved = resolve(&table(&[4], &[&[1], &[3]]), CollisionRule::AppendDigit, None).unwrap();
        assert_eq!(written(&resolved), ["1·0", "3·0"], "all arms spend the same number of tokens");
        assert_eq!(resolved.ids.suffixes, 1, "the digit is always 0");
    }

    #[test]
    fn the_next_best_last_code_never_drives_out_a_rightful_owner() {
        // Item 1 prefers code 3, which is item 2's own; it gets the next one it likes, code 0.
        let codes = table(&[2, 4], &[&[0, 2], &[0, 2], &[0, 3], &[1, 2]]);
        let preference = |_: usize, _: &[Code]| vec![2, 3, 0, 1];
        let resolved = resolve(&codes, CollisionRule::NextBest, Some(&preference)).unwrap();
        assert_eq!(written(&resolved), ["0·2", "0·0", "0·3", "1·2"], "only the second item of the group moves");
        assert_eq!((resolved.report.moved, resolved.report.full_prefixes), (1, 0), "one move, no full prefix");
        assert_eq!(resolved.ids.suffixes, 0, "no digit is needed");
    }

    #[test]
    fn without_a_preference_the_next_free_number_is_taken() {
        let resolved = resolve(&table(&[3], &[&[2], &[2], &[2]]), CollisionRule::NextBest, None).unwrap();
        assert_eq!(written(&resolved), ["2", "0", "1"], "numbers go on after the last with 0");
    }

    #[test]
    fn a_full_prefix_falls_back_to_a_digit_and_says_so() {
        let rows: Vec<&[Code]> = vec![&[0, 0]; 5];
        let resolved = resolve(&table(&[2, 2], &rows), CollisionRule::NextBest, None).unwrap();
        assert_eq!(written(&resolved), ["0·0·0", "0·1·0", "0·0·1", "0·0·2", "0·0·3"], "two codes, then digits");
        assert_eq!(resolved.report.full_prefixes, 1, "one prefix had more items than last codes");
        assert_eq!((resolved.report.moved, resolved.report.by_digit), (1, 3), "one moved, three were numbered");
        let distinct: HashSet<_> = resolved.ids.ids.iter().collect();
        assert_eq!(distinct.len(), 5, "every ID is one item's");
    }

    #[test]
    fn kept_collisions_keep_their_ids_and_no_digit() {
        let resolved = resolve(&table(&[4], &[&[1], &[1]]), CollisionRule::Keep, None).unwrap();
        assert_eq!(written(&resolved), ["1", "1"], "both items answer to one ID");
        assert_eq!(resolved.ids.suffixes, 0, "nothing is appended");
        assert_eq!(resolved.report.colliding_items, 2, "the report still counts them");
    }

    #[test]
    fn a_group_is_numbered_up_to_the_last_digit_and_refused_beyond() {
        let of = |items: usize| CodeTable { shape: CodeShape(vec![7]), codes: vec![6; items] };
        let resolved = resolve(&of(65_535), CollisionRule::AppendDigit, None).unwrap();
        assert_eq!(resolved.ids.ids[65_534].suffix, Some(65_534), "65,535 items are numbered from 0");
        let error = resolve(&of(65_536), CollisionRule::AppendDigit, None).unwrap_err().to_string();
        assert!(error.contains("65536 items share the codes 6"), "the sentence says how many and which: {error}");
        assert!(resolve(&of(65_536), CollisionRule::Keep, None).is_ok(), "kept together, any number may share an ID");
    }

    #[test]
    fn a_code_outside_its_level_is_named() {
        let error = resolve(&table(&[4, 2], &[&[3, 1], &[0, 2]]), CollisionRule::Keep, None).unwrap_err().to_string();
        assert!(error.contains("Item 1 has code 2 on level 2"), "item, code and level are named: {error}");
        let ragged = CodeTable { shape: CodeShape(vec![4, 4]), codes: vec![1; 3] };
        assert!(resolve(&ragged, CollisionRule::Keep, None).is_err(), "three codes are no rows of two");
    }

    #[test]
    fn an_empty_catalog_has_no_ids() {
        for rule in [CollisionRule::AppendDigit, CollisionRule::NextBest, CollisionRule::Keep] {
            let resolved = resolve(&table(&[4], &[]), rule, None).unwrap();
            assert!(resolved.ids.is_empty(), "no items, no IDs");
        }
    }
}
