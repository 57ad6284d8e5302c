//! What the bar charts share: a bar with its interval, and the axis below.

use crate::Estimate;
use crate::axis::Scale;
use crate::canvas::{Align, Canvas, Painted};
use crate::heading::SMALL;
use crate::theme::Ink;

/// Height of a bar.
const THICK: f64 = 14.0;

/// A bar from zero with its interval over it. The interval stands on a strip of ground, so that it reads on any colour.
pub(crate) fn bar(canvas: &Canvas<'_>, scale: &Scale, y: f64, estimate: &Estimate, ink: Ink) -> Painted {
    let [zero, end] = [scale.at(0.0), scale.at(estimate.value)];
    canvas.rect(zero.min(end), y - THICK / 2.0, (end - zero).abs(), THICK, ink)?;
    let [low, high] = [scale.at(estimate.low), scale.at(estimate.high)];
    canvas.line((low, y), (high, y), Ink::Surface, 4.0)?;
    interval(canvas, low, high, y, Ink::Mark)
}

/// An interval with ends.
pub(crate) fn interval(canvas: &Canvas<'_>, low: f64, high: f64, y: f64, ink: Ink) -> Painted {
    canvas.line((low, y), (high, y), ink, 1.5)?;
    canvas.line((low, y - 3.5), (low, y + 3.5), ink, 1.5)?;
    canvas.line((high, y - 3.5), (high, y + 3.5), ink, 1.5)
}

/// Lines up from the ticks and the ticks' labels below; the line at zero is stronger.
pub(crate) fn value_axis(canvas: &Canvas<'_>, scale: &Scale, top: f64, bottom: f64) -> Painted {
    for (value, label) in scale.ticks() {
        let x = scale.at(value);
        let (ink, weight) = if value == 0.0 { (Ink::Axis, 1.25) } else { (Ink::Grid, 1.0) };
        canvas.line((x, top), (x, bottom), ink, weight)?;
        canvas.text((x, bottom + 12.0), Align::Middle, SMALL, Ink::Muted, &label)?;
    }
    Ok(())
}
