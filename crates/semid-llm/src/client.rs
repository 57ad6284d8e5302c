//! A model behind one or several URLs, as a [`LanguageModel`].
//!
//! Outward it blocks; inside, requests run on a runtime with one thread of its own. What was answered is put into the cache
//! at once, so that a cancel or a crash loses only what was on its way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use semid_core::{
    Constraint, Error, FailureKind, LanguageModel, ModelIdentity, ModelSource, Outcome, Reply, Request, Result, Usage,
    Work,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::attempt::{Shared, ask};
use crate::budget;
use crate::pool::{Connected, Pool};
use crate::transport;
use crate::{Endpoint, Ledger, RemoteSettings, ReplyCache, Secret, request_digest};

/// How often a cancel is looked for.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// A model behind one or several URLs.
pub struct RemoteModel {
    settings: RemoteSettings,
    cache: Arc<dyn ReplyCache>,
    ledger: Arc<Ledger>,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl RemoteModel {
    /// Prepares the connections; nothing is sent. `key_of` finds an endpoint's key, such as through [`crate::keys::find`].
    /// The ledger is that of the run, made from [`RemoteSettings::budget`] and [`RemoteSettings::price`].
    pub fn new(
        settings: RemoteSettings,
        key_of: impl Fn(&Endpoint) -> Result<Option<Secret>>,
        cache: Arc<dyn ReplyCache>,
        ledger: Arc<Ledger>,
    ) -> Result<Self> {
        let problems: Vec<String> = settings.problems().into_iter().map(|problem| problem.sentence).collect();
        if !problems.is_empty() {
            return Err(Error::input(problems.join(" ")));
        }
        let timeout = Duration::from_secs_f64(settings.timeout_secs);
        let connect = |endpoint: &Endpoint| {
            let key = key_of(endpoint)?;
            let client = transport::connect(endpoint, key.as_ref(), timeout)?;
            Ok(Connected { endpoint: endpoint.clone(), client, key })
        };
        let endpoints = settings.endpoints.iter().map(connect).collect::<Result<Vec<_>>>()?;
        let shared = Arc::new(Shared {
            pool: Pool::new(endpoints, settings.retries),
            ledger: ledger.clone(),
            model: settings.model.clone(),
            retries: settings.retries,
            timeout_secs: settings.timeout_secs,
        });
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("language model")
            .enable_all()
            .build()
            .map_err(|why| Error::inside("starting the thread of the connections", why))?;
        Ok(RemoteModel { settings, cache, ledger, shared, runtime: Some(runtime) })
    }

    /// The settings it was made from.
    pub fn settings(&self) -> &RemoteSettings {
        &self.settings
    }

    /// The purse it spends from.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub(crate) fn endpoints(&self) -> &[Connected] {
        &self.shared.pool.endpoints
    }

    pub(crate) fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| Error::input("The connections of the language model are closed."))
    }

    /// What is in the cache already, as the reply of a run that sends nothing.
    fn cached(&self, digest: &str) -> Result<Option<Reply>> {
        Ok(self.cache.get(digest)?.map(|reply| self.again(&reply)))
    }

    /// A reply that was paid before.
    fn again(&self, reply: &Reply) -> Reply {
        let cost = self.ledger.cost(Usage::default());
        Reply { cost, cached: true, attempts: 0, ..reply.clone() }
    }
}

impl LanguageModel for RemoteModel {
    fn identity(&self) -> ModelIdentity {
        ModelIdentity {
            name: self.settings.name.clone(),
            source: ModelSource::Endpoints {
                urls: self.settings.endpoints.iter().map(|endpoint| endpoint.base_url.clone()).collect(),
                model: self.settings.model.clone(),
            },
            settings: serde_json::to_value(&self.settings).unwrap_or(Value::Null),
        }
    }

