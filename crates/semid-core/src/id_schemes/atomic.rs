//! Atomic IDs: one token an item, the way classic recommenders name items.

use crate::{CodeShape, Error, Result, SemanticId, SemanticIds};

/// One level with as many codes as there are items; item `i` has code `i`. Nothing collides, so no digit is appended.
pub fn atomic_ids(items: usize) -> Result<SemanticIds> {
    let codes = u32::try_from(items).map_err(|_| {
        Error::input(format!("The catalog has {items} items; atomic IDs number at most {} of them.", u32::MAX))
    })?;
    let ids = (0..codes).map(|item| SemanticId { codes: vec![item], suffix: None }).collect();
    Ok(SemanticIds { shape: CodeShape(vec![codes]), suffixes: 0, ids })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_a_token_of_its_own() {
        let ids = atomic_ids(5).unwrap();
        assert_eq!(ids.tokens_per_item(), 1, "one token spells an item");
        assert_eq!(ids.position_sizes(), vec![5], "there are as many tokens as items");
        assert_eq!(ids.ids[3].codes, vec![3], "the token is the item's index");
        assert!(atomic_ids(0).unwrap().is_empty(), "an empty catalog has no IDs");
    }
}
