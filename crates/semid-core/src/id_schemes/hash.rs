//! Hash IDs: codes drawn at random by a keyed hash of the item's own key. The floor every semantic ID has to beat.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{Catalog, Code, CodeShape, CodeTable, Error, Result, Seed};

/// What happens when two items draw the same codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashDraw {
    /// One draw an item; the collision rule tells equal draws apart, as it does for every other scheme.
    Once,
    /// The item that comes later in the catalog draws again until its codes are free.
    UntilUnique,
}

/// Codes drawn uniformly for each item, from a BLAKE3 hash of the item's key, keyed by the seed: an item keeps its draw
/// when the catalog grows or is reordered. Fails on a shape without levels or with an empty level, and, when draws must
/// be unique, on a shape that spells fewer IDs than there are items.
pub fn hash_codes(catalog: &Catalog, shape: &CodeShape, draw: HashDraw, seed: Seed) -> Result<CodeTable> {
    if shape.levels() == 0 || shape.0.contains(&0) {
        return Err(Error::input(format!(
            "Hash IDs of shape {:?} cannot be drawn: give at least one level, and at least one code on each.",
            shape.0
        )));
    }
    let items = catalog.len();
    if draw == HashDraw::UntilUnique && shape.capacity() < items as u64 {
        return Err(Error::input(format!(
            "{items} items cannot have unique hash IDs of shape {:?}, which spells only {}: add a level or codes, or let \
             the collision rule tell equal IDs apart.",
            shape.0,
            shape.capacity()
        )));
    }

    let key = seed.key("hash ids");
    let mut codes = Vec::with_capacity(items * shape.levels());
    let mut taken = HashSet::new();
    for item in &catalog.items {
        let mut attempt = 0u64;
        let row = loop {
            let row = draw_row(&key, &item.key, attempt, shape);
            if draw == HashDraw::Once || taken.insert(row.clone()) {
                break row;
            }
            attempt += 1;
        };
        codes.extend(row);
    }
    Ok(CodeTable { shape: shape.clone(), codes })
}

fn draw_row(key: &[u8; 32], item: &str, attempt: u64, shape: &CodeShape) -> Vec<Code> {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&attempt.to_le_bytes());
    hasher.update(item.as_bytes());
    let mut output = hasher.finalize_xof();
    let draw = |&codes: &u32| {
        let mut word = [0; 8];
        output.fill(&mut word);
        // The high half of the product is uniform below `codes` to within 2⁻³².
        ((u128::from(u64::from_le_bytes(word)) * u128::from(codes)) >> 64) as Code
    };
    shape.0.iter().map(draw).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::Item;

    fn catalog(items: usize) -> Catalog {
        Catalog { items: (0..items).map(|n| Item { key: format!("item {n}"), ..Item::default() }).collect() }
    }

    #[test]
    fn an_items_codes_depend_on_its_key_and_the_seed_alone() {
        let shape = CodeShape::uniform(3, 256);
        let all = hash_codes(&catalog(100), &shape, HashDraw::Once, Seed(1)).unwrap();
        let mut reversed = catalog(100);
        reversed.items.reverse();
        let again = hash_codes(&reversed, &shape, HashDraw::Once, Seed(1)).unwrap();
        assert!((0..100).all(|n| all.row(n) == again.row(99 - n)), "the order of the catalog does not matter");
        let other = hash_codes(&catalog(100), &shape, HashDraw::Once, Seed(2)).unwrap();
        assert_ne!(all, other, "another seed draws other codes");
    }

    #[test]
    fn codes_are_drawn_uniformly() {
        let table = hash_codes(&catalog(30_000), &CodeShape(vec![10, 3]), HashDraw::Once, Seed(1)).unwrap();
        for (level, codes) in [(0, 10), (1, 3)] {
            let mut counts = vec![0f64; codes];
            table.iter().for_each(|row| counts[row[level] as usize] += 1.0);
            let expected = 30_000.0 / codes as f64;
            let chi2: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
            assert!(chi2 < 30.0, "χ² {chi2} of level {level} is far beyond chance: {counts:?}");
        }
    }

    #[test]
    fn unique_draws_fill_a_shape_to_its_last_id() {
        let table = hash_codes(&catalog(64), &CodeShape::uniform(3, 4), HashDraw::UntilUnique, Seed(1)).unwrap();
        let distinct: HashSet<&[Code]> = table.iter().collect();
        assert_eq!(distinct.len(), 64, "64 items fit 4 × 4 × 4 IDs exactly");
        let error = hash_codes(&catalog(65), &CodeShape::uniform(3, 4), HashDraw::UntilUnique, Seed(1)).unwrap_err();
        assert!(error.to_string().contains("65 items"), "one item too many is said, not tried: {error}");
    }

    #[test]
    fn a_shape_that_spells_nothing_is_refused() {
        for shape in [CodeShape(vec![]), CodeShape(vec![4, 0])] {
            assert!(hash_codes(&catalog(2), &shape, HashDraw::Once, Seed(1)).is_err(), "{shape:?} spells no ID");
        }
    }
}
