//! Texts to tokens and back, by the vocabulary that a GGUF file carries.
//!
//! Control tokens ("<|im_end|>") are read where a chat template wrote them, never out of other text: what an item's title
//! says cannot end a turn. [`LlmTokenizer::shielded`] marks such text.

use std::collections::HashMap;

use semid_core::{Error, Result};
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer};

use super::gguf::Gguf;
use super::sentencepiece::SentencePiece;

/// Behind the first letter of a control token's name in text that must not be read as one. Not a character of any text.
const SHIELD: char = '\u{10ffff}';

/// Kinds of tokens in a file's list.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// Texts that end a turn in one chat template or another.
const ENDS: [&str; 8] =
    ["<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<end_of_turn>", "<eos>", "</s>"];

/// The tokenizer of one file.
pub(super) struct LlmTokenizer {
    pieces: Pieces,
    /// The bytes that a token stands for; none for control tokens.
    bytes: Vec<Vec<u8>>,
    /// Control and user-defined tokens, longest first.
    special: Vec<(String, u32)>,
    ends: Vec<u32>,
    /// What the file wants before a text, and its name for templates.
    begin: Option<u32>,
    /// Names of the first and the last token, as templates call them.
    pub begin_name: String,
    pub end_name: String,
    add_begin: bool,
}

enum Pieces {
    ByteLevel(Box<Tokenizer>),
    SentencePiece(SentencePiece),
}

impl LlmTokenizer {
    /// Builds the tokenizer that a file describes.
    pub fn read(file: &Gguf) -> Result<Self> {
        let names = file.texts("tokenizer.ggml.tokens");
        let kinds = file.numbers("tokenizer.ggml.token_type");
        if names.is_empty() {
            return Err(file.wrong("carries no vocabulary"));
        }
        let kind = |token: usize| kinds.get(token).copied().unwrap_or(1);
        let is_special = |token: usize| matches!(kind(token), CONTROL | USER_DEFINED);
        let model = file.text("tokenizer.ggml.model").unwrap_or_default();
        let (pieces, bytes) = match model {
            "gpt2" => {
                let table = byte_table();
                let bytes = |(token, name): (usize, &&str)| match kind(token) {
                    CONTROL => Vec::new(),
                    USER_DEFINED => name.as_bytes().to_vec(),
                    _ => name.chars().flat_map(|letter| letter_bytes(letter, &table)).collect(),
                };
                (Pieces::ByteLevel(Box::new(byte_level(file, &names)?)), names.iter().enumerate().map(bytes).collect())
            }
            "llama" => {
                let scores = file.reals("tokenizer.ggml.scores");
                let prefix = file.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
                let pieces = SentencePiece::new(&names, &kinds, &scores, prefix);
                let bytes = names.iter().enumerate().map(|(token, name)| pieces.bytes(kind(token), name)).collect();
                (Pieces::SentencePiece(pieces), bytes)
            }
            other => {
                return Err(file.wrong(&format!(
                    "has a tokenizer of the kind “{other}”; supported are gpt2 (byte-level BPE) and llama (SentencePiece)"
                )));
            }
        };
        let mut special: Vec<(String, u32)> = names
            .iter()
            .enumerate()
            .filter(|(token, name)| is_special(*token) && !name.is_empty())
            .map(|(token, name)| ((*name).to_owned(), token as u32))
            .collect();
        special.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
        let token = |key: &str| file.number(&format!("tokenizer.ggml.{key}_token_id")).map(|token| token as u32);
        let mut ends: Vec<u32> = ["eos", "eot", "eom"].into_iter().filter_map(token).collect();
        ends.extend(special.iter().filter(|(name, _)| ENDS.contains(&name.as_str())).map(|(_, token)| *token));
        ends.sort_unstable();
        ends.dedup();
        let name = |token: Option<u32>| {
            token.and_then(|token| names.get(token as usize)).map_or(String::new(), |name| (*name).to_owned())
        };
        let begin = token("bos");
        Ok(LlmTokenizer {
            bytes,
            special,
            ends,
            begin,
            begin_name: name(begin),
            end_name: name(token("eos")),
            add_begin: file
                .flag("tokenizer.ggml.add_bos_token")
                .unwrap_or(model == "llama" || file.text("tokenizer.ggml.pre") == Some("llama-bpe")),
            pieces,
        })
    }

