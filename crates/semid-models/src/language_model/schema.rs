//! Answers held to a JSON schema: what the schema fixes is put down, what it leaves open is the model's.
//!
//! Known are objects whose fields are all required, arrays, strings, and values out of a list (`enum`): the forms in which
//! this program asks. A value out of a list is chosen by the exact likelihood of each, so an answer of this kind names
//! nothing that was not offered; in an array each is named once.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use semid_core::{Result, Work};
use serde_json::Value;

use super::search::draw;
use super::{Choices, End, LocalModel, Sampling, State, Written};

/// Tokens of a string at the most, so that one explanation does not spend what the others need.
const LONGEST_STRING: usize = 120;

impl LocalModel {
    /// Goes on after `state` with JSON after a schema; none when the schema has a form that is not known here. Ends with
    /// [`End::Length`] when `sampling.max_tokens` were spent before the JSON was whole.
    pub(super) fn write_json(
        &self,
        work: &Work,
        state: &mut State,
        schema: &Value,
        sampling: &Sampling,
        purpose: &str,
    ) -> Result<Option<Written>> {
        if !is_known(schema) {
            return Ok(None);
        }
        let rng = work.rng(purpose);
        let mut pen = Pen { model: self, work, state, sampling, rng, text: String::new(), tokens: Vec::new() };
        let whole = pen.value(schema, "")?;
        let end = if whole { End::Token } else { End::Length };
        Ok(Some(Written { text: pen.text, tokens: pen.tokens, end }))
    }
}

/// Whether all parts of a schema can be written.
fn is_known(schema: &Value) -> bool {
    if let Some(values) = schema.get("enum") {
        return values.as_array().is_some_and(|values| !values.is_empty());
    }
    match schema["type"].as_str() {
        Some("string") => true,
        Some("array") => schema.get("items").is_some_and(is_known),
        Some("object") => fields(schema).is_some_and(|fields| fields.iter().all(|(_, value)| is_known(value))),
        _ => false,
    }
}

/// The fields of an object, in the order in which they are required; none unless all are.
fn fields(schema: &Value) -> Option<Vec<(&str, &Value)>> {
    let properties = schema["properties"].as_object()?;
    let required = schema["required"].as_array()?;
    let named: Option<Vec<(&str, &Value)>> = required
        .iter()
        .map(|name| {
            let name = name.as_str()?;
            Some((name, properties.get(name)?))
        })
        .collect();
    named.filter(|named| named.len() == properties.len())
}

/// Writes one answer.
struct Pen<'a> {
    model: &'a LocalModel,
    work: &'a Work,
    state: &'a mut State,
    sampling: &'a Sampling,
    rng: ChaCha8Rng,
    text: String,
    tokens: Vec<u32>,
}

