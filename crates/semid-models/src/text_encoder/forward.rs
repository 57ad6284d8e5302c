//! The forward pass of BERT over a batch of texts whose tokens lie end to end, without padding.
//!
//! Shapes: T tokens of the batch, H hidden, I intermediate, n tokens of one text, d = H / heads.

use rayon::prelude::*;
use semid_core::{Error, Result, Work};

use super::folder::{Family, Head, ModelFolder, Pooling, Shape};
use super::weights::{ANY, Weights};
use crate::kernels::{
    Activation, AddBiasActivate, AddBiasResidual, Element, Kernel, Matrix, Norm, Packed, Scatter, layer_norm, product,
    softmax,
};

/// Queries of one head whose scores are held at a time.
const QUERY_BLOCK: usize = 64;

/// A model with its weights packed for products of `T`.
pub(super) struct Bert<T> {
    kernel: Kernel,
    shape: Shape,
    weights: Weights,
    word_table: &'static str,
    /// positions × H: position and token type, which are always added together.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer<T>>,
    pooling: Vec<Pooling>,
    heads: Vec<PackedHead>,
    dim: usize,
}

struct Layer<T> {
    /// H → 3H: query, key, value.
    qkv: Packed<T>,
    qkv_bias: Vec<f32>,
    attention_out: Packed<T>,
    attention_out_bias: Vec<f32>,
    attention_norm: Norm,
    /// H → I.
    up: Packed<T>,
    up_bias: Vec<f32>,
    /// I → H.
    down: Packed<T>,
    down_bias: Vec<f32>,
    output_norm: Norm,
}

enum PackedHead {
    Normalize,
    Dense { weights: Packed<f32>, bias: Vec<f32>, activation: Activation },
}

/// The buffers of one worker, reused from batch to batch.
#[derive(Default)]
pub(super) struct Scratch<T> {
    hidden: Vec<f32>,
    multiplied: Vec<T>,
    qkv: Vec<T>,
    context: Vec<T>,
    intermediate: Vec<T>,
    keys: Packed<T>,
    values: Packed<T>,
    scores: Vec<f32>,
    shares: Vec<T>,
    scales: Vec<f32>,
}

impl<T: Element> Bert<T> {
    /// Reads and packs the weights.
    pub fn pack(kernel: Kernel, folder: &ModelFolder, weights: Weights) -> Result<Self> {
        let shape = folder.shape.clone();
        let hidden = shape.hidden;
        let word_table = "embeddings.word_embeddings.weight";
        weights.rows(word_table, &[ANY, hidden])?;
        let mut positions = weights.read("embeddings.position_embeddings.weight", &[shape.positions, hidden])?;
        if weights.has("embeddings.token_type_embeddings.weight") {
            let mut token_type = vec![0.0; hidden];
            weights.rows("embeddings.token_type_embeddings.weight", &[ANY, hidden])?.copy(0, &mut token_type);
            for row in positions.chunks_exact_mut(hidden) {
                row.iter_mut().zip(&token_type).for_each(|(value, summand)| *value += summand);
            }
        }
        let embedding_norm = read_norm(&weights, "embeddings.LayerNorm", &shape)?;
        let layers = (0..shape.layers)
            .into_par_iter()
            .map(|index| Layer::pack(&weights, folder.family, &shape, index))
            .collect::<Result<Vec<_>>>()?;
        let heads = folder.heads.iter().map(|head| PackedHead::pack(folder, head)).collect::<Result<_>>()?;
        Ok(Bert {
            kernel,
            shape,
            weights,
            word_table,
            positions,
            embedding_norm,
            layers,
            pooling: folder.pooling.clone(),
            heads,
            dim: folder.dim(),
        })
    }

    /// Numbers in a vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Writes the vector of each sequence of tokens to its row.
    pub fn forward(
        &self,
        work: &Work,
        sequences: &[&[u32]],
        rows: &mut [&mut [f32]],
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        self.embed_tokens(sequences, scratch)?;
        for layer in &self.layers {
            work.check()?;
            self.attend(layer, sequences, scratch);
            work.check()?;
            self.feed_forward(layer, scratch);
        }
        let mut first = 0;
        for (sequence, row) in sequences.iter().zip(rows) {
            let end = first + sequence.len() * self.shape.hidden;
            self.finish(&scratch.hidden[first..end], row);
            first = end;
        }
        Ok(())
    }

