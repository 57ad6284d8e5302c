//! The protocol: all that is fixed before the first answer, in one document with one hash.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;

use super::{Stimulus, StudyDesign, Texts};
use crate::{Error, Result};

/// What is locked: design, analysis plan and consent (inside the design), stimuli with replacements, instrument texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Version of this document's form.
    pub form: u32,
    /// The design.
    pub design: StudyDesign,
    /// What is shown, in every arm.
    pub stimuli: Vec<Stimulus>,
    /// What the participant's page says, by language in the order of the design.
    pub texts: Vec<Texts>,
    /// Digest of the data set.
    pub dataset_digest: String,
    /// The program's version.
    pub program: String,
}

impl Protocol {
    /// 64 hexadecimal digits: BLAKE3 of the canonical JSON.
    pub fn hash(&self) -> Result<String> {
        let value = serde_json::to_value(self).map_err(|error| Error::inside("writing the protocol", error))?;
        Ok(blake3::hash(canonical_json(&value).as_bytes()).to_hex().to_string())
    }
}

/// JSON with the keys of objects sorted by their UTF-16 units and no white space: the same bytes as the participant's page
/// writes (numbers there are whole, for which RFC 8785 and both programs agree).
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                let _ = write!(text, "{}:", Value::String(key.clone()));
                if let Some(value) = fields.get(key) {
                    write_canonical(value, text);
                }
            }
            text.push('}');
        }
        Value::Array(entries) => {
            text.push('[');
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(entry, text);
            }
            text.push(']');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_json_does_not_depend_on_the_order_of_keys() {
        let one = json!({"b": [1, {"z": null, "a": "é\n\u{2028}\""}], "a": true});
        assert_eq!(
            canonical_json(&one),
            "{\"a\":true,\"b\":[1,{\"a\":\"é\\n\u{2028}\\\"\",\"z\":null}]}",
            "sorted, without blanks, escaped as JSON.stringify does"
        );
    }
}
