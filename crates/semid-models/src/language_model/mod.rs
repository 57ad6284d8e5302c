//! A language model in a GGUF file, on the CPU: how likely continuations are, the best of those allowed, words of its own.
//!
//! The file is mapped into memory; candle reads its header, and the codes of its weights go into panels of our own kernels
//! ([`crate::kernels::Coded`]), which are read as they are for one token and widened once for many. One forward pass
//! ([`forward`]) serves the families ([`network`]); candle's own models of these families check it in tests. What was read
//! is kept ([`State`]) and reused: a prompt that begins like the last one is read from where they part, continuations of one
//! prompt share it, and continuations with a common beginning share that ([`Choices`]).

mod blocks;
mod chat;
mod choices;
mod forward;
mod gguf;
mod network;
mod replies;
mod schema;
mod search;
mod sentencepiece;
mod state;
#[cfg(test)]
mod tests;
mod tokenizer;
pub mod tune;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use semid_core::{Error, Result, Work};
use serde::Serialize;

pub use chat::Turn;
pub use choices::Choices;
pub use search::{End, Found, Sampling, Written};
pub use state::State;

use chat::ChatTemplate;
use forward::{Place, ROWS};
use gguf::Gguf;
use network::Network;
use state::NO_TOKEN;
use tokenizer::LlmTokenizer;

/// A language model of the llama, qwen2, qwen3, gemma3, phi2 or phi3 family.
///
/// The logits of a prompt are the same bytes in however many pieces it was read, whatever was read with it, and for any
/// number of threads.
pub struct LocalModel {
    network: Network,
    tokenizer: LlmTokenizer,
    template: ChatTemplate,
    facts: ModelFacts,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFacts {
    /// The name its makers gave it, else the name of the file.
    pub name: String,
    /// Its family: "llama".
    pub family: String,
    /// How many numbers it has learned.
    pub parameters: u64,
    /// How most of them are stored: "Q4_1".
    pub stored_as: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of its weights in memory.
    pub memory_bytes: u64,
    /// Most tokens of a prompt and its answer.
    pub context: usize,
    /// Tokens of its vocabulary.
    pub vocabulary: usize,
    /// Numbers of a token's embedding.
    pub hidden: usize,
    /// Its licence as the file states it; empty where it does not.
    pub licence: String,
    /// Its chat template; empty where the file has none.
    pub template: String,
    /// Digest of the file and of the instructions it runs on, since these differ in last bits.
    pub digest: String,
    /// The instructions it runs on: "f32-avx2".
    pub kernel: String,
}

impl LocalModel {
    /// Opens a `.gguf` file, or the only one in a folder.
    pub fn open(path: &Path) -> Result<LocalModel> {
        let file = Arc::new(Gguf::open(&the_file(path)?)?);
        let (network, (tokenizer, digest)) = rayon::join(
            || Network::load(file.clone()),
            || rayon::join(|| LlmTokenizer::read(&file), || digest(file.bytes())),
        );
        let (network, tokenizer) = (network?, tokenizer?);
        let source = file.text("tokenizer.chat_template");
        let has_chat_tokens = tokenizer.special("<|im_start|>").is_some();
        let template = ChatTemplate::parse(source, has_chat_tokens, &tokenizer.begin_name, &tokenizer.end_name)?;
        let stem = file.path().file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
        let facts = ModelFacts {
            name: file.text("general.name").map_or(stem, str::to_owned),
            family: file.text("general.architecture").unwrap_or_default().to_owned(),
            parameters: file.parameters(),
            stored_as: file.stored_as("blk.0.ffn_down.weight").unwrap_or_default(),
            file_bytes: file.bytes().len() as u64,
            memory_bytes: network.bytes() as u64,
            context: network.shape.context,
            vocabulary: network.shape.vocabulary,
            hidden: network.shape.hidden,
            licence: file.text("general.license").unwrap_or_default().to_owned(),
            template: source.unwrap_or_default().to_owned(),
            digest: format!("{digest}-{}", network.kernel.name()),
            kernel: network.kernel.name().to_owned(),
        };
        Ok(LocalModel { network, tokenizer, template, facts })
    }

    /// What the file says of itself.
    pub fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    /// The tokens of plain text; names of control tokens in it are letters like others.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.plain(text)
    }

    /// The text of tokens, without control tokens.
    pub fn text(&self, tokens: &[u32]) -> String {
        self.tokenizer.text(tokens)
    }

    /// The tokens that end an answer.
    pub fn end_tokens(&self) -> &[u32] {
        self.tokenizer.end_tokens()
    }

    /// A conversation as the model's template writes it, with the beginning of an answer, to be shown.
    pub fn prompt_text(&self, turns: &[Turn]) -> Result<String> {
        self.template.render(turns)
    }

