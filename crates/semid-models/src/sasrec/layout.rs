//! The shape of SASRec and the place of each of its tensors.

use std::ops::Range;

use super::settings::SasrecSettings;
use crate::transformer::{Shape, StackLayout, Tensors};

/// The shape of the model and the place of each tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub items: usize,
    /// `items × d`, input and output alike.
    pub item: Range<usize>,
    /// `1 × d`: what is read before the first item of a window.
    pub opening: Range<usize>,
    /// `max_history + 1 × d`.
    pub position: Range<usize>,
    pub stack: StackLayout,
    pub tensors: Tensors,
}

impl Layout {
    /// Lays out the model for a catalog of so many items.
    pub fn new(settings: &SasrecSettings, items: usize) -> Self {
        let d = settings.d_model;
        let mut tensors = Tensors::default();
        let item = tensors.place("item", items, d);
        let opening = tensors.place("opening", 1, d);
        let position = tensors.place("position", settings.max_history + 1, d);
        let shape = Shape { layers: settings.layers, d, heads: settings.heads, wide: settings.feed_forward };
        let stack = StackLayout::new(&mut tensors, shape);
        Layout { items, item, opening, position, stack, tensors }
    }

    /// Width of the residual stream.
    pub fn d(&self) -> usize {
        self.stack.shape.d
    }

    /// Where an item's row starts.
    pub fn row(&self, item: u32) -> usize {
        self.item.start + item as usize * self.d()
    }
}