    /// hidden (T × H) = norm(word + position + type).
    fn embed_tokens(&self, sequences: &[&[u32]], scratch: &mut Scratch<T>) -> Result<()> {
        let hidden = self.shape.hidden;
        let tokens: usize = sequences.iter().map(|sequence| sequence.len()).sum();
        scratch.hidden.resize(tokens * hidden, 0.0);
        scratch.multiplied.resize(tokens * hidden, T::default());
        let words = self.weights.rows(self.word_table, &[ANY, hidden])?;
        let mut targets = scratch.hidden.chunks_exact_mut(hidden);
        for sequence in sequences {
            let positions = self.positions.chunks_exact(hidden).skip(self.shape.first_position);
            for ((token, position), target) in sequence.iter().zip(positions).zip(&mut targets) {
                let token = *token as usize;
                if token >= words.rows {
                    return Err(Error::input(format!(
                        "The tokenizer gives token {token}, but the model knows {} tokens. tokenizer.json and the weights are of two models: download the model again.",
                        words.rows
                    )));
                }
                words.copy(token, target);
                target.iter_mut().zip(position).for_each(|(value, summand)| *value += summand);
            }
        }
        layer_norm(self.kernel, &self.embedding_norm, &mut scratch.hidden, &mut scratch.multiplied);
        Ok(())
    }

    /// hidden = norm(hidden + attention(hidden)).
    fn attend(&self, layer: &Layer<T>, sequences: &[&[u32]], scratch: &mut Scratch<T>) {
        let hidden = self.shape.hidden;
        let tokens = scratch.hidden.len() / hidden;
        // (T × H) · (H × 3H)
        scratch.qkv.resize(tokens * 3 * hidden, T::default());
        product(
            self.kernel,
            Matrix { numbers: &scratch.multiplied, rows: tokens, stride: hidden },
            &layer.qkv,
            &mut AddBiasActivate {
                bias: &layer.qkv_bias,
                activation: Activation::Identity,
                out: &mut scratch.qkv,
                stride: 3 * hidden,
            },
        );
        scratch.context.resize(tokens * hidden, T::default());
        let mut first = 0;
        for sequence in sequences {
            self.attend_sequence(first, sequence.len(), scratch);
            first += sequence.len();
        }
        // (T × H) · (H × H)
        product(
            self.kernel,
            Matrix { numbers: &scratch.context, rows: tokens, stride: hidden },
            &layer.attention_out,
            &mut AddBiasResidual { bias: &layer.attention_out_bias, out: &mut scratch.hidden, stride: hidden },
        );
        layer_norm(self.kernel, &layer.attention_norm, &mut scratch.hidden, &mut scratch.multiplied);
    }

    /// context = softmax(QKᵀ / √d) V for each head of the `count` tokens from `first` on.
    fn attend_sequence(&self, first: usize, count: usize, scratch: &mut Scratch<T>) {
        let hidden = self.shape.hidden;
        let width = hidden / self.shape.heads;
        let (stride, depth_step) = (3 * hidden, self.kernel.depth_step());
        let padded_count = count.next_multiple_of(depth_step);
        let padded_width = width.next_multiple_of(T::GROUP);
        let scale = 1.0 / (width as f32).sqrt();
        let qkv = &scratch.qkv[first * stride..(first + count) * stride];
        scratch.scores.resize(QUERY_BLOCK * count, 0.0);
        scratch.shares.resize(QUERY_BLOCK * padded_count, T::default());
        scratch.scales.resize(QUERY_BLOCK, 1.0);
        for head in 0..self.shape.heads {
            let query = head * width;
            scratch.keys.fill_with_rows(&qkv[hidden + query..], count, width, stride, padded_width);
            scratch.values.fill_with_columns(&qkv[2 * hidden + query..], count, width, stride, padded_count);
            for block in (0..count).step_by(QUERY_BLOCK) {
                let queries = QUERY_BLOCK.min(count - block);
                // (queries × d) · (d × n)
                scratch.scales.fill(1.0);
                product(
                    self.kernel,
                    Matrix { numbers: &qkv[block * stride + query..], rows: queries, stride },
                    &scratch.keys,
                    &mut Scatter { scales: &scratch.scales, out: &mut scratch.scores, stride: count },
                );
                for row in 0..queries {
                    let scores = &scratch.scores[row * count..(row + 1) * count];
                    let shares = &mut scratch.shares[row * padded_count..(row + 1) * padded_count];
                    scratch.scales[row] = 1.0 / softmax(self.kernel, scores, count, scale, shares);
                }
                // (queries × n) · (n × d)
                product(
                    self.kernel,
                    Matrix { numbers: &scratch.shares, rows: queries, stride: padded_count },
                    &scratch.values,
                    &mut Scatter {
                        scales: &scratch.scales,
                        out: &mut scratch.context[(first + block) * hidden + query..],
                        stride: hidden,
                    },
                );
            }
        }
    }

