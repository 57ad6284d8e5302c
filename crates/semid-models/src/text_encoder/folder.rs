//! What a sentence-transformers folder says about its model, checked: shape, tokens, pooling, and what comes after.

use std::path::{Path, PathBuf};

use semid_core::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::kernels::Activation;

/// A folder's settings.
#[derive(Debug)]
pub(super) struct ModelFolder {
    pub path: PathBuf,
    /// Name and content of every file that the vectors depend on, weights aside.
    pub files: Vec<(String, Vec<u8>)>,
    pub family: Family,
    pub shape: Shape,
    pub max_tokens: usize,
    /// Lower-case texts before the tokenizer's own normalisation.
    pub lowercase: bool,
    /// Put before every text.
    pub prompt: String,
    pub pooling: Vec<Pooling>,
    /// What comes after pooling, in order.
    pub heads: Vec<Head>,
}

/// How the tensors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Bert,
    /// BERT's layers; positions count from the padding token's ID + 1.
    Roberta,
    DistilBert,
}

/// Sizes of the network.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub intermediate: usize,
    pub positions: usize,
    /// Row of the position table that the first token takes.
    pub first_position: usize,
    pub activation: Activation,
    pub norm_epsilon: f32,
}

/// One vector from the vectors of a text's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    Cls,
    Max,
    Mean,
    MeanSqrtLength,
    WeightedMean,
    LastToken,
}

/// A module after pooling.
#[derive(Clone, Debug)]
pub(super) enum Head {
    Normalize,
    /// A linear layer whose weights lie in this folder.
    Dense {
        folder: String,
        inputs: usize,
        outputs: usize,
        bias: bool,
        activation: Activation,
    },
}

const SUPPORTED: &str = "bert, roberta, xlm-roberta, camembert, distilbert";

impl ModelFolder {
    /// Reads the folder's JSON files.
    pub fn read(path: &Path) -> Result<ModelFolder> {
        if !path.is_dir() {
            return Err(Error::input(format!(
                "There is no model folder at {}. Run `cargo xtask setup`, or name a folder that sentence-transformers saved.",
                path.display()
            )));
        }
        let mut reader = Reader { path, files: Vec::new() };
        let config: Config = reader.required("config.json")?;
        let (family, shape) = config.check(path)?;
        let modules: Vec<Module> = reader.optional("modules.json")?.unwrap_or_else(Module::mean_pooling);
        let sentence: SentenceConfig = reader.optional("sentence_bert_config.json")?.unwrap_or_default();
        let tokenizer: TokenizerConfig = reader.optional("tokenizer_config.json")?.unwrap_or_default();
        let prompts: Prompts = reader.optional("config_sentence_transformers.json")?.unwrap_or_default();

        let usable = shape.positions - shape.first_position;
        let limit = sentence.max_seq_length.or(tokenizer.model_max_length.map(|limit| limit as usize));
        let max_tokens = limit.unwrap_or(usable).min(usable);
        if max_tokens < 3 {
            return Err(Error::input(format!(
                "The model in {} allows {max_tokens} tokens a text, which leaves no room for a word. Check max_seq_length in sentence_bert_config.json.",
                path.display()
            )));
        }
        let prompt = match &prompts.default_prompt_name {
            None => String::new(),
            Some(name) => prompts.prompts.get(name).cloned().unwrap_or_default(),
        };
        let (pooling, heads) = read_modules(&mut reader, modules, shape.hidden, &prompt)?;
        // The tokenizer is parsed elsewhere; its bytes count for the digest.
        reader.bytes("tokenizer.json")?.ok_or_else(|| {
            Error::input(format!(
                "{} has no tokenizer.json. Save the model again with a current sentence-transformers, which writes it.",
                path.display()
            ))
        })?;
        Ok(ModelFolder {
            path: path.to_owned(),
            files: reader.files,
            family,
            shape,
            max_tokens,
            lowercase: sentence.do_lower_case,
            prompt,
            pooling,
            heads,
        })
    }

    /// Numbers in a vector.
    pub fn dim(&self) -> usize {
        let pooled = self.pooling.len() * self.shape.hidden;
        self.heads.iter().fold(pooled, |dim, head| match head {
            Head::Normalize => dim,
            Head::Dense { outputs, .. } => *outputs,
        })
    }

    /// The content of one of the files read.
    pub fn file(&self, name: &str) -> &[u8] {
        self.files.iter().find(|(file, _)| file == name).map_or(&[], |(_, bytes)| bytes)
    }
}

