//! The documents: one template each, filled from the same blocks.

use minijinja::{Value, context};
use semid_charts::{Theme, draw, numbers, page_css};
use semid_core::study::StudyResults;

use super::blocks::{Block, Part};
use super::verdict::{pilot, verdict};
use super::{tables, words};
use crate::page::{date, plain, render, view};
use crate::table::Table;
use crate::{Result, escape};

/// The page: style and pictures inside, no script.
pub(crate) fn html(results: &StudyResults, parts: &[Part]) -> Result<String> {
    let page = context! {
        style => Value::from_safe_string(include_str!("../../templates/report.css").to_owned()),
        light => Value::from_safe_string(page_css(false)),
        dark => Value::from_safe_string(page_css(true)),
        ..shared(results, parts, true)?
    };
    let template = concat!(include_str!("../../templates/table.html"), include_str!("../../templates/study.html"));
    render("report.html", template, page)
}

/// The same in Markdown, with links to the files of the charts.
pub(crate) fn markdown(results: &StudyResults, parts: &[Part]) -> Result<String> {
    let template = concat!(include_str!("../../templates/table.md"), include_str!("../../templates/study.md"));
    render("report.md", template, shared(results, parts, false)?)
}

/// The tables in LaTeX: a document of its own, and a part of another when it is `\input`.
pub(crate) fn latex(results: &StudyResults, parts: &[Part]) -> Result<String> {
    let template = concat!(include_str!("../../templates/table.tex"), include_str!("../../templates/study.tex"));
    render("tables.tex", template, shared(results, parts, false)?)
}

/// What all documents show.
fn shared(results: &StudyResults, parts: &[Part], drawn: bool) -> Result<Value> {
    let design = &results.design;
    let shown = parts.iter().map(|part| {
        let blocks = part.blocks.iter().map(|of| block(of, drawn)).collect::<Result<Vec<_>>>()?;
        Ok(context! { name => part.name, title => part.title, note => part.note.as_str(), blocks => blocks })
    });
    let facts: Vec<(&str, String)> = [
        ("Data set", results.dataset_title.clone()),
        ("Arms", design.arms.len().to_string()),
        ("Stimuli", numbers::count(results.stimuli.len() as u64)),
        ("Locked", date(results.locked_at)),
        ("Collection ended", date(results.closed_at)),
    ]
    .into_iter()
    .filter(|fact| !fact.1.is_empty())
    .collect();
    let power: Vec<&str> = results.power.iter().map(|power| power.sentence.as_str()).collect();
    Ok(context! {
        name => words::title(results),
        facts => plain(facts),
        pilot => plain(pilot(results)),
        verdict => plain(verdict(results)),
        parts => shown.collect::<Result<Vec<Value>>>()?,
        agreement => filled(tables::model_agreement(results)),
        replaced => filled(tables::replaced(results)),
        power => plain(power),
        protocol => plain(protocol(results)),
        plan => design.analysis_plan.as_str(),
        plan_block => Value::from_safe_string(escape::html_block(&design.analysis_plan)),
        methods => plain(super::methods::paragraphs(results)),
        program => results.program.as_str(),
        version => env!("CARGO_PKG_VERSION"),
    })
}

/// A table as the templates see it; nothing where it has no rows.
fn filled(table: Table) -> Value {
    if table.rows.is_empty() { Value::UNDEFINED } else { view(table) }
}

fn block(block: &Block, drawn: bool) -> Result<Value> {
    let figures = block.figures.iter().map(|chart| {
        let svg = if drawn { draw(&chart.chart, Theme::Page)?.into_string() } else { String::new() };
        let title = chart.chart.title();
        Ok(context! { name => chart.name.as_str(), title => title, svg => Value::from_safe_string(svg) })
    });
    Ok(context! {
        title => block.title.as_str(),
        figures => figures.collect::<Result<Vec<Value>>>()?,
        tables => block.tables.iter().cloned().map(view).collect::<Vec<_>>(),
        formulas => plain(&block.formulas),
    })
}

/// What was fixed before the first answer.
fn protocol(results: &StudyResults) -> Vec<(&'static str, String)> {
    let design = &results.design;
    let rules = &design.rules;
    let arms: Vec<String> = design.arms.iter().map(|arm| format!("{} ({}: {})", arm.title, arm.key, arm.ids)).collect();
    let tasks = design.tasks.iter().map(|task| {
        format!("{}: {}, {} stimuli an arm, level {}", task.key, words::done(results, task), task.per_arm, task.level)
    });
    let languages = results.instruments.iter().map(|texts| {
        format!("{}, version {}, {}", texts.language, texts.version, texts.digest.get(..12).unwrap_or(&texts.digest))
    });
    vec![
        ("Hash", results.protocol_hash.clone()),
        ("Version", results.version.to_string()),
        ("Arms", words::list(&arms)),
        ("Tasks", tasks.collect::<Vec<_>>().join("; ")),
        ("Participants planned", design.participants.to_string()),
        (
            "Latin square",
            format!("{} rows; after so many participants each stimulus was in each arm equally often", results.block),
        ),
        ("Attention checks", numbers::percent(design.attention_share)),
        (
            "Left out",
            format!(
                "who fails more than {} checks, answers below {} ms in the median, or answers less than {} of the trials",
                rules.failed_checks,
                rules.median_ms,
                numbers::percent(rules.answered_share)
            ),
        ),
        ("Seed", design.seed.to_string()),
        ("Texts", languages.collect::<Vec<_>>().join("; ")),
        ("Data digest", results.dataset_digest.clone()),
        ("Program at the lock", format!("Semid {}", results.program)),
        (
            "Resampling",
            format!(
                "{} bootstrap resamples, {} sign flips",
                numbers::count(u64::from(results.resamples)),
                numbers::count(u64::from(results.flips))
            ),
        ),
    ]
}