    /// hidden = norm(hidden + down(activation(up(hidden)))).
    fn feed_forward(&self, layer: &Layer<T>, scratch: &mut Scratch<T>) {
        let (hidden, intermediate) = (self.shape.hidden, self.shape.intermediate);
        let tokens = scratch.hidden.len() / hidden;
        // (T × H) · (H × I)
        scratch.intermediate.resize(tokens * intermediate, T::default());
        product(
            self.kernel,
            Matrix { numbers: &scratch.multiplied, rows: tokens, stride: hidden },
            &layer.up,
            &mut AddBiasActivate {
                bias: &layer.up_bias,
                activation: self.shape.activation,
                out: &mut scratch.intermediate,
                stride: intermediate,
            },
        );
        // (T × I) · (I × H)
        product(
            self.kernel,
            Matrix { numbers: &scratch.intermediate, rows: tokens, stride: intermediate },
            &layer.down,
            &mut AddBiasResidual { bias: &layer.down_bias, out: &mut scratch.hidden, stride: hidden },
        );
        layer_norm(self.kernel, &layer.output_norm, &mut scratch.hidden, &mut scratch.multiplied);
    }

    /// Pools the tokens of one text (n × H) and applies the modules after it.
    fn finish(&self, tokens: &[f32], row: &mut [f32]) {
        let hidden = self.shape.hidden;
        let mut vector = vec![0.0; self.pooling.len() * hidden];
        for (pooling, part) in self.pooling.iter().zip(vector.chunks_exact_mut(hidden)) {
            pooling.pool(tokens, part);
        }
        for head in &self.heads {
            match head {
                PackedHead::Normalize => {
                    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt().max(1e-12);
                    vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
                }
                PackedHead::Dense { weights, bias, activation } => {
                    let mut out = vec![0.0; weights.columns()];
                    let stride = out.len();
                    product(
                        self.kernel,
                        Matrix { numbers: &vector, rows: 1, stride: vector.len() },
                        weights,
                        &mut AddBiasActivate { bias, activation: *activation, out: &mut out, stride },
                    );
                    vector = out;
                }
            }
        }
        row.copy_from_slice(&vector);
    }
}

impl Pooling {
    /// One vector from n × H; nothing from no token.
    fn pool(self, tokens: &[f32], out: &mut [f32]) {
        let hidden = out.len();
        let count = tokens.len() / hidden;
        if count == 0 {
            return;
        }
        match self {
            Pooling::Cls => out.copy_from_slice(&tokens[..hidden]),
            Pooling::LastToken => out.copy_from_slice(&tokens[(count - 1) * hidden..]),
            Pooling::Max => {
                out.fill(f32::NEG_INFINITY);
                for token in tokens.chunks_exact(hidden) {
                    out.iter_mut()
                        .zip(token)
                        .for_each(|(out, value)| *out = if *value <= *out { *out } else { *value });
                }
            }
            Pooling::Mean | Pooling::MeanSqrtLength | Pooling::WeightedMean => {
                let mut weights = 0.0;
                for (position, token) in tokens.chunks_exact(hidden).enumerate() {
                    let weight = if self == Pooling::WeightedMean { (position + 1) as f32 } else { 1.0 };
                    weights += weight;
                    out.iter_mut().zip(token).for_each(|(out, value)| *out += weight * value);
                }
                let divisor = if self == Pooling::MeanSqrtLength { weights.sqrt() } else { weights };
                out.iter_mut().for_each(|out| *out /= divisor);
            }
        }
    }
}

