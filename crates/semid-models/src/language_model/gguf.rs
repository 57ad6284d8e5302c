//! A GGUF file, mapped into memory: its settings by name, its tensors as bytes. candle reads the header.

use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};
use memmap2::Mmap;
use semid_core::{Error, Result};

use super::blocks;
use crate::kernels::{Code, Coded, Column};

/// An open file.
pub(super) struct Gguf {
    path: PathBuf,
    map: Mmap,
    content: Content,
}

impl Gguf {
    /// Maps a file and reads its header.
    pub fn open(path: &Path) -> Result<Gguf> {
        let shown = path.display();
        let file = File::open(path).map_err(|error| {
            Error::input(format!(
                "The language model {shown} cannot be opened ({error}). Choose a .gguf file that is there."
            ))
        })?;
        // SAFETY: the map is read only. A file that another program cuts short while it is mapped would end this
        // process; models are downloaded under another name and renamed, never rewritten in place.
        let map = unsafe { Mmap::map(&file) }
            .map_err(|error| Error::input(format!("The language model {shown} cannot be read ({error}).")))?;
        let content = Content::read(&mut Cursor::new(&map[..])).map_err(|error| {
            Error::input(format!(
                "{shown} is cut short or is no GGUF file ({error}). Download the model again, or choose another file."
            ))
        })?;
        Ok(Gguf { path: path.to_owned(), map, content })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All bytes, for the digest.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// A setting that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A setting that is a whole number of any width.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.content.metadata.get(key).and_then(whole)
    }

    /// A setting that is a number.
    pub fn real(&self, key: &str) -> Option<f32> {
        match self.content.metadata.get(key)? {
            Value::F32(value) => Some(*value),
            Value::F64(value) => Some(*value as f32),
            other => whole(other).map(|value| value as f32),
        }
    }

    /// A setting that is yes or no.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.content.metadata.get(key)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A setting that is a list of texts; empty where there is none.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        self.list(key).iter().filter_map(|value| value.to_string().ok().map(String::as_str)).collect()
    }

    /// A setting that is a list of whole numbers; empty where there is none.
    pub fn numbers(&self, key: &str) -> Vec<i64> {
        self.list(key)
            .iter()
            .filter_map(|value| value.to_i32().ok().map(i64::from).or(whole(value).map(|n| n as i64)))
            .collect()
    }

    /// A setting that is a list of numbers; empty where there is none.
    pub fn reals(&self, key: &str) -> Vec<f32> {
        self.list(key).iter().filter_map(|value| value.to_f32().ok()).collect()
    }

    fn list(&self, key: &str) -> &[Value] {
        match self.content.metadata.get(key) {
            Some(Value::Array(values)) => values,
            _ => &[],
        }
    }

    /// A size the model cannot do without.
    pub fn size(&self, key: &str) -> Result<usize> {
        match self.number(key) {
            Some(value) if value > 0 && value < 1 << 31 => Ok(value as usize),
            _ => Err(self.wrong(&format!("does not say {key}"))),
        }
    }

    /// A sentence about what is wrong with the file.
    pub fn wrong(&self, what: &str) -> Error {
        Error::input(format!(
            "The language model {} {what}. Download it again, or choose another GGUF file.",
            self.path.display()
        ))
    }

    /// Whether a tensor is there.
    pub fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// How a tensor is stored, for reports: "Q4_1".
    pub fn stored_as(&self, name: &str) -> Option<String> {
        self.content.tensor_infos.get(name).map(|info| blocks::name(info.ggml_dtype))
    }

    /// How many numbers all tensors have together.
    pub fn parameters(&self) -> u64 {
        self.content.tensor_infos.values().map(|info| info.shape.elem_count() as u64).sum()
    }

    /// A tensor of one or two dimensions, row by row.
    pub fn tensor(&self, name: &str) -> Result<Rows<'_>> {
        let info = self.content.tensor_infos.get(name).ok_or_else(|| self.wrong(&format!("has no tensor {name}")))?;
        let (rows, columns) = match info.shape.dims() {
            [columns] => (1, *columns),
            [rows, columns] => (*rows, *columns),
            other => return Err(self.wrong(&format!("has a tensor {name} of shape {other:?}"))),
        };
        let kind = info.ggml_dtype;
        let format = blocks::format(kind)
            .ok_or_else(|| self.wrong(&format!("stores {name} as {}, which is not supported", blocks::name(kind))))?;
        if columns == 0 || !columns.is_multiple_of(kind.block_size()) {
            return Err(self.wrong(&format!("has a tensor {name} whose rows of {columns} are no whole blocks")));
        }
        let row_bytes = columns / kind.block_size() * kind.type_size();
        let start = self.content.tensor_data_offset.saturating_add(info.offset) as usize;
        let bytes = start.checked_add(rows * row_bytes).and_then(|end| self.map.get(start..end));
        let bytes = bytes.ok_or_else(|| self.wrong(&format!("is cut short: {name} reaches beyond its end")))?;
        Ok(Rows { kind, format, rows, columns, row_bytes, bytes })
    }

    /// A tensor of `count` numbers.
    pub fn vector(&self, name: &str, count: usize) -> Result<Vec<f32>> {
        let rows = self.tensor(name)?;
        if rows.rows * rows.columns != count {
            return Err(
                self.wrong(&format!("has a tensor {name} of {} numbers instead of {count}", rows.rows * rows.columns))
            );
        }
        let mut out = vec![0.0; count];
        for (row, out) in out.chunks_exact_mut(rows.columns).enumerate() {
            rows.read(row, out);
        }
        Ok(out)
    }

    /// The same if it is there.
    pub fn vector_if_any(&self, name: &str, count: usize) -> Result<Option<Vec<f32>>> {
        if self.has(name) { self.vector(name, count).map(Some) } else { Ok(None) }
    }

    /// A matrix as a product takes it: `inputs` deep, the rows `outputs` of the tensor as columns.
    pub fn matrix(&self, name: &str, outputs: std::ops::Range<usize>, all: usize, inputs: usize) -> Result<Coded> {
        let rows = self.tensor(name)?;
        if (rows.rows, rows.columns) != (all, inputs) {
            return Err(self.wrong(&format!(
                "has a tensor {name} of {} × {} numbers instead of {all} × {inputs}",
                rows.rows, rows.columns
            )));
        }
        let first = outputs.start;
        Ok(Coded::pack(rows.format.code, inputs, outputs.len(), rows.format.group, |column, target| {
            rows.codes(first + column, target);
        }))
    }
}

