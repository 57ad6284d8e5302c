//! What is set about a remote model, and what is wrong with it. Nothing in here is secret: it is stored with the run.

use serde::{Deserialize, Serialize};

use crate::{Budget, Price};

/// A model behind one or several URLs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteSettings {
    /// What people call it. Cached replies belong to this name and the model's: two servers that run different weights
    /// under one model name are told apart by it.
    pub name: String,
    /// The model's name at the endpoints; the same at all of them.
    pub model: String,
    /// Where it answers. Requests go to the one with the least to do.
    pub endpoints: Vec<Endpoint>,
    /// Requests on their way at once, over all endpoints.
    pub concurrency: usize,
    /// Seconds until an attempt counts as lost.
    pub timeout_secs: f64,
    /// How often and how soon to try again.
    pub retries: Retries,
    /// What a run may spend.
    pub budget: Budget,
    /// What tokens cost; none: unknown.
    pub price: Option<Price>,
}

/// One place where the model answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// What people call it; the account under which the keychain has its key.
    pub name: String,
    /// Up to and with the version: `http://127.0.0.1:8080/v1`.
    pub base_url: String,
}

/// How often and how soon to try again after 429, 5xx, a timeout or a broken connection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Attempts in all; 1: no second one.
    pub attempts: u32,
    /// Milliseconds before the second attempt at most; doubles with each. The wait is drawn between half of it and all.
    pub first_wait_ms: u64,
    /// No wait is longer, in milliseconds. A server that asks for more is not waited for: the request has failed.
    pub longest_wait_ms: u64,
    /// An endpoint that failed so often in a row rests for `first_wait_ms`, twice as long the next time.
    pub rest_after: u32,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// The field: `endpoints.0.base_url`.
    pub field: String,
    /// What is wrong, and what to do.
    pub sentence: String,
}

impl RemoteSettings {
    /// One endpoint with settings that suit most: 4 requests at once, two minutes, 5 attempts, a million tokens.
    pub fn starter(name: &str, base_url: &str, model: &str) -> Self {
        RemoteSettings {
            name: name.to_owned(),
            model: model.to_owned(),
            endpoints: vec![Endpoint { name: name.to_owned(), base_url: base_url.to_owned() }],
            concurrency: 4,
            timeout_secs: 120.0,
            retries: Retries { attempts: 5, first_wait_ms: 1_000, longest_wait_ms: 60_000, rest_after: 3 },
            budget: Budget { tokens: Some(1_000_000), cost: None },
            price: None,
        }
    }

    /// All that is wrong, at once.
    pub fn problems(&self) -> Vec<SettingsProblem> {
        let mut problems = Vec::new();
        let mut wrong = |field: String, sentence: &str| {
            problems.push(SettingsProblem { field, sentence: sentence.to_owned() });
        };
        if self.name.trim().is_empty() {
            wrong("name".into(), "The model has no name. Give one that tells it from others.");
        }
        if self.model.trim().is_empty() {
            wrong("model".into(), "No model was chosen. Test the connection to see which ones the endpoint has.");
        }
        if self.endpoints.is_empty() {
            wrong("endpoints".into(), "There is no endpoint. Give at least one base URL.");
        }
        for (at, endpoint) in self.endpoints.iter().enumerate() {
            if endpoint.name.trim().is_empty() {
                wrong(
                    format!("endpoints.{at}.name"),
                    "The endpoint has no name. Its key is kept under it, so give one.",
                );
            }
            if self.endpoints[..at].iter().any(|other| other.name == endpoint.name) {
                wrong(
                    format!("endpoints.{at}.name"),
                    "Two endpoints have this name. Their keys would be one: rename one.",
                );
            }
            if let Some(sentence) = endpoint.problem() {
                wrong(format!("endpoints.{at}.base_url"), sentence);
            }
        }
        if !(1..=256).contains(&self.concurrency) {
            wrong("concurrency".into(), "Choose between 1 and 256 requests at once.");
        }
        if !(self.timeout_secs > 0.0 && self.timeout_secs <= 3_600.0) {
            wrong("timeout_secs".into(), "Choose a time of more than 0 and at most 3,600 seconds for an attempt.");
        }
        if !(1..=20).contains(&self.retries.attempts) {
            wrong("retries.attempts".into(), "Choose between 1 and 20 attempts.");
        }
        if self.retries.rest_after == 0 {
            wrong("retries.rest_after".into(), "An endpoint can rest after 1 failure at the earliest.");
        }
        if self.budget.cost.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
            wrong("budget.cost".into(), "The cost a run may reach must be a number of 0 or more.");
        }
        if self.budget.cost.is_some() && self.price.is_none() {
            wrong(
                "price".into(),
                "A limit on the cost needs a price. Give the price of tokens, or limit tokens instead.",
            );
        }
        if let Some(price) = &self.price {
            let (read, written) = (price.prompt_per_million, price.completion_per_million);
            if ![read, written].iter().all(|price| (0.0..=1e6).contains(price)) {
                wrong("price".into(), "Prices are for a million tokens, each between 0 and 1,000,000.");
            }
        }
        problems
    }
}

