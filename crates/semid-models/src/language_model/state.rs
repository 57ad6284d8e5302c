//! What the network remembers of the tokens it has read: keys and values, laid out the way products read them.

use crate::kernels::{NR, Packed};

use super::network::Shape;

/// The keys and values of a prompt, with the prediction after its last token. Cloned, it goes two ways; truncated, it
/// forgets its end.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) tokens: Vec<u32>,
    pub(super) layers: Vec<LayerState>,
    /// One logit a token of the vocabulary after the last token; empty where it is not known.
    pub(super) logits: Vec<f32>,
}

/// Stands where a vector was read that belongs to no token.
pub(super) const NO_TOKEN: u32 = u32::MAX;

/// Keys and values of one block.
#[derive(Clone, Debug)]
pub(super) struct LayerState {
    pub heads: Vec<HeadState>,
}

/// Keys and values of one key head.
#[derive(Clone, Debug)]
pub(super) struct HeadState {
    /// d deep, a column a position.
    pub keys: Packed<f32>,
    /// In panels of d, a depth a position.
    pub values: Vec<Packed<f32>>,
}

impl State {
    pub(super) fn new(shape: &Shape) -> State {
        let panels = (0..shape.width).step_by(NR).map(|first| Packed::with_columns(NR.min(shape.width - first)));
        let head = HeadState { keys: Packed::with_depth(shape.width), values: panels.collect() };
        let layer = LayerState { heads: vec![head; shape.key_heads] };
        State { tokens: Vec::new(), layers: vec![layer; shape.layers], logits: Vec::new() }
    }

    /// The tokens read so far.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// How many tokens were read.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// One logit a token of the vocabulary after the last token; empty after [`State::truncate`].
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Forgets all tokens from `length` on.
    pub fn truncate(&mut self, length: usize) {
        if length < self.tokens.len() {
            self.tokens.truncate(length);
            self.logits.clear();
        }
        for head in self.layers.iter_mut().flat_map(|layer| &mut layer.heads) {
            head.keys.truncate_columns(length);
            head.values.iter_mut().for_each(|panel| panel.truncate_depth(length));
        }
    }
}

impl HeadState {
    pub fn push(&mut self, key: &[f32], value: &[f32]) {
        self.keys.push_column(key);
        for (panel, part) in self.values.iter_mut().zip(value.chunks(NR)) {
            panel.push_depth(part);
        }
    }
}

/// Continuations of one state that share their beginnings: a tree of tokens, each read once.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// The rows from the root to each row, itself last.
    pub paths: Vec<Vec<u32>>,
    /// By block, then by key head: rows × d.
    pub layers: Vec<Vec<TreeHead>>,
}

/// Keys and values of one key head, row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeHead {
    pub keys: Vec<f32>,
    pub values: Vec<f32>,
}

impl Tree {
    pub fn new(shape: &Shape) -> Tree {
        Tree { paths: Vec::new(), layers: vec![vec![TreeHead::default(); shape.key_heads]; shape.layers] }
    }

    /// Adds a row below another (none: right after the state) and gives its number.
    pub fn add(&mut self, parent: Option<u32>) -> u32 {
        let row = self.paths.len() as u32;
        let mut path = parent.map_or_else(Vec::new, |parent| self.paths[parent as usize].clone());
        path.push(row);
        self.paths.push(path);
        row
    }
}
