//! A llama as training sees it: its shape, and weights that stay what they are.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::gguf_file::{Content, Value};
use rand::Rng;
use semid_core::{Error, Result, Seed};
use serde::{Deserialize, Serialize};

use crate::trainer::TrainingPrecision;
use crate::transformer::{Parameters, Place, Rounded};

/// The sizes of a llama.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LlamaShape {
    /// Width of the residual stream.
    pub hidden: usize,
    /// Blocks.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; divides `heads`.
    pub key_heads: usize,
    /// Numbers of a query, a key or a value of one head; even.
    pub width: usize,
    /// Width of a block's feed-forward half.
    pub intermediate: usize,
    /// Tokens.
    pub vocabulary: usize,
    /// Most tokens of a prompt and its answer.
    pub context: usize,
    /// Base of the rotary positions.
    pub rope_base: f64,
    /// Added to the mean square of a norm.
    pub epsilon: f64,
}

impl LlamaShape {
    /// The sizes of the model in a GGUF file; refused where it is none that can be trained on. Reads the header alone.
    pub fn of_gguf(path: &Path) -> Result<Self> {
        LlamaShape::open(path).map(|(_, _, shape)| shape)
    }

    fn open(path: &Path) -> Result<(BufReader<File>, Content, Self)> {
        let shown = path.display();
        let mut file = BufReader::new(File::open(path).map_err(|why| unreadable(path, &why))?);
        let content = Content::read(&mut file).map_err(|why| unreadable(path, &why))?;
        let family = match content.metadata.get("general.architecture") {
            Some(Value::String(name)) => name.clone(),
            _ => String::new(),
        };
        if family != "llama" {
            return Err(Error::input(format!(
                "The language model {shown} is of the family “{family}”; training works on the llama family (SmolLM2, \
                 Llama). Choose such a file."
            )));
        }
        let number = |key: &str| {
            let value = content.metadata.get(&format!("llama.{key}"));
            let value =
                value.and_then(|value| value.to_u32().ok().map(f64::from).or(value.to_f32().ok().map(f64::from)));
            value.ok_or_else(|| unreadable(path, &format!("it does not say llama.{key}")))
        };
        if content.tensor_infos.contains_key("rope_freqs.weight")
            || content.metadata.contains_key("llama.rope.scaling.type")
        {
            return Err(Error::input(format!(
                "The language model {shown} stretches its positions, which training does not know. Choose SmolLM2 or \
                 another llama without rope scaling."
            )));
        }
        let (hidden, heads) = (number("embedding_length")? as usize, number("attention.head_count")? as usize);
        let embedding = content.tensor_infos.get("token_embd.weight");
        let shape = LlamaShape {
            hidden,
            layers: number("block_count")? as usize,
            heads,
            key_heads: number("attention.head_count_kv").unwrap_or(heads as f64) as usize,
            width: number("attention.key_length").unwrap_or((hidden / heads.max(1)) as f64) as usize,
            intermediate: number("feed_forward_length")? as usize,
            vocabulary: embedding.and_then(|info| info.shape.dims().first().copied()).unwrap_or(0),
            context: number("context_length")? as usize,
            rope_base: number("rope.freq_base").unwrap_or(1e4),
            epsilon: number("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
        };
        shape.check()?;
        Ok((file, content, shape))
    }

    /// Numbers of all queries of a position.
    pub(crate) fn queries(&self) -> usize {
        self.heads * self.width
    }

    /// Numbers of all keys of a position.
    pub(crate) fn keys(&self) -> usize {
        self.key_heads * self.width
    }

    /// Numbers of a row of queries, keys and values.
    pub(crate) fn qkv(&self) -> usize {
        self.queries() + 2 * self.keys()
    }

    fn check(&self) -> Result<()> {
        let sizes = [self.hidden, self.layers, self.heads, self.key_heads, self.width, self.intermediate];
        let fits = sizes.into_iter().chain([self.vocabulary, self.context]).all(|size| size > 0 && size < 1 << 24)
            && self.heads.is_multiple_of(self.key_heads)
            && self.width.is_multiple_of(2);
        if fits { Ok(()) } else { Err(Error::input(format!("The sizes of the language model do not fit: {self:?}."))) }
    }
}

fn unreadable(path: &Path, why: &dyn fmt::Display) -> Error {
    let shown = path.display();
    Error::input(format!("The language model {shown} cannot be read ({why}). Fetch it again, or choose another."))
}

/// Where one block's weights lie. Matrices are `in × out`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LayerLayout {
    pub norm1: Range<usize>,
    /// `hidden × (queries + keys + values)`.
    pub qkv: Range<usize>,
    /// `queries × hidden`.
    pub mix: Range<usize>,
    pub norm2: Range<usize>,
    /// `hidden × 2 intermediate`: gate, then up.
    pub gate_up: Range<usize>,
    /// `intermediate × hidden`.
    pub down: Range<usize>,
}

