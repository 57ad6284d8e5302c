//! How a request leaves the machine: the sending under async-openai, with its time and size limits, and what became of it.
//!
//! async-openai builds the request; here it is sent once. Statuses are read here, since other servers write errors in
//! forms that async-openai does not know, and since the wait that a server asks for stands in a header.

use std::error::Error as _;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;
use semid_core::{Error, Result};
use serde_json::Value;

use crate::{Endpoint, Secret, item_text};

/// No answer of a chat is larger; what is larger is not read to its end.
const LARGEST_ANSWER: usize = 8 << 20;
const CONNECT: Duration = Duration::from_secs(10);

/// Why a request that was sent brought no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The server answered with an error.
    #[error("{status}: {said}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
        /// What it wrote, on one line.
        said: String,
    },
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection came about: nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke after the request was sent.
    #[error("{0}")]
    Broken(String),
    /// The answer is not what the answer of such a server looks like.
    #[error("{0}")]
    Malformed(String),
}

impl Trouble {
    /// Whether the same request may succeed a little later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Trouble::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502..=599),
            Trouble::Timeout | Trouble::Unreachable(_) | Trouble::Broken(_) => true,
            Trouble::Malformed(_) => false,
        }
    }

    /// Whether the server may charge for it: it was sent, and no status says that it was not done.
    pub(crate) fn may_be_charged(&self) -> bool {
        matches!(self, Trouble::Timeout | Trouble::Broken(_) | Trouble::Malformed(_))
    }
}

/// Who a request goes to, and with which key. Our own, since async-openai's reads keys and names from the environment.
#[derive(Clone)]
pub(crate) struct Address {
    base: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
    fn api_base(&self) -> &str {
        &self.base
    }
    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// The client of one endpoint.
pub(crate) fn connect(endpoint: &Endpoint, key: Option<&Secret>, timeout: Duration) -> Result<Client<Address>> {
    // ureq has brought ring; without a choice rustls would ask for a second library.
    static CRYPTOGRAPHY: Once = Once::new();
    CRYPTOGRAPHY.call_once(|| {
        // An error says that another room of the program has chosen before, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
    });
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
            .map_err(|_| Error::input("The key cannot be sent. Copy it anew from where the endpoint gave it out."))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    // A redirect would show prompts to a host that nobody chose.
    let mut http = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("semid");
    if endpoint.is_on_this_machine() {
        http = http.no_proxy();
    }
    let http = http.build().map_err(|why| Error::inside("preparing connections", why))?;
    let key = key.map_or_else(|| SecretString::from(""), |key| key.inner().clone());
    let address = Address { base: endpoint.base().to_owned(), key, headers };
    let service = tower::service_fn(move |request: HttpRequestFactory| {
        let http = http.clone();
        async move { send(http, request).await.map_err(|trouble| OpenAIError::Boxed(Box::new(trouble))) }
    });
    Ok(Client::with_config(address).with_http_service(service))
}

/// What async-openai gives back, sorted into what can be done about it.
pub(crate) fn trouble(error: OpenAIError) -> Trouble {
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<Trouble>() {
            Ok(trouble) => *trouble,
            Err(other) => Trouble::Malformed(other.to_string()),
        },
        OpenAIError::JSONDeserialize(why, _) => Trouble::Malformed(format!("the answer is not JSON ({why})")),
        OpenAIError::Reqwest(why) => of_reqwest(&why),
        other => Trouble::Malformed(other.to_string()),
    }
}

async fn send(http: reqwest::Client, request: HttpRequestFactory) -> std::result::Result<reqwest::Response, Trouble> {
    let request = request.build().await.map_err(|why| Trouble::Malformed(why.to_string()))?;
    let mut response = http.execute(request).await.map_err(|why| of_reqwest(&why))?;
    let status = response.status();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(part)) if body.len() + part.len() <= LARGEST_ANSWER => body.extend_from_slice(&part),
            Ok(Some(_)) => return Err(Trouble::Malformed("the answer is larger than 8 MiB".to_owned())),
            Ok(None) => break,
            // The status says more than the rest of the page would have.
            Err(_) if !status.is_success() => break,
            Err(why) => return Err(of_reqwest(&why)),
        }
    }
    if !status.is_success() {
        let retry_after = retry_after(response.headers(), SystemTime::now());
        return Err(Trouble::Status { status: status.as_u16(), retry_after, said: said(&body) });
    }
    let whole = http::Response::builder().status(status).body(body);
    whole.map(reqwest::Response::from).map_err(|why| Trouble::Malformed(why.to_string()))
}

fn of_reqwest(why: &reqwest::Error) -> Trouble {
    // The innermost cause says "connection refused"; the outer ones say that a request failed.
    let mut words = why.to_string();
    let mut cause = why.source();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    if why.is_connect() {
        Trouble::Unreachable(words)
    } else if why.is_timeout() {
        Trouble::Timeout
    } else {
        Trouble::Broken(words)
    }
}

/// What a server wrote with an error: OpenAI's form, vLLM's, Ollama's, or plain text.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let known = serde_json::from_slice::<Value>(body).ok().and_then(|value| {
        let places = ["/error/message", "/error", "/message", "/detail"];
        places.iter().find_map(|place| value.pointer(place)?.as_str().map(str::to_owned))
    });
    item_text::one_line(known.as_deref().unwrap_or(&text), 300)
}

/// Seconds or a date, as HTTP has it, or milliseconds, as OpenAI does.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse::<u64>().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let text = text("retry-after")?;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // A date that has passed says: now.
    httpdate::parse_http_date(text).ok().map(|date| date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_wait_is_read_in_each_of_its_forms() {
        let wait = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            retry_after(&headers, httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap())
        };
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)), "seconds");
        assert_eq!(wait("retry-after-ms", "70"), Some(Duration::from_millis(70)), "milliseconds");
        assert_eq!(wait("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"), Some(Duration::from_secs(3)), "a date");
        assert_eq!(
            wait("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"),
            Some(Duration::ZERO),
            "a date that has passed"
        );
        assert_eq!(wait("retry-after", "soon"), None, "no wait that anybody defined");
    }

    #[test]
    fn the_words_of_a_server_are_found_in_the_forms_that_servers_use() {
        assert_eq!(said(br#"{"error":{"message":"too long","code":400}}"#), "too long", "OpenAI, llama.cpp, vLLM");
        assert_eq!(said(br#"{"error":"no such model"}"#), "no such model", "Ollama, TGI");
        assert_eq!(said(br#"{"object":"error","message":"bad"}"#), "bad", "older vLLM");
        assert_eq!(said(b"<h1>Bad\r\nGateway</h1>"), "<h1>Bad Gateway</h1>", "a proxy, on one line");
        assert_eq!(said(&[b'x'; 1000]).chars().count(), 300, "never longer than a sentence may be");
    }
}