impl Pen<'_> {
    /// Writes a value; false when the tokens did not suffice. `after` is what will follow it, so that 1 is told from 12.
    fn value(&mut self, schema: &Value, after: &str) -> Result<bool> {
        if let Some(values) = schema["enum"].as_array() {
            return Ok(self.one_of(values.iter().collect(), after)?.is_some());
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema),
            Some("array") => self.array(&schema["items"]),
            _ => self.string(),
        }
    }

    fn object(&mut self, schema: &Value) -> Result<bool> {
        let fields = fields(schema).unwrap_or_default();
        for (at, (name, value)) in fields.iter().enumerate() {
            let begin = if at == 0 { "{" } else { ", " };
            let after = if at + 1 < fields.len() { "," } else { "}" };
            if !self.put(&format!("{begin}{}: ", Value::from(*name)))? || !self.value(value, after)? {
                return Ok(false);
            }
        }
        self.put("}")
    }

    /// Elements until the model closes the list, or everything that may stand in it does.
    fn array(&mut self, items: &Value) -> Result<bool> {
        if !self.put("[")? {
            return Ok(false);
        }
        let mut left: Option<Vec<&Value>> = named_in(items).map(|values| values.iter().collect());
        loop {
            let whole = match &mut left {
                Some(left) => match self.element(items, left)? {
                    Some(chosen) => {
                        left.remove(chosen);
                        true
                    }
                    None => false,
                },
                None => self.value(items, "]")?,
            };
            if !whole {
                return Ok(false);
            }
            if left.as_ref().is_some_and(Vec::is_empty) {
                return self.put("]");
            }
            match self.choose(&["]", ", "], "")? {
                Some(0) => return Ok(true),
                Some(_) => {}
                None => return Ok(false),
            }
        }
    }

    /// An element that names one of `left`, by itself or in its first field; the place of what it named.
    fn element(&mut self, items: &Value, left: &[&Value]) -> Result<Option<usize>> {
        if items.get("enum").is_some() {
            return self.one_of(left.to_vec(), "]");
        }
        let fields = fields(items).unwrap_or_default();
        let mut chosen = None;
        for (at, (name, value)) in fields.iter().enumerate() {
            let begin = if at == 0 { "{" } else { ", " };
            let after = if at + 1 < fields.len() { "," } else { "}" };
            if !self.put(&format!("{begin}{}: ", Value::from(*name)))? {
                return Ok(None);
            }
            if at == 0 {
                chosen = self.one_of(left.to_vec(), after)?;
                if chosen.is_none() {
                    return Ok(None);
                }
            } else if !self.value(value, after)? {
                return Ok(None);
            }
        }
        Ok(if self.put("}")? { chosen } else { None })
    }

    fn one_of(&mut self, values: Vec<&Value>, after: &str) -> Result<Option<usize>> {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        // A closing quote ends a string; a number ends only with what follows.
        let after = if texts.iter().all(|text| text.ends_with('"')) { "" } else { after };
        self.choose(&texts.iter().map(String::as_str).collect::<Vec<_>>(), after)
    }

    /// One of some texts, by the likelihood of each with what follows it: the likeliest, or drawn. Which; none when the
    /// tokens did not suffice.
    fn choose(&mut self, texts: &[&str], after: &str) -> Result<Option<usize>> {
        let sequences: Vec<Vec<u32>> =
            texts.iter().map(|text| self.model.tokens(&format!("{text}{after}"))).collect::<Result<_>>()?;
        let scores = self.model.score_choices(self.work, self.state, &Choices::new(&sequences))?;
        let Some(chosen) = pick(&scores, self.sampling.temperature, &mut self.rng) else { return Ok(None) };
        Ok(self.put(texts[chosen])?.then_some(chosen))
    }

    /// Words of the model up to the closing quote.
    fn string(&mut self) -> Result<bool> {
        if !self.put("\"")? {
            return Ok(false);
        }
        let mut said: Vec<u32> = Vec::new();
        let mut text = String::new();
        while said.len() < LONGEST_STRING && self.has_room(2) {
            let token = draw(self.state.logits(), self.sampling, &mut self.rng);
            if self.model.end_tokens().contains(&token) {
                break;
            }
            said.push(token);
            let grown = self.model.text(&said);
            // A quote or a new line ends it; a quote that is written as \" does not.
            if let Some(end) = end_of_string(&grown) {
                text = grown[..end].to_owned();
                break;
            }
            text = grown;
            self.model.extend(self.work, self.state, &[token])?;
            self.tokens.push(token);
        }
        // What a character of several tokens lacks is lost, and escapes are made good.
        let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let unescaped = serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned());
        let quoted = Value::from(unescaped.trim()).to_string();
        self.text += &quoted[1..quoted.len() - 1];
        self.put("\"")
    }

    /// Puts down what is fixed; false when the tokens do not suffice.
    fn put(&mut self, text: &str) -> Result<bool> {
        let tokens = self.model.tokens(text)?;
        if !self.has_room(tokens.len()) {
            return Ok(false);
        }
        self.model.extend(self.work, self.state, &tokens)?;
        self.tokens.extend(tokens);
        self.text += text;
        Ok(true)
    }

    fn has_room(&self, tokens: usize) -> bool {
        self.tokens.len() + tokens <= self.sampling.max_tokens
            && self.state.len() + tokens <= self.model.facts().context
    }
}

/// What an array's elements choose from, each once: a list of values, or such a list in the first field of each.
fn named_in(items: &Value) -> Option<&Vec<Value>> {
    let own = items.get("enum").and_then(Value::as_array);
    own.or_else(|| fields(items)?.first().and_then(|(_, value)| value["enum"].as_array()))
}

/// Where a JSON string ends: at a quote that is not escaped, or a control character, which it cannot hold.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at),
            control if control.is_control() => return Some(at),
            _ => {}
        }
    }
    None
}

/// The likeliest, or one drawn by likelihood at a temperature; the first of equals. None of none.
pub(super) fn pick(scores: &[f64], temperature: f64, rng: &mut impl Rng) -> Option<usize> {
    let best = (0..scores.len()).reduce(|best, at| if scores[at] > scores[best] { at } else { best })?;
    if temperature <= 0.0 {
        return Some(best);
    }
    let weights: Vec<f64> = scores.iter().map(|score| ((score - scores[best]) / temperature).exp()).collect();
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    let drawn = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    Some(drawn.unwrap_or(best))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_ends_at_a_quote_that_is_not_escaped() {
        assert_eq!(end_of_string(r#"a "b"#), Some(2), "the first quote ends it");
        assert_eq!(end_of_string(r#"a \"b"#), None, "an escaped one does not");
        assert_eq!(end_of_string("a\nb"), Some(1), "JSON strings have no line breaks");
    }

    #[test]
    fn forms_that_cannot_be_written_are_left_to_free_text() {
        assert!(is_known(&json!({ "enum": [1, null] })), "values out of a list");
        let optional = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": [] });
        assert!(!is_known(&optional), "a field that may be missing");
        assert!(!is_known(&json!({ "type": "number" })), "numbers of any size");
    }

    #[test]
    fn elements_name_what_their_first_field_lists() {
        let element = json!({
            "type": "object",
            "properties": { "explanation": { "type": "string" }, "id": { "enum": ["a", "b"] } },
            "required": ["id", "explanation"],
        });
        assert_eq!(named_in(&element).map(Vec::len), Some(2), "fields stand in the order they are required in");
    }
}
