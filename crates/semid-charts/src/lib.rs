//! Charts as SVG: [`draw`] turns plain data into one picture. Every number in a chart was computed elsewhere.
//!
//! A chart is one file here, one variant of [`Chart`] and one arm in [`draw`]; its colours come from `theme`. Names of
//! arms and items are hostile text: they are cleaned and escaped where they are drawn. The same data and theme give the
//! same bytes, and a picture holds no ids, classes, styles or scripts, so that many may stand in one page.

mod axis;
mod bars;
mod canvas;
mod code_usage;
mod curves;
mod differences;
mod heading;
mod histogram;
mod id_quality;
mod metric_bars;
pub mod numbers;
mod png;
mod rank_frequency;
mod slice_bars;
pub mod text;
mod theme;

use serde::{Deserialize, Serialize};

pub use canvas::{Mark, Svg};
pub use code_usage::{CodeUsage, LevelUsage};
pub use curves::{Curves, Line, Panel};
pub use differences::{DifferenceGroup, DifferenceRow, Differences};
pub use histogram::Histogram;
pub use id_quality::{IdQuality, QualityCell, QualityRow};
pub use metric_bars::{Bar, BarGroup, MetricBars};
pub use png::png;
pub use rank_frequency::RankFrequency;
pub use slice_bars::{Slice, SliceBars};
pub use theme::{Theme, page_css};

/// The result of drawing.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Draws a chart, and says where on it each number can be pointed at. A chart without data says so in words; a number
/// that is not finite is an error.
pub fn draw(chart: &Chart, theme: Theme) -> Result<Svg> {
    match chart {
        Chart::MetricBars(chart) => metric_bars::draw(chart, theme),
        Chart::Differences(chart) => differences::draw(chart, theme),
        Chart::Curves(chart) => curves::draw(chart, theme),
        Chart::CodeUsage(chart) => code_usage::draw(chart, theme),
        Chart::IdQuality(chart) => id_quality::draw(chart, theme),
        Chart::SliceBars(chart) => slice_bars::draw(chart, theme),
        Chart::Histogram(chart) => histogram::draw(chart, theme),
        Chart::RankFrequency(chart) => rank_frequency::draw(chart, theme),
    }
}

/// What can be drawn: plain data, every number computed already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Chart {
    /// A metric of every arm with its interval.
    MetricBars(MetricBars),
    /// Differences with intervals against a zero line.
    Differences(Differences),
    /// Curves recorded while training.
    Curves(Curves),
    /// Items per code, level by level.
    CodeUsage(CodeUsage),
    /// Quality of ID schemes as a table with bars in its cells.
    IdQuality(IdQuality),
    /// A metric of every arm in parts of the users.
    SliceBars(SliceBars),
    /// How many of what, in columns.
    Histogram(Histogram),
    /// Counts by rank on logarithmic axes.
    RankFrequency(RankFrequency),
}

/// A value with the ends of its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// All three, for scales and checks.
    pub(crate) fn numbers(&self) -> [f64; 3] {
        [self.value, self.low, self.high]
    }

    /// What to say of it: the value, then its interval.
    pub(crate) fn said(&self, metric: &str) -> [String; 2] {
        let interval = numbers::interval(self.low, self.high);
        [format!("{metric} {}", numbers::metric(self.value)), format!("95 % interval {interval}")]
    }
}

/// Why a chart could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number that must be finite is not, or is too large for any scale.
    #[error(
        "the chart “{chart}” has a value that cannot be drawn: {of} is {value}; every value must be a finite number"
    )]
    NotFinite {
        /// Title of the chart.
        chart: String,
        /// What the number belongs to.
        of: String,
        /// The number.
        value: f64,
    },
    /// The drawing library failed.
    #[error("drawing the chart “{chart}” failed: {reason}")]
    Drawing {
        /// Title of the chart.
        chart: String,
        /// Why, in the library's words.
        reason: String,
    },
}

/// Refuses numbers that have no place on a scale.
pub(crate) fn check(chart: &str, of: &str, values: impl IntoIterator<Item = f64>) -> Result<()> {
    // Far beyond anything measured, and far from where a scale would overflow.
    const LARGEST: f64 = 1e100;
    match values.into_iter().find(|value| !value.is_finite() || value.abs() > LARGEST) {
        Some(value) => Err(Error::NotFinite { chart: text::clean(chart), of: text::clean(of), value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
