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
mod placement;
mod png;
mod rank_frequency;
mod rows;
mod slice_bars;
mod study_accuracy;
mod study_companions;
mod study_ratings;
mod study_superiority;
mod study_times;
mod study_two_axes;
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
pub use study_accuracy::{ArmAccuracy, StudyAccuracy, TaskAccuracy};
pub use study_companions::{CompanionPanel, CompanionPoint, StudyCompanions};
pub use study_ratings::{ArmRatings, StudyRatings};
pub use study_superiority::{StudySuperiority, Superior, TaskSuperiority};
pub use study_times::{ArmTimes, StudyTimes, TaskTimes};
pub use study_two_axes::{Raters, SchemePoint, StudyTwoAxes};
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
        Chart::StudyAccuracy(chart) => study_accuracy::draw(chart, theme),
        Chart::StudyRatings(chart) => study_ratings::draw(chart, theme),
        Chart::StudyTwoAxes(chart) => study_two_axes::draw(chart, theme),
        Chart::StudyTimes(chart) => study_times::draw(chart, theme),
        Chart::StudyCompanions(chart) => study_companions::draw(chart, theme),
        Chart::StudySuperiority(chart) => study_superiority::draw(chart, theme),
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
    /// Share right of every arm of a study against chance.
    StudyAccuracy(StudyAccuracy),
    /// Ratings of every arm of a study, stacked around the middle of their scale.
    StudyRatings(StudyRatings),
    /// ID schemes by accuracy and by interpretability.
    StudyTwoAxes(StudyTwoAxes),
    /// Response times of every arm of a study.
    StudyTimes(StudyTimes),
    /// Automatic companions beside what people did.
    StudyCompanions(StudyCompanions),
    /// Probability that one arm of a study is rated above another.
    StudySuperiority(StudySuperiority),
}

impl Chart {
    /// What the picture shows.
    pub fn title(&self) -> &str {
        self.heading().0
    }

    /// How to read it.
    pub fn note(&self) -> &str {
        self.heading().1
    }

    fn heading(&self) -> (&str, &str) {
        match self {
            Chart::MetricBars(chart) => (&chart.title, &chart.note),
            Chart::Differences(chart) => (&chart.title, &chart.note),
            Chart::Curves(chart) => (&chart.title, &chart.note),
            Chart::CodeUsage(chart) => (&chart.title, &chart.note),
            Chart::IdQuality(chart) => (&chart.title, &chart.note),
            Chart::SliceBars(chart) => (&chart.title, &chart.note),
            Chart::Histogram(chart) => (&chart.title, &chart.note),
            Chart::RankFrequency(chart) => (&chart.title, &chart.note),
            Chart::StudyAccuracy(chart) => (&chart.title, &chart.note),
            Chart::StudyRatings(chart) => (&chart.title, &chart.note),
            Chart::StudyTwoAxes(chart) => (&chart.title, &chart.note),
            Chart::StudyTimes(chart) => (&chart.title, &chart.note),
            Chart::StudyCompanions(chart) => (&chart.title, &chart.note),
            Chart::StudySuperiority(chart) => (&chart.title, &chart.note),
        }
    }
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
