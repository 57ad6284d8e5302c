//! What a GGUF file's network is made of: shape, weights and where the families differ.
//!
//! One forward pass serves all of them ([`super::forward`]): a block has a norm, queries, keys and values with a rotary
//! position, an output, a second norm and a feed-forward part; the rest is optional and read off the file.

use std::sync::Arc;

use rayon::prelude::*;
use semid_core::Result;

use super::gguf::Gguf;
use crate::kernels::{self, Coded, GateActivation, Kernel, Precision};

/// A family of networks, by the name that files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Llama,
    Qwen2,
    Qwen3,
    Gemma3,
    Phi2,
    Phi3,
}

const SUPPORTED: &str = "llama (also Mistral, SmolLM), qwen2, qwen3, gemma3, phi2 and phi3";

/// The sizes of a network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub family: Family,
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub key_heads: usize,
    /// Numbers of a query, key or value of one head.
    pub width: usize,
    pub intermediate: usize,
    pub vocabulary: usize,
    /// Most tokens of a prompt and its answer.
    pub context: usize,
    /// Multiplies the inner product of a query and a key.
    pub attention_scale: f32,
    /// Multiplies the embedding of a token.
    pub embedding_scale: f32,
}

/// A model with its weights packed.
pub(super) struct Network {
    pub kernel: Kernel,
    pub shape: Shape,
    /// Embeddings are read from the map row by row.
    pub file: Arc<Gguf>,
    pub layers: Vec<Layer>,
    pub final_norm: Norm,
    /// H → vocabulary.
    pub output: Coded,
    pub output_bias: Option<Vec<f32>>,
    /// One, or one for layers with a window and one for the others.
    pub rotations: Vec<Rotation>,
}

/// One block.
pub(super) struct Layer {
    pub attention_norm: Norm,
    /// H → heads × d, key heads × d, key heads × d.
    pub qkv: [Coded; 3],
    /// One number a column of all three, one after another.
    pub qkv_bias: Option<Vec<f32>>,
    pub query_norm: Option<Norm>,
    pub key_norm: Option<Norm>,
    pub attention_out: Coded,
    pub attention_out_bias: Option<Vec<f32>>,
    pub post_attention_norm: Option<Norm>,
    /// None where the feed-forward part reads what the attention reads (Phi-2).
    pub feed_forward_norm: Option<Norm>,
    /// H → I; with a gate first where the family has one.
    pub up: Vec<Coded>,
    pub up_bias: Option<Vec<f32>>,
    pub gate: Option<GateActivation>,
    pub down: Coded,
    pub down_bias: Option<Vec<f32>>,
    pub post_feed_forward_norm: Option<Norm>,
    /// Index into [`Network::rotations`].
    pub rotation: usize,
    /// How many positions back a token looks, itself included.
    pub window: Option<usize>,
}

/// A normalisation.
pub(super) enum Norm {
    Rms { scale: Vec<f32>, epsilon: f32 },
    Layer(kernels::Norm),
}

/// Rotary positions (Su et al. 2021).
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    /// Radians a position for each pair of numbers.
    pub frequencies: Vec<f64>,
    /// Whether a pair is two neighbours, not one number of each half.
    pub interleaved: bool,
    /// Multiplies cosine and sine.
    pub magnitude: f32,
}

impl Network {
    /// Reads and packs a file.
    pub fn load(file: Arc<Gguf>) -> Result<Network> {
        let kernel = Kernel::detect(Precision::F32).unwrap_or_else(|| Kernel::available()[0]);
        let shape = Shape::read(&file)?;
        let rotations = rotations(&file, &shape)?;
        let layers = (0..shape.layers)
            .into_par_iter()
            .map(|index| Layer::load(&file, &shape, index))
            .collect::<Result<Vec<_>>>()?;
        let final_norm = norm(&file, &shape, "output_norm", shape.hidden)?;
        let head = if file.has("output.weight") { "output.weight" } else { "token_embd.weight" };
        let output = file.matrix(head, 0..shape.vocabulary, shape.vocabulary, shape.hidden)?;
        let output_bias = file.vector_if_any("output.bias", shape.vocabulary)?;
        Ok(Network { kernel, shape, file, layers, final_norm, output, output_bias, rotations })
    }

    /// Bytes of packed weights.
    pub fn bytes(&self) -> usize {
        let layers = self.layers.iter().flat_map(|layer| {
            layer.qkv.iter().chain(&layer.up).chain([&layer.attention_out, &layer.down]).map(Coded::bytes)
        });
        layers.sum::<usize>() + self.output.bytes()
    }
}

