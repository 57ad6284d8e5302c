//! Rows of fields between separators: CSV, TSV, RecBole atomic files, MovieLens' `::` and `|`.
//!
//! A line without a quote is split where its separators stand. A line with one goes through `csv-core`, which knows the
//! rules of quoting, together with as many following lines as the quote needs. A quote that never closes costs one line,
//! not the rest of the file.

use std::ops::Range;

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr2, memmem};
use semid_core::Result;

use crate::lines::{LINE_CAP, Line, Lines};
use crate::problem::{ProblemKind, Trouble};
use crate::value::Field;

/// How a delimited file is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dialect {
    pub separator: Separator,
    /// Whether a field may stand in double quotes.
    pub quoting: bool,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Whether a line that is not UTF-8 is read as Latin-1 instead of reported.
    pub latin1: bool,
}

/// What stands between fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    Byte(u8),
    /// `::`, as MovieLens 1M and 10M have it.
    DoubleColon,
}

pub(crate) struct Delimited<'w> {
    lines: Lines<'w>,
    dialect: Dialect,
    columns: usize,
    parser: csv_core::Reader,
    /// Bytes of the current row where they are not those of the file: unquoted, or Latin-1 made UTF-8.
    own: Vec<u8>,
    in_own: bool,
    fields: Vec<Range<usize>>,
    ends: Vec<usize>,
    header_pending: bool,
}

/// What reading one row came to.
#[derive(Debug)]
pub(crate) enum Next {
    Row,
    Trouble(Trouble),
    End,
}

impl<'w> Delimited<'w> {
    /// Rows of `columns` fields.
    pub(crate) fn new(lines: Lines<'w>, dialect: Dialect, columns: usize) -> Self {
        let separator = match dialect.separator {
            Separator::Byte(byte) => byte,
            Separator::DoubleColon => b':',
        };
        Delimited {
            lines,
            parser: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            header_pending: dialect.header,
            dialect,
            columns,
            own: Vec::new(),
            in_own: false,
            fields: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The first record that has content, whatever its number of fields; none when there is none or it cannot be read.
    pub(crate) fn first_record(lines: Lines<'w>, dialect: Dialect) -> Result<Option<Vec<String>>> {
        let mut reader = Delimited::new(lines, Dialect { header: true, ..dialect }, 0);
        loop {
            match reader.lines.next()? {
                Line::Text if reader.lines.record().is_empty() => {}
                Line::Text => {
                    let readable = reader.read_record()?.is_none();
                    return Ok(readable.then(|| (0..reader.fields.len()).map(|i| reader.text(i).to_owned()).collect()));
                }
                Line::TooLong { .. } | Line::End => return Ok(None),
            }
        }
    }

    /// Moves to the next row. Empty lines are passed over.
    pub(crate) fn next(&mut self) -> Result<Next> {
        loop {
            match self.lines.next()? {
                Line::End => return Ok(Next::End),
                Line::TooLong { bytes } => return Ok(Next::Trouble(too_long(&self.lines, bytes))),
                Line::Text if self.lines.record().is_empty() => continue,
                Line::Text => {}
            }
            let found = self.read_record()?;
            if self.header_pending {
                self.header_pending = false;
                continue;
            }
            if let Some(trouble) = found {
                return Ok(Next::Trouble(trouble));
            }
            if self.fields.len() != self.columns {
                let (have, expected) = (self.fields.len(), self.columns);
                let reason = format!("it has {} where the file has {}", fields(have), columns(expected));
                let line = self.lines.number();
                return Ok(Next::Trouble(Trouble::new(line, ProblemKind::FieldCount, reason, self.lines.record())));
            }
            return Ok(Next::Row);
        }
    }

    /// The fields of the current row.
    pub(crate) fn field(&self, column: usize) -> Field<'_> {
        match self.text(column) {
            "" => Field::Missing,
            text => Field::Text(text),
        }
    }

    pub(crate) fn lines(&mut self) -> &mut Lines<'w> {
        &mut self.lines
    }

    pub(crate) fn line(&self) -> u64 {
        self.lines.number()
    }

    pub(crate) fn record(&self) -> &[u8] {
        self.lines.record()
    }

    fn text(&self, column: usize) -> &str {
        let bytes = if self.in_own { self.own.as_slice() } else { self.lines.record() };
        // The whole line was checked to be UTF-8, and separators are ASCII, so that this never takes the default.
        self.fields
            .get(column)
            .and_then(|range| bytes.get(range.clone()))
            .and_then(|field| std::str::from_utf8(field).ok())
            .unwrap_or_default()
    }

