//! Imported IDs: codes that another system made, from the `index.json` of LETTER and MiniOneRec or from a CSV.

use std::collections::HashMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};

use crate::{Catalog, Code, CodeShape, CodeTable, Error, Result};

/// A code above this is a mistake in the file, not a codebook: a level would need gigabytes of tokens.
const LARGEST_CODE: Code = (1 << 24) - 1;

/// Codes as a file gives them, before they are matched with a catalog. All rows have the same number of levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedCodes {
    rows: Vec<Row>,
    levels: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// The item as the file names it.
    item: String,
    /// Where it stands: "line 3", or empty where the item's name is the best address.
    place: String,
    codes: Vec<Code>,
}

impl ImportedCodes {
    /// Reads `{"0": ["<a_12>", "<b_207>", "<c_9>"], …}`: an item's key or index, then one token per level. Fails on
    /// text that is no such object, on an item named twice, on a token that is no `<letter_number>`, on a token whose
    /// letter is not that of its level, and on rows of different lengths; each error names the item.
    pub fn from_index_json(bytes: &[u8]) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let entries = reader.deserialize_map(Entries).and_then(|entries| reader.end().map(|()| entries));
        let entries = entries.map_err(|why| {
            Error::input(format!("The index file is not an object of items and their tokens: {why}."))
        })?;
        let mut rows = Vec::with_capacity(entries.len());
        for (item, tokens) in entries {
            let mut codes = Vec::with_capacity(tokens.len());
            for (level, token) in tokens.iter().enumerate() {
                codes.push(token_code(token, level).ok_or_else(|| {
                    Error::input(format!(
                        "Item {item:?} of the index file has the token {token:?} on level {}; tokens look like <{}_12>.",
                        level + 1,
                        letter(level)
                    ))
                })?);
            }
            rows.push(Row { item, place: String::new(), codes });
        }
        Self::checked(rows)
    }

    /// Reads `item,code1,code2,…` or `item,id` with the ID written as `12-207-9` or `12·207·9`. A first line whose
    /// second field is no ID is a header. Fails on a field that is no code, on an item named twice, and on rows of
    /// different lengths; each error names the line.
    pub fn from_csv(bytes: &[u8]) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), // some editors leave a mark at the start
        );
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        let mut first = true;
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(why) => return Err(Error::input(format!("The CSV of IDs cannot be read: {why}."))),
            }
            let line = record.position().map_or(0, csv::Position::line);
            let fields: Vec<&str> = record.iter().skip(1).collect();
            let codes = match fields[..] {
                [id] => id.split(['-', '·']).map(|code| code.trim().parse().ok()).collect::<Option<Vec<Code>>>(),
                _ => fields.iter().map(|code| code.parse().ok()).collect(),
            };
            match codes {
                Some(codes) if !codes.is_empty() => {
                    let item = record.get(0).unwrap_or_default().to_owned();
                    rows.push(Row { item, place: format!("line {line}"), codes });
                }
                _ if first => {}
                _ => {
                    return Err(Error::input(format!(
                        "Line {line} of the CSV of IDs reads {:?}; expected an item and its codes, as item,12,207,9 or \
                         item,12-207-9.",
                        record.iter().collect::<Vec<_>>().join(",")
                    )));
                }
            }
            first = false;
        }
        Self::checked(rows)
    }

    /// Takes items and their codes from a reader of another form. Fails on an item named twice and on rows of different
    /// lengths; each error names the item.
    pub fn from_rows(rows: Vec<(String, Vec<Code>)>) -> Result<Self> {
        let row = |(item, codes)| Row { item, place: String::new(), codes };
        Self::checked(rows.into_iter().map(row).collect())
    }

    /// One row per item of the catalog. Items are matched by key when the file names every key of the catalog; else by
    /// index (0, 1, …) when it names every index. The shape is read off the codes: a level has as many codes as its
    /// highest code says. Fails when items are missing from the file or unknown to the catalog, naming the first few.
    pub fn table(&self, catalog: &Catalog) -> Result<CodeTable> {
        let by_name: HashMap<&str, &Row> = self.rows.iter().map(|row| (row.item.as_str(), row)).collect();
        let keys: Vec<&str> = catalog.items.iter().map(|item| item.key.as_str()).collect();
        let indices: Vec<String> = (0..catalog.len()).map(|index| index.to_string()).collect();
        let indices: Vec<&str> = indices.iter().map(String::as_str).collect();
        let found = |names: &[&str]| names.iter().filter(|&&name| by_name.contains_key(name)).count();
        // Keys win unless indices fit better: a file of keys never looks more like indices than like keys.
        let (names, what) = if found(&keys) >= found(&indices) { (keys, "key") } else { (indices, "index") };

        let missing: Vec<&str> = names.iter().copied().filter(|&name| !by_name.contains_key(name)).collect();
        if !missing.is_empty() {
            return Err(Error::input(format!(
                "The imported IDs lack {} of the catalog's {} items, matched by {what}: {}. Every item needs an ID; add \
                 them to the file, or filter the catalog alike.",
                missing.len(),
                names.len(),
                first_few(&missing)
            )));
        }
        if self.rows.len() > names.len() {
            let known: std::collections::HashSet<&str> = names.iter().copied().collect();
            let unknown = self.rows.iter().filter(|row| !known.contains(row.item.as_str()));
            let unknown: Vec<String> = unknown.map(Row::address).collect();
            return Err(Error::input(format!(
                "The imported IDs name {} items that the catalog does not have, matched by {what}: {}. Remove them from \
                 the file, or import the catalog they belong to.",
                unknown.len(),
                first_few(&unknown)
            )));
        }
        let mut shape = vec![1; self.levels];
        for row in &self.rows {
            for (size, &code) in shape.iter_mut().zip(&row.codes) {
                *size = (*size).max(code + 1);
            }
        }
        let codes = names.iter().flat_map(|&name| by_name[name].codes.iter().copied()).collect();
        Ok(CodeTable { shape: CodeShape(shape), codes })
    }

    fn checked(rows: Vec<Row>) -> Result<Self> {
        let Some(first) = rows.first() else {
            return Err(Error::input("The file of IDs has no item in it."));
        };
        let levels = first.codes.len();
        let mut seen: HashMap<&str, &Row> = HashMap::with_capacity(rows.len());
        for row in &rows {
            if row.codes.len() != levels || levels == 0 {
                return Err(Error::input(format!(
                    "{} has {} codes where {} has {levels}; all IDs need the same number of levels, at least one.",
                    row.address(),
                    row.codes.len(),
                    first.address()
                )));
            }
            if let Some(&code) = row.codes.iter().find(|&&code| code > LARGEST_CODE) {
                return Err(Error::input(format!(
                    "{} has the code {code}; codes go up to {LARGEST_CODE}.",
                    row.address()
                )));
            }
            if let Some(earlier) = seen.insert(&row.item, row) {
                return Err(Error::input(format!(
                    "{} has an ID twice, the first time at {}; keep one of them.",
                    row.address(),
                    earlier.address()
                )));
            }
        }
        Ok(ImportedCodes { rows, levels })
    }
}

