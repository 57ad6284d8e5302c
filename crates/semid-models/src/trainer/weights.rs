//! Trained weights as a safetensors file that other tools open too: one named f32 tensor each, settings as metadata.

use semid_core::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Learner;
use crate::transformer::Tensors;

#[derive(Serialize, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// The metadata under which the settings of a model stand.
fn settings_key(model: &str) -> String {
    format!("semid.{model}")
}

/// The file's bytes: 8 bytes length, a JSON header padded to 8 bytes, the values little-endian in the order of the
/// layout (github.com/huggingface/safetensors, "Format").
pub(crate) fn to_bytes<L: Learner>(settings: &impl Serialize, tensors: &Tensors, parameters: &[f32]) -> Vec<u8> {
    let mut header = Map::new();
    let settings = serde_json::to_string(settings).unwrap_or_default();
    header.insert("__metadata__".into(), json!({ settings_key(L::KEY): settings }));
    for tensor in &tensors.0 {
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

/// Such a file, opened.
pub(crate) struct Saved<'a> {
    header: Map<String, Value>,
    values: &'a [u8],
    model: &'static str,
    title: &'static str,
}

impl<'a> Saved<'a> {
    /// Reads the header.
    pub fn open<L: Learner>(bytes: &'a [u8]) -> Result<Self> {
        let mut saved = Saved { header: Map::new(), values: &[], model: L::KEY, title: L::TITLE };
        let length = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length) as usize);
        let length = length.filter(|&length| length <= bytes.len() - 8);
        let (header, values) =
            bytes[8.min(bytes.len())..].split_at(length.ok_or_else(|| saved.broken("the file ends early"))?);
        saved.header = serde_json::from_slice(header).map_err(|_| saved.broken("the header is no JSON"))?;
        saved.values = values;
        Ok(saved)
    }

    /// The settings it was trained with; `problems` says how many of them cannot be used.
    pub fn settings<S: DeserializeOwned>(&self, problems: impl Fn(&S) -> usize) -> Result<S> {
        let metadata = self.header.get("__metadata__");
        let settings = metadata.and_then(|all| all.get(settings_key(self.model))).and_then(Value::as_str);
        let settings = settings.ok_or_else(|| self.broken("it has no settings of this method"))?;
        let settings: S =
            serde_json::from_str(settings).map_err(|why| self.broken(&format!("its settings are wrong ({why})")))?;
        match problems(&settings) {
            0 => Ok(settings),
            _ => Err(self.broken("its settings are out of range")),
        }
    }

    /// The values of these tensors; refuses a file in which one of them is missing or has another size, and names it.
    pub fn parameters(&self, tensors: &Tensors) -> Result<Vec<f32>> {
        let mut parameters = vec![0.0; tensors.numbers()];
        for tensor in &tensors.0 {
            let entry = self.header.get(&tensor.name).cloned();
            let entry = entry.and_then(|entry| serde_json::from_value::<Entry>(entry).ok());
            let entry = entry.ok_or_else(|| self.broken(&format!("it has no tensor {}", tensor.name)))?;
            let values = self.values.get(entry.data_offsets[0]..entry.data_offsets[1]);
            let values = values.filter(|values| entry.dtype == "F32" && values.len() == 4 * tensor.at.len());
            let values = values.ok_or_else(|| {
                self.broken(&format!("the tensor {} was made for another catalog or other IDs", tensor.name))
            })?;
            for (parameter, value) in parameters[tensor.at.clone()].iter_mut().zip(values.as_chunks::<4>().0) {
                *parameter = f32::from_le_bytes(*value);
            }
        }
        match parameters.iter().position(|value| !value.is_finite()) {
            Some(_) => Err(self.broken("it holds numbers that are not finite")),
            None => Ok(parameters),
        }
    }

    fn broken(&self, why: &str) -> Error {
        Error::input(format!("The saved weights of {} cannot be read: {why}. Train it again.", self.title))
    }
}