/// Where all weights lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// `vocabulary × hidden`.
    pub embedding: Range<usize>,
    pub layers: Vec<LayerLayout>,
    pub norm: Range<usize>,
    /// `vocabulary × hidden`; the embedding where the two are tied.
    pub output: Range<usize>,
    numbers: usize,
}

impl Layout {
    fn new(shape: &LlamaShape, tied: bool) -> Self {
        let mut numbers = 0;
        let mut place = |count: usize| {
            numbers += count;
            numbers - count..numbers
        };
        let LlamaShape { hidden, intermediate, vocabulary, .. } = *shape;
        let embedding = place(vocabulary * hidden);
        let layers = (0..shape.layers)
            .map(|_| LayerLayout {
                norm1: place(hidden),
                qkv: place(hidden * shape.qkv()),
                mix: place(shape.queries() * hidden),
                norm2: place(hidden),
                gate_up: place(hidden * 2 * intermediate),
                down: place(intermediate * hidden),
            })
            .collect();
        let norm = place(hidden);
        let output = if tied { embedding.clone() } else { place(vocabulary * hidden) };
        Layout { embedding, layers, norm, output, numbers }
    }

    pub fn tied(&self) -> bool {
        self.embedding == self.output
    }
}

/// A llama whose weights do not learn, as f32.
pub struct FrozenLlama {
    pub(crate) shape: LlamaShape,
    pub(crate) layout: Layout,
    pub(crate) values: Vec<f32>,
    digest: String,
}

