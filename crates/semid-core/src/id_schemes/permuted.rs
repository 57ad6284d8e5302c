//! Permuted IDs: the IDs of a base scheme dealt to other items. Same trie, same shape, no meaning: the control that
//! isolates what the meaning of the codes is worth.

use rand::RngCore;

use crate::{Seed, SemanticIds};

/// Deals the IDs of `base` to other items by a seeded permutation. The permutation is one cycle through all items
/// (Sattolo, 1986), so that no item keeps its own ID; a catalog of one item has nobody to swap with.
pub fn permuted_ids(base: &SemanticIds, seed: Seed) -> SemanticIds {
    let mut ids = base.ids.clone();
    let mut rng = seed.rng("permuted ids");
    for last in (1..ids.len()).rev() {
        // A draw below `last`, not up to it: that is what makes one cycle of it. The high half of a 64 × 64 product is
        // uniform to within 2⁻³² for any catalog.
        let other = (u128::from(rng.next_u64()) * last as u128) >> 64;
        ids.swap(last, other as usize);
    }
    SemanticIds { shape: base.shape.clone(), suffixes: base.suffixes, ids }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::id_schemes::atomic_ids;

    #[test]
    fn the_same_ids_are_dealt_and_no_item_keeps_its_own() {
        let base = atomic_ids(1_000).unwrap();
        for seed in 0..20 {
            let dealt = permuted_ids(&base, Seed(seed));
            assert!(
                dealt.ids.iter().zip(&base.ids).all(|(new, old)| new != old),
                "an item that kept its ID would keep its meaning"
            );
            let mut sorted = dealt.ids.clone();
            sorted.sort();
            assert_eq!(sorted, base.ids, "a permutation loses and invents nothing");
        }
    }

    #[test]
    fn the_seed_decides_the_permutation() {
        let base = atomic_ids(100).unwrap();
        assert_eq!(permuted_ids(&base, Seed(7)), permuted_ids(&base, Seed(7)), "same seed, same IDs");
        assert_ne!(permuted_ids(&base, Seed(7)), permuted_ids(&base, Seed(8)), "another seed, other IDs");
    }

    #[test]
    fn one_item_or_none_stays_as_it_is() {
        for items in [0, 1] {
            let base = atomic_ids(items).unwrap();
            assert_eq!(permuted_ids(&base, Seed(1)), base, "there is no other item to deal to");
        }
    }

    #[test]
    fn an_id_travels_to_every_place_alike() {
        let base = atomic_ids(5).unwrap();
        let mut seen = [[0u32; 5]; 5];
        for seed in 0..4_000 {
            for (item, id) in permuted_ids(&base, Seed(seed)).ids.iter().enumerate() {
                seen[item][id.codes[0] as usize] += 1;
            }
        }
        for (item, row) in seen.iter().enumerate() {
            for (id, &count) in row.iter().enumerate().filter(|&(id, _)| id != item) {
                assert!((850..1150).contains(&count), "item {item} got ID {id} {count} times of about 1,000");
            }
        }
    }
}
