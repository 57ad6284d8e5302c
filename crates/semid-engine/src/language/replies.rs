//! Replies kept in the workspace, and a model that remembers its own.

use std::sync::Arc;

use semid_core::{LanguageModel, ModelIdentity, ModelSource, Reply, Request, Work};
use semid_llm::{ReplyCache, request_digest};
use semid_store::Store;

/// The workspace as a place for replies.
pub(super) struct KeptReplies(pub Arc<Store>);

impl ReplyCache for KeptReplies {
    fn get(&self, digest: &str) -> semid_core::Result<Option<Reply>> {
        let kept = self.0.language_reply(digest).map_err(|why| inside("reading a kept reply", why))?;
        // What an older version wrote in another form is asked again.
        Ok(kept.and_then(|kept| serde_json::from_str(&kept.reply).ok()))
    }

    fn put(&self, digest: &str, request: &Request, reply: &Reply) -> semid_core::Result<()> {
        let text = |value: serde_json::Result<String>| value.map_err(|why| inside("writing a reply as JSON", why));
        let (request, reply) = (text(serde_json::to_string(request))?, text(serde_json::to_string(reply))?);
        self.0.keep_language_reply(digest, &request, &reply).map_err(|why| inside("keeping a reply", why))
    }
}

/// A model of this machine that is not asked the same thing twice. Its answers follow from the question alone.
pub(super) struct Remembering {
    pub model: Arc<dyn LanguageModel>,
    pub replies: KeptReplies,
}

impl LanguageModel for Remembering {
    fn identity(&self) -> ModelIdentity {
        self.model.identity()
    }

    fn complete(&self, work: &Work, requests: &[Request]) -> semid_core::Result<Vec<Reply>> {
        let identity = self.model.identity();
        let source = match &identity.source {
            ModelSource::File { digest } => digest.as_str(),
            ModelSource::Endpoints { model, .. } => model.as_str(),
        };
        let mut replies: Vec<Option<Reply>> = Vec::with_capacity(requests.len());
        let mut digests = Vec::with_capacity(requests.len());
        for request in requests {
            let digest = request_digest(&identity.name, source, request)?;
            // Without a seed an answer is drawn anew each time.
            let kept = if request.sampling.seed.is_some() { self.replies.get(&digest)? } else { None };
            replies.push(kept.map(|reply| Reply { cached: true, attempts: 0, ..reply }));
            digests.push(digest);
        }
        let asked: Vec<usize> = (0..requests.len()).filter(|&at| replies[at].is_none()).collect();
        let fresh: Vec<Request> = asked.iter().map(|&at| requests[at].clone()).collect();
        if !fresh.is_empty() {
            for (&at, reply) in asked.iter().zip(self.model.complete(work, &fresh)?) {
                if reply.text().is_some() {
                    self.replies.put(&digests[at], &requests[at], &reply)?;
                }
                replies[at] = Some(reply);
            }
        }
        Ok(replies.into_iter().flatten().collect())
    }
}

fn inside(doing: &'static str, why: impl std::fmt::Display) -> semid_core::Error {
    semid_core::Error::inside(doing, why.to_string())
}
