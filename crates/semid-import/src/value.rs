//! What a field of a row can be, whatever file it came from.

use std::fmt::Write;

/// A field that owns its content: JSON, Python literals, Parquet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// Not there, `null`, `None`.
    #[default]
    Missing,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Value>),
    /// Keys and values in the order of the file.
    Map(Vec<(String, Value)>),
}

/// A field as the readers hand it out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    Missing,
    Text(&'a str),
    Int(i64),
    Float(f64),
    /// Lists, maps, booleans.
    Other(&'a Value),
}

impl Value {
    pub(crate) fn field(&self) -> Field<'_> {
        match self {
            Value::Missing => Field::Missing,
            Value::Text(text) => Field::Text(text),
            Value::Int(number) => Field::Int(*number),
            Value::Float(number) => Field::Float(*number),
            other => Field::Other(other),
        }
    }
}

impl<'a> Field<'a> {
    /// The field as a key: trimmed text, or a number as text. A whole number that a data frame turned into a float loses
    /// its `.0`, so that `1` and `1.0` are one key. None when there is nothing that could be a key.
    pub(crate) fn key(self, scratch: &'a mut String) -> Option<&'a str> {
        match self {
            Field::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Field::Int(number) => {
                scratch.clear();
                let _ = write!(scratch, "{number}");
                Some(scratch)
            }
            Field::Float(number) if number.is_finite() => {
                scratch.clear();
                let _ = write!(scratch, "{number}");
                Some(scratch)
            }
            _ => None,
        }
    }

    /// Appends the field as text: lists joined with `between`, maps as `name: value`.
    pub(crate) fn write(self, between: &str, out: &mut String) {
        match self {
            Field::Missing => {}
            Field::Text(text) => out.push_str(text),
            Field::Int(number) => drop(write!(out, "{number}")),
            Field::Float(number) if number.is_nan() => {}
            Field::Float(number) => drop(write!(out, "{number}")),
            Field::Other(value) => write_value(value, between, out),
        }
    }

    /// The field as one line for a person.
    pub(crate) fn shown(self) -> String {
        let mut out = String::new();
        self.write(", ", &mut out);
        out
    }
}

fn write_value(value: &Value, between: &str, out: &mut String) {
    let base = out.len();
    let part = |value: &Value, label: Option<&str>, out: &mut String| {
        let before = out.len();
        if before > base {
            out.push_str(between);
        }
        if let Some(label) = label {
            out.push_str(label);
            out.push_str(": ");
        }
        let start = out.len();
        value.field().write(between, out);
        if out.len() == start {
            out.truncate(before);
        }
    };
    match value {
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::List(values) => values.iter().for_each(|value| part(value, None, out)),
        Value::Map(pairs) => pairs.iter().for_each(|(name, value)| part(value, Some(name), out)),
        scalar => scalar.field().write(between, out),
    }
}