impl Shape {
    fn read(file: &Gguf) -> Result<Shape> {
        let name = file.text("general.architecture").unwrap_or_default().to_owned();
        let family = match name.as_str() {
            "llama" => Family::Llama,
            "qwen2" => Family::Qwen2,
            "qwen3" => Family::Qwen3,
            "gemma3" => Family::Gemma3,
            "phi2" => Family::Phi2,
            "phi3" => Family::Phi3,
            _ => return Err(file.wrong(&format!("is of the family “{name}”; supported are {SUPPORTED}"))),
        };
        let key = |part: &str| format!("{name}.{part}");
        if file.number(&key("expert_count")).unwrap_or(0) > 0 {
            return Err(file.wrong("is a mixture of experts, which is not supported"));
        }
        let hidden = file.size(&key("embedding_length"))?;
        let heads = file.size(&key("attention.head_count"))?;
        let key_heads = file.number(&key("attention.head_count_kv")).map_or(heads, |value| value as usize);
        let width = file.number(&key("attention.key_length")).map_or(hidden / heads, |value| value as usize);
        let value_width = file.number(&key("attention.value_length")).map_or(width, |value| value as usize);
        if width == 0
            || !width.is_multiple_of(2)
            || value_width != width
            || key_heads == 0
            || !heads.is_multiple_of(key_heads)
        {
            return Err(file.wrong(&format!(
                "has {heads} heads over {key_heads} keys of {width} and values of {value_width} numbers, which is not supported"
            )));
        }
        let layers = file.size(&key("block_count"))?;
        // The largest Gemma 3 scales by hidden / heads instead of the width of a head.
        let scaled_by = if family == Family::Gemma3 && layers == 62 { hidden / heads } else { width };
        let mut context = file.size(&key("context_length"))?;
        if file.has("rope_factors_short.weight") {
            // The longer factors are for longer prompts only, and would change what was computed before.
            context = file.number(&key("rope.scaling.original_context_length")).map_or(context, |value| value as usize);
        }
        Ok(Shape {
            family,
            hidden,
            layers,
            heads,
            key_heads,
            width,
            intermediate: file.size(&key("feed_forward_length"))?,
            vocabulary: file.tensor("token_embd.weight")?.rows,
            context,
            attention_scale: 1.0 / (scaled_by as f32).sqrt(),
            embedding_scale: if family == Family::Gemma3 { (hidden as f32).sqrt() } else { 1.0 },
        })
    }

    /// Query heads that share a key head.
    pub fn group(&self) -> usize {
        self.heads / self.key_heads
    }

    fn name(&self) -> &'static str {
        match self.family {
            Family::Llama => "llama",
            Family::Qwen2 => "qwen2",
            Family::Qwen3 => "qwen3",
            Family::Gemma3 => "gemma3",
            Family::Phi2 => "phi2",
            Family::Phi3 => "phi3",
        }
    }
}

fn rotations(file: &Gguf, shape: &Shape) -> Result<Vec<Rotation>> {
    let key = |part: &str| format!("{}.rope.{part}", shape.name());
    let rotated = file.number(&key("dimension_count")).map_or(shape.width, |value| value as usize);
    if rotated > shape.width || !rotated.is_multiple_of(2) {
        return Err(file.wrong(&format!("rotates {rotated} of {} numbers of a head", shape.width)));
    }
    let scaling = file.text(&key("scaling.type")).unwrap_or("none");
    let stretch = match scaling {
        "linear" => file.real(&key("scaling.factor")).filter(|factor| *factor > 0.0).unwrap_or(1.0),
        // Llama 3 and Phi-3 bring their factors as tensors.
        "none" | "longrope" => 1.0,
        other => return Err(file.wrong(&format!("stretches its positions by “{other}”, which is not supported"))),
    };
    let mut factors = vec![1.0; rotated / 2];
    for name in ["rope_freqs.weight", "rope_factors_short.weight"] {
        if let Some(found) = file.vector_if_any(name, rotated / 2)? {
            factors = found;
        }
    }
    let magnitude = file.real(&key("scaling.attn_factor")).unwrap_or(1.0);
    let rotation = |base: f32, stretch: f32| Rotation {
        frequencies: (0..rotated / 2)
            .map(|at| {
                let power = 2.0 * at as f64 / rotated as f64;
                1.0 / f64::from(base).powf(power) / f64::from(factors[at]) / f64::from(stretch)
            })
            .collect(),
        interleaved: shape.family == Family::Llama,
        magnitude,
    };
    let standard = if shape.family == Family::Gemma3 { 1e6 } else { 1e4 };
    let mut rotations = vec![rotation(file.real(&key("freq_base")).unwrap_or(standard), stretch)];
    if shape.family == Family::Gemma3 {
        rotations.push(rotation(file.real(&key("local_freq_base")).unwrap_or(1e4), 1.0));
    }
    Ok(rotations)
}

