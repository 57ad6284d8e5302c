//! Where keys come from: the system's keychain, then the environment. They are written to nothing else.
//!
//! In the keychain the service is `semid` and the account is the endpoint's name. `SEMID_LLM_KEY` is for any endpoint;
//! `OPENAI_API_KEY` is for OpenAI's own only, so that a key that lies about in the environment is not shown to others.

use keyring::Entry;
use semid_core::{Error, Result};

use crate::{Endpoint, Secret};

const SERVICE: &str = "semid";
/// The variable for any endpoint.
pub const VARIABLE: &str = "SEMID_LLM_KEY";
/// The variable that other programs use as well; for OpenAI's own endpoint.
pub const OPENAI_VARIABLE: &str = "OPENAI_API_KEY";

/// What was found for an endpoint.
#[derive(Clone, Debug)]
pub struct FoundKey {
    /// The key; none is fine for servers that ask for none.
    pub key: Option<Secret>,
    /// Where it lay.
    pub source: Option<KeySource>,
    /// What a person should know, such as that there is no keychain here.
    pub note: Option<String>,
}

/// Where a key lay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The system's keychain.
    Keychain,
    /// This environment variable.
    Variable(&'static str),
}

/// Looks for an endpoint's key. A key in the environment that cannot be one is an error; a missing keychain is a note.
pub fn find(endpoint: &Endpoint) -> Result<FoundKey> {
    find_in(endpoint, from_keychain, |name| std::env::var(name).ok())
}

/// Puts an endpoint's key into the keychain, in place of the one before.
pub fn keep(endpoint: &str, key: &Secret) -> Result<()> {
    entry(endpoint).and_then(|entry| entry.set_password(key.expose())).map_err(|why| Error::input(no_keychain(&why)))
}

/// Takes an endpoint's key out of the keychain. Nothing there: nothing happens.
pub fn forget(endpoint: &str) -> Result<()> {
    match entry(endpoint).and_then(|entry| entry.delete_credential()) {
        Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
        Err(why) => Err(Error::input(no_keychain(&why))),
    }
}

/// A key, none, or why the keychain could not be asked.
type Looked = std::result::Result<Option<String>, String>;

fn find_in(
    endpoint: &Endpoint,
    keychain: impl FnOnce(&str) -> Looked,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<FoundKey> {
    let note = match keychain(&endpoint.name) {
        Ok(Some(text)) => {
            return Ok(FoundKey { key: Some(Secret::new(&text)?), source: Some(KeySource::Keychain), note: None });
        }
        Ok(None) => None,
        Err(sentence) => Some(sentence),
    };
    let variables = [VARIABLE, OPENAI_VARIABLE];
    let allowed = if endpoint.is_openai() { &variables[..] } else { &variables[..1] };
    for &name in allowed {
        let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) else { continue };
        let key = Secret::new(&text).map_err(|why| Error::input(format!("In {name}: {why}")))?;
        return Ok(FoundKey { key: Some(key), source: Some(KeySource::Variable(name)), note: None });
    }
    Ok(FoundKey { key: None, source: None, note })
}

fn from_keychain(endpoint: &str) -> Looked {
    match entry(endpoint).and_then(|entry| entry.get_password()) {
        Ok(text) => Ok(Some(text)),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(why) => Err(no_keychain(&why)),
    }
}

fn entry(endpoint: &str) -> keyring::Result<Entry> {
    Entry::new(SERVICE, endpoint)
}

/// Says so, and what works instead. The library's own words name the cause; a bad entry's bytes are not among them.
fn no_keychain(why: &keyring::Error) -> String {
    let cause = match why {
        keyring::Error::NoDefaultStore => match Entry::store_status() {
            Err(keyring::Error::BadEncoding(_)) | Ok(()) => "it did not start".to_owned(),
            Err(cause) => cause.to_string(),
        },
        keyring::Error::BadEncoding(_) => "what lies there is no text".to_owned(),
        other => other.to_string(),
    };
    format!(
        "The system's keychain cannot be used here ({}). Give the key in the environment variable {VARIABLE} instead.",
        cause.trim_end_matches('.')
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn endpoint(base_url: &str) -> Endpoint {
        Endpoint { name: "mine".to_owned(), base_url: base_url.to_owned() }
    }

    fn both(name: &str) -> Option<String> {
        Some(format!("key-of-{name}"))
    }

    fn only_openai(name: &str) -> Option<String> {
        (name == OPENAI_VARIABLE).then(|| "openai".to_owned())
    }

    #[test]
    fn the_keychain_is_asked_before_the_environment() {
        let found = find_in(&endpoint("http://127.0.0.1:1/v1"), |_| Ok(Some("kept".to_owned())), both).unwrap();
        assert_eq!(found.source, Some(KeySource::Keychain), "a key kept for this endpoint is the closer one");
        let found = find_in(&endpoint("http://127.0.0.1:1/v1"), |_| Ok(None), both).unwrap();
        assert_eq!(found.source, Some(KeySource::Variable(VARIABLE)), "then comes the variable of this program");
    }

    #[test]
    fn the_key_of_openai_in_the_environment_goes_to_openai_only() {
        for other in ["http://127.0.0.1:1/v1", "https://api.openai.com.example.org/v1", "http://api.openai.com/v1"] {
            let found = find_in(&endpoint(other), |_| Ok(None), only_openai).unwrap();
            assert!(found.key.is_none(), "{other} must not be shown a key that was meant for OpenAI");
        }
        let found = find_in(&endpoint("https://api.openai.com/v1"), |_| Ok(None), only_openai).unwrap();
        assert_eq!(found.key.unwrap().expose(), "openai", "that is what the variable is for");
    }

    #[test]
    fn without_a_keychain_a_sentence_names_the_variable() {
        let sentence = no_keychain(&keyring::Error::NoStorageAccess("no bus".into()));
        assert!(sentence.contains(VARIABLE) && sentence.contains("no bus"), "what happened and what to do: {sentence}");
        let found = find_in(&endpoint("http://127.0.0.1:1/v1"), |_| Err(sentence.clone()), |_| None).unwrap();
        assert_eq!(found.note, Some(sentence), "a server that asks for no key still works, so this is a note");
    }
}
