//! The encoder–decoder of T5 (Raffel et al. 2020) over the tokens of IDs: pre-norm blocks without biases, relative positions
//! that each stack shares, one table of embeddings for what is read and what is written.

use candle_core::{D, DType, Device, Result, Tensor};

use super::layers::{BUCKETS, Dropout, bucket, linear, log_softmax, rms_norm, softmax};
use super::settings::TigerSettings;
use super::tokens::{Batch, FAR_BELOW, Tokens};

/// What a tensor starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start {
    /// All ones.
    Ones,
    /// Normal around 0 with this standard deviation.
    Normal(f64),
}

/// Gives the model its tensors, in a fixed order: name, shape, start.
pub(crate) type Source<'a> = dyn FnMut(&str, &[usize], Start) -> Result<Tensor> + 'a;

/// The model.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    heads: usize,
    /// [tokens, d].
    table: Tensor,
    encoder: Stack,
    decoder: Stack,
}

#[derive(Clone, Debug)]
struct Stack {
    /// [buckets, heads].
    positions: Tensor,
    blocks: Vec<Block>,
    norm: Tensor,
}

#[derive(Clone, Debug)]
struct Block {
    own: Attention,
    /// To what was read; decoders only.
    cross: Option<Attention>,
    norm: Tensor,
    /// [d, feed-forward].
    up: Tensor,
    /// [feed-forward, d].
    down: Tensor,
}

#[derive(Clone, Debug)]
struct Attention {
    norm: Tensor,
    /// [d, heads · width], as are `key` and `value`.
    query: Tensor,
    key: Tensor,
    value: Tensor,
    /// [heads · width, d].
    mix: Tensor,
}

/// Keys and values, each [rows, heads, length, width].
pub(crate) type Pair = (Tensor, Tensor);

/// What the decoder looks at: the history as read.
pub(crate) struct Memory {
    /// One a block of the decoder.
    pairs: Vec<Pair>,
    padding: Tensor,
}

impl Model {
    /// A model of the tensors that `source` gives, which start as T5's do.
    pub fn new(settings: &TigerSettings, tokens: &Tokens, source: &mut Source<'_>) -> Result<Self> {
        let d = settings.d_model;
        let table = source("embedding", &[tokens.all(), d], Start::Normal(1.0))?;
        let encoder = Stack::new(settings, "encoder", settings.encoder_layers, source)?;
        let decoder = Stack::new(settings, "decoder", settings.decoder_layers, source)?;
        Ok(Model { heads: settings.heads, table, encoder, decoder })
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.table.device()
    }

    /// What it computes with: f32, and f64 where gradients are checked.
    pub fn dtype(&self) -> DType {
        self.table.dtype()
    }

    /// Reads histories.
    pub fn encode(&self, batch: &Batch, drop: &Dropout) -> Result<Memory> {
        let length = batch.tokens.dim(1)?;
        let mut x = drop.on(self.embed(&batch.tokens)?)?;
        // [rows, heads, length, length], the same for every block.
        let position = self.encoder.bias(0, length, true)?.broadcast_add(&batch.padding)?;
        for block in &self.encoder.blocks {
            let normed = rms_norm(&x, &block.own.norm)?;
            let (keys, values) = block.own.pair(&normed, self.heads)?;
            let seen = self.attend(&block.own.queries(&normed, self.heads)?, &keys, &values, &position, drop)?;
            x = (x + drop.on(linear(&seen, &block.own.mix)?)?)?;
            x = block.feed_forward(x, drop)?;
        }
        let read = drop.on(rms_norm(&x, &self.encoder.norm)?)?;
        let cross = self.decoder.blocks.iter().filter_map(|block| block.cross.as_ref());
        let pairs = cross.map(|cross| cross.pair(&read, self.heads)).collect::<Result<_>>()?;
        Ok(Memory { pairs, padding: batch.padding.clone() })
    }

    /// Continues prefixes: `tokens` [rows, prefixes, new] behind the tokens whose keys and values are in `past` (one a
    /// block, [rows · prefixes, heads, length, width]; none at the beginning), which then holds the new ones, too.
    /// → hidden [rows, prefixes, new, d]. A token sees itself and those before it.
    pub fn decode(&self, memory: &Memory, past: &mut Vec<Pair>, tokens: &Tensor, drop: &Dropout) -> Result<Tensor> {
        let (rows, prefixes, new) = tokens.dims3()?;
        let before = past.first().map_or(Ok(0), |(keys, _)| keys.dim(2))?;
        let position = self.decoder.bias(before, new, false)?;
        let mut x = drop.on(self.embed(&tokens.reshape((rows * prefixes, new))?)?)?;
        for (index, block) in self.decoder.blocks.iter().enumerate() {
            let normed = rms_norm(&x, &block.own.norm)?;
            let mut pair = block.own.pair(&normed, self.heads)?;
            if let Some((keys, values)) = past.get(index) {
                pair = (Tensor::cat(&[keys, &pair.0], 2)?, Tensor::cat(&[values, &pair.1], 2)?);
            }
            let queries = block.own.queries(&normed, self.heads)?;
            let seen = self.attend(&queries, &pair.0, &pair.1, &position, drop)?;
            x = (x + drop.on(linear(&seen, &block.own.mix)?)?)?;
            match past.get_mut(index) {
                Some(known) => *known = pair,
                None => past.push(pair),
            }
            if let Some(cross) = &block.cross {
                // All prefixes of a row look at the same history, so they are queries side by side.
                let normed = rms_norm(&x, &cross.norm)?.reshape((rows, prefixes * new, ()))?;
                let (keys, values) = &memory.pairs[index];
                let queries = cross.queries(&normed, self.heads)?;
                let seen = self.attend(&queries, keys, values, &memory.padding, drop)?;
                let mixed = linear(&seen, &cross.mix)?.reshape(x.shape())?;
                x = (x + drop.on(mixed)?)?;
            }
            x = block.feed_forward(x, drop)?;
        }
        drop.on(rms_norm(&x, &self.decoder.norm)?)?.reshape((rows, prefixes, new, ()))
    }

