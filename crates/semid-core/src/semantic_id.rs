//! Codes, the shape they live in, and the IDs made of them.

use serde::{Deserialize, Serialize};

/// One code of one level, `0 ≤ code < codes of that level`.
pub type Code = u32;

/// How many levels, and how many codes each has: 3 × 256 is `[256, 256, 256]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeShape(pub Vec<u32>);

impl CodeShape {
    /// The same number of codes on each level.
    pub fn uniform(levels: usize, codes: u32) -> Self {
        CodeShape(vec![codes; levels])
    }

    /// Number of levels.
    pub fn levels(&self) -> usize {
        self.0.len()
    }

    /// Number of different IDs the shape can spell, saturating.
    pub fn capacity(&self) -> u64 {
        self.0.iter().fold(1u64, |product, &codes| product.saturating_mul(u64::from(codes)))
    }
}

/// One row of codes per item, `items × levels`, row-major.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeTable {
    /// The shape all rows share.
    pub shape: CodeShape,
    /// `items × levels`.
    pub codes: Vec<Code>,
}

impl CodeTable {
    /// Number of items.
    pub fn rows(&self) -> usize {
        self.codes.len().checked_div(self.shape.levels()).unwrap_or(0)
    }

    /// Codes of one item, coarse to fine.
    pub fn row(&self, item: usize) -> &[Code] {
        let levels = self.shape.levels();
        &self.codes[item * levels..(item + 1) * levels]
    }

    /// All rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Code]> {
        self.codes.chunks_exact(self.shape.levels().max(1))
    }
}

/// An item's ID: codes coarse to fine, then the digit that makes it unique where that rule is in force.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SemanticId {
    /// Coarse to fine.
    pub codes: Vec<Code>,
    /// The appended digit; none under rules that append none.
    pub suffix: Option<u16>,
}

impl std::fmt::Display for SemanticId {
    /// `12·207·9`, and `12·207·9·1` with a digit.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (level, code) in self.codes.iter().enumerate() {
            if level > 0 {
                f.write_str("·")?;
            }
            write!(f, "{code}")?;
        }
        match self.suffix {
            Some(digit) => write!(f, "·{digit}"),
            None => Ok(()),
        }
    }
}

/// The IDs of a whole catalog, one per item, under one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SemanticIds {
    /// The shape of the codes, without the digit.
    pub shape: CodeShape,
    /// How many values the appended digit can take; 0 when no digit is appended. When it is not 0 every ID has one, so
    /// that all arms spend the same number of tokens.
    pub suffixes: u16,
    /// One ID per item of the catalog.
    pub ids: Vec<SemanticId>,
}

impl SemanticIds {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Tokens that spell one item: the levels, and one more when a digit is appended.
    pub fn tokens_per_item(&self) -> usize {
        self.shape.levels() + usize::from(self.suffixes > 0)
    }

    /// Values each position can take: the codes of each level, then the digits.
    pub fn position_sizes(&self) -> Vec<u32> {
        let mut sizes = self.shape.0.clone();
        if self.suffixes > 0 {
            sizes.push(u32::from(self.suffixes));
        }
        sizes
    }

    /// The codes and the digit of one item as one row of `tokens_per_item` numbers.
    pub fn row(&self, item: usize) -> impl Iterator<Item = Code> + '_ {
        let id = &self.ids[item];
        id.codes.iter().copied().chain(id.suffix.map(Code::from))
    }
}
