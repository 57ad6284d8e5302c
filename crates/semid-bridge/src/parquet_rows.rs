//! Rows of a Parquet file as named cells.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use semid_core::{Error, Result};

use crate::lists::Cell;

/// Every row, in the order of the file.
pub(crate) fn rows(bytes: Vec<u8>) -> Result<Vec<Vec<(String, Cell)>>> {
    // The parquet crate panics on some damaged files; here that is an error like any other.
    let read = || -> Result<Vec<Vec<(String, Cell)>>, ParquetError> {
        let reader = SerializedFileReader::new(Bytes::from(bytes))?;
        let rows = reader.get_row_iter(None)?;
        rows.map(|row| Ok(row?.into_columns().into_iter().map(|(name, field)| (name, cell(field))).collect())).collect()
    };
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParquetError::General("its content contradicts itself".to_owned())))
        .map_err(|why| Error::input(format!("This is no Parquet file that can be read ({why}). Write it again.")))
}

fn cell(field: Field) -> Cell {
    match field {
        Field::Null => Cell::Missing,
        Field::Byte(number) => Cell::Whole(number.into()),
        Field::Short(number) => Cell::Whole(number.into()),
        Field::Int(number) => Cell::Whole(number.into()),
        Field::Long(number) => Cell::Whole(number),
        Field::UByte(number) => Cell::Whole(number.into()),
        Field::UShort(number) => Cell::Whole(number.into()),
        Field::UInt(number) => Cell::Whole(number.into()),
        Field::ULong(number) => i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Whole),
        Field::Float16(number) => Cell::Number(number.into()),
        Field::Float(number) => Cell::Number(number.into()),
        Field::Double(number) => Cell::Number(number),
        Field::Str(text) => Cell::Text(text),
        Field::Bytes(bytes) => Cell::Text(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::ListInternal(list) => Cell::List(list.elements().iter().cloned().map(cell).collect()),
        Field::Group(row) => {
            Cell::Object(row.into_columns().into_iter().map(|(name, field)| (name, cell(field))).collect())
        }
        other => Cell::Text(other.to_string()),
    }
}
