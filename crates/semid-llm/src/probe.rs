//! Testing a connection: does each endpoint answer, and does it have the model?

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use semid_core::{Result, Work};
use serde::Serialize;
use serde_json::Value;

use crate::client::TICK;
use crate::{RemoteModel, item_text, transport};

/// What one endpoint answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointTest {
    /// The endpoint's name.
    pub endpoint: String,
    /// Its base URL.
    pub base_url: String,
    /// The models it has, sorted.
    pub models: Vec<String>,
    /// Whether the chosen model is among them.
    pub has_model: bool,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why there is no list: what happened and what to do.
    pub problem: Option<String>,
    /// What a person should know before a key goes there.
    pub warning: Option<String>,
}

impl RemoteModel {
    /// Asks every endpoint for its models, once and without retries. Costs nothing.
    pub fn test(&self, work: &Work) -> Result<Vec<EndpointTest>> {
        let step = work.step("testing the connection", self.endpoints().len());
        let runtime = self.runtime()?;
        let mut tests = Vec::new();
        for connected in self.endpoints() {
            let (sender, receiver) = mpsc::channel();
            let client = connected.client.clone();
            let started = Instant::now();
            let task = runtime.spawn(async move {
                // Nobody listens any more after a cancel.
                sender.send(client.models().list_byot::<Value>().await.map_err(transport::trouble)).ok();
            });
            let listed = loop {
                match receiver.recv_timeout(TICK) {
                    Ok(listed) => break Some(listed),
                    Err(RecvTimeoutError::Disconnected) => break None,
                    Err(RecvTimeoutError::Timeout) => step.advance(0).inspect_err(|_| task.abort())?,
                }
            };
            let (models, problem) = match listed {
                Some(Ok(value)) => match models(&value) {
                    Some(models) => (models, None),
                    None => (Vec::new(), Some("it answered, but not with a list of models".to_owned())),
                },
                Some(Err(trouble)) => (Vec::new(), Some(trouble.to_string())),
                None => (Vec::new(), Some("the answer could not be read".to_owned())),
            };
            let problem = problem.map(|why| {
                let said = format!(
                    "{} ({}) did not list its models: {why}. Check the base URL, which ends with the version (/v1), the \
                     key, and that the server runs.",
                    connected.endpoint.name, connected.endpoint.base_url
                );
                connected.key.as_ref().map_or(said.clone(), |key| key.hide_in(&said))
            });
            tests.push(EndpointTest {
                endpoint: connected.endpoint.name.clone(),
                base_url: connected.endpoint.base_url.clone(),
                has_model: models.contains(&self.settings().model),
                models,
                millis: started.elapsed().as_millis() as u64,
                problem,
                warning: connected.endpoint.warning(connected.key.is_some()),
            });
            step.advance(1)?;
        }
        Ok(tests)
    }
}

fn models(value: &Value) -> Option<Vec<String>> {
    let listed = value.get("data")?.as_array()?;
    let names = listed.iter().filter_map(|model| model.get("id")?.as_str());
    let mut names: Vec<String> = names.map(|name| item_text::one_line(name, 200)).collect();
    names.sort();
    names.dedup();
    Some(names)
}