    /// The tokens of a text that holds no control tokens.
    pub fn plain(&self, text: &str) -> Result<Vec<u32>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        match &self.pieces {
            Pieces::ByteLevel(tokenizer) => match tokenizer.encode_fast(text, false) {
                Ok(encoding) => Ok(encoding.get_ids().to_vec()),
                Err(error) => Err(Error::inside("splitting a text into tokens", error)),
            },
            Pieces::SentencePiece(pieces) => Ok(pieces.tokens(text)),
        }
    }

    /// The tokens of a text as a template wrote it: names of control tokens are read as such, except where shielded. The
    /// token that a file wants at the beginning is added unless it is there.
    pub fn written(&self, text: &str) -> Result<Vec<u32>> {
        let mut tokens = self.as_written(text)?;
        if let Some(begin) = self.begin.filter(|begin| self.add_begin && tokens.first() != Some(begin)) {
            tokens.insert(0, begin);
        }
        Ok(tokens)
    }

    /// The same without a token that nobody wrote.
    pub fn as_written(&self, text: &str) -> Result<Vec<u32>> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let found = self
                .special
                .iter()
                .filter_map(|(name, token)| rest.find(name.as_str()).map(|at| (at, name.len(), *token)))
                .min_by_key(|(at, length, _)| (*at, usize::MAX - length));
            let (before, token, after) = match found {
                Some((at, length, token)) => (&rest[..at], Some(token), &rest[at + length..]),
                None => (rest, None, ""),
            };
            tokens.extend(self.plain(&before.replace(SHIELD, ""))?);
            tokens.extend(token);
            rest = after;
        }
        Ok(tokens)
    }

    /// The text with every name of a control token marked, so that [`Self::written`] reads it as plain text.
    pub fn shielded(&self, text: &str) -> String {
        let mut out = text.replace(SHIELD, "");
        for (name, _) in &self.special {
            if out.contains(name.as_str()) {
                let first = name.chars().next().map_or(0, char::len_utf8);
                out = out.replace(name.as_str(), &format!("{}{SHIELD}{}", &name[..first], &name[first..]));
            }
        }
        out
    }

    /// What tokens stand for, without control tokens. Bytes that are no text become U+FFFD.
    pub fn text(&self, tokens: &[u32]) -> String {
        let parts = tokens.iter().filter_map(|token| self.bytes.get(*token as usize));
        let bytes: Vec<u8> = parts.flatten().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        match &self.pieces {
            Pieces::SentencePiece(pieces) if pieces.adds_space() => text.strip_prefix(' ').unwrap_or(&text).to_owned(),
            _ => text.into_owned(),
        }
    }

    /// A control or user-defined token by its name.
    pub fn special(&self, name: &str) -> Option<u32> {
        self.special.iter().find(|(known, _)| known == name).map(|(_, token)| *token)
    }

    /// Whether a token ends an answer.
    pub fn ends(&self, token: u32) -> bool {
        self.ends.binary_search(&token).is_ok()
    }

    /// The tokens that end an answer.
    pub fn end_tokens(&self) -> &[u32] {
        &self.ends
    }
}

/// Byte-level BPE (Radford et al. 2019) with the file's way of splitting a text beforehand.
fn byte_level(file: &Gguf, names: &[&str]) -> Result<Tokenizer> {
    let vocabulary = names.iter().enumerate().map(|(token, name)| ((*name).to_owned(), token as u32));
    let merges = file.texts("tokenizer.ggml.merges").into_iter().filter_map(|merge| {
        // A token may itself begin with the blank's stand-in, never hold a blank.
        merge.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned()))
    });
    let kind = file.text("tokenizer.ggml.pre").unwrap_or("gpt-2");
    let (split, compose, ignore_merges) = split(kind)
        .ok_or_else(|| file.wrong(&format!("splits texts the way “{kind}” does, which is not supported")))?;
    let bpe = BPE::builder().vocab_and_merges(vocabulary.collect::<Vocab>(), merges.collect());
    let bpe = bpe.ignore_merges(ignore_merges).build();
    let mut tokenizer = Tokenizer::new(
        bpe.map_err(|error| file.wrong(&format!("has a vocabulary that contradicts itself ({error})")))?,
    );
    tokenizer.with_pre_tokenizer(Some(split.map_err(|error| Error::inside("setting up the tokenizer", error))?));
    if compose {
        let both = tokenizer.with_normalizer(Some(NFC));
        both.map_err(|error| Error::inside("setting up the tokenizer", error))?;
    }
    Ok(tokenizer)
}

type SplitResult = std::result::Result<PreTokenizerWrapper, tokenizers::Error>;

/// How a text is split before pairs are merged, whether it is composed (NFC), and whether a whole word of the vocabulary is
/// taken without looking at merges; by the name that files use.
fn split(kind: &str) -> Option<(SplitResult, bool, bool)> {
    const QWEN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let words = || ByteLevel::new(false, true, true);
    let by = |pattern: &str| -> SplitResult {
        let split = Split::new(SplitPattern::Regex(pattern.to_owned()), SplitDelimiterBehavior::Isolated, false)?;
        Ok(Sequence::new(vec![split.into(), ByteLevel::new(false, true, false).into()]).into())
    };
    Some(match kind {
        // Every digit alone, and no blank put before the first word.
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" => {
            (Ok(Sequence::new(vec![Digits::new(true).into(), words().into()]).into()), false, false)
        }
        "gpt-2" | "gpt2" | "phi-2" | "mpt" | "olmo" => (Ok(words().into()), false, false),
        "qwen2" | "deepseek-r1-qwen" | "megrez" => (by(QWEN), true, false),
        "llama-bpe" | "llama3" | "llama-v3" | "falcon3" => (by(LLAMA_3), false, true),
        "smaug-bpe" | "dbrx" => (by(LLAMA_3), false, false),
        _ => return None,
    })
}

/// The letter that stands for each byte in byte-level vocabularies: printable bytes for themselves, the others moved up.
fn byte_table() -> HashMap<char, u8> {
    let mut moved = 0;
    (0..=255u8)
        .map(|byte| {
            let letter = match byte {
                b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
                _ => {
                    moved += 1;
                    char::from_u32(255 + moved).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            };
            (letter, byte)
        })
        .collect()
}

fn letter_bytes(letter: char, table: &HashMap<char, u8>) -> Vec<u8> {
    match table.get(&letter) {
        Some(byte) => vec![*byte],
        None => letter.to_string().into_bytes(),
    }
}
