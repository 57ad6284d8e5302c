//! Where each learned tensor lies in the one flat buffer of parameters (and, alike, of gradients and moments).

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::parameters::Place;
use super::real::Real;

/// One learned tensor, `rows × cols`; a vector has one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub name: String,
    pub rows: usize,
    pub cols: usize,
    pub at: Range<usize>,
}

impl Tensor {
    /// One dimension for a gain or a bias, else two.
    pub fn shape(&self) -> Vec<usize> {
        if self.decays() { vec![self.rows, self.cols] } else { vec![self.cols] }
    }

    /// Matrices and embeddings decay; gains and biases do not.
    pub fn decays(&self) -> bool {
        !self.name.ends_with("gain") && !self.name.ends_with("bias")
    }
}

/// The tensors of a model, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tensors(pub Vec<Tensor>);

impl Tensors {
    /// Gives the next tensor its place.
    pub fn place(&mut self, name: impl Into<String>, rows: usize, cols: usize) -> Range<usize> {
        let start = self.numbers();
        let at = start..start + rows * cols;
        self.0.push(Tensor { name: name.into(), rows, cols, at: at.clone() });
        at
    }

    /// Learned numbers.
    pub fn numbers(&self) -> usize {
        self.0.last().map_or(0, |tensor| tensor.at.end)
    }

    /// GPT-2's start: matrices normal with deviation 0.02, those that write into the residual stream smaller by
    /// √(2 · blocks), gains one, biases zero.
    pub fn start<R: Real>(&self, blocks: usize, mut rng: ChaCha8Rng) -> Vec<R> {
        let mut parameters = vec![R::default(); self.numbers()];
        for tensor in &self.0 {
            let values = &mut parameters[tensor.at.clone()];
            if tensor.name.ends_with("gain") {
                values.fill(R::ONE);
            } else if tensor.decays() {
                let writes = tensor.name.ends_with("mix") || tensor.name.ends_with("down");
                let deviation = if writes { 0.02 / ((2 * blocks) as f64).sqrt() } else { 0.02 };
                for value in values {
                    // Box–Muller: one normal draw from two uniform ones.
                    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
                    let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
                    *value = R::of(deviation * normal);
                }
            }
        }
        parameters
    }
}

/// The shape of a stack of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub layers: usize,
    /// Width of the residual stream.
    pub d: usize,
    /// Attention heads; divide `d`.
    pub heads: usize,
    /// Width between the two products of a feed-forward half.
    pub wide: usize,
}

/// Tensors of one block, as ranges of the flat buffer. Weights are `in × out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlockLayout {
    pub norm1_gain: Range<usize>,
    pub norm1_bias: Range<usize>,
    /// `d × 3d`: queries, keys, values.
    pub qkv: Range<usize>,
    pub qkv_bias: Range<usize>,
    /// `d × d`.
    pub mix: Range<usize>,
    pub mix_bias: Range<usize>,
    pub norm2_gain: Range<usize>,
    pub norm2_bias: Range<usize>,
    /// `d × wide`.
    pub up: Range<usize>,
    pub up_bias: Range<usize>,
    /// `wide × d`.
    pub down: Range<usize>,
    pub down_bias: Range<usize>,
}

/// A stack of blocks and the norm after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackLayout {
    pub shape: Shape,
    pub blocks: Vec<BlockLayout>,
    pub norm_gain: Range<usize>,
    pub norm_bias: Range<usize>,
}

impl StackLayout {
    /// Places the tensors of a stack behind those that are there.
    pub fn new(tensors: &mut Tensors, shape: Shape) -> Self {
        let Shape { layers, d, wide, .. } = shape;
        let blocks = (0..layers)
            .map(|block| {
                let mut place = |name: &str, rows, cols| tensors.place(format!("block.{block}.{name}"), rows, cols);
                BlockLayout {
                    norm1_gain: place("norm1.gain", 1, d),
                    norm1_bias: place("norm1.bias", 1, d),
                    qkv: place("attention.qkv", d, 3 * d),
                    qkv_bias: place("attention.qkv_bias", 1, 3 * d),
                    mix: place("attention.mix", d, d),
                    mix_bias: place("attention.mix_bias", 1, d),
                    norm2_gain: place("norm2.gain", 1, d),
                    norm2_bias: place("norm2.bias", 1, d),
                    up: place("mlp.up", d, wide),
                    up_bias: place("mlp.up_bias", 1, wide),
                    down: place("mlp.down", wide, d),
                    down_bias: place("mlp.down_bias", 1, d),
                }
            })
            .collect();
        let norm_gain = tensors.place("norm.gain", 1, d);
        let norm_bias = tensors.place("norm.bias", 1, d);
        StackLayout { shape, blocks, norm_gain, norm_bias }
    }

    /// The matrices that its products multiply by.
    pub fn matrices(&self) -> Vec<Place> {
        let Shape { d, wide, .. } = self.shape;
        let of_block = |block: &BlockLayout| {
            [(block.qkv.clone(), 3 * d), (block.mix.clone(), d), (block.up.clone(), wide), (block.down.clone(), d)]
        };
        self.blocks.iter().flat_map(of_block).collect()
    }
}
