//! How many of what: columns from left to right, each with its count.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::canvas::{Align, Sheet, Svg};
use crate::heading::{EDGE, Heading, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Result, Theme, numbers, text};

/// Counts in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// What the columns are, below them: "interactions of a user".
    pub along: String,
    /// What is counted: "users".
    pub counted: String,
    /// From left to right: what the column stands for, and its count.
    pub columns: Vec<(String, u64)>,
}

const PANEL: f64 = 240.0;
const TICKS: f64 = 62.0;

pub(crate) fn draw(chart: &Histogram, theme: Theme) -> Result<Svg> {
    let most = chart.columns.iter().map(|column| column.1).max().unwrap_or(0);
    if most == 0 {
        return empty(&chart.title, &chart.note, theme);
    }
    let heading = Heading::new(&chart.title, &chart.note);
    let top = heading.height() + 22.0;
    let bottom = top + PANEL;
    let height = bottom + 42.0 + EDGE;
    let (left, right) = (EDGE + TICKS, WIDTH - EDGE);
    let up = Scale::from_zero([most as f64], 5, (bottom, top));
    let slot = (right - left) / chart.columns.len() as f64;
    let gap = if slot > 6.0 { 2.0 } else { 0.0 };

    let said = |(label, count): &(String, u64)| format!("{label}: {}", numbers::count(*count));
    let description = chart.columns.iter().take(60).map(said).collect::<Vec<_>>().join("; ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        let counted = text::clean(&chart.counted);
        canvas.text((EDGE, top - 14.0), Align::Left, SMALL, Ink::Muted, &counted)?;
        for (value, label) in up.ticks().into_iter().filter(|tick| tick.0.fract() == 0.0) {
            let y = up.at(value);
            canvas.line((left, y), (right, y), Ink::Grid, 1.0)?;
            canvas.text((left - 8.0, y), Align::Right, SMALL, Ink::Muted, &label)?;
        }
        for (at, (label, count)) in chart.columns.iter().enumerate() {
            let x = left + at as f64 * slot;
            let y = up.at(*count as f64);
            if *count > 0 {
                canvas.rect(x + gap / 2.0, y, slot - gap, bottom - y, Ink::Accent)?;
            }
            let counted = format!("{} {counted}", numbers::count(*count));
            canvas.mark((x, top, slot, bottom - top), [format!("{} {}", chart.along, label), counted]);
        }
        canvas.line((left, bottom), (right, bottom), Ink::Axis, 1.0)?;
        // As many labels as stand beside each other.
        let widest = chart.columns.iter().map(|(label, _)| text::width(&text::clean(label), SMALL)).fold(1.0, f64::max);
        let every = ((widest + 14.0) / slot).ceil().max(1.0) as usize;
        for (at, (label, _)) in chart.columns.iter().enumerate().step_by(every) {
            let label = text::clean(label);
            let room = text::width(&label, SMALL) / 2.0;
            let x = (left + (at as f64 + 0.5) * slot).min(right - room);
            canvas.text((x, bottom + 14.0), Align::Middle, SMALL, Ink::Muted, &label)?;
        }
        let along = text::shorten_to(&text::clean(&chart.along), SMALL, right - left);
        canvas.text(((left + right) / 2.0, bottom + 34.0), Align::Middle, SMALL, Ink::Muted, &along)
    })
}
