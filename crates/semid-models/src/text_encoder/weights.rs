//! The file of weights, mapped into memory and read by name through candle's safetensors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::DType;
use candle_core::safetensors::MmapedSafetensors;
use semid_core::{Error, Result};

/// Named tensors of one model. Cheap to clone.
#[derive(Clone)]
pub(super) struct Weights {
    tensors: Arc<MmapedSafetensors>,
    /// What the names begin with: nothing, or "bert." in files that were saved with a task's head.
    prefix: String,
    files: String,
}

impl Weights {
    /// Maps `model.safetensors`, or the parts that its index names.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::map(&weight_files(folder)?)
    }

    /// Maps the weights of a module in a folder of its own.
    pub fn open_module(folder: &Path) -> Result<Self> {
        Self::map(&[require_safetensors(folder)?])
    }

    fn map(files: &[PathBuf]) -> Result<Self> {
        let shown = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        // SAFETY: the map is read only. A file that another program cuts short while it is mapped would end this
        // process; models are downloaded under another name and renamed, never rewritten in place.
        let tensors = unsafe { MmapedSafetensors::multi(files) }.map_err(|error| {
            Error::input(format!(
                "{shown} is cut short or is no safetensors file ({error}). Delete it and download the model again (`cargo xtask setup` does so for all-MiniLM-L6-v2)."
            ))
        })?;
        let mut prefix = String::new();
        for (name, _) in tensors.tensors() {
            if let Some(before) = name.strip_suffix("embeddings.word_embeddings.weight") {
                prefix = before.to_owned();
            }
        }
        Ok(Weights { tensors: Arc::new(tensors), prefix, files: shown })
    }

    /// Whether a tensor is there.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.get(&self.name(name)).is_ok()
    }

    /// A tensor of the given shape as f32.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let rows = self.rows(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        rows.numbers.read(0, &mut values);
        Ok(values)
    }

    /// A tensor of the given shape (none: any number of rows), to be read row by row.
    pub fn rows(&self, name: &str, shape: &[usize]) -> Result<Rows<'_>> {
        let view = self.tensors.get(&self.name(name)).map_err(|_| {
            Error::input(format!(
                "{} has no tensor {name}, which config.json asks for. The folder mixes two models: download it again.",
                self.files
            ))
        })?;
        let stored = view.shape();
        let fits = stored.len() == shape.len()
            && stored.iter().zip(shape).all(|(stored, wanted)| stored == wanted || *wanted == ANY);
        if !fits {
            return Err(Error::input(format!(
                "{name} in {} is {stored:?}, but config.json asks for {shape:?}. The folder mixes two models: download it again.",
                self.files
            )));
        }
        let numbers = match DType::try_from(view.dtype()) {
            Ok(DType::F32) => Numbers::F32(view.data()),
            Ok(DType::F16) => Numbers::F16(view.data()),
            Ok(DType::BF16) => Numbers::Bf16(view.data()),
            _ => {
                return Err(Error::input(format!(
                    "{name} in {} is stored as {:?}. Supported are F32, F16, BF16: download the model in one of these.",
                    self.files,
                    view.dtype()
                )));
            }
        };
        Ok(Rows { rows: stored[0], columns: stored[1..].iter().product(), numbers })
    }

    /// Name and bytes of each tensor, by name.
    pub fn for_each_stored(&self, mut visit: impl FnMut(&str, &[u8])) {
        let mut tensors = self.tensors.tensors();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, view) in &tensors {
            visit(&format!("{name} {:?} {:?}", view.dtype(), view.shape()), view.data());
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// In a shape: any size.
pub(super) const ANY: usize = usize::MAX;

/// A tensor, read row by row without copying the rest.
pub(super) struct Rows<'a> {
    /// How many rows.
    pub rows: usize,
    columns: usize,
    numbers: Numbers<'a>,
}

impl Rows<'_> {
    /// Copies one row.
    pub fn copy(&self, row: usize, target: &mut [f32]) {
        self.numbers.read(row * self.columns, target);
    }
}

enum Numbers<'a> {
    F32(&'a [u8]),
    F16(&'a [u8]),
    Bf16(&'a [u8]),
}

impl Numbers<'_> {
    /// Reads `target.len()` numbers from the one at `first`; the file may have them at any address.
    fn read(&self, first: usize, target: &mut [f32]) {
        match self {
            Numbers::F32(bytes) => {
                for (target, stored) in target.iter_mut().zip(bytes[4 * first..].as_chunks().0) {
                    *target = f32::from_le_bytes(*stored);
                }
            }
            Numbers::F16(bytes) => {
                for (target, stored) in target.iter_mut().zip(bytes[2 * first..].as_chunks().0) {
                    *target = half_to_f32(u16::from_le_bytes(*stored));
                }
            }
            Numbers::Bf16(bytes) => {
                for (target, stored) in target.iter_mut().zip(bytes[2 * first..].as_chunks().0) {
                    *target = f32::from_bits(u32::from(u16::from_le_bytes(*stored)) << 16);
                }
            }
        }
    }
}

/// IEEE 754 binary16 to binary32, exact.
fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, mantissa) = (u32::from(bits >> 10) & 31, u32::from(bits) & 0x3ff);
    match exponent {
        // Below the normal range a number is its mantissa times 2^-24.
        0 => f32::from_bits(sign | (mantissa as f32 * f32::from_bits(0x3380_0000)).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13)),
    }
}

fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let index = folder.join("model.safetensors.index.json");
    if folder.join("model.safetensors").is_file() || !index.is_file() {
        return Ok(vec![require_safetensors(folder)?]);
    }
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let text = std::fs::read(&index).map_err(|error| Error::inside(format!("reading {}", index.display()), error))?;
    let parts: Index = serde_json::from_slice(&text).map_err(|error| {
        Error::input(format!("{} cannot be read ({error}). Download the model again.", index.display()))
    })?;
    let mut files: Vec<PathBuf> = parts.weight_map.into_values().map(|file| folder.join(file)).collect();
    files.sort();
    files.dedup();
    match files.iter().find(|file| !file.is_file()) {
        Some(missing) => Err(Error::input(format!(
            "{} names {}, which is not there. Download the model again.",
            index.display(),
            missing.display()
        ))),
        None => Ok(files),
    }
}

fn require_safetensors(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("model.safetensors");
    if file.is_file() {
        return Ok(file);
    }
    let pickle =
        ["pytorch_model.bin", "model.bin", "pytorch_model.pt"].into_iter().find(|name| folder.join(name).is_file());
    Err(Error::input(match pickle {
        Some(pickle) => format!(
            "{} has {pickle}, a pickle, which can run code when it is read and is therefore not supported, and no model.safetensors. Save the model again with sentence-transformers (`safe_serialization=True`).",
            folder.display()
        ),
        None => format!(
            "{} has no model.safetensors. Download the model again (`cargo xtask setup` fetches all-MiniLM-L6-v2).",
            folder.display()
        ),
    }))
}

#[cfg(test)]
mod tests {
    use super::half_to_f32;

    #[test]
    fn halves_widen_exactly_over_their_whole_range() {
        for (bits, value) in [
            (0x0000u16, 0.0f32),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half_to_f32(bits).to_bits(), value.to_bits(), "{bits:#06x} is {value}");
        }
        assert!(half_to_f32(0x7e00).is_nan(), "a NaN stays one");
    }
}
