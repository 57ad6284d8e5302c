//! Texts to vectors: any sentence-transformers folder of the BERT family, on the CPU.
//!
//! The forward pass is our own ([`forward`]) on our own kernels ([`crate::kernels`]); weights are read through candle's
//! safetensors ([`weights`]). A device other than the CPU would run candle's `BertModel` from the same [`folder`] and
//! the same file of weights, as the tests do to check this one: [`TextEncoder::load_with`] is the place to choose it.

mod batches;
mod folder;
mod forward;
mod tokens;
mod weights;

use std::path::Path;

use semid_core::{Embedder, Embeddings, Error, Result, Work};

use crate::kernels::{Bf16, Kernel, Precision};
use folder::ModelFolder;
use forward::Bert;
use tokens::TextTokenizer;
use weights::Weights;

/// Turns texts into vectors with a model of the BERT family (Devlin et al. 2019; Reimers and Gurevych 2019).
///
/// A text's vector is the same bytes whatever other texts it is embedded with and for any number of threads.
pub struct TextEncoder {
    tokenizer: TextTokenizer,
    model: Model,
    kernel: Kernel,
    dim: usize,
    digest: String,
}

enum Model {
    F32(Bert<f32>),
    Bf16(Bert<Bf16>),
}

impl TextEncoder {
    /// Loads a folder as sentence-transformers saves it, at the fastest precision whose vectors keep a cosine of 0.9999
    /// with f32's.
    pub fn load(folder: &Path) -> Result<TextEncoder> {
        Self::load_with(folder, Precision::Auto)
    }

    /// The same at a chosen precision.
    pub fn load_with(folder: &Path, precision: Precision) -> Result<TextEncoder> {
        let described = ModelFolder::read(folder)?;
        let kernel = choose_kernel(&described, precision)?;
        let weights = Weights::open(folder)?;
        let (tokenizer, (model, digest)) = rayon::join(
            || TextTokenizer::load(&described),
            || {
                rayon::join(
                    || Model::pack(kernel, &described, weights.clone()),
                    || digest(kernel, &described, &weights),
                )
            },
        );
        let model = model?;
        Ok(TextEncoder { tokenizer: tokenizer?, kernel, dim: described.dim(), model, digest })
    }

    /// The instructions it runs on and their precision, for reports: "bf16-avx512".
    pub fn kernel(&self) -> &'static str {
        self.kernel.name()
    }

    /// Longer texts are cut to this many tokens.
    pub fn max_tokens(&self) -> usize {
        self.tokenizer.max_tokens()
    }
}

impl Embedder for TextEncoder {
    fn embed(&self, work: &Work, texts: &[String]) -> Result<Embeddings> {
        match &self.model {
            Model::F32(model) => batches::embed(work, texts, &self.tokenizer, model),
            Model::Bf16(model) => batches::embed(work, texts, &self.tokenizer, model),
        }
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn digest(&self) -> &str {
        &self.digest
    }
}

impl std::fmt::Debug for TextEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextEncoder").field("digest", &self.digest).field("dim", &self.dim).finish_non_exhaustive()
    }
}

impl Model {
    fn pack(kernel: Kernel, folder: &ModelFolder, weights: Weights) -> Result<Model> {
        Ok(if kernel.multiplies_bf16() {
            Model::Bf16(Bert::pack(kernel, folder, weights)?)
        } else {
            Model::F32(Bert::pack(kernel, folder, weights)?)
        })
    }
}

/// bf16 numbers are multiplied in pairs, so rows of an odd length, which no published model has, stay f32.
fn choose_kernel(folder: &ModelFolder, precision: Precision) -> Result<Kernel> {
    let even = folder.shape.hidden.is_multiple_of(2) && folder.shape.intermediate.is_multiple_of(2);
    let precision = if precision == Precision::Auto && !even { Precision::F32 } else { precision };
    match Kernel::detect(precision) {
        Some(kernel) if even || !kernel.multiplies_bf16() => Ok(kernel),
        Some(_) => Err(Error::input(format!(
            "The model in {} has rows of odd length, which bf16 cannot multiply. Choose the precision f32 or auto.",
            folder.path.display()
        ))),
        None => {
            Err(Error::input("This computer's processor has no bf16 instructions. Choose the precision f32 or auto."))
        }
    }
}

/// Everything a vector depends on: settings, vocabulary, weights, and the kernel, since kernels differ in last bits.
fn digest(kernel: Kernel, folder: &ModelFolder, weights: &Weights) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("semid text encoder v1");
    let mut part = |name: &str, bytes: &[u8]| {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    };
    part("kernel", kernel.name().as_bytes());
    for (name, bytes) in &folder.files {
        part(name, bytes);
    }
    weights.for_each_stored(&mut part);
    hasher.finalize().to_hex().to_string()
}