impl Endpoint {
    /// Whether this is OpenAI's own, and encrypted.
    pub fn is_openai(&self) -> bool {
        self.url().is_some_and(|url| url.scheme() == "https" && url.host_str() == Some("api.openai.com"))
    }

    /// What a person should know before a key goes there.
    pub fn warning(&self, has_key: bool) -> Option<String> {
        let open = has_key && self.url().is_some_and(|url| url.scheme() == "http") && !self.is_on_this_machine();
        open.then(|| {
            format!(
                "{} is not encrypted: whoever shares the network can read the key and the prompts. Use https:// where the \
                 server has it.",
                self.base_url
            )
        })
    }

    pub(crate) fn is_on_this_machine(&self) -> bool {
        self.url().is_some_and(|url| match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
            Some("localhost") => true,
            Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        })
    }

    /// The base URL without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }

    fn url(&self) -> Option<reqwest::Url> {
        reqwest::Url::parse(&self.base_url).ok()
    }

    /// A URL that carries a secret would be stored and shown, so it is refused.
    fn problem(&self) -> Option<&'static str> {
        let Some(url) = self.url() else {
            return Some("This is no URL. A base URL looks like http://127.0.0.1:8080/v1.");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Some("A base URL starts with http:// or https:// and names a host.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("The URL holds a user or password, which would be stored with the run. Keep a key instead.");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Some("A base URL ends with its path. Take off what stands after ? or #.");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn all_problems_are_told_at_once_each_with_its_field() {
        let mut settings = RemoteSettings::starter("a", "http://user:secret@host/v1", "m");
        assert!(
            RemoteSettings::starter("a", "http://[::1]:8080/v1/", "m").problems().is_empty(),
            "the starter is right"
        );
        settings.endpoints.push(Endpoint { name: "a".into(), base_url: "nonsense".into() });
        settings.model.clear();
        settings.budget.cost = Some(1.0);
        let fields: Vec<String> = settings.problems().into_iter().map(|problem| problem.field).collect();
        let expected = ["model", "endpoints.0.base_url", "endpoints.1.name", "endpoints.1.base_url", "price"];
        assert_eq!(fields, expected, "a person mends all of them in one go");
    }

    #[test]
    fn an_open_connection_is_a_warning_only_when_a_key_leaves_the_machine() {
        let warns = |url: &str, key| Endpoint { name: "a".into(), base_url: url.into() }.warning(key).is_some();
        assert!(warns("http://cluster.lan/v1", true), "the key crosses a network");
        assert!(!warns("http://cluster.lan/v1", false), "there is no key");
        assert!(!warns("https://cluster.lan/v1", true), "it is encrypted");
        assert!(!warns("http://[::1]:80/v1", true) && !warns("http://localhost/v1", true), "it stays on the machine");
    }
}
