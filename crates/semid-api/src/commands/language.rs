//! Handlers: language models.

use semid_core::Seed;

use super::{Reply, start};
use crate::App;
use crate::wire::*;

pub fn language_models(app: &App, _: Nothing) -> Reply<Vec<LanguageModelRow>> {
    Ok(app.engine()?.language_models()?)
}

pub fn set_remote(app: &App, request: RemoteModelDraft) -> Reply<Vec<LanguageModelRow>> {
    Ok(app.engine()?.set_remote_model(&request)?)
}

pub fn remove_remote(app: &App, request: LanguageModelRequest) -> Reply<Vec<LanguageModelRow>> {
    Ok(app.engine()?.remove_remote_model(&request.model)?)
}

pub fn keep_key(app: &App, request: KeyRequest) -> Reply<Nothing> {
    app.engine()?.keep_key(&request.model, &request.key)?;
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

pub fn explain(app: &App, request: ExplainRequest) -> Reply<Started> {
    start(app, format!("{} explains recommendations", request.model), move |engine, work| {
        Ok(engine.explain(work, &request)?)
    })
}

pub fn explanation_sets(app: &App, request: DatasetRequest) -> Reply<Vec<ExplanationSet>> {
    Ok(app.engine()?.explanation_sets(&request.dataset)?)
}

pub fn orders(app: &App, request: OrdersRequest) -> Reply<Started> {
    start(app, format!("Orders in titles, {}", request.model), move |engine, work| {
        Ok(engine.orders_in_titles(work, &request)?)
    })
}

pub fn answer(app: &App, request: LmAnswerRequest) -> Reply<LmAnswer> {
    Ok(app.engine()?.language_answer(&request)?)
}

pub fn prompts(app: &App, _: Nothing) -> Reply<Vec<PromptTemplate>> {
    Ok(app.engine()?.prompt_templates())
}

pub fn check_prompt(app: &App, draft: PromptDraft) -> Reply<PromptCheck> {
    Ok(app.engine()?.check_prompt(&draft)?)
}

pub fn export_adapters(app: &App, request: AdaptersRequest) -> Reply<AdaptersWritten> {
    Ok(app.engine()?.export_adapters(&request)?)
}

pub fn study_rate(app: &App, request: StudyRateRequest) -> Reply<Started> {
    start(app, format!("{} rates {}", request.model, request.name), move |engine, work| {
        let StudyRateRequest { name, version, part, model } = &request;
        Ok(engine.rate_with_model(work, name, *version, *part, model)?)
    })
}
