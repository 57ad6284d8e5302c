//! Differences as a forest plot: a zero line, one row each, the interval, the numbers and the adjusted p in text.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::bars::{interval, value_axis};
use crate::canvas::{Align, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, Labels, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers, text};

/// Differences against one reference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// What is on the axis: "difference in NDCG@10".
    pub axis: String,
    /// Whether a difference above zero is a gain.
    pub higher_is_better: bool,
    /// Groups from top to bottom.
    pub groups: Vec<DifferenceGroup>,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DifferenceGroup {
    /// Above the rows; none when empty.
    pub label: String,
    /// From top to bottom.
    pub rows: Vec<DifferenceRow>,
}

/// One difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// Beside the row.
    pub label: String,
    /// The difference with its interval.
    pub estimate: Estimate,
    /// Adjusted p.
    pub p_adjusted: f64,
}

/// Adjusted p below which a difference counts as found.
const LEVEL: f64 = 0.05;

pub(crate) fn draw(chart: &Differences, theme: Theme) -> Result<Svg> {
    let rows: Vec<&DifferenceRow> = chart.groups.iter().flat_map(|group| &group.rows).collect();
    for row in &rows {
        check(&chart.title, &row.label, row.estimate.numbers().into_iter().chain([row.p_adjusted]))?;
    }
    if rows.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let labels = Labels::new(rows.iter().map(|row| row.label.as_str()), 230.0);
    let step = if labels.tall() { 40.0 } else { 28.0 };
    let top = heading.height() + 20.0;
    let headed = chart.groups.iter().filter(|group| !group.label.is_empty()).count();
    let bottom = top + rows.len() as f64 * step + headed as f64 * 28.0 + 4.0;
    let height = bottom + 22.0 + 22.0 + 22.0 + EDGE;

    let left = EDGE + labels.width + 12.0;
    let p_at = WIDTH - EDGE;
    let interval_at = p_at - 66.0;
    let value_at = interval_at - 118.0;
    let right = value_at - 66.0;
    let scale = Scale::from_zero(rows.iter().flat_map(|row| row.estimate.numbers()), 5, (left + 6.0, right));

    let description = rows
        .iter()
        .map(|row| {
            let estimate = &row.estimate;
            format!(
                "{}: {} {}, adjusted {}.",
                row.label,
                numbers::signed(estimate.value),
                numbers::signed_interval(estimate.low, estimate.high),
                numbers::p_is(row.p_adjusted)
            )
        })
        .collect::<Vec<_>>()
        .join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        let head = heading.height() + 4.0;
        canvas.text((interval_at, head), Align::Right, SMALL, Ink::Muted, "difference [95 % interval]")?;
        canvas.text((p_at, head), Align::Right, SMALL, Ink::Muted, "adj. p")?;
        value_axis(canvas, &scale, top, bottom)?;
        canvas.text(((left + right) / 2.0, bottom + 32.0), Align::Middle, SMALL, Ink::Muted, &chart.axis)?;

        let mut y = top;
        let mut at = 0;
        for group in &chart.groups {
            if !group.label.is_empty() {
                let label = text::shorten_to(&text::clean(&group.label), LABEL * 1.06, left - EDGE - 12.0);
                canvas.bold((left - 12.0, y + 17.0), Align::Right, LABEL, Ink::Text, &label)?;
                y += 28.0;
            }
            for row in &group.rows {
                let middle = y + step / 2.0;
                let estimate = &row.estimate;
                let found = row.p_adjusted < LEVEL;
                let ink = match (found, (estimate.value > 0.0) == chart.higher_is_better) {
                    (false, _) => Ink::Neutral,
                    (true, true) => Ink::Better,
                    (true, false) => Ink::Worse,
                };
                labels.draw(canvas, at, (left - 12.0, middle), Ink::Text)?;
                interval(canvas, scale.at(estimate.low), scale.at(estimate.high), middle, ink)?;
                let point = (scale.at(estimate.value), middle);
                if found {
                    canvas.dot(point, 5.0, ink)?
                } else {
                    canvas.ring(point, 4.5, ink, 1.75)?
                }
                let value = numbers::signed(estimate.value);
                canvas.bold((value_at, middle), Align::Right, SMALL, Ink::Text, &value)?;
                let ends = numbers::signed_interval(estimate.low, estimate.high);
                canvas.text((interval_at, middle), Align::Right, SMALL, Ink::Muted, &ends)?;
                canvas.text((p_at, middle), Align::Right, SMALL, Ink::Text, &numbers::p(row.p_adjusted))?;
                let found = if found { "told apart from no difference" } else { "not told apart from no difference" };
                let said = [
                    row.label.clone(),
                    group.label.clone(),
                    format!("{} {value}", chart.axis),
                    format!("95 % interval {ends}"),
                    format!("adjusted {}: {found}", numbers::p_is(row.p_adjusted)),
                ];
                canvas.mark((EDGE, y, WIDTH - 2.0 * EDGE, step), said);
                y += step;
                at += 1;
            }
        }

        let key = bottom + 54.0;
        let [better, worse] = if chart.higher_is_better { ["better", "worse"] } else { ["worse", "better"] };
        let zero = scale.at(0.0);
        if scale.at(0.0) - left > 60.0 {
            canvas.text((zero - 8.0, bottom + 52.0), Align::Right, SMALL, Ink::Muted, &format!("← {worse}"))?;
        }
        if right - scale.at(0.0) > 60.0 {
            canvas.text((zero + 8.0, bottom + 52.0), Align::Left, SMALL, Ink::Muted, &format!("{better} →"))?;
        }
        canvas.text((p_at, key - 2.0), Align::Right, SMALL, Ink::Muted, "p < .05")?;
        canvas.dot((p_at - 56.0, key - 2.0), 5.0, Ink::Muted)?;
        canvas.text((p_at - 76.0, key - 2.0), Align::Right, SMALL, Ink::Muted, "not told apart")?;
        canvas.ring((p_at - 172.0, key - 2.0), 4.5, Ink::Muted, 1.75)
    })
}
