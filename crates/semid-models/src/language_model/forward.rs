//! The forward pass over rows of hidden numbers: the next tokens of a state, or new rows of a tree of continuations.
//!
//! Shapes: T rows, H hidden, I intermediate, d numbers of a head, G query heads of a key head, n positions before.
//!
//! A row's result is the same bytes whatever rows it is computed with, in however many pieces its prompt was read, and for
//! any number of threads: every sum is one chain in a fixed order (see [`crate::kernels`]).

use std::cell::RefCell;

use rayon::prelude::*;
use semid_core::{Error, Result, Work};

use super::network::{Layer, Network, Norm, Rotation};
use super::state::{LayerState, State, Tree, TreeHead};
use crate::kernels::{
    Coded, Matrix, NR, Packed, Store, add_scaled, chain, gate, gelu_rows, layer_norm, product, rms_norm, softmax,
};

/// Rows computed at a time: enough to share widened weights, few enough for the nearer caches.
pub(super) const ROWS: usize = 256;
/// Rows whose attention is one piece of work.
const ATTENTION_ROWS: usize = 16;
/// Weights that make a piece of work worth its own start.
const PIECE: usize = 1 << 16;

/// Where the rows belong.
pub(super) enum Place<'a> {
    /// One after another behind the state.
    Behind(&'a mut State),
    /// The last rows of a tree that continues a state.
    Tree(&'a State, &'a mut Tree),
}

/// Cosine and sine of each row, by rotation.
struct Angles(Vec<Vec<(f32, f32)>>);

/// The queries of a block, and what they may see: key head by key head, T × G × d.
struct Queries<'a> {
    numbers: Vec<f32>,
    /// The first position that a row sees, and how many before its own path.
    seen: &'a [(usize, usize)],
    /// Rows of the tree that a row sees after those.
    paths: &'a [Vec<u32>],
}

