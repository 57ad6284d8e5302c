//! Trained weights as a safetensors file that other tools open too: one named f32 tensor each, settings as metadata.

use semid_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::layout::Layout;
use super::settings::GenerativeSettings;
use super::vocabulary::Vocabulary;

/// The metadata under which settings stand.
const SETTINGS: &str = "semid.generative";

#[derive(Serialize, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// The file's bytes: 8 bytes length, a JSON header padded to 8 bytes, the values little-endian in the order of the
/// layout (github.com/huggingface/safetensors, "Format").
pub(crate) fn to_bytes(settings: &GenerativeSettings, layout: &Layout, parameters: &[f32]) -> Vec<u8> {
    let mut header = Map::new();
    let settings = serde_json::to_string(settings).unwrap_or_default();
    header.insert("__metadata__".into(), json!({ SETTINGS: settings }));
    for tensor in &layout.tensors {
        let offsets = [tensor.at.start * 4, tensor.at.end * 4];
        header.insert(tensor.name.clone(), json!({ "dtype": "F32", "shape": tensor.shape(), "data_offsets": offsets }));
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + parameters.len() * 4);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend(parameters.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Settings, layout and values of such a file; refuses one made for other IDs, with the tensor that does not fit.
pub(crate) fn from_bytes(bytes: &[u8], vocabulary: Vocabulary) -> Result<(GenerativeSettings, Layout, Vec<f32>)> {
    let broken = |why: &str| {
        Error::input(format!("The saved weights of the generative recommender cannot be read: {why}. Train it again."))
    };
    let length = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length) as usize);
    let length = length.filter(|&length| length <= bytes.len() - 8).ok_or_else(|| broken("the file ends early"))?;
    let (header, values) = bytes[8..].split_at(length);
    let header: Map<String, Value> = serde_json::from_slice(header).map_err(|_| broken("the header is no JSON"))?;
    let settings = header.get("__metadata__").and_then(|metadata| metadata.get(SETTINGS)).and_then(Value::as_str);
    let settings = settings.ok_or_else(|| broken("it has no settings of this method"))?;
    let settings: GenerativeSettings =
        serde_json::from_str(settings).map_err(|why| broken(&format!("its settings are wrong ({why})")))?;
    if !settings.problems().is_empty() {
        return Err(broken("its settings are out of range"));
    }
    let layout = Layout::new(&settings, vocabulary);
    let mut parameters = vec![0.0; layout.parameters()];
    for tensor in &layout.tensors {
        let entry = header.get(&tensor.name).cloned().and_then(|entry| serde_json::from_value::<Entry>(entry).ok());
        let entry = entry.ok_or_else(|| broken(&format!("it has no tensor {}", tensor.name)))?;
        let values = values.get(entry.data_offsets[0]..entry.data_offsets[1]);
        let values = values.filter(|values| entry.dtype == "F32" && values.len() == 4 * tensor.at.len());
        let values = values.ok_or_else(|| broken(&format!("the tensor {} was made for other IDs", tensor.name)))?;
        for (parameter, value) in parameters[tensor.at.clone()].iter_mut().zip(values.as_chunks::<4>().0) {
            *parameter = f32::from_le_bytes(*value);
        }
    }
    match parameters.iter().position(|value| !value.is_finite()) {
        Some(_) => Err(broken("it holds numbers that are not finite")),
        None => Ok((settings, layout, parameters)),
    }
}
