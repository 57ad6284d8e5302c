//! Replies kept by the digest of their request, so that a run that is done again costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use semid_core::{Error, Reply, Request, Result};

/// Where replies are kept. Only replies with a text are; a failure is tried again next time.
pub trait ReplyCache: Send + Sync {
    /// The reply kept under a digest.
    fn get(&self, digest: &str) -> Result<Option<Reply>>;
    /// Keeps a reply, with the request it answers, so that the answer can be opened with its prompt.
    fn put(&self, digest: &str, request: &Request, reply: &Reply) -> Result<()>;
}

/// The name of a request: equal digests mean the same model asked the same thing in the same way. 64 hex digits.
///
/// `name` and `model` are those of the settings. Endpoints, retries and the budget are left out: they change who answers
/// and when, not what was asked.
pub fn request_digest(name: &str, model: &str, request: &Request) -> Result<String> {
    const FORM: &str = "semid reply v1";
    let bytes = serde_json::to_vec(&(FORM, name, model, request))
        .map_err(|why| Error::inside("writing a request as JSON", why))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

/// Keeps replies as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryCache(Mutex<HashMap<String, Reply>>);

impl MemoryCache {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Reply>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl ReplyCache for MemoryCache {
    fn get(&self, digest: &str) -> Result<Option<Reply>> {
        Ok(self.lock().get(digest).cloned())
    }

    fn put(&self, digest: &str, _request: &Request, reply: &Reply) -> Result<()> {
        self.lock().insert(digest.to_owned(), reply.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use semid_core::{Constraint, Prompt, Sampling};
    use serde_json::json;

    #[test]
    fn everything_that_is_asked_is_part_of_the_digest() {
        let request = Request { prompt: Prompt::once("s", "u"), sampling: Sampling::greedy(10), constraint: None };
        let digest = |name: &str, model: &str, request: &Request| request_digest(name, model, request).unwrap();
        let one = digest("a", "m", &request);
        assert_eq!(one, digest("a", "m", &request.clone()), "the same request has the same name");
        let mut others = vec![digest("b", "m", &request), digest("a", "n", &request)];
        for change in [
            |request: &mut Request| request.prompt.system.push('!'),
            |request: &mut Request| request.prompt.messages[0].text.push('!'),
            |request: &mut Request| request.sampling.temperature = 0.5,
            |request: &mut Request| request.sampling.seed = Some(1),
            |request: &mut Request| request.sampling.max_tokens = 11,
            |request: &mut Request| {
                request.constraint = Some(Constraint::JsonSchema { name: "n".into(), schema: json!({}) });
            },
        ] {
            let mut changed = request.clone();
            change(&mut changed);
            others.push(digest("a", "m", &changed));
        }
        others.push(one);
        let all = others.len();
        others.sort();
        others.dedup();
        assert_eq!(others.len(), all, "each change asks something else");
    }
}
