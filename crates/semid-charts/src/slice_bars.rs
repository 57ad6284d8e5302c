//! A metric of every arm in parts of the users: one panel of bars per slice, one scale for all.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::bars::{bar, value_axis};
use crate::canvas::{Align, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, Labels, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers, text};

/// Bars of every arm, slice by slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SliceBars {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// The metric's name, at the axes.
    pub metric: String,
    /// Names of the arms, from top to bottom.
    pub arms: Vec<String>,
    /// Which of them all others are compared with.
    pub baseline: Option<usize>,
    /// From left to right.
    pub slices: Vec<Slice>,
}

/// A part of the users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// "≤ 5".
    pub label: String,
    /// Users in it.
    pub users: u64,
    /// One estimate per arm, in their order; none where an arm was not judged on it.
    pub estimates: Vec<Option<Estimate>>,
}

const GAP: f64 = 36.0;
/// Panels side by side before a new row of panels begins.
const ACROSS: usize = 3;

pub(crate) fn draw(chart: &SliceBars, theme: Theme) -> Result<Svg> {
    for slice in &chart.slices {
        check(&chart.title, &slice.label, slice.estimates.iter().flatten().flat_map(Estimate::numbers))?;
    }
    if chart.arms.is_empty() || chart.slices.iter().all(|slice| slice.estimates.iter().all(Option::is_none)) {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let labels = Labels::new(chart.arms.iter().map(String::as_str), 190.0);
    let row = if labels.tall() { 40.0 } else { 26.0 };
    let columns = chart.slices.len().min(ACROSS);
    let left = EDGE + labels.width + 14.0;
    let width = (WIDTH - EDGE - 8.0 - left - GAP * (columns as f64 - 1.0)) / columns as f64;
    let rows = chart.arms.len() as f64 * row + 4.0;
    let block = 40.0 + rows + 30.0;
    let height = heading.height() + chart.slices.len().div_ceil(columns) as f64 * block + 16.0 + EDGE;
    let values = chart.slices.iter().flat_map(|slice| slice.estimates.iter().flatten()).flat_map(Estimate::numbers);
    let scale = Scale::from_zero(values, 3, (0.0, width));

    let description = chart.slices.iter().map(|slice| described(slice, &chart.arms)).collect::<Vec<_>>().join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        for (at, slice) in chart.slices.iter().enumerate() {
            let from = left + (at % columns) as f64 * (width + GAP);
            let top = heading.height() + (at / columns) as f64 * block;
            let label = text::shorten_to(&text::clean(&slice.label), LABEL * 1.06, width);
            canvas.bold((from, top + 8.0), Align::Left, LABEL, Ink::Text, &label)?;
            canvas.text((from, top + 26.0), Align::Left, SMALL, Ink::Muted, &users(slice))?;
            let top = top + 40.0;
            let scale = scale.moved((from, from + width));
            value_axis(canvas, &scale, top, top + rows)?;
            for (arm, estimate) in slice.estimates.iter().take(chart.arms.len()).enumerate() {
                let y = top + arm as f64 * row + row / 2.0;
                if at % columns == 0 {
                    labels.draw(canvas, arm, (left - 14.0, y), Ink::Text)?;
                }
                let ink = if chart.baseline == Some(arm) { Ink::Neutral } else { Ink::Accent };
                match estimate {
                    Some(estimate) => bar(canvas, &scale, y, estimate, ink)?,
                    None => canvas.text((from + 6.0, y), Align::Left, SMALL, Ink::Muted, "not judged")?,
                }
                let values = match estimate {
                    Some(estimate) => estimate.said(&chart.metric).into(),
                    None => vec!["not judged".to_owned()],
                };
                let role = if chart.baseline == Some(arm) { "baseline" } else { "" };
                let who = [chart.arms[arm].clone(), format!("{}, {}", slice.label, users(slice))];
                let said = who.into_iter().chain(values).chain([role.to_owned()]);
                canvas.mark((from, y - row / 2.0, width, row), said);
            }
        }
        let key = height - EDGE - 4.0;
        let middle = (left + WIDTH - EDGE) / 2.0;
        canvas.text((middle, key), Align::Middle, SMALL, Ink::Muted, &chart.metric)?;
        if chart.baseline.is_some_and(|baseline| baseline < chart.arms.len()) {
            canvas.text((WIDTH - EDGE, key), Align::Right, SMALL, Ink::Muted, "baseline")?;
            canvas.rect(WIDTH - EDGE - 66.0, key - 5.0, 10.0, 10.0, Ink::Neutral)?;
        }
        Ok(())
    })
}

fn users(slice: &Slice) -> String {
    format!("{} {}", numbers::count(slice.users), if slice.users == 1 { "user" } else { "users" })
}

fn described(slice: &Slice, arms: &[String]) -> String {
    let values = arms.iter().zip(&slice.estimates).filter_map(|(arm, estimate)| {
        estimate.map(|estimate| {
            format!("{arm} {} {}", numbers::metric(estimate.value), numbers::interval(estimate.low, estimate.high))
        })
    });
    format!("{}, {}: {}.", slice.label, users(slice), values.collect::<Vec<_>>().join(", "))
}