impl Network {
    /// The embeddings of tokens: T × H.
    pub fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        let (hidden, rows) = (self.shape.hidden, self.file.tensor("token_embd.weight")?);
        let mut out = vec![0.0; tokens.len() * hidden];
        for (&token, out) in tokens.iter().zip(out.chunks_exact_mut(hidden)) {
            if token as usize >= rows.rows {
                return Err(Error::input(format!(
                    "There is no token {token}: the vocabulary of the language model has {} tokens.",
                    rows.rows
                )));
            }
            rows.read(token as usize, out);
            out.iter_mut().for_each(|value| *value *= self.shape.embedding_scale);
        }
        Ok(out)
    }

    /// Takes `hidden` (T × H) through all blocks, in place. On an error the state is left with more in some blocks than in
    /// others; whoever called forgets it again.
    pub fn forward(&self, work: &Work, hidden: &mut [f32], mut place: Place<'_>) -> Result<()> {
        let rows = hidden.len() / self.shape.hidden;
        let (positions, paths): (Vec<usize>, Vec<Vec<u32>>) = match &place {
            Place::Behind(state) => {
                let read = state.layers.first().map_or(0, |layer| layer.heads[0].keys.columns());
                ((read..read + rows).collect(), Vec::new())
            }
            Place::Tree(state, tree) => {
                let paths = tree.paths[tree.paths.len() - rows..].to_vec();
                (paths.iter().map(|path| state.len() + path.len() - 1).collect(), paths)
            }
        };
        let angles = Angles(self.rotations.iter().map(|rotation| rotation.angles(&positions)).collect());
        for (index, layer) in self.layers.iter().enumerate() {
            work.check()?;
            // What a row sees of the state: up to itself where it becomes part of it, else all of it, within the window.
            let behind = matches!(place, Place::Behind(_));
            let seen: Vec<(usize, usize)> = positions
                .iter()
                .enumerate()
                .map(|(row, &position)| {
                    let until = if behind { position + 1 } else { position + 1 - paths[row].len() };
                    (layer.window.map_or(0, |window| (position + 1).saturating_sub(window)), until)
                })
                .collect();
            self.attend(layer, index, hidden, &angles, &seen, &paths, &mut place);
        }
        Ok(())
    }

    /// The logits after some rows (T × H): T × vocabulary.
    pub fn logits(&self, hidden: &[f32]) -> Vec<f32> {
        let rows = hidden.len() / self.shape.hidden;
        let normed = self.normed(&self.final_norm, hidden);
        let mut sums = Vec::new();
        self.multiply(&normed, rows, &[&self.output], &mut sums);
        let mut out = if rows == 1 {
            sums.truncate(self.shape.vocabulary);
            sums
        } else {
            let mut out = vec![0.0; rows * self.shape.vocabulary];
            out.par_chunks_mut(self.shape.vocabulary.max(1))
                .enumerate()
                .for_each(|(row, out)| gather(&sums, rows, row, 0, out));
            out
        };
        if let Some(bias) = &self.output_bias {
            for row in out.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
            }
        }
        out
    }

    #[allow(clippy::too_many_arguments)] // One block's inputs; a struct of them would be made for this call alone.
    fn attend(
        &self,
        layer: &Layer,
        index: usize,
        hidden: &mut [f32],
        angles: &Angles,
        seen: &[(usize, usize)],
        paths: &[Vec<u32>],
        place: &mut Place<'_>,
    ) {
        let shape = &self.shape;
        let rows = seen.len();
        let normed = self.normed(&layer.attention_norm, hidden);
        // (T × H) · (H × (heads + 2 key heads) d)
        let mut sums = Vec::new();
        self.multiply(&normed, rows, &layer.qkv.each_ref(), &mut sums);

        let head_queries = rows * shape.group() * shape.width;
        let mut queries = Queries { numbers: vec![0.0; shape.key_heads * head_queries], seen, paths };
        let none = TreeHead::default();
        let context = match place {
            Place::Behind(state) => {
                let LayerState { heads } = &mut state.layers[index];
                self.each_head(&mut queries.numbers, heads, rows, |head, queries, state| {
                    self.split(layer, &angles.0[layer.rotation], &sums, rows, head, queries, |key, value| {
                        state.push(key, value);
                    });
                });
                self.context(&queries, &state.layers[index], &vec![none; shape.key_heads])
            }
            Place::Tree(state, tree) => {
                let heads = &mut tree.layers[index];
                self.each_head(&mut queries.numbers, heads, rows, |head, queries, tree| {
                    self.split(layer, &angles.0[layer.rotation], &sums, rows, head, queries, |key, value| {
                        tree.keys.extend_from_slice(key);
                        tree.values.extend_from_slice(value);
                    });
                });
                self.context(&queries, &state.layers[index], &tree.layers[index])
            }
        };

        // (T × heads d) · (heads d × H)
        self.multiply(&context, rows, &[&layer.attention_out], &mut sums);
        let parallel = layer.feed_forward_norm.is_none().then_some(normed);
        self.add(hidden, &sums, rows, layer.attention_out_bias.as_deref(), layer.post_attention_norm.as_ref());
        let normed = match (parallel, &layer.feed_forward_norm) {
            (Some(normed), _) => normed,
            (None, Some(norm)) => self.normed(norm, hidden),
            (None, None) => return,
        };
        self.feed_forward(layer, hidden, &normed, rows);
    }

    /// hidden += down(gate(…) × up(…)), or down(gelu(up(…))).
    fn feed_forward(&self, layer: &Layer, hidden: &mut [f32], normed: &[f32], rows: usize) {
        let intermediate = self.shape.intermediate;
        // (T × H) · (H × I), twice where there is a gate
        let mut sums = Vec::new();
        self.multiply(normed, rows, &layer.up.iter().collect::<Vec<_>>(), &mut sums);
        let mut inner = vec![0.0; rows * intermediate];
        let panels = intermediate.div_ceil(NR);
        each_row(&mut inner, intermediate, |row, out| match layer.gate {
            Some(activation) => {
                for (panel, out) in out.chunks_mut(NR).enumerate() {
                    let line = |panel: usize| &sums[(panel * rows + row) * NR..][..out.len()];
                    let (gates, values) = (line(panel), line(panels + panel));
                    gate(self.kernel, activation, gates, values, out);
                }
            }
            None => {
                gather(&sums, rows, row, 0, out);
                add_bias(out, layer.up_bias.as_deref());
                gelu_rows(self.kernel, out);
            }
        });
        // (T × I) · (I × H)
        self.multiply(&inner, rows, &[&layer.down], &mut sums);
        self.add(hidden, &sums, rows, layer.down_bias.as_deref(), layer.post_feed_forward_norm.as_ref());
    }

    /// hidden += norm(sums + bias).
    fn add(&self, hidden: &mut [f32], sums: &[f32], rows: usize, bias: Option<&[f32]>, norm: Option<&Norm>) {
        each_row(hidden, self.shape.hidden, |row, hidden| {
            if bias.is_none() && norm.is_none() {
                for (panel, out) in hidden.chunks_mut(NR).enumerate() {
                    let line = &sums[(panel * rows + row) * NR..];
                    out.iter_mut().zip(line).for_each(|(out, sum)| *out += sum);
                }
                return;
            }
            let mut values = vec![0.0; hidden.len()];
            gather(sums, rows, row, 0, &mut values);
            add_bias(&mut values, bias);
            if let Some(norm) = norm {
                let before = values.clone();
                norm.apply(self, &before, &mut values);
            }
            hidden.iter_mut().zip(&values).for_each(|(hidden, value)| *hidden += value);
        });
    }

    fn normed(&self, norm: &Norm, values: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; values.len()];
        let hidden = self.shape.hidden;
        each_row(&mut out, hidden, |row, out| norm.apply(self, &values[row * hidden..(row + 1) * hidden], out));
        out
    }

    /// `left` (T × depth) times matrices that lie side by side, panel after panel: T × NR each.
    fn multiply(&self, left: &[f32], rows: usize, parts: &[&Coded], out: &mut Vec<f32>) {
        thread_local! {
            static WIDENED: RefCell<Packed<f32>> = RefCell::default();
        }
        let depth = parts.first().map_or(0, |part| part.depth());
        let panels: usize = parts.iter().map(|part| part.panels()).sum();
        out.clear();
        out.resize(panels * rows * NR, 0.0);
        let together = if rows == 1 { (PIECE / (depth * NR).max(1)).max(1) } else { 1 };
        out.par_chunks_mut(together * rows * NR).enumerate().for_each(|(piece, out)| {
            WIDENED.with_borrow_mut(|widened| {
                for (offset, out) in out.chunks_exact_mut(rows * NR).enumerate() {
                    let mut panel = piece * together + offset;
                    for part in parts {
                        if panel < part.panels() {
                            let left = Matrix { numbers: left, rows, stride: depth };
                            part.panel_product(self.kernel, left, panel, widened, out);
                            break;
                        }
                        panel -= part.panels();
                    }
                }
            });
        });
    }

    /// Runs `make` for each key head with its queries and its memory, in parallel where there is enough to do.
    fn each_head<S: Send>(
        &self,
        queries: &mut [f32],
        heads: &mut [S],
        rows: usize,
        make: impl Fn(usize, &mut [f32], &mut S) + Sync,
    ) {
        let length = rows * self.shape.group() * self.shape.width;
        if rows < 8 {
            queries
                .chunks_mut(length)
                .zip(heads)
                .enumerate()
                .for_each(|(head, (queries, state))| make(head, queries, state));
        } else {
            let all = queries.par_chunks_mut(length).zip(heads);
            all.enumerate().for_each(|(head, (queries, state))| make(head, queries, state));
        }
    }

    /// The queries of one key head out of the sums, normed and rotated; its keys and values to `keep`, row by row.
    #[allow(clippy::too_many_arguments)]
    fn split(
        &self,
        layer: &Layer,
        angles: &[(f32, f32)],
        sums: &[f32],
        rows: usize,
        head: usize,
        queries: &mut [f32],
        mut keep: impl FnMut(&[f32], &[f32]),
    ) {
        let shape = &self.shape;
        let (width, group) = (shape.width, shape.group());
        let rotation = &self.rotations[layer.rotation];
        let pairs = rotation.frequencies.len();
        let [query_panels, key_panels] = [layer.qkv[0].panels(), layer.qkv[1].panels()];
        let bias = |first: usize, values: &mut [f32]| {
            if let Some(bias) = &layer.qkv_bias {
                values.iter_mut().zip(&bias[first..]).for_each(|(value, bias)| *value += bias);
            }
        };
        let (mut key, mut value, mut before) = (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        let mut turn = |norm: &Option<Norm>, angles: &[(f32, f32)], values: &mut [f32]| {
            if let Some(norm) = norm {
                before.copy_from_slice(values);
                norm.apply(self, &before, values);
            }
            rotation.turn(angles, values);
        };
        for (row, queries) in queries.chunks_exact_mut(group * width).enumerate() {
            let angles = &angles[row * pairs..(row + 1) * pairs];
            for (offset, query) in queries.chunks_exact_mut(width).enumerate() {
                let first = (head * group + offset) * width;
                gather_from(sums, rows, row, 0, first, query);
                bias(first, query);
                turn(&layer.query_norm, angles, query);
            }
            gather_from(sums, rows, row, query_panels, head * width, &mut key);
            bias(shape.heads * width + head * width, &mut key);
            turn(&layer.key_norm, angles, &mut key);
            gather_from(sums, rows, row, query_panels + key_panels, head * width, &mut value);
            bias((shape.heads + shape.key_heads + head) * width, &mut value);
            keep(&key, &value);
        }
    }

    /// softmax(QKᵀ) V for every row: T × heads d.
    fn context(&self, queries: &Queries<'_>, state: &LayerState, tree: &[TreeHead]) -> Vec<f32> {
        let shape = &self.shape;
        let (width, group, rows) = (shape.width, shape.group(), queries.seen.len());
        let length = rows * group * width;
        let mut by_head = vec![0.0; shape.key_heads * length];
        let piece = |head: usize, block: usize, out: &mut [f32]| {
            let first = block * ATTENTION_ROWS;
            let count = out.len() / (group * width);
            let numbers = &queries.numbers[head * length + first * group * width..][..out.len()];
            self.attend_rows(queries, first, count, numbers, &state.heads[head], &tree[head], out);
        };
        let block = ATTENTION_ROWS * group * width;
        by_head.par_chunks_mut(length).enumerate().for_each(|(head, out)| {
            out.par_chunks_mut(block).enumerate().for_each(|(at, out)| piece(head, at, out));
        });
        if shape.key_heads == 1 || rows == 1 {
            return by_head;
        }
        let mut out = vec![0.0; by_head.len()];
        each_row(&mut out, shape.heads * width, |row, out| {
            for (head, out) in out.chunks_exact_mut(group * width).enumerate() {
                out.copy_from_slice(&by_head[head * length + row * group * width..][..group * width]);
            }
        });
        out
    }

    /// The same for `count` rows of one key head: count × G × d.
    #[allow(clippy::too_many_arguments)]
    fn attend_rows(
        &self,
        queries: &Queries<'_>,
        first: usize,
        count: usize,
        numbers: &[f32],
        state: &super::state::HeadState,
        tree: &TreeHead,
        out: &mut [f32],
    ) {
        let (width, group) = (self.shape.width, self.shape.group());
        let (all, length) = (count * group, state.keys.columns());
        let path = |row: usize| queries.paths.get(first + row).map_or(&[][..], Vec::as_slice);
        let longest = (0..count).map(|row| path(row).len()).max().unwrap_or(0);
        let stride = length + longest;
        let (mut scores, mut shares) = (vec![0.0; all * stride], vec![0.0; all * stride]);
        // (T G × d) · (d × n)
        let left = Matrix { numbers, rows: all, stride: width };
        product(self.kernel, left, &state.keys, &mut Store { out: &mut scores, stride, add: false });
        let mut sums = vec![0.0; all];
        for at in 0..all {
            let (row, query) = (at / group, &numbers[at * width..(at + 1) * width]);
            let (from, until) = queries.seen[first + row];
            let scores = &mut scores[at * stride..(at + 1) * stride];
            for (place, &node) in path(row).iter().enumerate() {
                scores[until + place] = chain(self.kernel, query, &tree.keys[node as usize * width..][..width]);
            }
            let end = until + path(row).len();
            // A window may end inside the path.
            let from = from.min(end);
            sums[at] = softmax(
                self.kernel,
                &scores[from..end],
                end - from,
                self.shape.attention_scale,
                &mut shares[at * stride + from..(at + 1) * stride],
            );
        }
        // (T G × n) · (n × d)
        for (panel, values) in state.values.iter().enumerate() {
            let left = Matrix { numbers: &shares, rows: all, stride };
            product(self.kernel, left, values, &mut Store { out: &mut out[panel * NR..], stride: width, add: false });
        }
        for (at, out) in out.chunks_exact_mut(width).enumerate() {
            let row = at / group;
            let until = queries.seen[first + row].1;
            for (place, &node) in path(row).iter().enumerate() {
                let share = shares[at * stride + until + place];
                add_scaled(self.kernel, share, &tree.values[node as usize * width..][..width], out);
            }
            let factor = 1.0 / sums[at];
            out.iter_mut().for_each(|value| *value *= factor);
        }
    }
}

