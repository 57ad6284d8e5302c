//! Where each learned tensor lies in the one flat buffer of parameters (and, alike, of gradients and moments).

use std::ops::Range;

use rand::Rng;
use semid_core::Work;

use super::real::Real;
use super::settings::GenerativeSettings;
use super::vocabulary::Vocabulary;

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
    /// `d × 4d`.
    pub up: Range<usize>,
    pub up_bias: Range<usize>,
    /// `4d × d`.
    pub down: Range<usize>,
    pub down_bias: Range<usize>,
}

/// The shape of the model and the place of each tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub vocabulary: Vocabulary,
    pub d: usize,
    pub heads: usize,
    /// Item positions: `max_history + 1`, the last for the item to be generated.
    pub positions: usize,
    /// `tokens × d`, also the output matrix.
    pub token: Range<usize>,
    /// `positions × d`, added by the position of the item that a token belongs to.
    pub position: Range<usize>,
    /// `levels × d`, added by the level that is to be generated.
    pub level: Range<usize>,
    pub blocks: Vec<BlockLayout>,
    pub norm_gain: Range<usize>,
    pub norm_bias: Range<usize>,
    pub tensors: Vec<Tensor>,
}

impl Layout {
    /// Lays out the model that the settings describe.
    pub fn new(settings: &GenerativeSettings, vocabulary: Vocabulary) -> Self {
        let (d, positions) = (settings.d_model, settings.max_history + 1);
        let mut tensors: Vec<Tensor> = Vec::new();
        let mut place = |name: String, rows: usize, cols: usize| {
            let start = tensors.last().map_or(0, |tensor| tensor.at.end);
            let at = start..start + rows * cols;
            tensors.push(Tensor { name, rows, cols, at: at.clone() });
            at
        };
        let token = place("token".into(), vocabulary.tokens(), d);
        let position = place("position".into(), positions, d);
        let level = place("level".into(), vocabulary.levels(), d);
        let blocks = (0..settings.layers)
            .map(|block| {
                let mut place = |name: &str, rows, cols| place(format!("block.{block}.{name}"), rows, cols);
                BlockLayout {
                    norm1_gain: place("norm1.gain", 1, d),
                    norm1_bias: place("norm1.bias", 1, d),
                    qkv: place("attention.qkv", d, 3 * d),
                    qkv_bias: place("attention.qkv_bias", 1, 3 * d),
                    mix: place("attention.mix", d, d),
                    mix_bias: place("attention.mix_bias", 1, d),
                    norm2_gain: place("norm2.gain", 1, d),
                    norm2_bias: place("norm2.bias", 1, d),
                    up: place("mlp.up", d, 4 * d),
                    up_bias: place("mlp.up_bias", 1, 4 * d),
                    down: place("mlp.down", 4 * d, d),
                    down_bias: place("mlp.down_bias", 1, d),
                }
            })
            .collect();
        let norm_gain = place("norm.gain".into(), 1, d);
        let norm_bias = place("norm.bias".into(), 1, d);
        let heads = settings.heads;
        Layout { vocabulary, d, heads, positions, token, position, level, blocks, norm_gain, norm_bias, tensors }
    }

    /// Learned numbers.
    pub fn parameters(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.at.end)
    }

    /// Tokens that spell an item.
    pub fn levels(&self) -> usize {
        self.vocabulary.levels()
    }

    /// Width of one attention head.
    pub fn head_width(&self) -> usize {
        self.d / self.heads
    }

    /// GPT-2's start: matrices normal with deviation 0.02, those that write into the residual stream smaller by
    /// √(2 · layers), gains one, biases zero.
    pub fn start<R: Real>(&self, work: &Work) -> Vec<R> {
        let mut rng = work.rng("generative start");
        let mut parameters = vec![R::default(); self.parameters()];
        for tensor in &self.tensors {
            let values = &mut parameters[tensor.at.clone()];
            if tensor.name.ends_with("gain") {
                values.fill(R::ONE);
            } else if tensor.decays() {
                let writes = tensor.name.ends_with("mix") || tensor.name.ends_with("down");
                let deviation = if writes { 0.02 / ((2 * self.blocks.len()) as f64).sqrt() } else { 0.02 };
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