    fn read_record(&mut self) -> Result<Option<Trouble>> {
        let record = self.lines.record();
        self.in_own = false;
        if self.dialect.quoting {
            match memchr2(b'"', 0, record) {
                Some(at) if record[at] == 0 || memchr(0, record).is_some() => return Ok(Some(binary(&self.lines))),
                Some(_) => return self.read_quoted(),
                None => {}
            }
        } else if memchr(0, record).is_some() {
            return Ok(Some(binary(&self.lines)));
        }
        if !record.is_ascii() && std::str::from_utf8(record).is_err() {
            if !self.dialect.latin1 {
                return Ok(Some(not_utf8(&self.lines)));
            }
            let text: String = record.iter().map(|&byte| char::from(byte)).collect();
            self.own.clear();
            self.own.extend_from_slice(text.as_bytes());
            self.in_own = true;
        }
        let bytes = if self.in_own { self.own.as_slice() } else { self.lines.record() };
        split(bytes, self.dialect.separator, &mut self.fields);
        Ok(None)
    }

    /// Reads a record with quotes, over as many lines as it takes.
    fn read_quoted(&mut self) -> Result<Option<Trouble>> {
        let closed = self.unquote()?;
        let spans_lines = self.lines.last_line().as_ptr() != self.lines.record().as_ptr();
        let separator = self.dialect.separator;
        let torn = !closed || (spans_lines && !is_well_quoted(self.lines.record(), separator));
        let miscounted = spans_lines && !self.header_pending && self.fields.len() != self.columns;
        if torn || miscounted {
            // A quote that never closes, or one that swallowed other rows, is no quote but inches or a stray mark: where
            // the line fits by itself it is taken as it stands.
            let fits = field_count(self.lines.first_line(), separator) == self.columns;
            if fits || torn {
                self.lines.keep_first_line();
                split(self.lines.record(), separator, &mut self.fields);
                self.in_own = false;
            }
            if torn && !fits {
                let reason = "a double quote opens a field and is never closed";
                let (line, record) = (self.lines.number(), self.lines.record());
                return Ok(Some(Trouble::new(line, ProblemKind::OpenQuote, reason, record)));
            }
        }
        let bytes = if self.in_own { self.own.as_slice() } else { self.lines.record() };
        if std::str::from_utf8(bytes).is_err() {
            return Ok(Some(not_utf8(&self.lines)));
        }
        if memchr(0, bytes).is_some() {
            return Ok(Some(binary(&self.lines)));
        }
        Ok(None)
    }

    /// Feeds the record's lines to the parser until the record is complete; false when the file or the cap ends it.
    fn unquote(&mut self) -> Result<bool> {
        self.parser.reset();
        self.own.clear();
        self.ends.clear();
        self.ends.resize(self.columns.max(8) + 1, 0);
        self.in_own = true;
        let (mut written, mut ended) = (0, 0);
        loop {
            let mut input = self.lines.last_line();
            let complete = loop {
                if self.own.len() < written + input.len() + 16 {
                    self.own.resize((written + input.len() + 16).next_power_of_two(), 0);
                }
                let (result, read, wrote, ends) =
                    self.parser.read_record(input, &mut self.own[written..], &mut self.ends[ended..]);
                input = &input[read..];
                written += wrote;
                ended += ends;
                match result {
                    ReadRecordResult::Record => break true,
                    ReadRecordResult::End => break true,
                    ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                    ReadRecordResult::OutputFull => self.own.resize(self.own.len() * 2 + 64, 0),
                    ReadRecordResult::InputEmpty => break false,
                }
            };
            if complete {
                break;
            }
            if self.lines.record().len() > LINE_CAP || !self.lines.more()? {
                // A last line without a line break is given one: that ends the record unless a quote is open.
                if self.lines.last_line().ends_with(b"\n") {
                    return Ok(false);
                }
                self.own.resize(written + 16, 0);
                let (result, _, wrote, ends) =
                    self.parser.read_record(b"\n", &mut self.own[written..], &mut self.ends[ended..]);
                if result == ReadRecordResult::InputEmpty {
                    return Ok(false);
                }
                written += wrote;
                ended += ends;
                break;
            }
        }
        self.own.truncate(written);
        self.fields.clear();
        let mut start = 0;
        for &end in &self.ends[..ended] {
            self.fields.push(start..end);
            start = end;
        }
        Ok(true)
    }
}

/// Whether every quoted field ends where its quote closes.
fn is_well_quoted(record: &[u8], separator: Separator) -> bool {
    let Separator::Byte(separator) = separator else { return true };
    let mut rest = record;
    loop {
        if let Some(mut inside) = rest.strip_prefix(b"\"") {
            loop {
                let Some(at) = memchr(b'"', inside) else { return false };
                inside = &inside[at + 1..];
                match inside.strip_prefix(b"\"") {
                    Some(after) => inside = after,
                    None => break,
                }
            }
            if !inside.is_empty() && inside[0] != separator {
                return false;
            }
            rest = inside;
        }
        match memchr(separator, rest) {
            Some(at) => rest = &rest[at + 1..],
            None => return true,
        }
    }
}