impl Layer {
    fn load(file: &Gguf, shape: &Shape, index: usize) -> Result<Layer> {
        let (hidden, intermediate, width) = (shape.hidden, shape.intermediate, shape.width);
        let (queries, keys) = (shape.heads * width, shape.key_heads * width);
        let name = |part: &str| format!("blk.{index}.{part}");
        let weight = |part: &str| format!("blk.{index}.{part}.weight");
        let bias = |part: &str, count: usize| file.vector_if_any(&format!("blk.{index}.{part}.bias"), count);
        let norm_if_any = |part: &str, count: usize| -> Result<Option<Norm>> {
            if file.has(&weight(part)) { norm(file, shape, &name(part), count).map(Some) } else { Ok(None) }
        };

        let all = queries + 2 * keys;
        let (qkv, qkv_bias) = if file.has(&weight("attn_qkv")) {
            let part = |range| file.matrix(&weight("attn_qkv"), range, all, hidden);
            let parts = [part(0..queries)?, part(queries..queries + keys)?, part(queries + keys..all)?];
            (parts, bias("attn_qkv", all)?)
        } else {
            let part = |part: &str, columns| file.matrix(&weight(part), 0..columns, columns, hidden);
            let parts = [part("attn_q", queries)?, part("attn_k", keys)?, part("attn_v", keys)?];
            let biases = [bias("attn_q", queries)?, bias("attn_k", keys)?, bias("attn_v", keys)?];
            let any = biases.iter().any(Option::is_some);
            let joined = biases.into_iter().zip([queries, keys, keys]);
            let joined = joined.flat_map(|(bias, count)| bias.unwrap_or_else(|| vec![0.0; count])).collect();
            (parts, any.then_some(joined))
        };

        let plain = |part: &str| file.matrix(&weight(part), 0..intermediate, intermediate, hidden);
        let (up, gate) = match shape.family {
            Family::Phi2 => (vec![plain("ffn_up")?], None),
            Family::Phi3 => {
                let half = |range| file.matrix(&weight("ffn_up"), range, 2 * intermediate, hidden);
                (vec![half(0..intermediate)?, half(intermediate..2 * intermediate)?], Some(GateActivation::Silu))
            }
            Family::Gemma3 => (vec![plain("ffn_gate")?, plain("ffn_up")?], Some(GateActivation::GeluTanh)),
            _ => (vec![plain("ffn_gate")?, plain("ffn_up")?], Some(GateActivation::Silu)),
        };

        // Every sixth layer of Gemma 3 looks at everything; the others have a window and rotate by another base.
        let windowed = shape.family == Family::Gemma3 && !(index + 1).is_multiple_of(6);
        let window = if windowed { Some(file.size("gemma3.attention.sliding_window")?) } else { None };
        Ok(Layer {
            attention_norm: norm(file, shape, &name("attn_norm"), hidden)?,
            qkv,
            qkv_bias,
            query_norm: norm_if_any("attn_q_norm", width)?,
            key_norm: norm_if_any("attn_k_norm", width)?,
            attention_out: file.matrix(&weight("attn_output"), 0..hidden, hidden, queries)?,
            attention_out_bias: bias("attn_output", hidden)?,
            post_attention_norm: norm_if_any("post_attention_norm", hidden)?,
            feed_forward_norm: match shape.family {
                Family::Phi2 => None,
                _ => Some(norm(file, shape, &name("ffn_norm"), hidden)?),
            },
            up,
            up_bias: bias("ffn_up", intermediate)?,
            gate,
            down: file.matrix(&weight("ffn_down"), 0..hidden, hidden, intermediate)?,
            down_bias: bias("ffn_down", hidden)?,
            post_feed_forward_norm: norm_if_any("post_ffw_norm", hidden)?,
            rotation: usize::from(windowed),
            window,
        })
    }
}

fn norm(file: &Gguf, shape: &Shape, name: &str, count: usize) -> Result<Norm> {
    let scale = file.vector(&format!("{name}.weight"), count)?;
    let epsilon = |kind: &str, standard| file.real(&format!("{}.attention.{kind}", shape.name())).unwrap_or(standard);
    Ok(match file.vector_if_any(&format!("{name}.bias"), count)? {
        Some(shift) => Norm::Layer(kernels::Norm { scale, shift, epsilon: epsilon("layer_norm_epsilon", 1e-5) }),
        None => Norm::Rms { scale, epsilon: epsilon("layer_norm_rms_epsilon", 1e-5) },
    })
}
