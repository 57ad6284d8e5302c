//! The shape of the generative model and the place of each of its tensors.

use std::ops::Range;

use semid_core::TokenTrie;

use super::settings::{GenerativeSettings, Positions};
use super::vocabulary::Vocabulary;
use crate::transformer::{Shape, StackLayout, Tensors};

/// The shape of the model and the place of each tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub vocabulary: Vocabulary,
    pub trie_softmax: bool,
    /// `tokens × d`
    pub token: Range<usize>,
    /// `tokens × d`: what hidden rows are multiplied with; the same numbers where they are tied.
    output: Range<usize>,
    /// `max_history + 1 × d`, added by the position of the item that a token belongs to; the last is that of the item to
    /// be generated.
    pub position: Range<usize>,
    pub reading: Reading,
    pub stack: StackLayout,
    pub tensors: Tensors,
}

/// What a position reads, and what that takes to learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One token; `level` (`levels × d`) is added by the level that is to be generated.
    Tokens { level: Range<usize> },
    /// A whole item; the next one's tokens are told by a head a level.
    Items { heads: Vec<HeadLayout> },
}

/// The head of one level: `norm(y + down(gelu(up(norm(y)))))`, without the inner part `norm(y)` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadLayout {
    pub inner: Option<InnerLayout>,
    pub norm_gain: Range<usize>,
    pub norm_bias: Range<usize>,
}

/// The part of a head that sees the tokens before its own. Weights are `in × out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InnerLayout {
    pub width: usize,
    pub norm_gain: Range<usize>,
    pub norm_bias: Range<usize>,
    /// `d × width`
    pub up: Range<usize>,
    pub up_bias: Range<usize>,
    /// `width × d`
    pub down: Range<usize>,
    pub down_bias: Range<usize>,
}

impl Layout {
    /// Lays out the model that the settings describe.
    pub fn new(settings: &GenerativeSettings, vocabulary: Vocabulary) -> Self {
        let d = settings.d_model;
        let mut tensors = Tensors::default();
        let token = tensors.place("token", vocabulary.tokens(), d);
        let position = tensors.place("position", settings.max_history + 1, d);
        let output = if settings.tied { token.clone() } else { tensors.place("output", vocabulary.tokens(), d) };
        let reading = match settings.positions {
            Positions::Tokens => Reading::Tokens { level: tensors.place("level", vocabulary.levels(), d) },
            Positions::Items => {
                let heads =
                    (0..vocabulary.levels()).map(|level| HeadLayout::new(&mut tensors, level, d, settings.head_width));
                Reading::Items { heads: heads.collect() }
            }
        };
        let shape = Shape { layers: settings.layers, d, heads: settings.heads, wide: 4 * d };
        let stack = StackLayout::new(&mut tensors, shape);
        Layout { vocabulary, trie_softmax: settings.trie_softmax, token, output, position, reading, stack, tensors }
    }

    /// Width of the residual stream.
    pub fn d(&self) -> usize {
        self.stack.shape.d
    }

    /// Tokens that spell an item.
    pub fn levels(&self) -> usize {
        self.vocabulary.levels()
    }

    /// Positions that an item takes.
    pub fn positions_an_item(&self) -> usize {
        match self.reading {
            Reading::Tokens { .. } => self.levels(),
            Reading::Items { .. } => 1,
        }
    }

    /// The rows of the output matrix for one level, `size × d`, as a range of the parameters.
    pub fn output(&self, level: usize) -> Range<usize> {
        let start = self.output.start + self.vocabulary.offset(level) * self.d();
        start..start + self.vocabulary.size(level) * self.d()
    }

    /// Whether a level's softmax runs over all of its codes after every prefix.
    pub fn chooses_among_all(&self, trie: &TokenTrie, level: usize) -> bool {
        !self.trie_softmax || (level == 0 && trie.children(TokenTrie::ROOT).len() == self.vocabulary.size(0))
    }

    /// The place of a head's dropout mask, behind those of the blocks.
    pub fn site(&self, level: usize) -> u32 {
        (2 * self.stack.shape.layers + level) as u32
    }

    /// One row of the token table.
    pub fn token_row(&self, token: u32) -> Range<usize> {
        let start = self.token.start + token as usize * self.d();
        start..start + self.d()
    }
}

impl HeadLayout {
    fn new(tensors: &mut Tensors, level: usize, d: usize, width: usize) -> Self {
        let mut place = |name: &str, rows, cols| tensors.place(format!("head.{level}.{name}"), rows, cols);
        let inner = (level > 0 && width > 0).then(|| InnerLayout {
            width,
            norm_gain: place("inner.norm.gain", 1, d),
            norm_bias: place("inner.norm.bias", 1, d),
            up: place("inner.up", d, width),
            up_bias: place("inner.up_bias", 1, width),
            down: place("inner.down", width, d),
            down_bias: place("inner.down_bias", 1, d),
        });
        HeadLayout { inner, norm_gain: place("norm.gain", 1, d), norm_bias: place("norm.bias", 1, d) }
    }
}
