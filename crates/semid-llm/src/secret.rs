//! A key that is not printed: not by `{}`, not by `{:?}`, not into JSON.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use semid_core::{Error, Result};
use serde::{Serialize, Serializer};

const HIDDEN: &str = "•••";

/// A key. Wiped from memory when it is dropped; it can be written nowhere and not be read from a file.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Checks that the text can be sent as a key: printable ASCII without blanks. White space around it is taken off, since
    /// a key is usually pasted.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::input("The key is empty. Copy it anew from where the endpoint gave it out."));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::input(
                "The key holds a blank or a letter that no key has. Copy it anew from where the endpoint gave it out.",
            ));
        }
        Ok(Secret(SecretString::from(text)))
    }

    /// The key itself, for the header of a request and for the keychain.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The form that async-openai asks for.
    pub(crate) fn inner(&self) -> &SecretString {
        &self.0
    }

    /// The text without the key, should a server have repeated it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(self.expose(), HIDDEN)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_is_printed_by_nothing() {
        let key = Secret::new(" sk-very-secret\n").unwrap();
        let written = format!("{key} {key:?} {:#?} {}", Some(&key), serde_json::to_string(&key).unwrap());
        assert!(!written.contains("secret"), "none of the ways to write a value writes a key: {written}");
        assert_eq!(key.expose(), "sk-very-secret", "white space around a pasted key is not part of it");
        assert_eq!(key.hide_in("no such key: sk-very-secret"), "no such key: •••", "a server's echo is hidden too");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_key() {
        for text in ["", "  ", "two words", "line\nbreak", "schlüssel"] {
            assert!(Secret::new(text).is_err(), "{text:?} would be refused by the HTTP library, later and by a panic");
        }
    }
}
