//! A metric of every arm: bars in groups, with 95 % intervals and the numbers beside them.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::bars::{bar, value_axis};
use crate::canvas::{Align, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, Labels, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers, text};

/// Bars with intervals, in groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricBars {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// The metric's name, at the axis.
    pub metric: String,
    /// Groups from top to bottom, a colour each.
    pub groups: Vec<BarGroup>,
}

/// Bars that belong together, such as all arms of one recommender.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BarGroup {
    /// Above the bars; none when empty.
    pub label: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// One arm's bar.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Beside the bar.
    pub label: String,
    /// The metric.
    pub estimate: Estimate,
    /// Whether all others are compared with this one.
    pub baseline: bool,
}

pub(crate) fn draw(chart: &MetricBars, theme: Theme) -> Result<Svg> {
    let bars: Vec<&Bar> = chart.groups.iter().flat_map(|group| &group.bars).collect();
    for bar in &bars {
        check(&chart.title, &bar.label, bar.estimate.numbers())?;
    }
    if bars.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let labels = Labels::new(bars.iter().map(|bar| bar.label.as_str()), 230.0);
    let row = if labels.tall() { 40.0 } else { 26.0 };
    let top = heading.height() + 20.0;
    let headed = chart.groups.iter().filter(|group| !group.label.is_empty()).count();
    let rows = top + bars.len() as f64 * row + headed as f64 * 28.0;
    let bottom = rows + 4.0;
    let height = bottom + 22.0 + 22.0 + EDGE;

    let left = EDGE + labels.width + 12.0;
    let values_at = WIDTH - EDGE;
    let right = values_at - 158.0;
    let scale = Scale::from_zero(bars.iter().flat_map(|bar| bar.estimate.numbers()), 5, (left, right));

    let description = bars
        .iter()
        .map(|bar| {
            let estimate = &bar.estimate;
            let mark = if bar.baseline { " (baseline)" } else { "" };
            format!(
                "{}{mark}: {} {}.",
                bar.label,
                numbers::metric(estimate.value),
                numbers::interval(estimate.low, estimate.high)
            )
        })
        .collect::<Vec<_>>()
        .join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        canvas.text((values_at, heading.height() + 4.0), Align::Right, SMALL, Ink::Muted, "mean [95 % interval]")?;
        value_axis(canvas, &scale, top, bottom)?;
        canvas.text(((left + right) / 2.0, bottom + 32.0), Align::Middle, SMALL, Ink::Muted, &chart.metric)?;
        let mut y = top;
        let mut at = 0;
        for (group, ink) in chart.groups.iter().zip((0..).map(Ink::Series)) {
            if !group.label.is_empty() {
                let label = text::shorten_to(&text::clean(&group.label), LABEL * 1.06, left - EDGE - 12.0);
                canvas.bold((left - 12.0, y + 17.0), Align::Right, LABEL, Ink::Text, &label)?;
                y += 28.0;
            }
            for item in &group.bars {
                let middle = y + row / 2.0;
                labels.draw(canvas, at, (left - 12.0, middle), Ink::Text)?;
                bar(canvas, &scale, middle, &item.estimate, if item.baseline { Ink::Neutral } else { ink })?;
                let estimate = &item.estimate;
                let interval = numbers::interval(estimate.low, estimate.high);
                canvas.text((values_at, middle), Align::Right, SMALL, Ink::Muted, &interval)?;
                let value = numbers::metric(estimate.value);
                canvas.bold((values_at - 104.0, middle), Align::Right, SMALL, Ink::Text, &value)?;
                let role = if item.baseline { "baseline" } else { "" };
                let said = std::iter::once(item.label.clone()).chain(estimate.said(&chart.metric));
                canvas.mark((EDGE, y, WIDTH - 2.0 * EDGE, row), said.chain([role.to_owned()]));
                y += row;
                at += 1;
            }
        }
        if bars.iter().any(|bar| bar.baseline) {
            let key = WIDTH - EDGE;
            canvas.text((key, bottom + 32.0), Align::Right, SMALL, Ink::Muted, "baseline")?;
            canvas.rect(key - 66.0, bottom + 32.0 - 5.0, 10.0, 10.0, Ink::Neutral)?;
        }
        Ok(())
    })
}
