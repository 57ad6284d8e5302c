//! The documents: one template each, what it shows gathered here. Every value is escaped for its document as it is
//! written; only pictures and code blocks, escaped already, pass as they are.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use semid_charts::{Theme, draw, numbers, page_css, text};
use semid_core::comparison::{Comparison, Difference};
use serde::Serialize;

use crate::table::Table;
use crate::{Error, ReportChart, Result, escape, lookup, tables};

/// The page: style and pictures inside, no script. Alone it links to no file beside it.
pub(crate) fn html(comparison: &Comparison, charts: &[ReportChart], alone: bool) -> Result<String> {
    let pictures: Vec<Value> = charts
        .iter()
        .map(|chart| {
            let svg = Value::from_safe_string(draw(&chart.chart, Theme::Page)?.into_string());
            Ok(context! { svg => svg, alone => alone, ..picture(chart) })
        })
        .collect::<Result<_>>()?;
    let style = include_str!("../templates/report.css");
    let page = context! {
        style => Value::from_safe_string(style.to_owned()),
        light => Value::from_safe_string(page_css(false)),
        dark => Value::from_safe_string(page_css(true)),
        charts => pictures,
        ..shared(comparison)
    };
    render(
        "index.html",
        concat!(include_str!("../templates/table.html"), include_str!("../templates/report.html")),
        page,
    )
}

/// The same in Markdown, with links to the files of the charts it is given.
pub(crate) fn markdown(comparison: &Comparison, charts: &[ReportChart]) -> Result<String> {
    // A fence longer than any row of backticks inside cannot be closed by them.
    let longest = comparison.settings_toml.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let pictures: Vec<Value> = charts.iter().map(picture).collect();
    let page = context! {
        charts => pictures,
        fence => Value::from_safe_string("`".repeat(longest.max(2) + 1)),
        settings => Value::from_safe_string(comparison.settings_toml.trim_end().to_owned()),
        ..shared(comparison)
    };
    render("report.md", concat!(include_str!("../templates/table.md"), include_str!("../templates/report.md")), page)
}

/// The tables in LaTeX: a document of its own, and a part of another when it is `\input`.
pub(crate) fn latex(comparison: &Comparison) -> Result<String> {
    render(
        "tables.tex",
        concat!(include_str!("../templates/table.tex"), include_str!("../templates/tables.tex")),
        shared(comparison),
    )
}

/// A chart without its drawing.
fn picture(chart: &ReportChart) -> Value {
    context! { name => chart.name.as_str(), section => plain(chart.section), title => chart.chart.title() }
}

/// Anything that serialises, as the templates see it.
pub(crate) fn plain(value: impl Serialize) -> Value {
    Value::from(Serde(value))
}

/// What all documents show.
fn shared(comparison: &Comparison) -> Value {
    let protocol = &comparison.protocol;
    let primary = lookup::primary(comparison);
    let gains = |family: &str, differences: &[Difference]| -> Vec<Headline> {
        let of_primary = primary.into_iter().flat_map(|primary| {
            lookup::of_metric(differences, &primary.key)
                .map(|difference| Headline::new(comparison, family, difference, primary.higher_is_better))
        });
        of_primary.collect()
    };
    let warnings: Vec<Value> = comparison
        .arms
        .iter()
        .filter(|arm| !arm.health.warnings.is_empty())
        .map(|arm| context! { arm => lookup::title(arm), warnings => plain(&arm.health.warnings) })
        .collect();
    let schemes = comparison.id_schemes.iter().map(|scheme| {
        context! {
            title => tables::scheme_title(scheme),
            shape => scheme.shape.as_str(),
            diagnosis => plain(&scheme.diagnosis),
            examples => plain(&scheme.examples),
            labelled => scheme.examples.iter().any(|example| !example.labels.trim().is_empty()),
        }
    });
    let name = if comparison.name.trim().is_empty() { "Comparison" } else { &comparison.name };
    context! {
        name => name,
        finished => date(comparison.finished_at),
        dataset => plain(&comparison.dataset),
        protocol => plain(protocol),
        seeds => comparison.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        primary => plain(primary),
        metrics => plain(&comparison.metrics),
        verdict => plain(&comparison.verdict),
        meaning => plain(gains("Meaning gain", &comparison.meaning_gains)),
        hash => plain(gains("Hash gain", &comparison.hash_gains)),
        summary => view(tables::summary_rows(comparison)),
        differences => view(tables::differences(comparison)),
        gains => view(tables::gains(comparison)),
        slices => tables::slices(comparison).into_iter().map(view).collect::<Vec<_>>(),
        quality => view(tables::id_quality(comparison)),
        breadth => view(tables::breadth(comparison)),
        breadth_metrics => plain(&comparison.breadth_metrics),
        health => view(tables::health(comparison)),
        stages => view(tables::stages(comparison)),
        warnings => warnings,
        schemes => schemes.collect::<Vec<_>>(),
        provenance => plain(&comparison.provenance),
        settings => comparison.settings_toml.as_str(),
        version => env!("CARGO_PKG_VERSION"),
    }
}

