//! Rows of a file, whatever its format: next row, its fields by column, and what was wrong with it.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use semid_core::Result;

use crate::delimited::{Delimited, Next};
use crate::json::JsonLines;
use crate::lines::{Lines, Meter};
use crate::parquet_rows::ParquetRows;
use crate::problem::{ProblemKind, Trouble};
use crate::sniff::{Layout, Sniffed, open};
use crate::value::Field;

pub(crate) enum Table<'w> {
    Delimited(Box<Delimited<'w>>),
    Json(Box<JsonLines<'w>>),
    Parquet(Box<ParquetRows<'w>>),
}

impl<'w> Table<'w> {
    /// Opens a file from its start. Only `wanted` columns need be read.
    pub(crate) fn open(sniffed: &Sniffed, wanted: &[bool], meter: Meter<'w>) -> Result<Self> {
        if sniffed.layout == Layout::Parquet {
            return Ok(Table::Parquet(Box::new(ParquetRows::open(sniffed, wanted, meter)?)));
        }
        let file = meter.over(open(&sniffed.path)?);
        let input: Box<dyn Read + 'w> =
            if sniffed.compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Table::over(sniffed, wanted, Lines::new(input, &sniffed.name, meter)))
    }

    /// Rows over lines of text.
    pub(crate) fn over(sniffed: &Sniffed, wanted: &[bool], lines: Lines<'w>) -> Self {
        match &sniffed.layout {
            Layout::Delimited(dialect) => {
                Table::Delimited(Box::new(Delimited::new(lines, dialect.clone(), sniffed.columns.len())))
            }
            Layout::Json | Layout::Parquet => Table::Json(Box::new(JsonLines::new(lines, &sniffed.columns, wanted))),
        }
    }

    /// Moves to the next row. Compressed data that broke off are an error.
    pub(crate) fn next(&mut self) -> Result<Next> {
        let (next, lines) = match self {
            Table::Delimited(rows) => (rows.next()?, rows.lines()),
            Table::Json(rows) => (rows.next()?, rows.lines()),
            Table::Parquet(rows) => return rows.next(),
        };
        // A part of a file that passes for the whole would make wrong numbers later.
        if matches!(next, Next::End)
            && let Some(error) = lines.broken()
        {
            return Err(error);
        }
        Ok(next)
    }

    /// A field of the current row.
    #[inline]
    pub(crate) fn field(&self, column: usize) -> Field<'_> {
        match self {
            Table::Delimited(rows) => rows.field(column),
            Table::Json(rows) => rows.field(column),
            Table::Parquet(rows) => rows.field(column),
        }
    }

    /// A trouble with the current row.
    pub(crate) fn trouble(&self, kind: ProblemKind, reason: String) -> Trouble {
        match self {
            Table::Delimited(rows) => Trouble::new(rows.line(), kind, reason, rows.record()),
            Table::Json(rows) => Trouble::new(rows.line(), kind, reason, rows.record()),
            Table::Parquet(rows) => Trouble::new(rows.line(), kind, reason, rows.shown().as_bytes()),
        }
    }
}