    /// Log-probabilities of the codes of a level after hidden rows [..., d]: [..., codes]. The table of embeddings is the
    /// output, too, scaled as T5 does; the level is known from the place, so the softmax runs over its codes only.
    pub fn log_probabilities(&self, tokens: &Tokens, hidden: &Tensor, level: usize) -> Result<Tensor> {
        let codes = self.table.narrow(0, tokens.ids.offset(level), tokens.ids.size(level))?;
        let scale = (hidden.dim(D::Minus1)? as f64).sqrt().recip();
        log_softmax(&linear(&(hidden * scale)?, &codes.t()?)?)
    }

    /// [rows, length] → [rows, length, d].
    fn embed(&self, tokens: &Tensor) -> Result<Tensor> {
        let (rows, length) = tokens.dims2()?;
        self.table.index_select(&tokens.flatten_all()?, 0)?.reshape((rows, length, ()))
    }

    /// Queries [rows, heads, n, width] over keys and values [rows, heads, m, width] → [rows, n, heads · width]; `bias` is
    /// added to the scores. T5 does not scale them: the start of the queries does.
    fn attend(
        &self,
        queries: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        bias: &Tensor,
        drop: &Dropout,
    ) -> Result<Tensor> {
        let scores = queries.matmul(&keys.t()?)?.broadcast_add(bias)?;
        let seen = drop.on(softmax(&scores)?)?.matmul(values)?;
        seen.transpose(1, 2)?.contiguous()?.flatten_from(2)
    }
}

impl Stack {
    fn new(settings: &TigerSettings, name: &str, layers: usize, source: &mut Source<'_>) -> Result<Self> {
        let (d, heads, wide) = (settings.d_model, settings.heads, settings.feed_forward);
        let inner = heads * settings.head_width;
        let root = |n: usize| Start::Normal((n as f64).sqrt().recip());
        let positions = source(&format!("{name}.positions"), &[BUCKETS, heads], root(d))?;
        let mut blocks = Vec::with_capacity(layers);
        for layer in 0..layers {
            let mut make = |part: &str, shape: &[usize], start| source(&format!("{name}.{layer}.{part}"), shape, start);
            let mut attention = |part: &str| {
                Ok::<_, candle_core::Error>(Attention {
                    norm: make(&format!("{part}.norm"), &[d], Start::Ones)?,
                    query: make(&format!("{part}.query"), &[d, inner], root(d * settings.head_width))?,
                    key: make(&format!("{part}.key"), &[d, inner], root(d))?,
                    value: make(&format!("{part}.value"), &[d, inner], root(d))?,
                    mix: make(&format!("{part}.mix"), &[inner, d], root(inner))?,
                })
            };
            let own = attention("own")?;
            let cross = if name == "decoder" { Some(attention("cross")?) } else { None };
            let norm = make("norm", &[d], Start::Ones)?;
            let (up, down) = (make("up", &[d, wide], root(d))?, make("down", &[wide, d], root(wide))?);
            blocks.push(Block { own, cross, norm, up, down });
        }
        let norm = source(&format!("{name}.norm"), &[d], Start::Ones)?;
        Ok(Stack { positions, blocks, norm })
    }

    /// What relative positions add to the scores of `new` queries behind `before` other tokens, over all keys up to the
    /// last of them: [1, heads, new, before + new]. Keys ahead are out of reach unless it looks both ways.
    fn bias(&self, before: usize, new: usize, both_ways: bool) -> Result<Tensor> {
        let (keys, device) = (before + new, self.positions.device());
        let distances = || (before..keys).flat_map(|query| (0..keys).map(move |key| key as i64 - query as i64));
        let buckets: Vec<u32> = distances().map(|distance| bucket(distance, both_ways)).collect();
        let biases = self.positions.index_select(&Tensor::from_vec(buckets, new * keys, device)?, 0)?;
        let biases = biases.reshape((new, keys, ()))?.permute((2, 0, 1))?.contiguous()?.unsqueeze(0)?;
        if both_ways {
            return Ok(biases);
        }
        let ahead: Vec<f32> = distances().map(|distance| if distance > 0 { FAR_BELOW } else { 0.0 }).collect();
        biases.broadcast_add(&Tensor::from_vec(ahead, (new, keys), device)?.to_dtype(biases.dtype())?)
    }
}

impl Block {
    fn feed_forward(&self, x: Tensor, drop: &Dropout) -> Result<Tensor> {
        let active = linear(&rms_norm(&x, &self.norm)?, &self.up)?.relu()?;
        let more = linear(&drop.on(active)?, &self.down)?;
        x + drop.on(more)?
    }
}

impl Attention {
    fn queries(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        split(&linear(x, &self.query)?, heads)
    }

    fn pair(&self, x: &Tensor, heads: usize) -> Result<Pair> {
        Ok((split(&linear(x, &self.key)?, heads)?, split(&linear(x, &self.value)?, heads)?))
    }
}

/// [rows, length, heads · width] → [rows, heads, length, width].
fn split(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (rows, length, _) = x.dims3()?;
    x.reshape((rows, length, heads, ()))?.transpose(1, 2)?.contiguous()
}
