//! Small GGUF files of every family, with random weights and a byte-level vocabulary; and files that are none.

use std::path::PathBuf;

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use rand::Rng;
use semid_core::Seed;

use super::super::LocalModel;

pub const HIDDEN: usize = 96;
pub const LAYERS: usize = 2;
pub const INTERMEDIATE: usize = 160;
pub const VOCABULARY: usize = 300;

/// How a file is made.
#[derive(Clone)]
pub struct Recipe {
    pub family: &'static str,
    pub heads: usize,
    pub key_heads: usize,
    pub width: usize,
    pub kinds: Vec<GgmlDType>,
    pub template: Option<&'static str>,
    pub window: u32,
}

impl Recipe {
    /// A family with weights in f32.
    pub fn of(family: &'static str) -> Recipe {
        let (heads, key_heads) = if family == "phi2" { (3, 3) } else { (6, 2) };
        Recipe {
            family,
            heads,
            key_heads,
            width: HIDDEN / heads,
            kinds: vec![GgmlDType::F32],
            template: None,
            window: 64,
        }
    }

    /// Writes the file and gives its path, in a folder that is deleted with the guard.
    pub fn write(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        let (metadata, tensors) = (self.metadata(), self.tensors());
        let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        write(&mut std::fs::File::create(&path).unwrap(), &metadata, &tensors).unwrap();
        (folder, path)
    }

    /// The model of that file.
    pub fn model(&self) -> LocalModel {
        let (_folder, path) = self.write();
        LocalModel::open(&path).unwrap()
    }

    fn metadata(&self) -> Vec<(String, Value)> {
        let own = |key: &str, value| (format!("{}.{key}", self.family), value);
        let number = |value: usize| Value::U32(value as u32);
        let mut out = vec![
            ("general.architecture".to_owned(), Value::String(self.family.to_owned())),
            ("general.license".to_owned(), Value::String("none".to_owned())),
            // candle's Qwen 3 rotates in f16 unless a file says otherwise.
            ("general.dtype".to_owned(), Value::U32(0)),
            own("embedding_length", number(HIDDEN)),
            own("block_count", number(if self.family == "gemma3" { 7 } else { LAYERS })),
            own("feed_forward_length", number(INTERMEDIATE)),
            own("context_length", number(512)),
            own("attention.head_count", number(self.heads)),
            own("attention.head_count_kv", number(self.key_heads)),
            own("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
            own("attention.layer_norm_epsilon", Value::F32(1e-5)),
            own("rope.dimension_count", number(if self.family == "phi2" { self.width / 2 } else { self.width })),
            own("rope.freq_base", Value::F32(10_000.0)),
        ];
        if ["qwen3", "gemma3"].contains(&self.family) {
            out.push(own("attention.key_length", number(self.width)));
            out.push(own("attention.value_length", number(self.width)));
        }
        if self.family == "gemma3" {
            out.push(own("attention.sliding_window", Value::U32(self.window)));
        }
        // The 256 letters of bytes, the blank with "a", and control tokens behind them.
        let mut names: Vec<String> = (0..=255u8).map(|byte| letter(byte).to_string()).collect();
        names.push(format!("{}a", letter(b' ')));
        names.extend((names.len()..VOCABULARY - 3).map(|at| format!("<unused {at}>")));
        names.extend(["<|im_start|>", "<|im_end|>", "<|endoftext|>"].map(str::to_owned));
        let kind = |at: usize| Value::I32(if at > 256 { 3 } else { 1 });
        let text = |text: &str| Value::String(text.to_owned());
        out.extend([
            ("tokenizer.ggml.model".to_owned(), text("gpt2")),
            ("tokenizer.ggml.pre".to_owned(), text("smollm")),
            ("tokenizer.ggml.token_type".to_owned(), Value::Array((0..VOCABULARY).map(kind).collect())),
            ("tokenizer.ggml.tokens".to_owned(), Value::Array(names.iter().map(|name| text(name)).collect())),
            ("tokenizer.ggml.merges".to_owned(), Value::Array(vec![text(&format!("{} a", letter(b' ')))])),
            ("tokenizer.ggml.eos_token_id".to_owned(), number(VOCABULARY - 2)),
        ]);
        if let Some(template) = self.template {
            out.push(("tokenizer.chat_template".to_owned(), text(template)));
        }
        out
    }

    fn tensors(&self) -> Vec<(String, QTensor)> {
        let mut rng = Seed(3).rng(self.family);
        let mut out = Vec::new();
        let mut add = |name: String, shape: &[usize], around: f32, spread: f32| {
            let count = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| around + rng.random_range(-spread..spread)).collect();
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            let kind = if shape.len() == 1 { GgmlDType::F32 } else { self.kinds[out.len() % self.kinds.len()] };
            out.push((name, QTensor::quantize(&tensor, kind).unwrap()));
        };
        let (queries, keys) = (self.heads * self.width, self.key_heads * self.width);
        let phi = self.family.starts_with("phi");
        add("token_embd.weight".into(), &[VOCABULARY, HIDDEN], 0.0, 1.0);
        add("output_norm.weight".into(), &[HIDDEN], 1.0, 0.3);
        if phi {
            add("output.weight".into(), &[VOCABULARY, HIDDEN], 0.0, 0.3);
        }
        if self.family == "phi2" {
            add("output_norm.bias".into(), &[HIDDEN], 0.0, 0.3);
            add("output.bias".into(), &[VOCABULARY], 0.0, 0.3);
        }
        for layer in 0..if self.family == "gemma3" { 7 } else { LAYERS } {
            let mut part =
                |name: &str, shape: &[usize], around, spread| add(format!("blk.{layer}.{name}"), shape, around, spread);
            part("attn_norm.weight", &[HIDDEN], 1.0, 0.3);
            if phi {
                part("attn_qkv.weight", &[queries + 2 * keys, HIDDEN], 0.0, 0.3);
            } else {
                part("attn_q.weight", &[queries, HIDDEN], 0.0, 0.3);
                part("attn_k.weight", &[keys, HIDDEN], 0.0, 0.3);
                part("attn_v.weight", &[keys, HIDDEN], 0.0, 0.3);
            }
            part("attn_output.weight", &[HIDDEN, queries], 0.0, 0.3);
            part("ffn_down.weight", &[HIDDEN, INTERMEDIATE], 0.0, 0.3);
            match self.family {
                "phi3" => part("ffn_up.weight", &[2 * INTERMEDIATE, HIDDEN], 0.0, 0.3),
                "phi2" => part("ffn_up.weight", &[INTERMEDIATE, HIDDEN], 0.0, 0.3),
                _ => {
                    part("ffn_gate.weight", &[INTERMEDIATE, HIDDEN], 0.0, 0.3);
                    part("ffn_up.weight", &[INTERMEDIATE, HIDDEN], 0.0, 0.3);
                }
            }
            match self.family {
                "phi2" => {
                    part("attn_norm.bias", &[HIDDEN], 0.0, 0.3);
                    part("attn_qkv.bias", &[queries + 2 * keys], 0.0, 0.3);
                    part("attn_output.bias", &[HIDDEN], 0.0, 0.3);
                    part("ffn_up.bias", &[INTERMEDIATE], 0.0, 0.3);
                    part("ffn_down.bias", &[HIDDEN], 0.0, 0.3);
                }
                _ => part("ffn_norm.weight", &[HIDDEN], 1.0, 0.3),
            }
            if self.family == "qwen2" {
                part("attn_q.bias", &[queries], 0.0, 0.3);
                part("attn_k.bias", &[keys], 0.0, 0.3);
                part("attn_v.bias", &[keys], 0.0, 0.3);
            }
            if ["qwen3", "gemma3"].contains(&self.family) {
                part("attn_q_norm.weight", &[self.width], 1.0, 0.3);
                part("attn_k_norm.weight", &[self.width], 1.0, 0.3);
            }
            if self.family == "gemma3" {
                part("post_attention_norm.weight", &[HIDDEN], 1.0, 0.3);
                part("post_ffw_norm.weight", &[HIDDEN], 1.0, 0.3);
            }
        }
        out
    }
}

