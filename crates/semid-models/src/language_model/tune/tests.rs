//! The network against candle's, and what the tests of both ways of training share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::BufReader;
use std::sync::Arc;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use rand::Rng;
use semid_core::{Result, Seed};

use super::forward::{Network, Trace, forward, prefix_of};
use super::{FrozenLlama, LlamaShape, TextTokens};

/// Two blocks, four heads of queries over two of keys, 64 tokens.
pub(super) fn shape() -> LlamaShape {
    LlamaShape {
        hidden: 24,
        layers: 2,
        heads: 4,
        key_heads: 2,
        width: 6,
        intermediate: 20,
        vocabulary: 64,
        context: 512,
        rope_base: 100.0,
        epsilon: 1e-5,
    }
}

/// A small model of random weights.
pub(super) fn llama(tied: bool) -> Arc<FrozenLlama> {
    Arc::new(FrozenLlama::random(shape(), tied, Seed(5)).unwrap())
}

/// A token a byte, 64 of them.
pub(super) struct Bytes;

impl TextTokens for Bytes {
    fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        Ok(text.bytes().map(|byte| u32::from(byte) % 64).collect())
    }

    fn plain(&self, text: &str) -> Result<Vec<u32>> {
        self.tokens(text)
    }
}

/// The hidden rows of a prompt.
fn hidden(llama: &FrozenLlama, prompt: &[u32]) -> Vec<f32> {
    let network = Network::new(llama, llama.shape.layers, None);
    let rows: Vec<f32> = prompt.iter().flat_map(|&token| llama.embedding(token).to_vec()).collect();
    let mut trace = Trace::default();
    trace.input(prompt.len(), llama.shape.hidden).copy_from_slice(&rows);
    forward(&network, &[prompt.len()], None, false, &mut trace);
    trace.hidden
}

#[test]
fn a_gguf_file_gives_the_logits_that_candle_computes_from_it() {
    let shape = shape();
    let mut rng = Seed(9).rng("gguf");
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let mut add = |name: String, rows: usize, columns: usize| {
        let middle = if rows == 1 { 1.0 } else { 0.0 };
        let values: Vec<f32> = (0..rows * columns).map(|_| middle + rng.random_range(-0.4..0.4)).collect();
        let dims: Vec<usize> = if rows == 1 { vec![columns] } else { vec![rows, columns] };
        let tensor = Tensor::from_vec(values, dims, &Device::Cpu).unwrap();
        tensors.push((name, QTensor::quantize(&tensor, GgmlDType::F32).unwrap()));
    };
    add("token_embd.weight".into(), shape.vocabulary, shape.hidden);
    add("output_norm.weight".into(), 1, shape.hidden);
    for layer in 0..shape.layers {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        add(name("attn_norm"), 1, shape.hidden);
        add(name("ffn_norm"), 1, shape.hidden);
        add(name("attn_q"), shape.queries(), shape.hidden);
        add(name("attn_k"), shape.keys(), shape.hidden);
        add(name("attn_v"), shape.keys(), shape.hidden);
        add(name("attn_output"), shape.hidden, shape.queries());
        add(name("ffn_gate"), shape.intermediate, shape.hidden);
        add(name("ffn_up"), shape.intermediate, shape.hidden);
        add(name("ffn_down"), shape.hidden, shape.intermediate);
    }
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.attention.head_count", Value::U32(shape.heads as u32)),
        ("llama.attention.head_count_kv", Value::U32(shape.key_heads as u32)),
        ("llama.block_count", Value::U32(shape.layers as u32)),
        ("llama.embedding_length", Value::U32(shape.hidden as u32)),
        ("llama.feed_forward_length", Value::U32(shape.intermediate as u32)),
        ("llama.context_length", Value::U32(shape.context as u32)),
        ("llama.rope.dimension_count", Value::U32(shape.width as u32)),
        ("llama.rope.freq_base", Value::F32(shape.rope_base as f32)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(shape.epsilon as f32)),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(name, value)| (*name, value)).collect();
    let named: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut std::fs::File::create(&path).unwrap(), &metadata, &named).unwrap();

    let llama = FrozenLlama::from_gguf(&path).unwrap();
    let prompt = [3u32, 60, 3, 17, 42, 8, 9, 1, 2];
    let rows = hidden(&llama, &prompt);
    let last = &rows[(prompt.len() - 1) * shape.hidden..];
    let logits: Vec<f32> = (0..shape.vocabulary as u32)
        .map(|token| llama.embedding(token).iter().zip(last).map(|(a, b)| a * b).sum())
        .collect();

    let mut file = BufReader::new(std::fs::File::open(&path).unwrap());
    let content = gguf_file::Content::read(&mut file).unwrap();
    let mut candle = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
    let input = Tensor::from_slice(&prompt, (1, prompt.len()), &Device::Cpu).unwrap();
    let expected = candle.forward(&input, 0).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (token, (ours, theirs)) in logits.iter().zip(&expected).enumerate() {
        assert!((ours - theirs).abs() < 1e-4, "token {token}: candle says {theirs}, we {ours}");
    }
}

#[test]
fn a_file_that_is_no_llama_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.gguf");
    assert!(FrozenLlama::from_gguf(&path).unwrap_err().to_string().contains("cannot be read"), "there is no file");
    std::fs::write(&path, b"GGUF and then nothing").unwrap();
    assert!(FrozenLlama::from_gguf(&path).unwrap_err().to_string().contains("cannot be read"), "it ends early");
}

#[test]
fn a_prefix_computed_once_gives_the_rows_that_it_gives_in_place() {
    let llama = llama(true);
    let prompt: Vec<u32> = (0..23).map(|at| (at * 7 + 3) % 64).collect();
    let d = llama.shape.hidden;
    let whole = hidden(&llama, &prompt);
    let network = Network::new(&llama, 2, None);
    let rows =
        |tokens: &[u32]| -> Vec<f32> { tokens.iter().flat_map(|&token| llama.embedding(token).to_vec()).collect() };
    let mut trace = Trace::default();
    let prefix = prefix_of(&network, &rows(&prompt[..9]), &mut trace);
    // The rest twice, since sequences share the prefix.
    let rest = rows(&prompt[9..]);
    trace.input(28, d).copy_from_slice(&[&rest[..], &rest].concat());
    forward(&network, &[14, 14], Some(&prefix), true, &mut trace);
    for (at, value) in trace.hidden.iter().enumerate() {
        let expected = whole[9 * d + at % (14 * d)];
        assert!((value - expected).abs() < 1e-4, "number {at} is {value}, in one pass {expected}");
    }
}
