//! Reads a PyTorch file that holds one tensor of whole numbers, as GRID leaves its semantic IDs. The pickle is only parsed,
//! by candle: nothing in it can run.

use std::io::{BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use candle_core::DType;
use candle_core::pickle::{Object, Stack, TensorInfo};
use semid_core::{Error, Result};
use zip::ZipArchive;

/// Bytes of the largest storage that is read: some ten million IDs.
const LARGEST: u64 = 1 << 30;

/// A table of whole numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTable {
    /// Length of the first dimension.
    pub rows: usize,
    /// Length of the second.
    pub columns: usize,
    /// Row by row.
    pub numbers: Vec<i64>,
}

/// The two-dimensional tensor of a file that `torch.save(tensor, file)` wrote.
pub fn read_table(bytes: &[u8]) -> Result<NumberTable> {
    let foreign = |why: String| {
        Error::input(format!(
            "This is no PyTorch file with one tensor ({why}). Save it with torch.save(ids, \"ids.pt\"), ids being a tensor \
             of levels × items of whole numbers."
        ))
    };
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|why| foreign(why.to_string()))?;
    let pickle = zip.file_names().filter_map(Result::ok).find(|name| name.ends_with("/data.pkl"));
    let pickle = pickle.map(std::borrow::Cow::into_owned);
    let pickle = pickle.ok_or_else(|| foreign("there is no data.pkl in it".to_owned()))?;
    let info = tensor_info(&mut zip, &pickle).map_err(foreign)?;
    let [rows, columns] = info.layout.dims() else {
        return Err(foreign(format!("the tensor has {} dimensions, not 2", info.layout.dims().len())));
    };
    let (rows, columns) = (*rows, *columns);
    let storage = zip.by_name(&info.path).map_err(|why| foreign(why.to_string()))?;
    let mut bytes = Vec::new();
    storage.take(LARGEST).read_to_end(&mut bytes).map_err(|why| foreign(why.to_string()))?;
    let all = numbers(&bytes, info.dtype).map_err(foreign)?;
    let early = || foreign("its storage ends early".to_owned());
    if rows.checked_mul(columns).is_none_or(|numbers| numbers > all.len()) {
        return Err(early());
    }
    // candle gives the offset in bytes.
    let (strides, offset) = (info.layout.stride(), info.layout.start_offset() / info.dtype.size_in_bytes());
    let mut table = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let at = row.checked_mul(strides[0]).zip(column.checked_mul(strides[1]));
            let at = at.and_then(|(row, column)| row.checked_add(column)?.checked_add(offset));
            table.push(*at.and_then(|at| all.get(at)).ok_or_else(early)?);
        }
    }
    Ok(NumberTable { rows, columns, numbers: table })
}

fn tensor_info(zip: &mut ZipArchive<Cursor<&[u8]>>, pickle: &str) -> Result<TensorInfo, String> {
    let mut reader = BufReader::new(zip.by_name(pickle).map_err(|why| why.to_string())?);
    let folder = Path::new(pickle).with_extension("");
    let parse = || -> candle_core::Result<Option<TensorInfo>> {
        let mut stack = Stack::empty();
        stack.read_loop(&mut reader)?;
        stack.finalize()?.into_tensor_info(Object::Unicode("ids".to_owned()), &folder)
    };
    // candle takes the arguments of a tensor apart without counting them first.
    let parsed = catch_unwind(AssertUnwindSafe(parse)).map_err(|_| "its pickle contradicts itself".to_owned())?;
    parsed.map_err(|why| why.to_string())?.ok_or_else(|| "what it holds is no plain tensor".to_owned())
}

/// The storage as whole numbers; fractions are refused.
fn numbers(bytes: &[u8], dtype: DType) -> Result<Vec<i64>, String> {
    let whole = |number: f64| match number {
        number if number.fract() == 0.0 && number.abs() < 9e15 => Ok(number as i64),
        number => Err(format!("{number} is no whole number")),
    };
    match dtype {
        DType::I64 => Ok(chunks(bytes).map(i64::from_le_bytes).collect()),
        DType::I32 => Ok(chunks(bytes).map(|four| i64::from(i32::from_le_bytes(four))).collect()),
        DType::U8 => Ok(bytes.iter().map(|&byte| i64::from(byte)).collect()),
        DType::F32 => chunks(bytes).map(|four| whole(f64::from(f32::from_le_bytes(four)))).collect(),
        DType::F64 => chunks(bytes).map(|eight| whole(f64::from_le_bytes(eight))).collect(),
        other => Err(format!("its numbers are {}, not whole numbers", other.as_str())),
    }
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.chunks_exact(N).map(|chunk| {
        let mut array = [0; N];
        array.copy_from_slice(chunk);
        array
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_tensor_is_refused_in_a_sentence() {
        for bytes in [b"".as_slice(), b"PK\x05\x06", b"not a zip archive at all"] {
            let message = read_table(bytes).unwrap_err().to_string();
            assert!(message.contains("torch.save"), "it says how to write one: {message}");
        }
    }
}