    /// Asks in the order given, as many at once as set. Equal requests are sent once. When the budget does not allow the
    /// next request even after all on their way have settled, it and all after it fail with [`FailureKind::Budget`]: which
    /// ones are answered does not depend on how many are asked at once.
    fn complete(&self, work: &Work, requests: &[Request]) -> Result<Vec<Reply>> {
        let step = work.step("asking the language model", requests.len());
        let mut replies: Vec<Option<Reply>> = vec![None; requests.len()];
        let mut first_of: HashMap<String, usize> = HashMap::new();
        let mut repeats = Vec::new();
        let mut waiting = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            let digest = request_digest(&self.settings.name, &self.settings.model, request)?;
            if let Some(&first) = first_of.get(&digest) {
                repeats.push((at, first));
            } else if let Some(reply) = self.cached(&digest)? {
                replies[at] = Some(reply);
                step.advance(1)?;
                first_of.insert(digest, at);
            } else if matches!(request.constraint, Some(Constraint::OneOf(_))) {
                replies[at] = Some(self.unsent(
                    FailureKind::Unsupported,
                    "A remote model cannot be held to a set of texts. Use a JSON schema, or a local model.",
                ));
                step.advance(1)?;
            } else {
                first_of.insert(digest.clone(), at);
                waiting.push((at, digest));
            }
        }

        let runtime = self.runtime()?;
        let (sender, receiver) = mpsc::channel::<Answered>();
        let mut flying = Flying::default();
        let mut queue = waiting.into_iter().peekable();
        let mut failed = 0usize;
        let mut keep = |(at, digest, reply): Answered| -> Result<()> {
            match reply.outcome {
                Outcome::Text { .. } => self.cache.put(&digest, &requests[at], &reply)?,
                Outcome::Failed { .. } => failed += 1,
            }
            replies[at] = Some(reply);
            step.note(self.progress(failed));
            Ok(step.advance(1)?)
        };
        loop {
            while flying.0.len() < self.settings.concurrency {
                let Some((at, _)) = queue.peek() else { break };
                let Some(reservation) = self.ledger.reserve(budget::most(&requests[*at])) else { break };
                let Some((at, digest)) = queue.next() else { break };
                let (shared, sender, work) = (self.shared.clone(), sender.clone(), work.clone());
                let request = requests[at].clone();
                let task = runtime.spawn(async move {
                    let reply = ask(&shared, &work, &request, &digest, reservation).await;
                    // Nobody listens any more after a cancel.
                    sender.send((at, digest, reply)).ok();
                });
                flying.0.insert(at, task.abort_handle());
            }
            if flying.0.is_empty() {
                break;
            }
            match receiver.recv_timeout(TICK) {
                Ok(answered) => {
                    flying.0.remove(&answered.0);
                    keep(answered)?;
                }
                // A task that panicked sends nothing; its request has failed, and the run goes on.
                Err(_) => flying.0.retain(|_, task| !task.is_finished()),
            }
            step.advance(0)?;
        }
        // An answer may have come in just after its task was found finished.
        receiver.try_iter().try_for_each(keep)?;
        if queue.peek().is_some() {
            self.ledger.stop();
        }
        for (at, _) in queue {
            replies[at] = Some(self.unsent(
                FailureKind::Budget,
                "Not sent, since the answer could have passed the budget of the run. Raise the budget to go on; what was \
                 answered is kept and costs nothing again.",
            ));
        }
        for (at, first) in repeats {
            let reply = replies[first].clone();
            replies[at] = reply.map(|reply| if reply.text().is_some() { self.again(&reply) } else { reply });
        }
        let lost = || self.unsent(FailureKind::Malformed, "The answer could not be read. Please report this.");
        Ok(replies.into_iter().map(|reply| reply.unwrap_or_else(lost)).collect())
    }
}

impl RemoteModel {
    /// A request that was not sent.
    fn unsent(&self, kind: FailureKind, sentence: &str) -> Reply {
        Reply { cost: self.ledger.cost(Usage::default()), ..Reply::failed(kind, sentence) }
    }

    fn progress(&self, failed: usize) -> String {
        let spent = self.ledger.spent();
        let mut note = format!("{} tokens", spent.tokens);
        if let (Some(cost), Some(price)) = (spent.cost, &self.settings.price) {
            note += &format!(", {cost:.4} {}", price.currency);
        }
        if failed > 0 {
            note += &format!(", {failed} failed");
        }
        note
    }
}

impl Drop for RemoteModel {
    fn drop(&mut self) {
        // The model may be dropped inside another runtime, where waiting is forbidden.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Which request, its digest, and what came of it.
type Answered = (usize, String, Reply);

/// Requests on their way, called back when this is dropped: after a cancel, and when the cache failed.
#[derive(Default)]
struct Flying(HashMap<usize, AbortHandle>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.values().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests;