fn read_modules(
    reader: &mut Reader<'_>,
    modules: Vec<Module>,
    hidden: usize,
    prompt: &str,
) -> Result<(Vec<Pooling>, Vec<Head>)> {
    let path = reader.path.display().to_string();
    let mut pooling: Option<Vec<Pooling>> = None;
    let mut heads = Vec::new();
    let mut dim = 0;
    for module in modules {
        match module.kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" if module.path.is_empty() => {}
            "Pooling" => {
                let name = format!("{}/config.json", module.path);
                let config: PoolingConfig =
                    if module.path.is_empty() { PoolingConfig::default() } else { reader.required(&name)? };
                let modes = config.modes(&path)?;
                if !prompt.is_empty() && config.include_prompt == Some(false) {
                    return Err(Error::input(format!(
                        "The model in {path} leaves its prompt out of the pooling, which is not supported. Choose another model.",
                    )));
                }
                if config.width().is_some_and(|width| width != hidden) {
                    return Err(Error::input(format!(
                        "{path}/{name} pools vectors of {} numbers, but config.json says {hidden}. The folder mixes two models: download it again.",
                        config.width().unwrap_or_default()
                    )));
                }
                dim = modes.len() * hidden;
                pooling = Some(modes);
            }
            "Normalize" => heads.push(Head::Normalize),
            "Dense" => {
                let config: DenseConfig = reader.required(&format!("{}/config.json", module.path))?;
                if config.in_features != dim || config.out_features == 0 {
                    return Err(Error::input(format!(
                        "{path}/{} takes vectors of {} numbers, but gets {dim}. The folder mixes two models: download it again.",
                        module.path, config.in_features
                    )));
                }
                dim = config.out_features;
                heads.push(config.head(module.path, &path)?);
            }
            other => {
                return Err(Error::input(format!(
                    "The model in {path} has a module of type {other:?}. Supported are Transformer, Pooling, Dense, Normalize: choose another model.",
                )));
            }
        }
    }
    let pooling = pooling.ok_or_else(|| {
        Error::input(format!(
            "modules.json in {path} names no Pooling, so a text has no single vector. Choose another model."
        ))
    })?;
    Ok((pooling, heads))
}

struct Reader<'a> {
    path: &'a Path,
    files: Vec<(String, Vec<u8>)>,
}

impl Reader<'_> {
    fn bytes(&mut self, name: &str) -> Result<Option<&[u8]>> {
        match std::fs::read(self.path.join(name)) {
            Ok(bytes) => {
                self.files.push((name.to_owned(), bytes));
                Ok(self.files.last().map(|(_, bytes)| bytes.as_slice()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::inside(format!("reading {}", self.path.join(name).display()), error)),
        }
    }

    fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        let file = self.path.join(name);
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        serde_json::from_slice(bytes).map(Some).map_err(|error| {
            Error::input(format!(
                "{} is not what a model folder holds there ({error}). Download the model again.",
                file.display()
            ))
        })
    }

    fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let folder = self.path.display().to_string();
        self.optional(name)?.ok_or_else(|| {
            Error::input(format!(
                "{folder} has no {name}, so it is no complete sentence-transformers folder. Download the model again (`cargo xtask setup` fetches all-MiniLM-L6-v2)."
            ))
        })
    }
}