fn field_count(line: &[u8], separator: Separator) -> usize {
    1 + match separator {
        Separator::Byte(byte) => memchr_iter(byte, line).count(),
        Separator::DoubleColon => memmem::find_iter(line, b"::").count(),
    }
}

fn split(record: &[u8], separator: Separator, fields: &mut Vec<Range<usize>>) {
    fields.clear();
    let mut start = 0;
    match separator {
        Separator::Byte(byte) => {
            for at in memchr_iter(byte, record) {
                fields.push(start..at);
                start = at + 1;
            }
        }
        Separator::DoubleColon => {
            for at in memmem::find_iter(record, b"::") {
                fields.push(start..at);
                start = at + 2;
            }
        }
    }
    fields.push(start..record.len());
}

pub(crate) fn too_long(lines: &Lines<'_>, bytes: u64) -> Trouble {
    let reason = format!("the line is {} MiB long; lines over {} MiB are left out", bytes >> 20, LINE_CAP >> 20);
    Trouble::new(lines.number(), ProblemKind::LineTooLong, reason, lines.record())
}

pub(crate) fn binary(lines: &Lines<'_>) -> Trouble {
    let reason = "it has zero bytes, which no text has";
    Trouble::new(lines.number(), ProblemKind::Binary, reason, lines.record())
}

pub(crate) fn not_utf8(lines: &Lines<'_>) -> Trouble {
    let at = std::str::from_utf8(lines.record()).err().map_or(0, |error| error.valid_up_to());
    let reason = format!("byte {} is not UTF-8; save the file as UTF-8 to have this row", at + 1);
    Trouble::new(lines.number(), ProblemKind::InvalidUtf8, reason, lines.record())
}

fn fields(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn comma() -> Dialect {
        Dialect { separator: Separator::Byte(b','), quoting: true, header: false, latin1: false }
    }

    fn rows(text: &[u8], dialect: Dialect, columns: usize) -> Vec<String> {
        let mut reader = Delimited::new(Lines::of(text, LINE_CAP), dialect, columns);
        let mut found = Vec::new();
        loop {
            match reader.next().unwrap() {
                Next::Row => found.push((0..reader.fields.len()).map(|i| reader.text(i)).collect::<Vec<_>>().join("|")),
                Next::Trouble(trouble) => found.push(format!("{}:{}", trouble.line, trouble.kind.key())),
                Next::End => return found,
            }
        }
    }

    #[test]
    fn quoted_fields_keep_separators_line_breaks_and_doubled_quotes() {
        let found = rows(b"a,\"b,\"\"c\"\"\nd\",e\n1,2,\"3\"", comma(), 3);
        assert_eq!(found, ["a|b,\"c\"\nd|e", "1|2|3"], "the rules of RFC 4180");
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_line_not_the_rest_of_the_file() {
        assert_eq!(rows(b"a,\"b\nc,d\ne,f\n", comma(), 2), ["a|\"b", "c|d", "e|f"], "the mark is taken as it stands");
        let found = rows(b"\"a,b,c\n1,2\n3,4", comma(), 2);
        assert_eq!(
            found,
            ["1:open-quote", "1|2", "3|4"],
            "a line that fits in no reading is reported, the next are read"
        );
        assert_eq!(rows(b"1,6\" pipe\n2,x\n", comma(), 2), ["1|6\" pipe", "2|x"], "a quote inside a field is content");
        let found = rows(b"a,\"b\nc\",d,e\n1,2,3\n", comma(), 3);
        assert_eq!(found, ["1:field-count", "1|2|3"], "a whole record of several lines is refused as a whole");
        let found = rows(b"1,\"big\n2,x\n3,\"y\"\n", comma(), 2);
        assert_eq!(
            found,
            ["1|\"big", "2|x", "3|y"],
            "a quote that would swallow rows up to the next quote is no quote"
        );
    }

    #[test]
    fn wrong_counts_bad_bytes_and_zero_bytes_are_reported_with_their_line() {
        let found = rows(b"a,b\nc\n\xFF,d\ne\0,f\n\ng,h", comma(), 2);
        assert_eq!(found, ["a|b", "2:field-count", "3:invalid-utf8", "4:binary", "g|h"], "and good rows go on");
    }

    #[test]
    fn latin1_lines_are_read_beside_utf8_lines() {
        let dialect = Dialect { separator: Separator::DoubleColon, quoting: false, header: false, latin1: true };
        let found = rows("1::Caf\u{e9}::x\n".as_bytes(), dialect.clone(), 3);
        assert_eq!(found, ["1|Café|x"], "UTF-8 stays UTF-8");
        assert_eq!(rows(b"1::Caf\xe9::x\n", dialect, 3), ["1|Café|x"], "Latin-1 becomes UTF-8");
    }
}