impl<T: Element> Layer<T> {
    fn pack(weights: &Weights, family: Family, shape: &Shape, index: usize) -> Result<Self> {
        let (hidden, intermediate) = (shape.hidden, shape.intermediate);
        let names = LayerNames::of(family);
        let name = |part: &str| format!("{}.{index}.{part}", names.layers);
        let (mut qkv, mut qkv_bias) = (Vec::new(), Vec::new());
        for part in [names.query, names.key, names.value] {
            qkv.extend(weights.read(&format!("{}.weight", name(part)), &[hidden, hidden])?);
            qkv_bias.extend(weights.read(&format!("{}.bias", name(part)), &[hidden])?);
        }
        let linear = |part: &str, outputs: usize, inputs: usize| -> Result<(Packed<T>, Vec<f32>)> {
            let values = weights.read(&format!("{}.weight", name(part)), &[outputs, inputs])?;
            let bias = weights.read(&format!("{}.bias", name(part)), &[outputs])?;
            Ok((Packed::from_weights(&values, outputs, inputs), bias))
        };
        let (attention_out, attention_out_bias) = linear(names.attention_out, hidden, hidden)?;
        let (up, up_bias) = linear(names.up, intermediate, hidden)?;
        let (down, down_bias) = linear(names.down, hidden, intermediate)?;
        Ok(Layer {
            qkv: Packed::from_weights(&qkv, 3 * hidden, hidden),
            qkv_bias,
            attention_out,
            attention_out_bias,
            attention_norm: read_norm(weights, &name(names.attention_norm), shape)?,
            up,
            up_bias,
            down,
            down_bias,
            output_norm: read_norm(weights, &name(names.output_norm), shape)?,
        })
    }
}

struct LayerNames {
    layers: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_out: &'static str,
    attention_norm: &'static str,
    up: &'static str,
    down: &'static str,
    output_norm: &'static str,
}

impl LayerNames {
    fn of(family: Family) -> LayerNames {
        match family {
            Family::Bert | Family::Roberta => LayerNames {
                layers: "encoder.layer",
                query: "attention.self.query",
                key: "attention.self.key",
                value: "attention.self.value",
                attention_out: "attention.output.dense",
                attention_norm: "attention.output.LayerNorm",
                up: "intermediate.dense",
                down: "output.dense",
                output_norm: "output.LayerNorm",
            },
            Family::DistilBert => LayerNames {
                layers: "transformer.layer",
                query: "attention.q_lin",
                key: "attention.k_lin",
                value: "attention.v_lin",
                attention_out: "attention.out_lin",
                attention_norm: "sa_layer_norm",
                up: "ffn.lin1",
                down: "ffn.lin2",
                output_norm: "output_layer_norm",
            },
        }
    }
}

impl PackedHead {
    fn pack(folder: &ModelFolder, head: &Head) -> Result<PackedHead> {
        Ok(match head {
            Head::Normalize => PackedHead::Normalize,
            Head::Dense { folder: module, inputs, outputs, bias, activation } => {
                let weights = Weights::open_module(&folder.path.join(module))?;
                let values = weights.read("linear.weight", &[*outputs, *inputs])?;
                let bias = if *bias { weights.read("linear.bias", &[*outputs])? } else { vec![0.0; *outputs] };
                PackedHead::Dense {
                    weights: Packed::from_weights(&values, *outputs, *inputs),
                    bias,
                    activation: *activation,
                }
            }
        })
    }
}

/// Files saved long ago call scale and shift gamma and beta.
fn read_norm(weights: &Weights, name: &str, shape: &Shape) -> Result<Norm> {
    let (scale, shift) = if weights.has(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
    Ok(Norm {
        scale: weights.read(&format!("{name}.{scale}"), &[shape.hidden])?,
        shift: weights.read(&format!("{name}.{shift}"), &[shape.hidden])?,
        epsilon: shape.norm_epsilon,
    })
}