impl Row {
    fn address(&self) -> String {
        match self.place.as_str() {
            "" => format!("item {:?}", self.item),
            place => format!("item {:?} ({place})", self.item),
        }
    }
}

/// `<b_207>` on level 1 is 207. Levels count through the alphabet, as LETTER writes them.
fn token_code(token: &str, level: usize) -> Option<Code> {
    let (name, number) = token.trim().strip_prefix('<')?.strip_suffix('>')?.split_once('_')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && name == letter(level) { number.parse().ok() } else { None }
}

fn letter(level: usize) -> String {
    let letter = u8::try_from(level % 26).unwrap_or(0) + b'a';
    char::from(letter).to_string()
}

fn first_few<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(AsRef::as_ref).collect();
    let rest = names.len() - shown.len();
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

/// The entries of a JSON object in order, so that an item named twice is seen and not silently overwritten.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Vec<String>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as {\"0\": [\"<a_12>\", \"<b_207>\"]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::Item;

    fn catalog(keys: &[&str]) -> Catalog {
        Catalog { items: keys.iter().map(|&key| Item { key: key.into(), ..Item::default() }).collect() }
    }

    fn error(result: Result<impl fmt::Debug>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn an_index_file_is_read_by_item_key() {
        let json = br#"{"B2": ["<a_12>", "<b_207>", "<c_9>"], "B1": ["<a_0>", "<b_1>", "<c_2>"]}"#;
        let table = ImportedCodes::from_index_json(json).unwrap().table(&catalog(&["B1", "B2"])).unwrap();
        assert_eq!(table.row(0), [0, 1, 2], "rows follow the catalog, not the file");
        assert_eq!(table.row(1), [12, 207, 9], "B2's codes");
        assert_eq!(table.shape.0, [13, 208, 10], "a level has as many codes as its highest says");
    }

    #[test]
    fn an_index_file_is_read_by_index_when_it_names_every_index() {
        let json = br#"{"0": ["<a_5>"], "1": ["<a_6>"], "2": ["<a_7>"]}"#;
        let imported = ImportedCodes::from_index_json(json).unwrap();
        assert_eq!(imported.table(&catalog(&["1", "2", "3"])).unwrap().codes, [5, 6, 7], "keys 1–3 do not fit 0–2");
        assert_eq!(imported.table(&catalog(&["2", "1", "0"])).unwrap().codes, [7, 6, 5], "keys win where both fit");
    }

    #[test]
    fn both_forms_of_a_csv_are_read_with_or_without_a_header() {
        let expected = [1, 2, 3, 4, 5, 6];
        for text in [
            "item,code1,code2,code3\nx,1,2,3\ny,4,5,6\n",
            "\u{feff}item,code1,code2,code3\r\nx, 1,2,3\r\ny,4,5,6",
            "item,id\nx,1-2-3\ny,4·5·6\n",
            "x,1-2-3\n\ny,4-5-6\n",
        ] {
            let imported = ImportedCodes::from_csv(text.as_bytes()).unwrap();
            assert_eq!(imported.table(&catalog(&["x", "y"])).unwrap().codes, expected, "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_line_or_the_item() {
        let csv = |text: &str| error(ImportedCodes::from_csv(text.as_bytes()));
        assert!(csv("item,id\nx,1-2\ny,1-two\n").contains("Line 3"), "a code that is no number");
        assert!(csv("item,id\nx,1-2\ny\n").contains("Line 3"), "a row without an ID");
        assert!(csv("x,1-2\ny,1-2-3\n").contains("item \"y\" (line 2) has 3 codes"), "a ragged row");
        assert!(csv("x,1-2\ny,1-3\nx,2-2\n").contains("item \"x\" (line 3) has an ID twice"), "an item named twice");
        assert!(csv("x,1\n\"y\",4294967295\n").contains("codes go up to"), "a code beyond the largest");
        assert!(csv("item,id\n").contains("no item"), "an empty file");
        assert!(ImportedCodes::from_csv(b"x,\xff\n").is_err(), "bytes that are no text are refused, not a panic");

        let json = |text: &str| error(ImportedCodes::from_index_json(text.as_bytes()));
        assert!(json(r#"{"7": ["<a_1>", "<a_2>"]}"#).contains("Item \"7\""), "a token on the wrong level");
        assert!(json(r#"{"7": ["<a_x>"]}"#).contains("<a_12>"), "a token without a number; the form is shown");
        assert!(json(r#"{"7": ["<a_1>"], "7": ["<a_2>"]}"#).contains("twice"), "an item named twice");
        assert!(json(r#"{"7": ["<a_1>"]"#).contains("line 1"), "a file that ends early");
        assert!(json(r#"["<a_1>"]"#).contains("an object such as"), "JSON of another shape");
        assert!(json(r#"{"7": []}"#).contains("at least one"), "an ID without codes");
    }

    #[test]
    fn missing_and_unknown_items_are_named() {
        let imported = ImportedCodes::from_csv(b"a,1\nb,2\nz,3\n").unwrap();
        let message = error(imported.table(&catalog(&["a", "b", "c", "d"])));
        assert!(message.contains("lack 2 of the catalog's 4 items") && message.contains("c, d"), "{message}");
        let message = error(imported.table(&catalog(&["a", "b"])));
        assert!(message.contains("1 items that the catalog does not have"), "{message}");
        assert!(message.contains("\"z\" (line 3)"), "the line is named: {message}");
    }
}
