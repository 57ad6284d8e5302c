//! Tokens: the codes of every level, the appended digits, and the token that opens a sequence.

use semid_core::{Error, Result, SemanticIds};

/// Numbers the tokens of a catalog's IDs: the codes of level 0 first, then those of level 1, …, the digits, and last
/// the opening token. The level of a token is always known from its position, so a softmax runs over one level only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    sizes: Vec<usize>,
    offsets: Vec<usize>,
    /// `items × levels` tokens, row-major.
    rows: Vec<u32>,
}

impl Vocabulary {
    /// Numbers the tokens; refuses IDs whose codes do not fit the shape.
    pub fn new(ids: &SemanticIds) -> Result<Self> {
        let sizes: Vec<usize> = ids.position_sizes().iter().map(|&size| size as usize).collect();
        let levels = ids.tokens_per_item();
        if levels == 0 || ids.is_empty() {
            return Err(Error::input(
                "The IDs spell no item, so there is nothing to generate. Assign IDs to the catalog first.",
            ));
        }
        let mut offsets = vec![0];
        for &size in &sizes {
            offsets.push(offsets[offsets.len() - 1] + size);
        }
        let mut rows = Vec::with_capacity(ids.len() * levels);
        for item in 0..ids.len() {
            let before = rows.len();
            for (level, code) in ids.row(item).enumerate() {
                if level >= levels || code as usize >= sizes[level] {
                    return Err(Error::input(format!(
                        "The ID {} of item {item} does not fit the shape {:?} (digits: {}). Assign the IDs again.",
                        ids.ids[item], ids.shape.0, ids.suffixes
                    )));
                }
                rows.push((offsets[level] + code as usize) as u32);
            }
            if rows.len() - before != levels {
                return Err(Error::input(format!(
                    "The ID {} of item {item} has {} tokens instead of {levels}. Assign the IDs again.",
                    ids.ids[item],
                    rows.len() - before
                )));
            }
        }
        Ok(Vocabulary { sizes, offsets, rows })
    }

    /// Tokens that spell one item.
    pub fn levels(&self) -> usize {
        self.sizes.len()
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.rows.len() / self.levels()
    }

    /// Values a level can take.
    pub fn size(&self, level: usize) -> usize {
        self.sizes[level]
    }

    /// First token of a level.
    pub fn offset(&self, level: usize) -> usize {
        self.offsets[level]
    }

    /// All tokens, the opening one included.
    pub fn tokens(&self) -> usize {
        self.offsets[self.levels()] + 1
    }

    /// The token that opens a sequence.
    pub fn opening(&self) -> u32 {
        self.offsets[self.levels()] as u32
    }

    /// The tokens that spell an item.
    pub fn item(&self, item: u32) -> &[u32] {
        &self.rows[item as usize * self.levels()..][..self.levels()]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use semid_core::{CodeShape, SemanticId};

    #[test]
    fn tokens_of_levels_and_digits_do_not_meet() {
        let ids = SemanticIds {
            shape: CodeShape(vec![4, 8]),
            suffixes: 2,
            ids: vec![SemanticId { codes: vec![3, 7], suffix: Some(1) }],
        };
        let vocabulary = Vocabulary::new(&ids).unwrap();
        assert_eq!(vocabulary.item(0), &[3, 4 + 7, 12 + 1], "each level starts where the one before ends");
        assert_eq!((vocabulary.opening(), vocabulary.tokens()), (14, 15), "the opening token comes last");
    }

    #[test]
    fn codes_outside_the_shape_are_refused_with_the_item_named() {
        let ids = |codes: Vec<u32>, suffix| SemanticIds {
            shape: CodeShape(vec![4, 8]),
            suffixes: 2,
            ids: vec![SemanticId { codes, suffix }],
        };
        for bad in [ids(vec![4, 0], Some(0)), ids(vec![0], Some(0)), ids(vec![0, 0], None), ids(vec![0, 0, 0], Some(0))]
        {
            let sentence = Vocabulary::new(&bad).unwrap_err().to_string();
            assert!(sentence.contains("item 0"), "{sentence} should name the item");
        }
    }
}