    /// The same as tokens. What is said in a turn cannot end it, whatever names of control tokens it holds.
    pub fn prompt(&self, turns: &[Turn]) -> Result<Vec<u32>> {
        let shield = |turn: &Turn| Turn::new(&turn.role, self.tokenizer.shielded(&turn.content));
        let shielded: Vec<Turn> = turns.iter().map(shield).collect();
        self.tokenizer.written(&self.template.render(&shielded)?)
    }

    /// The state before any token.
    pub fn state(&self) -> State {
        State::new(&self.network.shape)
    }

    /// Reads more tokens. Afterwards the state holds the logits after the last one. On an error or a cancel it is as before.
    pub fn extend(&self, work: &Work, state: &mut State, tokens: &[u32]) -> Result<()> {
        self.room(state, tokens.len())?;
        let step = work.step("reading the prompt", tokens.len());
        self.append(work, state, tokens, || self.network.embed(tokens), |read| Ok(step.advance(read)?))
    }

    /// Reads vectors in place of tokens: any number of rows as wide as an embedding ([`ModelFacts::hidden`]).
    pub fn extend_with_vectors(&self, work: &Work, state: &mut State, vectors: &[f32]) -> Result<()> {
        let hidden = self.network.shape.hidden;
        if !vectors.len().is_multiple_of(hidden) {
            return Err(Error::input(format!(
                "A vector for the language model has {hidden} numbers; {} numbers are no whole vectors.",
                vectors.len()
            )));
        }
        let tokens = vec![NO_TOKEN; vectors.len() / hidden];
        self.room(state, tokens.len())?;
        let step = work.step("reading the prompt", tokens.len());
        self.append(work, state, &tokens, || Ok(vectors.to_vec()), |read| Ok(step.advance(read)?))
    }

    /// Makes the state that of `tokens`, reading only what it does not share with what was read before. Gives how many tokens
    /// were shared.
    pub fn resume(&self, work: &Work, state: &mut State, tokens: &[u32]) -> Result<usize> {
        let same = state.tokens.iter().zip(tokens).take_while(|(old, new)| old == new && **new != NO_TOKEN).count();
        // The last token is read again where its prediction is gone.
        let keep = if same == tokens.len() && (same < state.len() || state.logits.is_empty()) {
            same.saturating_sub(1)
        } else {
            same
        };
        state.truncate(keep);
        if keep < tokens.len() {
            self.extend(work, state, &tokens[keep..])?;
        }
        Ok(keep)
    }

    /// The embedding of each token as the first block reads it: tokens × hidden.
    pub fn embeddings(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        self.network.embed(tokens)
    }

    fn append(
        &self,
        work: &Work,
        state: &mut State,
        tokens: &[u32],
        embed: impl FnOnce() -> Result<Vec<f32>>,
        mut advance: impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        if tokens.is_empty() {
            return Ok(());
        }
        let width = self.network.shape.hidden;
        let mut hidden = embed()?;
        let (before, logits) = (state.len(), std::mem::take(&mut state.logits));
        let mut read = || -> Result<Vec<f32>> {
            let mut last = Vec::new();
            for rows in hidden.chunks_mut(ROWS * width) {
                self.network.forward(work, rows, Place::Behind(state))?;
                advance(rows.len() / width)?;
                last = rows[rows.len() - width..].to_vec();
            }
            Ok(self.network.logits(&last))
        };
        match read() {
            Ok(logits) => {
                state.tokens.extend_from_slice(tokens);
                state.logits = logits;
                Ok(())
            }
            Err(error) => {
                state.truncate(before);
                state.logits = logits;
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalModel").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// The file itself, or the only `.gguf` in a folder.
fn the_file(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let shown = path.display();
    let entries =
        std::fs::read_dir(path).map_err(|error| Error::inside(format!("reading the folder {shown}"), error))?;
    let is_gguf = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_gguf).collect();
    files.sort();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        [] => Err(Error::input(format!("There is no .gguf file in {shown}. Choose the file of a language model."))),
        several => Err(Error::input(format!(
            "There are {} .gguf files in {shown}. Choose one of them, for instance {}.",
            several.len(),
            several[0].display()
        ))),
    }
}

/// The digest of the whole file, taken on all threads.
fn digest(bytes: &[u8]) -> String {
    const PIECE: usize = 1 << 22;
    let pieces: Vec<[u8; 32]> = bytes.par_chunks(PIECE).map(|piece| *blake3::hash(piece).as_bytes()).collect();
    let mut hasher = blake3::Hasher::new_derive_key("semid language model v1");
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    pieces.iter().for_each(|piece| {
        hasher.update(piece);
    });
    hasher.finalize().to_hex().to_string()
}
