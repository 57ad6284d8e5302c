//! Category paths, coarse to fine, from the forms files have them in.

use crate::python;
use crate::text::cleaned;
use crate::value::{Field, Value};

/// Deepest path kept; catalogs have up to seven levels, and a field that is no path must not become a long one.
const LEVELS: usize = 32;

/// How the category column of a file is written where it is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathText {
    /// `A|B`, `A > B`, `A; B`, or one category. A comma is part of a name: "Clothing, Shoes & Jewelry".
    Path,
    /// As above, and a comma separates: genres and tags.
    Tags,
    /// RecBole's token_seq: separated by spaces.
    Spaces,
}

/// Fills `path` from a field; empty where the field has none.
pub(crate) fn read(field: Field<'_>, form: PathText, path: &mut Vec<String>) {
    path.clear();
    match field {
        Field::Missing | Field::Int(_) | Field::Float(_) => {}
        Field::Text(text) => read_text(text, form, path),
        Field::Other(value) => read_value(value, path),
    }
    path.truncate(LEVELS);
}

fn read_value(value: &Value, path: &mut Vec<String>) {
    match value {
        // Amazon 2014 lists several paths; the first one is where the shop shows the item.
        Value::List(values) if matches!(values.first(), Some(Value::List(_))) => read_value(&values[0], path),
        Value::List(values) => values.iter().for_each(|value| push(&value.field().shown(), path)),
        _ => {}
    }
}

fn read_text(text: &str, form: PathText, path: &mut Vec<String>) {
    let text = text.trim();
    if text.starts_with('[')
        && let Ok(value @ Value::List(_)) = python::parse(text)
    {
        return read_value(&value, path);
    }
    let separators: &[&str] = match form {
        PathText::Path => &["|", " > ", " › ", ">", ";"],
        PathText::Tags => &["|", " > ", " › ", ">", ";", ","],
        PathText::Spaces => &[",", " "],
    };
    // Entities hold semicolons and angle brackets, so that the text is decoded before it is split.
    let text = if text.contains('&') { cleaned(text) } else { text.to_owned() };
    match separators.iter().find(|separator| text.contains(**separator)) {
        Some(separator) => text.split(separator).for_each(|part| push(part, path)),
        None => push(&text, path),
    }
}

fn push(raw: &str, path: &mut Vec<String>) {
    let name = cleaned(raw);
    if !name.is_empty()
        && name != "(no genres listed)"
        && !name.eq_ignore_ascii_case("nan")
        && path.last() != Some(&name)
    {
        path.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(field: Field<'_>, form: PathText) -> Vec<String> {
        let mut path = Vec::new();
        read(field, form, &mut path);
        path
    }

    #[test]
    fn every_way_of_writing_a_path_gives_the_path() {
        for (text, form, expected) in [
            ("Action|Sci-Fi", PathText::Tags, vec!["Action", "Sci-Fi"]),
            ("(no genres listed)", PathText::Tags, vec![]),
            ("Beauty > Skin Care > Face", PathText::Path, vec!["Beauty", "Skin Care", "Face"]),
            ("Clothing, Shoes &amp; Jewelry", PathText::Path, vec!["Clothing, Shoes & Jewelry"]),
            ("Action, Comedy", PathText::Tags, vec!["Action", "Comedy"]),
            ("Animation Children's Comedy", PathText::Spaces, vec!["Animation", "Children's", "Comedy"]),
            ("[['Beauty', 'Makeup'], ['Other']]", PathText::Path, vec!["Beauty", "Makeup"]),
            ("[\"Beauty\", \"Makeup\"]", PathText::Path, vec!["Beauty", "Makeup"]),
            ("[odd", PathText::Path, vec!["[odd"]),
            ("", PathText::Path, vec![]),
        ] {
            assert_eq!(path(Field::Text(text), form), expected, "{text:?}");
        }
    }
}
