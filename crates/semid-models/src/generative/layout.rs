//! The shape of the generative model and the place of each of its tensors.

use std::ops::Range;

use super::settings::GenerativeSettings;
use super::vocabulary::Vocabulary;
use crate::transformer::{Shape, StackLayout, Tensors};

/// The shape of the model and the place of each tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub vocabulary: Vocabulary,
    /// `tokens × d`, also the output matrix.
    pub token: Range<usize>,
    /// `max_history + 1 × d`, added by the position of the item that a token belongs to; the last is that of the item to
    /// be generated.
    pub position: Range<usize>,
    /// `levels × d`, added by the level that is to be generated.
    pub level: Range<usize>,
    pub stack: StackLayout,
    pub tensors: Tensors,
}

impl Layout {
    /// Lays out the model that the settings describe.
    pub fn new(settings: &GenerativeSettings, vocabulary: Vocabulary) -> Self {
        let d = settings.d_model;
        let mut tensors = Tensors::default();
        let token = tensors.place("token", vocabulary.tokens(), d);
        let position = tensors.place("position", settings.max_history + 1, d);
        let level = tensors.place("level", vocabulary.levels(), d);
        let shape = Shape { layers: settings.layers, d, heads: settings.heads, wide: 4 * d };
        let stack = StackLayout::new(&mut tensors, shape);
        Layout { vocabulary, token, position, level, stack, tensors }
    }

    /// Width of the residual stream.
    pub fn d(&self) -> usize {
        self.stack.shape.d
    }

    /// Tokens that spell an item.
    pub fn levels(&self) -> usize {
        self.vocabulary.levels()
    }

    /// The rows of the output matrix for one level, `size × d`, as a range of the parameters.
    pub fn output(&self, level: usize) -> Range<usize> {
        let start = self.token.start + self.vocabulary.offset(level) * self.d();
        start..start + self.vocabulary.size(level) * self.d()
    }
}