/// A gain in the primary metric, for the top of the page.
#[derive(Serialize)]
struct Headline {
    family: String,
    arm: String,
    against: String,
    difference: String,
    interval: String,
    p: String,
    /// `gain`, `loss` or `unclear`.
    outcome: &'static str,
    /// The outcome in words.
    words: &'static str,
}

impl Headline {
    fn new(comparison: &Comparison, family: &str, difference: &Difference, higher_is_better: bool) -> Self {
        let found = difference.p_adjusted < 0.05;
        let (outcome, words) = match (found, (difference.difference > 0.0) == higher_is_better) {
            (false, _) => ("unclear", "not told apart from zero"),
            (true, true) => ("gain", "a gain"),
            (true, false) => ("loss", "a loss"),
        };
        Headline {
            family: family.to_owned(),
            arm: lookup::arm_title(comparison, &difference.arm).to_owned(),
            against: lookup::arm_title(comparison, &difference.against).to_owned(),
            difference: numbers::signed(difference.difference),
            interval: numbers::signed_interval(difference.low, difference.high),
            p: numbers::p_is(difference.p_adjusted),
            outcome,
            words,
        }
    }
}

/// A table with the spans of its columns' common heads.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    table: Table,
    groups: Vec<(String, usize)>,
    grouped: bool,
    has_best: bool,
    has_baseline: bool,
}

pub(crate) fn view(table: Table) -> Value {
    let mut groups: Vec<(String, usize)> = Vec::new();
    for column in &table.columns {
        match groups.last_mut() {
            Some((group, span)) if *group == column.group => *span += 1,
            _ => groups.push((column.group.clone(), 1)),
        }
    }
    plain(View {
        grouped: table.columns.iter().any(|column| !column.group.is_empty()),
        has_best: table.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.best),
        has_baseline: table.rows.iter().any(|row| row.baseline),
        groups,
        table,
    })
}

pub(crate) fn render(name: &'static str, template: &'static str, page: Value) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Writing { what: name, reason: format!("{error:#}") };
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(failed)?);
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Custom("html".into()),
        Some("md") => AutoEscape::Custom("markdown".into()),
        _ => AutoEscape::Custom("latex".into()),
    });
    environment.set_formatter(|out, state, value| {
        if value.is_undefined() || value.is_none() {
            return Ok(());
        }
        let text = value.to_string();
        let written = match state.auto_escape() {
            _ if value.is_safe() => out.write_str(&text),
            AutoEscape::Custom(format) if format == "html" => out.write_str(&escape::html(&text)),
            AutoEscape::Custom(format) if format == "markdown" => out.write_str(&escape::markdown(&text)),
            _ => out.write_str(&escape::latex(&text)),
        };
        written.map_err(minijinja::Error::from)
    });
    environment.add_filter("count", numbers::count);
    environment.add_filter("percent", numbers::percent);
    environment.add_filter("short", |text: &str, columns: usize| text::shorten(&text::clean(text), columns));
    environment.add_filter("block", |text: &str| Value::from_safe_string(escape::html_block(text)));
    environment.add_filter("number", |text: &str| Value::from_safe_string(number(text)));
    environment.add_template(name, template).map_err(failed)?;
    environment.get_template(name).and_then(|template| template.render(page)).map_err(failed)
}

/// A number for a column of the page: its unit stands in a box of its own, so that digits stay below digits.
fn number(text: &str) -> String {
    match text.rsplit_once('\u{202f}') {
        Some((number, unit)) if unit.chars().all(|char| char.is_ascii_alphabetic() || char == '%') => {
            format!("{}<span class=\"unit\">{}</span>", escape::html(number), escape::html(unit))
        }
        _ => escape::html(text),
    }
}

/// A moment as people read it, in UTC: `23 November 2026, 21:38 UTC`; nothing for a comparison without one.
pub(crate) fn date(unix_secs: i64) -> String {
    if unix_secs <= 0 {
        return String::new();
    }
    let (days, secs) = (unix_secs.div_euclid(86_400), unix_secs.rem_euclid(86_400));
    // Days since 1 March of the year 0, in eras of 400 years (Hinnant, "chrono-compatible low-level date algorithms").
    let day = days + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + i64::from(month >= 10);
    const MONTHS: [&str; 12] = [
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "January",
        "February",
    ];
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{day} {name} {year}, {:02}:{:02} UTC", secs / 3600, secs / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(date(951_782_400), "29 February 2000, 00:00 UTC", "a leap day of a century");
        assert_eq!(date(1_795_469_909), "23 November 2026, 21:38 UTC", "an ordinary day");
        assert_eq!(date(1_767_225_599), "31 December 2025, 23:59 UTC", "the last minute of a year");
        assert_eq!(date(0), "", "no moment, no date");
    }

    #[test]
    fn units_stand_apart_and_bounds_do_not() {
        assert_eq!(number("42\u{202f}s"), "42<span class=\"unit\">s</span>", "a unit has its own box");
        assert_eq!(number("<\u{202f}.001"), "&lt;\u{202f}.001", "a bound is one number");
    }
}