impl Norm {
    fn apply(&self, network: &Network, values: &[f32], out: &mut [f32]) {
        match self {
            Norm::Rms { scale, epsilon } => rms_norm(network.kernel, scale, *epsilon, values, out),
            Norm::Layer(norm) => {
                let mut values = values.to_vec();
                layer_norm(network.kernel, norm, &mut values, out);
            }
        }
    }
}

impl Rotation {
    /// Cosine and sine of every pair at each position.
    fn angles(&self, positions: &[usize]) -> Vec<(f32, f32)> {
        let turn = |position: &usize, frequency: &f64| {
            let (sine, cosine) = (*position as f64 * frequency).sin_cos();
            (cosine as f32 * self.magnitude, sine as f32 * self.magnitude)
        };
        positions
            .iter()
            .flat_map(|position| self.frequencies.iter().map(move |frequency| turn(position, frequency)))
            .collect()
    }

    fn turn(&self, angles: &[(f32, f32)], values: &mut [f32]) {
        let pairs = angles.len();
        for (at, &(cosine, sine)) in angles.iter().enumerate() {
            let (one, two) = if self.interleaved { (2 * at, 2 * at + 1) } else { (at, at + pairs) };
            let (x, y) = (values[one], values[two]);
            values[one] = x * cosine - y * sine;
            values[two] = x * sine + y * cosine;
        }
    }
}

