//! What was learned as safetensors: adapters under the names and in the shapes of PEFT (github.com/huggingface/peft), so
//! that its `PeftModel.from_pretrained` reads them, and the rows of the new tokens beside them.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use semid_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::settings::SpeakSettings;
use super::vocabulary::CodeTokens;
use super::world::World;
use crate::language_model::tune::lora::Module;

/// Files that other tools read; the names are those they look for.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterFiles {
    /// `adapter_model.safetensors`: `base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight` (rank × inputs),
    /// `….lora_B.weight` (outputs × rank), and so on.
    pub adapter_model: Vec<u8>,
    /// `adapter_config.json`.
    pub adapter_config: String,
    /// `new_tokens.safetensors`: `embed_tokens.weight` (new tokens × hidden), and `lm_head.weight` where the model does not
    /// tie the two; rows to append to the model's own.
    pub new_tokens: Vec<u8>,
    /// `added_tokens.json`: the number of each new token by its name.
    pub added_tokens: String,
}

impl AdapterFiles {
    /// Parts what a ranker keeps of itself ([`semid_core::Ranker::weights`]) into the files; `base` names the model that
    /// the adapters belong to. The model itself is not needed.
    pub fn of_weights(weights: &[u8], base: &str) -> Result<Self> {
        let About { settings, tokens } = about(weights)?;
        let file = SafeTensors::deserialize(weights).map_err(|why| broken(&why.to_string()))?;
        let tensors = file.tensors().into_iter();
        let named = tensors.map(|(name, view)| (name, view.shape().to_vec(), view.data().to_vec()));
        let (rows, adapters): (Vec<Named>, Vec<Named>) =
            named.partition(|tensor| [ROWS, OUTPUT_ROWS].contains(&&*tensor.0));
        let used = |module: &Module| adapters.iter().any(|tensor| tensor.0.contains(&format!(".{}.", module.name())));
        let modules: Vec<&str> = Module::ALL.iter().filter(|module| used(module)).map(|module| module.name()).collect();
        let config = json!({
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base,
            "r": settings.lora.rank,
            "lora_alpha": settings.lora.alpha,
            "lora_dropout": settings.lora.dropout,
            "target_modules": modules,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
        });
        let names: serde_json::Map<String, serde_json::Value> =
            tokens.names().map(|(name, token)| (name, token.into())).collect();
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
        Ok(AdapterFiles {
            adapter_model: written(adapters, HashMap::from([("format".to_owned(), "pt".to_owned())]))?,
            adapter_config: pretty(&config),
            new_tokens: written(rows, HashMap::new())?,
            added_tokens: pretty(&names.into()),
        })
    }
}

/// The name under which [`About`] stands in a file of weights: one word, since several would be written in any order.
const ABOUT: &str = "semid.speak";

/// What a file of weights says of them.
#[derive(Serialize, Deserialize)]
struct About {
    settings: SpeakSettings,
    tokens: CodeTokens,
}

type Named = (String, Vec<usize>, Vec<u8>);

/// Adapters, rows, settings and the numbers of the new tokens in one file.
pub(super) fn weights(world: &World, parameters: &[f32]) -> Result<Vec<u8>> {
    let tensors = adapters(world, parameters).into_iter().chain(rows(world, parameters)).collect();
    let about = About { settings: world.settings.clone(), tokens: world.tokens.clone() };
    let about = serde_json::to_string(&about).unwrap_or_default();
    written(tensors, HashMap::from([(ABOUT.to_owned(), about)]))
}

/// The settings in such a file.
pub(super) fn settings(bytes: &[u8]) -> Result<SpeakSettings> {
    Ok(about(bytes)?.settings)
}

fn about(bytes: &[u8]) -> Result<About> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|why| broken(&why.to_string()))?;
    let about = header.metadata().as_ref().and_then(|words| words.get(ABOUT));
    let about = about.ok_or_else(|| broken("it does not say how it was trained"))?;
    let about: About =
        serde_json::from_str(about).map_err(|why| broken(&format!("it says wrongly how it was trained ({why})")))?;
    match about.settings.problems().is_empty() {
        true => Ok(about),
        false => Err(broken("its settings are out of range")),
    }
}

