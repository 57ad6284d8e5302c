//! Handlers: interpretability studies.

use semid_core::Seed;
use semid_engine::settings::Problem;
use semid_engine::study::{study_charts, texts_template};

use super::results::theme;
use super::{Reply, start};
use crate::App;
use crate::wire::*;

/// The participant's page as one file; empty when the web view was not built before the program.
const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/participant.html"));

pub fn studies(app: &App, _: Nothing) -> Reply<Vec<StudyRow>> {
    Ok(app.engine()?.studies()?)
}

pub fn study(app: &App, request: StudySelector) -> Reply<StudyDetail> {
    Ok(app.engine()?.study(&request.name, request.version)?)
}

pub fn starter(app: &App, request: StudyStarterRequest) -> Reply<Started> {
    start(app, format!("Design a study on {}", request.dataset), move |engine, work| {
        // A recipe at hand, such as the sample, is a data set to begin with too.
        engine.dataset_or_recipe(work, &request.dataset)?;
        let StudyStarterRequest { dataset, ids, contact, explanations } = &request;
        Ok(engine.starter_study(dataset, ids, contact.as_deref(), explanations.as_deref())?)
    })
}

pub fn check(app: &App, request: StudyDraft) -> Reply<Vec<Problem>> {
    Ok(app.engine()?.check_study(&request.design, &request.texts)?)
}

pub fn save(app: &App, request: StudyDraft) -> Reply<Started> {
    start(app, format!("Stimuli of {}", request.design.name), move |engine, _| {
        Ok(engine.save_study(&request.design, &request.texts)?)
    })
}

pub fn replace(app: &App, request: ReplaceStimulusRequest) -> Reply<StudyDetail> {
    let item = request.item.as_deref();
    Ok(app.engine()?.replace_stimulus(&request.name, request.stimulus, item, &request.why)?)
}

pub fn power(app: &App, request: StudyPowerRequest) -> Reply<Started> {
    start(app, format!("Power of {}", request.design.name), move |engine, work| {
        Ok(engine.study_power(&work.with_seed(Seed(request.design.seed)), &request.design, request.participants)?)
    })
}

pub fn lock(app: &App, request: StudySelector) -> Reply<StudyRow> {
    Ok(app.engine()?.lock_study(&request.name)?)
}

pub fn sessions(app: &App, request: StudySessionsRequest) -> Reply<Vec<MadeSession>> {
    let files = request.output.as_deref().map(|folder| (PAGE, folder));
    Ok(app.engine()?.make_sessions(&request.name, request.version, request.count, request.part, files)?)
}

pub fn export_session(app: &App, request: ExportSessionRequest) -> Reply<MadeSession> {
    Ok(app.engine()?.export_session(&request.pseudonym, PAGE, &request.output)?)
}

pub fn import_answers(app: &App, request: FileRequest) -> Reply<AnswersImported> {
    Ok(app.engine()?.import_answers(&request.path)?)
}

pub fn simulate(app: &App, request: StudySimulateRequest) -> Reply<Started> {
    start(app, format!("Simulated participants of {}", request.name), move |engine, work| {
        let StudySimulateRequest { name, version, count, part, meaning } = &request;
        Ok(engine.simulate_participants(work, name, *version, *count, *part, meaning)?)
    })
}

pub fn close(app: &App, request: StudySelector) -> Reply<StudyRow> {
    Ok(app.engine()?.close_study(&request.name, request.version)?)
}

pub fn analysis(app: &App, request: StudyAnalysisRequest) -> Reply<Started> {
    start(app, format!("Analysis of {}", request.name), move |engine, work| {
        Ok(engine.study_analysis(work, &request.name, request.version, request.run)?)
    })
}

pub fn charts(_: &App, request: StudyChartsRequest) -> Reply<Vec<KindCharts>> {
    let kinds = study_charts(&request.results, theme(request.dark))?;
    let drawn = |(kind, charts): (ParticipantKind, Vec<_>)| KindCharts {
        kind,
        charts: charts.into_iter().map(DrawnChart::from).collect(),
    };
    Ok(kinds.into_iter().map(drawn).collect())
}

pub fn export(app: &App, request: StudyExportRequest) -> Reply<Started> {
    start(app, format!("Results of {}", request.name), move |engine, work| {
        Ok(engine.export_study(work, &request.name, request.version, request.run, &request.output)?)
    })
}

pub fn withdraw(app: &App, request: PseudonymRequest) -> Reply<Started> {
    start(app, format!("Withdrawal of {}", request.pseudonym), move |engine, work| {
        Ok(engine.withdraw_participant(work, &request.pseudonym)?)
    })
}

pub fn texts(_: &App, _: Nothing) -> Reply<TextsTemplate> {
    Ok(TextsTemplate { toml: texts_template().to_owned() })
}

pub fn participant_session(app: &App, request: SessionRequest) -> Reply<ParticipantSession> {
    Ok(app.engine()?.participant_session(&request.session)?)
}

pub fn participant_consent(app: &App, request: ConsentRequest) -> Reply<SessionState> {
    let ConsentRequest { session, language, text_hash, given_at } = &request;
    Ok(app.engine()?.participant_consent(session, language, text_hash, *given_at)?)
}

pub fn participant_answer(app: &App, request: AnswerRequest) -> Reply<SessionState> {
    Ok(app.engine()?.participant_answer(&request.session, &request.answer)?)
}
