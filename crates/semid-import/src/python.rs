//! Python literals, as the metadata of Amazon Reviews 2014 and the lists in exported data frames are written:
//! `{'title': "Dr. Scholl's", 'categories': [['Beauty', 'Skin Care']], 'price': None}`. JSON is read as well.

use crate::value::Value;

/// Deepest nesting read; hostile input must not exhaust the stack.
const DEPTH: usize = 64;

/// Reads one literal that fills the text. The error says what is wrong and where.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { bytes: text.as_bytes(), text, at: 0 };
    let value = parser.value(DEPTH)?;
    parser.space();
    if parser.at < parser.bytes.len() { Err(parser.wrong("something follows the closing bracket")) } else { Ok(value) }
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth == 0 {
            return Err(self.wrong("brackets are nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(b']', depth),
            Some(b'(') => self.list(b')', depth),
            Some(b'\'' | b'"') => Ok(Value::Text(self.string()?)),
            Some(b'u' | b'b' | b'r') if matches!(self.bytes.get(self.at + 1), Some(b'\'' | b'"')) => {
                self.at += 1;
                Ok(Value::Text(self.string()?))
            }
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut pairs = Vec::new();
        loop {
            self.space();
            if self.eat(b'}') {
                return Ok(Value::Map(pairs));
            }
            let name = match self.value(depth - 1)? {
                Value::Text(name) => name,
                Value::Int(number) => number.to_string(),
                _ => return Err(self.wrong("a key is not text")),
            };
            self.space();
            if !self.eat(b':') {
                return Err(self.wrong("a colon is missing after a key"));
            }
            let value = self.value(depth - 1)?;
            pairs.push((name, value));
            self.space();
            if !self.eat(b',') && self.peek() != Some(b'}') {
                return Err(self.wrong("a comma or a closing brace is missing"));
            }
        }
    }

    fn list(&mut self, close: u8, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.space();
            if self.eat(close) {
                return Ok(Value::List(values));
            }
            values.push(self.value(depth - 1)?);
            self.space();
            if !self.eat(b',') && self.peek() != Some(close) {
                return Err(self.wrong("a comma or a closing bracket is missing"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.bytes[self.at];
        self.at += 1;
        let mut out = String::new();
        let mut plain = self.at;
        loop {
            match self.peek() {
                None => return Err(self.wrong("a quote is never closed")),
                Some(byte) if byte == quote => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    self.escape(&mut out);
                    plain = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Reads what follows a backslash. An escape nobody knows stays as it is, as Python has it.
    fn escape(&mut self, out: &mut String) {
        let Some(c) = self.text[self.at..].chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' | 'f' | 'a' | 'v' | '0' | '\n' => {}
            'x' => self.code_point(2, c, out),
            'u' => self.code_point(4, c, out),
            'U' => self.code_point(8, c, out),
            '\'' | '"' | '\\' | '/' => out.push(c),
            other => out.extend(['\\', other]),
        }
    }

    fn code_point(&mut self, digits: usize, letter: char, out: &mut String) {
        let Some(high) = self.hex(digits) else {
            out.extend(['\\', letter]);
            return;
        };
        // JSON writes characters beyond the first plane as two halves.
        if (0xD800..0xDC00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            if let Some(low) = self.hex(4) {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return;
            }
        }
        out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.text.get(self.at..self.at + digits)?;
        let code = u32::from_str_radix(text, 16).ok().filter(|_| !text.starts_with('+'))?;
        self.at += digits;
        Some(code)
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        let text = self.text[start..self.at].trim_end_matches(['L', 'l']);
        if let Ok(number) = text.parse() {
            return Ok(Value::Int(number));
        }
        text.parse().map(Value::Float).map_err(|_| self.wrong("a number cannot be read"))
    }

    fn word(&mut self) -> Result<Value, String> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            "None" | "null" => Ok(Value::Missing),
            "nan" | "NaN" => Ok(Value::Float(f64::NAN)),
            "True" | "true" => Ok(Value::Bool(true)),
            "False" | "false" => Ok(Value::Bool(false)),
            _ => Err(self.wrong("a word stands where a value belongs")),
        }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what} (column {})", self.at + 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn python_dictionaries_with_both_quotes_escapes_and_nested_lists_are_read() {
        let text = r#"{'asin': '0001', 'title': "Dr. Scholl's", 'q': 'it\'s \u00e9\xe9', 'price': 9.5, 'rank': {'Beauty': 12L},
            'categories': [['Beauty', u'Skin']], 'brand': None, 'new': True,}"#;
        let Value::Map(pairs) = parse(text).unwrap() else { panic!("a dictionary is a map") };
        let get = |name: &str| &pairs.iter().find(|(key, _)| key == name).unwrap().1;
        assert_eq!(get("title"), &Value::Text("Dr. Scholl's".into()), "double quotes hold an apostrophe");
        assert_eq!(get("q"), &Value::Text("it's éé".into()), "escapes are undone");
        assert_eq!(get("rank"), &Value::Map(vec![("Beauty".into(), Value::Int(12))]), "old long integers are numbers");
        let path = Value::List(vec![Value::Text("Beauty".into()), Value::Text("Skin".into())]);
        assert_eq!(get("categories"), &Value::List(vec![path]), "lists nest");
        assert_eq!((get("brand"), get("new")), (&Value::Missing, &Value::Bool(true)), "None and True are known");
    }

    #[test]
    fn broken_and_hostile_literals_are_errors_with_a_column() {
        for text in ["{'a': ", "{'a' 1}", "['x'", "{'a': 'x", "{1.5: 2}", "{} {}", "", "{'a': b}", "\"\\", "-"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("(column "), "{text:?} must be refused with its place, got {error}");
        }
        assert!(parse(&"[".repeat(1_000_000)).is_err(), "deep nesting is refused before the stack ends");
    }
}