/// The learned numbers in one such file, or in several that hold all tensors together.
pub(super) fn read(world: &World, files: &[&[u8]]) -> Result<Vec<f32>> {
    let opened = files.iter().map(|bytes| SafeTensors::deserialize(bytes).map_err(|why| broken(&why.to_string())));
    let opened: Vec<SafeTensors<'_>> = opened.collect::<Result<_>>()?;
    let mut parameters = vec![0.0f32; world.layout.tensors.numbers()];
    let tensor = |name: &str, shape: [usize; 2]| {
        let view = opened.iter().find_map(|file| file.tensor(name).ok());
        let view = view.ok_or_else(|| broken(&format!("it has no tensor {name}")))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            return Err(broken(&format!("the tensor {name} was made for another model or other IDs")));
        }
        let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(broken(&format!("the tensor {name} holds numbers that are not finite"))),
        }
    };
    let (layout, hidden) = (&world.layout, world.llama.shape().hidden);
    let count = world.tokens.count();
    parameters[layout.tokens.clone()].copy_from_slice(&tensor(ROWS, [count, hidden])?);
    if layout.outputs != layout.tokens {
        parameters[layout.outputs.clone()].copy_from_slice(&tensor(OUTPUT_ROWS, [count, hidden])?);
    }
    for (layer, adapters) in layout.lora.layers.iter().enumerate() {
        for adapter in adapters {
            let (inputs, outputs, _) = adapter.module.shape(world.llama.shape());
            let rank = layout.lora.rank;
            let [a, b] = names(layer, adapter.module);
            parameters[adapter.a.clone()].copy_from_slice(&turned(&tensor(&a, [rank, inputs])?, rank, inputs));
            parameters[adapter.b.clone()].copy_from_slice(&turned(&tensor(&b, [outputs, rank])?, outputs, rank));
        }
    }
    Ok(parameters)
}

const ROWS: &str = "embed_tokens.weight";
const OUTPUT_ROWS: &str = "lm_head.weight";

fn names(layer: usize, module: Module) -> [String; 2] {
    ["A", "B"].map(|side| format!("base_model.model.model.layers.{layer}.{}.lora_{side}.weight", module.path()))
}

fn adapters(world: &World, parameters: &[f32]) -> Vec<Named> {
    let rank = world.layout.lora.rank;
    let mut named = Vec::new();
    for (layer, adapters) in world.layout.lora.layers.iter().enumerate() {
        for adapter in adapters {
            let (inputs, outputs, _) = adapter.module.shape(world.llama.shape());
            let [a, b] = names(layer, adapter.module);
            let across = turned(&parameters[adapter.a.clone()], inputs, rank);
            named.push((a, vec![rank, inputs], bytes_of(&across)));
            let across = turned(&parameters[adapter.b.clone()], rank, outputs);
            named.push((b, vec![outputs, rank], bytes_of(&across)));
        }
    }
    named
}

fn rows(world: &World, parameters: &[f32]) -> Vec<Named> {
    let (layout, shape) = (&world.layout, vec![world.tokens.count(), world.llama.shape().hidden]);
    let mut named = vec![(ROWS.to_owned(), shape.clone(), bytes_of(&parameters[layout.tokens.clone()]))];
    if layout.outputs != layout.tokens {
        named.push((OUTPUT_ROWS.to_owned(), shape, bytes_of(&parameters[layout.outputs.clone()])));
    }
    named
}

/// The transpose of `rows × columns`.
fn turned(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn written(named: Vec<Named>, words: HashMap<String, String>) -> Result<Vec<u8>> {
    let failed = |why: safetensors::SafeTensorError| Error::inside("writing the adapters", why);
    let views = named
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(failed)?)));
    safetensors::serialize(views.collect::<Result<Vec<_>>>()?, Some(words)).map_err(failed)
}

fn broken(why: &str) -> Error {
    Error::input(format!("The saved adapters cannot be read: {why}. Train them again."))
}
