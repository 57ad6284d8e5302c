//! Reports of a finished run: a folder, one chart, per-user values.

use std::io::Write;
use std::path::{Path, PathBuf};

use semid_charts::{Chart, Mark, Theme, draw, png};
use semid_core::comparison::Comparison;
pub use semid_report::Format;
use semid_report::{Table, chart_table, charts, report, single_file};

use crate::{Engine, Error, Result, files};

impl Engine {
    /// The comparison of a run, or of the newest finished run.
    pub fn comparison(&self, run: Option<i64>) -> Result<(i64, Comparison)> {
        let id = match run {
            Some(id) => self.store().run(id)?.id,
            None => {
                let finished = self.store().runs()?.into_iter().find(|run| run.status.name() == "finished");
                let none = || Error::input("No run is finished yet. Start one with `semid compare sample-films`.");
                finished.ok_or_else(none)?.id
            }
        };
        match self.store().comparison(id)? {
            Some(comparison) => Ok((id, comparison)),
            None => {
                let run = self.store().run(id)?;
                Err(Error::input(format!(
                    "Run {id} “{}” is {} and has no results. Start the same comparison again: it goes on where it \
                     stopped.",
                    run.name,
                    run.status.name()
                )))
            }
        }
    }

    /// Where the report of a run goes when nobody says.
    pub fn report_folder(&self, run: i64, name: &str) -> PathBuf {
        let plain: String =
            name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
        self.home().root().join("reports").join(format!("{run:04}-{plain}"))
    }

    /// Writes every user's values of every arm, seed and metric of a run, long format: user, arm, seed, metric, value.
    pub fn export_per_user(&self, run: i64, comparison: &Comparison, path: &Path) -> Result<()> {
        let missing = || Error::input(format!("Run {run} has no per-user values."));
        let users = self.store().user_order(run)?.ok_or_else(missing)?;
        let mut columns = Vec::new();
        for arm in &comparison.arms {
            for &seed in &comparison.seeds {
                for metric in &comparison.metrics {
                    let values = self.store().per_user(run, &arm.key, seed, &metric.key)?.ok_or_else(missing)?;
                    columns.push((arm.key.as_str(), seed, metric.key.as_str(), values));
                }
            }
        }
        files::write_atomically(path, |file| {
            writeln!(file, "user,arm,seed,metric,value")?;
            for (arm, seed, metric, values) in &columns {
                for (user, value) in users.iter().zip(values) {
                    writeln!(file, "{user},{},{seed},{metric},{value}", files::csv_field(arm))?;
                }
            }
            Ok(())
        })
    }
}

/// Writes the report folder, each file whole or not at all; gives the page to open.
pub fn write_report(comparison: &Comparison, folder: &Path) -> Result<PathBuf> {
    let made = report(comparison).map_err(|error| Error::Report(error.to_string()))?;
    for file in &made {
        files::write_atomically(&folder.join(&file.name), |writer| writer.write_all(&file.bytes))?;
    }
    Ok(folder.join("index.html"))
}

/// Names of the charts that a comparison has data for.
pub fn chart_names(comparison: &Comparison) -> Vec<String> {
    charts(comparison).into_iter().map(|chart| chart.name).collect()
}

/// One chart as SVG.
pub fn draw_chart(comparison: &Comparison, name: &str, theme: Theme) -> Result<String> {
    Ok(drawn_chart(comparison, name, theme)?.svg)
}

/// One chart of a comparison with its table and marks.
pub fn drawn_chart(comparison: &Comparison, name: &str, theme: Theme) -> Result<Drawn> {
    drawn(name, &find_chart(comparison, name)?, theme)
}

fn find_chart(comparison: &Comparison, name: &str) -> Result<Chart> {
    let found = charts(comparison).into_iter().find(|chart| chart.name == name);
    let unknown = || Error::Unknown {
        kind: "chart",
        name: name.to_owned(),
        known: format!("There are: {}.", chart_names(comparison).join(", ")),
    };
    Ok(found.ok_or_else(unknown)?.chart)
}

/// A chart drawn, the same numbers as a table, and where on the drawing each can be pointed at.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its name.
    pub name: String,
    /// The drawing.
    pub svg: String,
    /// Its title and its numbers.
    pub table: Table,
    /// Places in the units of the drawing's `viewBox`, and what to say there.
    pub marks: Vec<Mark>,
}

/// Draws any chart.
pub fn drawn(name: &str, chart: &Chart, theme: Theme) -> Result<Drawn> {
    let svg = draw(chart, theme).map_err(|error| Error::Report(error.to_string()))?;
    let marks = svg.marks().to_vec();
    Ok(Drawn { name: name.to_owned(), table: chart_table(chart), marks, svg: svg.into_string() })
}

/// One chart as PNG, two pixels to one of the drawing's.
pub fn chart_png(comparison: &Comparison, name: &str, theme: Theme) -> Result<Vec<u8>> {
    let chart = find_chart(comparison, name)?;
    let svg = draw(&chart, theme).map_err(|error| Error::Report(error.to_string()))?;
    png(&svg, 2.0).map_err(|error| Error::Report(error.to_string()))
}

/// Writes one file of a comparison, whole or not at all.
pub fn write_single(comparison: &Comparison, format: Format, path: &Path) -> Result<()> {
    let bytes = single_file(comparison, format).map_err(|error| Error::Report(error.to_string()))?;
    files::write_atomically(path, |file| file.write_all(&bytes))
}
