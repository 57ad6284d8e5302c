//! A request as the servers read it, and an answer as they write it. Read leniently in what is around the text, since
//! servers differ, and strictly in the text itself.

use semid_core::{Constraint, FailureKind, Finish, Request, Role, Usage};
use serde_json::{Map, Value, json};

use crate::item_text;

/// What one server understands; found out by asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Whether it takes a JSON schema.
    pub(crate) schema: Understood,
    /// Whether the limit of an answer is called `max_completion_tokens`, as newer models of OpenAI have it.
    pub(crate) completion_limit: bool,
}

/// Whether a server does something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Understood {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// It did.
    Yes,
    /// It refused, and did without.
    No,
}

/// The body of a chat request.
pub(crate) fn body(model: &str, request: &Request, dialect: Dialect, with_schema: bool) -> Value {
    let mut messages = Vec::new();
    if !request.prompt.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.prompt.system }));
    }
    for message in &request.prompt.messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        messages.push(json!({ "role": role, "content": message.text }));
    }
    let sampling = &request.sampling;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages.into());
    body.insert("temperature".into(), short(sampling.temperature));
    body.insert("top_p".into(), short(sampling.top_p));
    if let Some(seed) = sampling.seed {
        body.insert("seed".into(), seed.into());
    }
    let limit = if dialect.completion_limit { "max_completion_tokens" } else { "max_tokens" };
    body.insert(limit.into(), sampling.max_tokens.into());
    body.insert("stream".into(), false.into());
    if let (true, Some(Constraint::JsonSchema { name, schema })) = (with_schema, &request.constraint) {
        let form = json!({ "name": name, "strict": true, "schema": schema });
        body.insert("response_format".into(), json!({ "type": "json_schema", "json_schema": form }));
    }
    Value::Object(body)
}

/// .7 and not .699999988079071: the number a person wrote, not its nearest in 32 bits.
fn short(number: f32) -> Value {
    number.to_string().parse::<f64>().unwrap_or_default().into()
}

/// What a server answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: std::result::Result<(String, Finish), (FailureKind, String)>,
    /// Tokens, where the server counted them.
    pub(crate) usage: Option<Usage>,
}

/// Reads the first choice of a chat's answer.
pub(crate) fn answer(value: &Value) -> Answer {
    let count = |name: &str| value.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let usage = match (count("prompt_tokens"), count("completion_tokens")) {
        (Some(prompt_tokens), Some(completion_tokens)) => {
            Some(Usage { prompt_tokens, completion_tokens, estimated: false })
        }
        _ => None,
    };
    Answer { text: text(value), usage }
}

fn text(value: &Value) -> std::result::Result<(String, Finish), (FailureKind, String)> {
    let malformed = |what: &str| Err((FailureKind::Malformed, what.to_owned()));
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        let said = error.get("message").or(Some(error)).and_then(Value::as_str).unwrap_or_default();
        return malformed(&format!("the answer holds an error: {}", item_text::one_line(said, 300)));
    }
    let Some(choice) = value.pointer("/choices/0") else {
        return malformed("the answer has no choice");
    };
    let Some(message) = choice.get("message") else {
        return malformed("the answer has no message");
    };
    if let Some(refusal) = message.get("refusal").and_then(Value::as_str).filter(|refusal| !refusal.is_empty()) {
        return Err((FailureKind::Refused, format!("the model declined: {}", item_text::one_line(refusal, 300))));
    }
    let text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        // Some servers cut a text into parts.
        Some(Value::Array(parts)) if parts.iter().all(|part| part.get("text").is_some_and(Value::is_string)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        // All tokens went into thinking, or none was written.
        Some(Value::Null) | None => String::new(),
        Some(_) => return malformed("the message is not a text"),
    };
    let finish = match choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default() {
        "stop" | "eos_token" | "stop_sequence" => Finish::Stop,
        "length" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        other => Finish::Other(item_text::one_line(other, 40)),
    };
    Ok((text, finish))
}

/// Whether the words of a refusal are about the form of the answer.
pub(crate) fn is_about_schema(said: &str) -> bool {
    let said = said.to_lowercase();
    ["response_format", "json_schema", "json schema", "schema", "grammar", "guided", "structured"]
        .iter()
        .any(|word| said.contains(word))
}

/// Whether the words of a refusal ask for the other name of the limit.
pub(crate) fn is_about_completion_limit(said: &str) -> bool {
    said.contains("max_completion_tokens")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use semid_core::{Prompt, Sampling};

    #[test]
    fn a_request_is_written_as_it_was_set() {
        let schema = json!({ "type": "object" });
        let request = Request {
            prompt: Prompt::once("frame", "question"),
            sampling: Sampling { temperature: 0.7, top_p: 0.9, seed: Some(3), max_tokens: 50 },
            constraint: Some(Constraint::JsonSchema { name: "ranking".into(), schema: schema.clone() }),
        };
        let expected = json!({
            "model": "m",
            "messages": [{ "role": "system", "content": "frame" }, { "role": "user", "content": "question" }],
            "temperature": 0.7, "top_p": 0.9, "seed": 3, "max_tokens": 50, "stream": false,
            "response_format": {
                "type": "json_schema", "json_schema": { "name": "ranking", "strict": true, "schema": schema }
            },
        });
        assert_eq!(body("m", &request, Dialect::default(), true), expected, "field by field");
        let newer = body("m", &request, Dialect { completion_limit: true, ..Dialect::default() }, false);
        assert_eq!(newer["max_completion_tokens"], 50, "newer models know the limit under this name only");
        assert!(newer.get("max_tokens").is_none() && newer.get("response_format").is_none(), "and nothing else");
    }

    #[test]
    fn answers_of_different_servers_are_read_alike() {
        let full = json!({
            "choices": [{ "message": { "content": "hi" }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 5, "completion_tokens": 1 },
        });
        let counted = Usage { prompt_tokens: 5, completion_tokens: 1, estimated: false };
        assert_eq!(answer(&full), Answer { text: Ok(("hi".into(), Finish::Stop)), usage: Some(counted) });
        let parts = json!({ "choices": [{ "message": { "content": [{ "text": "h" }, { "text": "i" }] } }] });
        let read = answer(&parts);
        assert_eq!(read.text, Ok(("hi".into(), Finish::Other(String::new()))), "parts are one text");
        assert_eq!(read.usage, None, "no count is none, not 0");
        let kind = |value: Value| answer(&value).text.unwrap_err().0;
        assert_eq!(kind(json!({ "error": "overloaded" })), FailureKind::Malformed, "an error under status 200");
        assert_eq!(kind(json!({ "choices": [] })), FailureKind::Malformed, "nothing was answered");
        assert_eq!(kind(json!({ "choices": [{ "message": { "content": 3 } }] })), FailureKind::Malformed, "no text");
        assert_eq!(kind(json!({ "choices": [{ "message": { "refusal": "no" } }] })), FailureKind::Refused, "said so");
    }
}
