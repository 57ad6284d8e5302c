//! Rows of JSON Lines: one object a line. Only wanted columns are kept, so that a long review costs no memory. Where
//! the line is not JSON it is tried as a Python dictionary, which is what some public files are.

use std::fmt;

use memchr::memchr;
use semid_core::Result;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::delimited::{Next, binary, not_utf8, too_long};
use crate::lines::{Line, Lines};
use crate::problem::{ProblemKind, Trouble};
use crate::python;
use crate::value::{Field, Value};

pub(crate) struct JsonLines<'w> {
    lines: Lines<'w>,
    /// Names of the columns; those not wanted are empty and never match.
    wanted: Vec<String>,
    values: Vec<Value>,
}

impl<'w> JsonLines<'w> {
    pub(crate) fn new(lines: Lines<'w>, columns: &[String], wanted: &[bool]) -> Self {
        let keep = |(name, &wanted): (&String, &bool)| if wanted { name.clone() } else { String::new() };
        let wanted: Vec<String> = columns.iter().zip(wanted).map(keep).collect();
        JsonLines { lines, values: vec![Value::Missing; wanted.len()], wanted }
    }

    pub(crate) fn next(&mut self) -> Result<Next> {
        loop {
            match self.lines.next()? {
                Line::End => return Ok(Next::End),
                Line::TooLong { bytes } => return Ok(Next::Trouble(too_long(&self.lines, bytes))),
                Line::Text => {}
            }
            let record = self.lines.record();
            if record.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if memchr(0, record).is_some() {
                return Ok(Next::Trouble(binary(&self.lines)));
            }
            let Ok(text) = std::str::from_utf8(record) else {
                return Ok(Next::Trouble(not_utf8(&self.lines)));
            };
            self.values.fill(Value::Missing);
            return Ok(match read_object(text, &self.wanted, &mut self.values) {
                Ok(()) => Next::Row,
                Err(reason) => {
                    Next::Trouble(Trouble::new(self.lines.number(), ProblemKind::BrokenJson, reason, record))
                }
            });
        }
    }

    pub(crate) fn field(&self, column: usize) -> Field<'_> {
        self.values.get(column).map_or(Field::Missing, Value::field)
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
}

/// Reads a whole object: all names and values, in order.
pub(crate) fn object(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut from_json = serde_json::Deserializer::from_str(text);
    let parsed = AnyValue.deserialize(&mut from_json).and_then(|value| from_json.end().map(|()| value));
    match parsed {
        Ok(Value::Map(pairs)) => Ok(pairs),
        Ok(_) => Err("it is not an object in braces".to_owned()),
        Err(error) => match python::parse(text) {
            Ok(Value::Map(pairs)) => Ok(pairs),
            _ => Err(reason(&error)),
        },
    }
}

fn read_object(text: &str, wanted: &[String], values: &mut [Value]) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = Wanted { wanted, values }.deserialize(&mut json).and_then(|()| json.end());
    let Err(error) = parsed else { return Ok(()) };
    // JSON's own message is the better one for what was meant as JSON.
    let Ok(Value::Map(pairs)) = python::parse(text) else { return Err(reason(&error)) };
    values.fill(Value::Missing);
    for (name, value) in pairs {
        if let Some(column) = column_of(wanted, &name) {
            values[column] = value;
        }
    }
    Ok(())
}

fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // serde_json counts lines within the one line it was given.
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("it is not a JSON object: {what} (column {})", error.column())
}

fn column_of(wanted: &[String], name: &str) -> Option<usize> {
    if name.is_empty() { None } else { wanted.iter().position(|column| column == name) }
}

struct Wanted<'a> {
    wanted: &'a [String],
    values: &'a mut [Value],
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(column) = map.next_key_seed(Column(self.wanted))? {
            match column {
                Some(column) => self.values[column] = map.next_value_seed(AnyValue)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Column<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Column<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Column<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(column_of(self.0, name))
    }
}

struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(AnyValue)? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            pairs.push((name, map.next_value_seed(AnyValue)?));
        }
        Ok(Value::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::lines::LINE_CAP;

    #[test]
    fn wanted_columns_are_read_from_json_and_from_python_and_broken_lines_are_reported() {
        let text =
            b"{\"a\": \"x\", \"skip\": [1, {\"a\": 2}], \"b\": 4.5}\n{'b': 3, 'a': 'y'}\n{\"a\": \n[1]\n\n{\"a\": null}";
        let columns = ["a".to_owned(), "skip".to_owned(), "b".to_owned()];
        let mut rows = JsonLines::new(Lines::of(text, LINE_CAP), &columns, &[true, false, true]);
        let mut found = Vec::new();
        loop {
            match rows.next().unwrap() {
                Next::Row => found.push(format!("{}/{}", rows.field(0).shown(), rows.field(2).shown())),
                Next::Trouble(trouble) => found.push(format!("{}:{}", trouble.line, trouble.kind.key())),
                Next::End => break,
            }
        }
        assert_eq!(found, ["x/4.5", "y/3", "3:broken-json", "4:broken-json", "/"], "each line stands for itself");
    }
}
