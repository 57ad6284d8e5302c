//! What the bar charts share: a bar with its interval, and the axis below.

use crate::Estimate;
use crate::axis::Scale;
use crate::canvas::{Align, Canvas, Painted};
use crate::heading::SMALL;
use crate::theme::Ink;

/// Height of a bar.
const THICK: f64 = 14.0;
/// Thickness of an interval's lines, and how far its ends reach up and down.
const WEIGHT: f64 = 1.5;
const CAP: f64 = 3.5;

/// A bar from zero with its interval over it: in the colour of the ground where it lies on the bar, so that it reads on
/// any colour, and as a mark of its own beyond.
pub(crate) fn bar(canvas: &Canvas<'_>, scale: &Scale, y: f64, estimate: &Estimate, ink: Ink) -> Painted {
    let [zero, end] = [scale.at(0.0), scale.at(estimate.value)];
    let [left, right] = [zero.min(end), zero.max(end)];
    canvas.rect(left, y - THICK / 2.0, right - left, THICK, ink)?;
    let [low, high] = [scale.at(estimate.low), scale.at(estimate.high)];
    let inside = |x: f64| left + 1.0 < x && x < right - 1.0;
    let on = |inside: bool| if inside { Ink::Surface } else { Ink::Mark };
    for (from, to, covered) in
        [(low, high.min(left), false), (low.max(left), high.min(right), true), (low.max(right), high, false)]
    {
        if to > from {
            canvas.line((from, y), (to, y), on(covered), WEIGHT)?;
        }
    }
    for x in [low, high] {
        canvas.line((x, y - CAP), (x, y + CAP), on(inside(x)), WEIGHT)?;
    }
    Ok(())
}

/// An interval with ends.
pub(crate) fn interval(canvas: &Canvas<'_>, low: f64, high: f64, y: f64, ink: Ink) -> Painted {
    canvas.line((low, y), (high, y), ink, WEIGHT)?;
    canvas.line((low, y - CAP), (low, y + CAP), ink, WEIGHT)?;
    canvas.line((high, y - CAP), (high, y + CAP), ink, WEIGHT)
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
