//! Texts to token IDs, cut to the length that the folder says.

use semid_core::{Error, Result};
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{NormalizerWrapper, Tokenizer, TruncationParams};

use super::folder::ModelFolder;

/// A folder's tokenizer.
pub(super) struct TextTokenizer {
    tokenizer: Tokenizer,
    max_tokens: usize,
    prompt: String,
}

impl TextTokenizer {
    /// Parses tokenizer.json. Padding and truncation that are baked into it are replaced by what the folder says.
    pub fn load(folder: &ModelFolder) -> Result<Self> {
        let mut tokenizer = Tokenizer::from_bytes(folder.file("tokenizer.json")).map_err(|error| {
            Error::input(format!(
                "tokenizer.json in {} cannot be read ({error}). Download the model again.",
                folder.path.display()
            ))
        })?;
        tokenizer.with_padding(None);
        let truncation = TruncationParams { max_length: folder.max_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| Error::inside("setting the text length", error))?;
        if folder.lowercase {
            let mut normalizers: Vec<NormalizerWrapper> = vec![Lowercase.into()];
            normalizers.extend(tokenizer.get_normalizer().cloned());
            let both = tokenizer.with_normalizer(Some(Sequence::new(normalizers)));
            both.map_err(|error| Error::inside("setting lower case", error))?;
        }
        Ok(TextTokenizer { tokenizer, max_tokens: folder.max_tokens, prompt: folder.prompt.clone() })
    }

    /// The most tokens a text keeps, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The tokens of one text, special tokens included.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let encoded = if self.prompt.is_empty() {
            self.tokenizer.encode_fast(text, true)
        } else {
            self.tokenizer.encode_fast(format!("{}{text}", self.prompt), true)
        };
        match encoded {
            Ok(encoding) => Ok(encoding.get_ids().to_vec()),
            Err(error) => Err(Error::inside("splitting a text into tokens", error)),
        }
    }
}
