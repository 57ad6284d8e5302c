//! A comparison as a report folder: [`report`] gives file names and bytes, whoever calls it writes them.
//!
//! [`study::files`] does the same for a study.
//!
//! Nothing here computes: every number comes from the [`Comparison`] and is formatted by `semid_charts::numbers`. The
//! page, the Markdown and the LaTeX show the same [`Table`]s; each format has one writer that escapes whatever it is
//! given, since names of arms, data sets and items are hostile text.

mod chart_table;
mod charts;
mod check;
mod escape;
mod files;
mod lookup;
mod page;
pub mod study;
mod table;
mod tables;

use semid_core::comparison::Comparison;

pub use chart_table::chart_table;
pub use charts::{ReportChart, Section, charts};
pub use semid_charts::numbers;
pub use table::{Cell, Column, Row, Table};
pub use tables::{breadth, differences, gains, health, id_quality, slices, stages, summary_rows};

/// The result of writing a report.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Path inside the report folder, with `/`: `index.html`, `charts/differences.svg`. Letters, digits, `-`, `.` only.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// All files of the report: `index.html`, which needs no other; `comparison.json`; tables as CSV; `report.md`;
/// `tables.tex`; `experiment.toml`; the charts as SVG, light and dark. The same comparison gives the same bytes.
///
/// # Errors
/// When a number is not finite, or the comparison points at an arm it does not have.
pub fn report(comparison: &Comparison) -> Result<Vec<ReportFile>> {
    check::check(comparison)?;
    let charts = charts(comparison);
    let mut files = vec![
        ReportFile { name: "index.html".into(), bytes: page::html(comparison, &charts, false)?.into_bytes() },
        ReportFile { name: "report.md".into(), bytes: page::markdown(comparison, &charts)?.into_bytes() },
        ReportFile { name: "tables.tex".into(), bytes: page::latex(comparison)?.into_bytes() },
        ReportFile { name: "comparison.json".into(), bytes: files::json(comparison)? },
        ReportFile { name: "experiment.toml".into(), bytes: comparison.settings_toml.clone().into_bytes() },
    ];
    files.extend(files::tables(comparison)?);
    files.extend(files::pictures(&charts)?);
    Ok(files)
}

/// One file of a comparison, for whoever wants only that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The table of arms and differences as CSV.
    Csv,
    /// The report as Markdown.
    Markdown,
    /// The tables as LaTeX.
    Latex,
    /// The whole as JSON.
    Json,
    /// The report as a page that needs no other file.
    Html,
}

/// One file of a comparison; the same bytes as in the report where the report has it.
///
/// # Errors
/// As [`report`].
pub fn single_file(comparison: &Comparison, format: Format) -> Result<Vec<u8>> {
    check::check(comparison)?;
    match format {
        Format::Csv => files::summary(comparison),
        Format::Markdown => Ok(page::markdown(comparison, &[])?.into_bytes()),
        Format::Latex => Ok(page::latex(comparison)?.into_bytes()),
        Format::Json => files::json(comparison),
        Format::Html => Ok(page::html(comparison, &charts(comparison), true)?.into_bytes()),
    }
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The comparison or study holds something that no report can show.
    #[error("{0}")]
    Comparison(String),
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] semid_charts::Error),
    /// A writer underneath failed.
    #[error("writing {what} failed: {reason}")]
    Writing {
        /// Which file.
        what: &'static str,
        /// Why.
        reason: String,
    },
}
