//! Handlers: language models.

use semid_core::Seed;
use semid_llm::{Budget, Endpoint, Price, RemoteSettings, Secret, keys};

use super::{Reply, start};
use crate::wire::*;
use crate::{ApiError, App};

pub fn language_models(app: &App, _: Nothing) -> Reply<Vec<LanguageModelRow>> {
    Ok(app.engine()?.language_models()?)
}

pub fn set_remote(app: &App, request: RemoteModelRequest) -> Reply<Vec<LanguageModelRow>> {
    let first = request.urls.first().map(String::as_str).unwrap_or_default();
    let mut settings = RemoteSettings::starter(&request.name, first, &request.model);
    let one = request.urls.len() == 1;
    let endpoint = |(at, url): (usize, &String)| Endpoint {
        name: if one { request.name.clone() } else { format!("{} {}", request.name, at + 1) },
        base_url: url.clone(),
    };
    settings.endpoints = request.urls.iter().enumerate().map(endpoint).collect();
    if let Some(concurrency) = request.concurrency {
        settings.concurrency = concurrency as usize;
    }
    if let Some(secs) = request.timeout_secs {
        settings.timeout_secs = secs;
    }
    let tokens = request.most_tokens.or(settings.budget.tokens);
    settings.budget = Budget { tokens, cost: request.most_cost };
    settings.price = match (request.prompt_price, request.completion_price) {
        (Some(prompt_per_million), Some(completion_per_million)) => Some(Price {
            prompt_per_million,
            completion_per_million,
            currency: request.currency.unwrap_or_else(|| "USD".to_owned()),
        }),
        (None, None) => None,
        _ => return Err(ApiError::input("Give the price of both a prompt's and an answer's tokens, or of neither.")),
    };
    Ok(app.engine()?.set_remote_model(&settings)?)
}

pub fn remove_remote(app: &App, request: LanguageModelRequest) -> Reply<Vec<LanguageModelRow>> {
    Ok(app.engine()?.remove_remote_model(&request.model)?)
}

pub fn keep_key(app: &App, request: KeyRequest) -> Reply<Nothing> {
    let remote = app.engine()?.remote_models()?.into_iter().find(|model| model.name == request.model);
    let remote = remote.ok_or_else(|| ApiError::input("There is no remote model of this name."))?;
    for endpoint in &remote.endpoints {
        let done = match request.key.trim() {
            "" => keys::forget(&endpoint.name),
            key => Secret::new(key).and_then(|key| keys::keep(&endpoint.name, &key)),
        };
        done.map_err(semid_engine::Error::Core)?;
    }
    Ok(Nothing {})
}

pub fn test(app: &App, request: LanguageModelRequest) -> Reply<Started> {
    start(app, format!("Test of {}", request.model), move |engine, work| {
        Ok(engine.test_language_model(work, &request.model)?)
    })
}

pub fn ask(app: &App, request: AskRequest) -> Reply<Started> {
    start(app, "Ask".to_owned(), move |engine, work| Ok(engine.ask(&work.with_seed(Seed(0)), &request)?))
}

pub fn study_rate(app: &App, request: StudyRateRequest) -> Reply<Started> {
    start(app, format!("{} rates {}", request.model, request.name), move |engine, work| {
        let StudyRateRequest { name, version, part, model } = &request;
        Ok(engine.rate_with_model(work, name, *version, *part, model)?)
    })
}