/// Runs `make` for each row of `out`, in parallel where there are enough.
fn each_row(out: &mut [f32], columns: usize, make: impl Fn(usize, &mut [f32]) + Sync) {
    if out.len() <= 8 * columns {
        out.chunks_exact_mut(columns).enumerate().for_each(|(row, out)| make(row, out));
    } else {
        out.par_chunks_exact_mut(columns).with_min_len(8).enumerate().for_each(|(row, out)| make(row, out));
    }
}

/// One row of a product that lies in panels, from the panel `panel` on.
fn gather(sums: &[f32], rows: usize, row: usize, panel: usize, out: &mut [f32]) {
    for (offset, out) in out.chunks_mut(NR).enumerate() {
        out.copy_from_slice(&sums[((panel + offset) * rows + row) * NR..][..out.len()]);
    }
}

/// The same from a column of that panel on, which may begin inside a panel.
fn gather_from(sums: &[f32], rows: usize, row: usize, panel: usize, column: usize, out: &mut [f32]) {
    if column.is_multiple_of(NR) {
        return gather(sums, rows, row, panel + column / NR, out);
    }
    for (offset, out) in out.iter_mut().enumerate() {
        let column = column + offset;
        *out = sums[((panel + column / NR) * rows + row) * NR + column % NR];
    }
}

fn add_bias(values: &mut [f32], bias: Option<&[f32]>) {
    if let Some(bias) = bias {
        values.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}