impl FrozenLlama {
    /// Reads a GGUF file of the llama family and widens its weights to f32: 540 MB for 135 million parameters.
    pub fn from_gguf(path: &Path) -> Result<Self> {
        let (mut file, content, shape) = LlamaShape::open(path)?;
        let tied = !content.tensor_infos.contains_key("output.weight");
        FrozenLlama::from_tensors(shape, tied, |name, _, _| {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).map_err(|why| unreadable(path, &why))?;
            let values = tensor.dequantize(&Device::Cpu).and_then(|tensor| tensor.flatten_all()?.to_vec1::<f32>());
            values.map_err(|why| unreadable(path, &why))
        })
    }

    /// Takes weights by the names they have in a GGUF file, `out × in` each, as (name, rows, columns).
    ///
    /// Such a file turns neighbouring numbers of a query or key against each other; here they are put back into the two
    /// halves of a head, as the published weights have them, so that adapters fit those.
    pub fn from_tensors(
        shape: LlamaShape,
        tied: bool,
        mut tensor: impl FnMut(&str, usize, usize) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        shape.check()?;
        let mut tensor = |name: &str, rows: usize, columns: usize| {
            let values = tensor(name, rows, columns)?;
            match values.len() == rows * columns {
                true => Ok(values),
                false => Err(Error::input(format!(
                    "The language model's {name} has {} numbers, not {rows} × {columns}. Fetch it again.",
                    values.len()
                ))),
            }
        };
        let layout = Layout::new(&shape, tied);
        let mut values = vec![0.0f32; layout.numbers];
        let LlamaShape { hidden, intermediate, vocabulary, width, .. } = shape;
        let (queries, keys) = (shape.queries(), shape.keys());
        values[layout.embedding.clone()].copy_from_slice(&tensor("token_embd.weight", vocabulary, hidden)?);
        for (index, at) in layout.layers.iter().enumerate() {
            let name = |part: &str| format!("blk.{index}.{part}.weight");
            values[at.norm1.clone()].copy_from_slice(&tensor(&name("attn_norm"), 1, hidden)?);
            values[at.norm2.clone()].copy_from_slice(&tensor(&name("ffn_norm"), 1, hidden)?);
            // Rows of the file become columns; `from` says which row becomes which.
            let columns =
                |values: &mut [f32], all: usize, first: usize, source: Vec<f32>, inputs: usize, turned: bool| {
                    for column in 0..source.len() / inputs {
                        let (head, within) = (column / width * width, column % width);
                        let from = match turned {
                            true => head + 2 * (within % (width / 2)) + within / (width / 2),
                            false => column,
                        };
                        for (row, &value) in source[from * inputs..(from + 1) * inputs].iter().enumerate() {
                            values[row * all + first + column] = value;
                        }
                    }
                };
            let (q, k) = (tensor(&name("attn_q"), queries, hidden)?, tensor(&name("attn_k"), keys, hidden)?);
            let v = tensor(&name("attn_v"), keys, hidden)?;
            let qkv = &mut values[at.qkv.clone()];
            columns(qkv, shape.qkv(), 0, q, hidden, true);
            columns(qkv, shape.qkv(), queries, k, hidden, true);
            columns(qkv, shape.qkv(), queries + keys, v, hidden, false);
            let mix = tensor(&name("attn_output"), hidden, queries)?;
            columns(&mut values[at.mix.clone()], hidden, 0, mix, queries, false);
            let gate_up = &mut values[at.gate_up.clone()];
            columns(gate_up, 2 * intermediate, 0, tensor(&name("ffn_gate"), intermediate, hidden)?, hidden, false);
            columns(
                gate_up,
                2 * intermediate,
                intermediate,
                tensor(&name("ffn_up"), intermediate, hidden)?,
                hidden,
                false,
            );
            let down = tensor(&name("ffn_down"), hidden, intermediate)?;
            columns(&mut values[at.down.clone()], hidden, 0, down, intermediate, false);
        }
        values[layout.norm.clone()].copy_from_slice(&tensor("output_norm.weight", 1, hidden)?);
        if !tied {
            values[layout.output.clone()].copy_from_slice(&tensor("output.weight", vocabulary, hidden)?);
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::input("The language model holds numbers that are not finite. Fetch it again."));
        }
        Ok(FrozenLlama::of(shape, layout, values))
    }

    /// A model of random weights, for tests of whatever is trained on one.
    pub fn random(shape: LlamaShape, tied: bool, seed: Seed) -> Result<Self> {
        let mut rng = seed.rng("random llama");
        FrozenLlama::from_tensors(shape, tied, |name, rows, columns| {
            let (middle, spread) = match rows {
                1 => (1.0, 0.2),
                _ if name.starts_with("token") => (0.0, 1.0),
                _ => (0.0, (3.0 / columns as f32).sqrt()),
            };
            Ok((0..rows * columns).map(|_| middle + rng.random_range(-spread..spread)).collect())
        })
    }

    fn of(shape: LlamaShape, layout: Layout, values: Vec<f32>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("semid frozen llama v1");
        hasher.update(&serde_json::to_vec(&shape).unwrap_or_default());
        hasher.update(bytemuck::cast_slice(&values));
        FrozenLlama { shape, layout, values, digest: hasher.finalize().to_hex().to_string() }
    }

    /// The same model with other weights in the same places.
    pub(crate) fn with_values(&self, values: Vec<f32>) -> Self {
        FrozenLlama::of(self.shape, self.layout.clone(), values)
    }

    /// Its sizes.
    pub fn shape(&self) -> &LlamaShape {
        &self.shape
    }

    /// Names these weights: the same digest means the same numbers.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The embedding of a token.
    pub(crate) fn embedding(&self, token: u32) -> &[f32] {
        let start = self.layout.embedding.start + token as usize * self.shape.hidden;
        &self.values[start..start + self.shape.hidden]
    }

    /// Mean length of a token's embedding.
    pub(crate) fn embedding_norm(&self) -> f64 {
        let rows = self.values[self.layout.embedding.clone()].chunks_exact(self.shape.hidden);
        let norms = rows.map(|row| row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt());
        norms.sum::<f64>() / self.shape.vocabulary as f64
    }

    /// The weights of the first `layers` blocks rounded for products in bf16, where the machine has them; with those of
    /// the output where `output`.
    pub(crate) fn rounded(&self, layers: usize, output: bool, precision: TrainingPrecision) -> Option<Rounded> {
        let LlamaShape { hidden, intermediate, .. } = self.shape;
        let qkv = self.shape.qkv();
        let of_layer = |at: &LayerLayout| -> [Place; 4] {
            [
                (at.qkv.clone(), qkv),
                (at.mix.clone(), hidden),
                (at.gate_up.clone(), 2 * intermediate),
                (at.down.clone(), hidden),
            ]
        };
        let mut places: Vec<Place> = self.layout.layers.iter().take(layers).flat_map(of_layer).collect();
        if output {
            places.push((self.layout.output.clone(), hidden));
        }
        precision.kernel().map(|kernel| Rounded::new(kernel, places, &self.values))
    }

    /// The weights as products read them.
    pub(crate) fn parameters<'a>(&'a self, rounded: Option<&'a Rounded>) -> Parameters<'a, f32> {
        Parameters::with(&self.values, rounded)
    }
}

impl fmt::Debug for FrozenLlama {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenLlama").field("shape", &self.shape).field("digest", &self.digest).finish_non_exhaustive()
    }
}
