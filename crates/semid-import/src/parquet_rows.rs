//! Rows of a Parquet file, read row group by row group, only the columns that are wanted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field as ParquetField, Row};
use parquet::schema::types::Type;
use semid_core::{Error, Result};

use crate::delimited::Next;
use crate::lines::Meter;
use crate::problem::{ProblemKind, Trouble};
use crate::sniff::{Sniffed, open};
use crate::value::{Field, Value};

pub(crate) struct ParquetRows<'w> {
    rows: RowIter<'static>,
    /// Place of each projected column among all columns of the file.
    places: Vec<usize>,
    values: Vec<Value>,
    row: u64,
    meter: Meter<'w>,
    bytes_per_row: f64,
    /// Rows since progress was reported.
    unreported: u64,
    broken: bool,
}

/// The columns of a file.
pub(crate) fn columns(path: &Path, name: &str) -> Result<Vec<String>> {
    let reader = reader(path, name)?;
    let schema = reader.metadata().file_metadata().schema();
    Ok(schema.get_fields().iter().map(|field| field.name().to_owned()).collect())
}

impl<'w> ParquetRows<'w> {
    pub(crate) fn open(sniffed: &Sniffed, wanted: &[bool], meter: Meter<'w>) -> Result<Self> {
        let reader = reader(&sniffed.path, &sniffed.name)?;
        let file = reader.metadata().file_metadata();
        let rows_in_all = file.num_rows().max(1);
        let schema = file.schema();
        let places: Vec<usize> = (0..schema.get_fields().len()).filter(|&place| wanted[place]).collect();
        let fields = places.iter().map(|&place| schema.get_fields()[place].clone()).collect();
        let projection = Type::group_type_builder(schema.name()).with_fields(fields).build();
        let failed = |error: ParquetError| refused(&sniffed.name, &error.to_string());
        let projection = projection.map_err(failed)?;
        let rows = guarded(|| RowIter::from_file_into(Box::new(reader)).project(Some(projection))).map_err(failed)?;
        Ok(ParquetRows {
            rows,
            places,
            values: vec![Value::Missing; sniffed.columns.len()],
            row: 0,
            meter,
            bytes_per_row: sniffed.bytes as f64 / rows_in_all as f64,
            unreported: 0,
            broken: false,
        })
    }

    pub(crate) fn next(&mut self) -> Result<Next> {
        self.unreported += 1;
        if self.unreported == 4_096 {
            self.report()?;
        }
        if self.broken {
            return Ok(Next::End);
        }
        self.row += 1;
        match guarded(|| self.rows.next().transpose()) {
            Ok(Some(row)) => {
                self.take(row);
                Ok(Next::Row)
            }
            Ok(None) => {
                self.report()?;
                Ok(Next::End)
            }
            Err(error) => {
                // What follows a row that cannot be read is not to be trusted.
                self.broken = true;
                let reason = format!(
                    "the Parquet file cannot be read from row {} on ({error}); the rows before are whole. Write or fetch it again",
                    self.row
                );
                Ok(Next::Trouble(Trouble::new(self.row, ProblemKind::BrokenParquet, reason, b"")))
            }
        }
    }

    pub(crate) fn field(&self, column: usize) -> Field<'_> {
        self.values.get(column).map_or(Field::Missing, Value::field)
    }

    pub(crate) fn line(&self) -> u64 {
        self.row
    }

    /// The row as text, for a report.
    pub(crate) fn shown(&self) -> String {
        let shown: Vec<String> = self.places.iter().map(|&place| self.values[place].field().shown()).collect();
        shown.join(", ")
    }

    fn take(&mut self, row: Row) {
        for (&place, (_, field)) in self.places.iter().zip(row.into_columns()) {
            self.values[place] = value(field);
        }
    }

    fn report(&mut self) -> Result<()> {
        self.meter.add((self.unreported as f64 * self.bytes_per_row) as u64);
        self.unreported = 0;
        self.meter.advance()
    }
}

fn reader(path: &Path, name: &str) -> Result<SerializedFileReader<std::fs::File>> {
    let file = open(path)?;
    guarded(|| SerializedFileReader::new(file)).map_err(|error| refused(name, &error.to_string()))
}

fn refused(name: &str, why: &str) -> Error {
    Error::input(format!("{name} is not a Parquet file that can be read ({why}); write or fetch it again"))
}

/// The parquet crate panics on some damaged files; here that is an error like any other.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParquetError::General("its content contradicts itself".to_owned())))
}

fn value(field: ParquetField) -> Value {
    match field {
        ParquetField::Null => Value::Missing,
        ParquetField::Bool(yes) => Value::Bool(yes),
        ParquetField::Byte(number) => Value::Int(number.into()),
        ParquetField::Short(number) => Value::Int(number.into()),
        ParquetField::Int(number) => Value::Int(number.into()),
        ParquetField::Long(number) => Value::Int(number),
        ParquetField::UByte(number) => Value::Int(number.into()),
        ParquetField::UShort(number) => Value::Int(number.into()),
        ParquetField::UInt(number) => Value::Int(number.into()),
        ParquetField::ULong(number) => {
            i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
        }
        ParquetField::Float16(number) => Value::Float(number.into()),
        // By way of its shortest decimal form, so that 4.1 stays 4.1.
        ParquetField::Float(number) => Value::Float(number.to_string().parse().unwrap_or(f64::from(number))),
        ParquetField::Double(number) => Value::Float(number),
        ParquetField::Str(text) => Value::Text(text),
        ParquetField::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.data()).into_owned()),
        ParquetField::Date(days) => Value::Int(i64::from(days) * 86_400),
        // Sizes tell units apart elsewhere; here the unit is known, and early times must not be mistaken.
        ParquetField::TimestampMillis(at) => Value::Int(at.div_euclid(1_000)),
        ParquetField::TimestampMicros(at) => Value::Int(at.div_euclid(1_000_000)),
        ParquetField::Group(row) => {
            Value::Map(row.into_columns().into_iter().map(|(name, field)| (name, value(field))).collect())
        }
        ParquetField::ListInternal(list) => Value::List(list.elements().iter().cloned().map(value).collect()),
        ParquetField::MapInternal(map) => {
            let pairs = map.entries().iter().cloned();
            Value::Map(pairs.map(|(key, field)| (value(key).field().shown(), value(field))).collect())
        }
        other => Value::Text(other.to_string()),
    }
}