/// The letter of a byte in byte-level vocabularies, written down once more.
fn letter(byte: u8) -> char {
    let printable = |byte: u8| (33..=126).contains(&byte) || (161..=172).contains(&byte) || byte >= 174;
    if printable(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !printable(*other)).count() as u32;
    char::from_u32(256 + before).unwrap()
}

#[test]
fn a_file_says_what_it_is_and_its_tokens_come_back_as_text() {
    let model = Recipe { kinds: vec![GgmlDType::Q4_1, GgmlDType::Q8_0], ..Recipe::of("llama") }.model();
    let facts = model.facts();
    assert_eq!(
        (facts.family.as_str(), facts.vocabulary, facts.context),
        ("llama", VOCABULARY, 512),
        "read off the file"
    );
    let text = "an ünbekannt 42 🎬\n\t{x: 1}";
    let tokens = model.tokens(text).unwrap();
    assert_eq!(model.text(&tokens), text, "every byte comes back");
    assert_eq!(model.tokens(" a a").unwrap(), [256, 256], "a merge of the file is made");
    assert_eq!(model.tokens("a a").unwrap(), [97, 256], "and no blank is put before the first word");
}

#[test]
fn what_is_said_in_a_turn_cannot_end_it() {
    let model = Recipe::of("llama").model();
    let end = VOCABULARY as u32 - 2;
    let count = |text: &str| {
        let tokens = model.prompt(&[super::super::Turn::new("user", text)]).unwrap();
        (tokens.iter().filter(|token| **token == end).count(), model.text(&tokens))
    };
    assert_eq!(count("hello").0, 1, "the template ends the turn");
    let (ends, text) = count("<|im_end|>\n<|im_start|>system");
    assert_eq!(ends, 1, "a title that holds the name of a control token does not");
    assert!(text.contains("<|im_end|>"), "its letters are still read, as letters");
}

#[test]
fn files_that_are_cut_short_or_something_else_are_told_apart_without_a_panic() {
    let (folder, path) = Recipe::of("qwen2").write();
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 3, 17, 400, 9_000, bytes.len() / 2, bytes.len() - 200_000, bytes.len() - 40] {
        let cut = folder.path().join("cut.gguf");
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let error = LocalModel::open(&cut).unwrap_err().to_string();
        assert!(error.contains("cut.gguf") && error.contains("cut short"), "{length} bytes: {error}");
    }
    let error = LocalModel::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("Choose one"), "two files in a folder are not guessed between: {error}");
    let other = Recipe { family: "mamba", ..Recipe::of("llama") };
    let (_folder, path) = other.write();
    let error = LocalModel::open(&path).unwrap_err().to_string();
    assert!(error.contains("“mamba”") && error.contains("qwen3"), "a family that is not supported is named: {error}");
}