/// A tensor in the map.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    kind: GgmlDType,
    format: blocks::Format,
    /// How many rows.
    pub rows: usize,
    /// Numbers of a row.
    pub columns: usize,
    row_bytes: usize,
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    /// One row of bytes.
    #[cfg(test)]
    pub fn over(kind: GgmlDType, format: blocks::Format, columns: usize, bytes: &'a [u8]) -> Rows<'a> {
        Rows { kind, format, rows: 1, columns, row_bytes: bytes.len(), bytes }
    }

    /// Widens one row.
    pub fn read(&self, row: usize, out: &mut [f32]) {
        let mut column = Column::default();
        self.codes(row, &mut column);
        for (at, (out, &code)) in out.iter_mut().zip(&column.codes).enumerate() {
            let group = at / self.format.group;
            *out = match self.format.code {
                Code::Four => code as f32 * column.scales[group] + column.offsets[group],
                Code::EightOffset => f32::from(code as u8 as i8) * column.scales[group] + column.offsets[group],
                Code::Eight => f32::from(code as u8 as i8) * column.scales[group],
                Code::Half => half::f16::from_bits(code as u16).to_f32(),
                Code::Bf16 => f32::from_bits(code << 16),
                Code::Full => f32::from_bits(code),
            };
        }
    }

    fn codes(&self, row: usize, target: &mut Column) {
        blocks::read(self.kind, &self.bytes[row * self.row_bytes..(row + 1) * self.row_bytes], target);
    }
}

fn whole(value: &Value) -> Option<u64> {
    match *value {
        Value::U8(value) => Some(value.into()),
        Value::U16(value) => Some(value.into()),
        Value::U32(value) => Some(value.into()),
        Value::U64(value) => Some(value),
        Value::I8(value) => u64::try_from(value).ok(),
        Value::I16(value) => u64::try_from(value).ok(),
        Value::I32(value) => u64::try_from(value).ok(),
        Value::I64(value) => u64::try_from(value).ok(),
        _ => None,
    }
}