#[derive(Deserialize)]
struct Config {
    model_type: Option<String>,
    #[serde(alias = "dim")]
    hidden_size: Option<usize>,
    #[serde(alias = "n_layers")]
    num_hidden_layers: Option<usize>,
    #[serde(alias = "n_heads")]
    num_attention_heads: Option<usize>,
    #[serde(alias = "hidden_dim")]
    intermediate_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    #[serde(alias = "activation")]
    hidden_act: Option<String>,
    layer_norm_eps: Option<f32>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

impl Config {
    fn check(&self, path: &Path) -> Result<(Family, Shape)> {
        let path = path.display();
        let family = match self.model_type.as_deref().unwrap_or("bert") {
            "bert" => Family::Bert,
            "roberta" | "xlm-roberta" | "camembert" => Family::Roberta,
            "distilbert" => Family::DistilBert,
            other => {
                return Err(Error::input(format!(
                    "The model in {path} is of type {other:?}. Supported are {SUPPORTED}: choose one of these, for instance all-MiniLM-L6-v2."
                )));
            }
        };
        if self.is_decoder || self.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
            return Err(Error::input(format!(
                "The model in {path} is a decoder or has relative positions. Supported are encoders with absolute positions: choose another model."
            )));
        }
        let activation = match self.hidden_act.as_deref().unwrap_or("gelu") {
            "gelu" | "gelu_python" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            other => {
                return Err(Error::input(format!(
                    "The model in {path} has the activation {other:?}. Supported are gelu, gelu_new, relu: choose another model."
                )));
            }
        };
        let size = |value: Option<usize>, name: &str| match value {
            Some(value) if value > 0 => Ok(value),
            _ => Err(Error::input(format!(
                "config.json in {path} does not say {name}. It is no configuration of {SUPPORTED}: download the model again."
            ))),
        };
        let shape = Shape {
            hidden: size(self.hidden_size, "hidden_size")?,
            layers: size(self.num_hidden_layers, "num_hidden_layers")?,
            heads: size(self.num_attention_heads, "num_attention_heads")?,
            intermediate: size(self.intermediate_size, "intermediate_size")?,
            positions: size(self.max_position_embeddings, "max_position_embeddings")?,
            first_position: if family == Family::Roberta { self.pad_token_id.unwrap_or(1) + 1 } else { 0 },
            activation,
            norm_epsilon: self.layer_norm_eps.unwrap_or(1e-12),
        };
        if !shape.hidden.is_multiple_of(shape.heads) || shape.first_position >= shape.positions {
            return Err(Error::input(format!(
                "config.json in {path} contradicts itself: hidden_size {}, num_attention_heads {}, max_position_embeddings {}. Download the model again.",
                shape.hidden, shape.heads, shape.positions
            )));
        }
        Ok((family, shape))
    }
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Module {
    /// What sentence-transformers adds to a folder without modules.json.
    fn mean_pooling() -> Vec<Module> {
        ["Transformer", "Pooling"].map(|kind| Module { path: String::new(), kind: kind.to_owned() }).into()
    }
}

#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Default, Deserialize)]
struct TokenizerConfig {
    // "No limit" is written as 1e30.
    model_max_length: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: std::collections::BTreeMap<String, String>,
    default_prompt_name: Option<String>,
}

#[derive(Default, Deserialize)]
struct PoolingConfig {
    word_embedding_dimension: Option<usize>,
    embedding_dimension: Option<usize>,
    include_prompt: Option<bool>,
    pooling_mode: Option<PoolingMode>,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PoolingMode {
    One(String),
    Several(Vec<String>),
}

impl PoolingConfig {
    fn width(&self) -> Option<usize> {
        self.embedding_dimension.or(self.word_embedding_dimension)
    }

    /// The modes in the order in which their vectors are joined.
    fn modes(&self, path: &str) -> Result<Vec<Pooling>> {
        let names = match &self.pooling_mode {
            Some(PoolingMode::One(name)) => vec![name.as_str()],
            Some(PoolingMode::Several(names)) => names.iter().map(String::as_str).collect(),
            None => {
                let flags = [
                    (self.pooling_mode_cls_token, Pooling::Cls),
                    (self.pooling_mode_max_tokens, Pooling::Max),
                    (self.pooling_mode_mean_tokens, Pooling::Mean),
                    (self.pooling_mode_mean_sqrt_len_tokens, Pooling::MeanSqrtLength),
                    (self.pooling_mode_weightedmean_tokens, Pooling::WeightedMean),
                    (self.pooling_mode_lasttoken, Pooling::LastToken),
                ];
                let modes: Vec<Pooling> = flags.into_iter().filter(|(on, _)| *on).map(|(_, mode)| mode).collect();
                return Ok(if modes.is_empty() { vec![Pooling::Mean] } else { modes });
            }
        };
        names
            .into_iter()
            .map(|name| match name {
                "cls" => Ok(Pooling::Cls),
                "max" => Ok(Pooling::Max),
                "mean" => Ok(Pooling::Mean),
                "mean_sqrt_len_tokens" => Ok(Pooling::MeanSqrtLength),
                "weightedmean" => Ok(Pooling::WeightedMean),
                "lasttoken" => Ok(Pooling::LastToken),
                other => Err(Error::input(format!(
                    "The model in {path} pools by {other:?}. Supported are cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken: choose another model."
                ))),
            })
            .collect()
    }
}

#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    bias: Option<bool>,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

impl DenseConfig {
    fn head(self, folder: String, path: &str) -> Result<Head> {
        let name = self.activation_function.as_deref().unwrap_or("Tanh");
        let activation = match name.rsplit('.').next().unwrap_or_default() {
            "Tanh" => Activation::Tanh,
            "Identity" => Activation::Identity,
            "ReLU" => Activation::Relu,
            "GELU" => Activation::Gelu,
            _ => {
                return Err(Error::input(format!(
                    "{path}/{folder} has the activation {name}. Supported are Tanh, Identity, ReLU, GELU: choose another model."
                )));
            }
        };
        if self.use_residual {
            return Err(Error::input(format!(
                "{path}/{folder} has a residual, which is not supported. Choose another model."
            )));
        }
        Ok(Head::Dense {
            folder,
            inputs: self.in_features,
            outputs: self.out_features,
            bias: self.bias.unwrap_or(true),
            activation,
        })
    }
}
