//! A linear scale from values to pixels, with round ticks.

use crate::canvas::{Align, Canvas, Painted};
use crate::heading::SMALL;
use crate::numbers;
use crate::theme::Ink;

/// Values on a stretch of pixels.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    step: f64,
}

impl Scale {
    /// A scale that holds all `values`, widened to ticks at both ends; about `ticks` of them. `from` and `to` are the
    /// pixels of its ends.
    pub(crate) fn around(values: impl IntoIterator<Item = f64>, ticks: usize, (from, to): (f64, f64)) -> Self {
        let (mut low, mut high) =
            values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= f64::EPSILON * high.abs().max(low.abs()).max(1e-300) {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            (low, high) =
                if low < 0.0 { (low - room, 0.0_f64.max(high + room)) } else { (0.0_f64.min(low), high + room) };
        }
        let step = step((high - low) / ticks.max(1) as f64);
        // A little slack, or a value that is a tick but for rounding would widen the scale by a step.
        let slack = 1e-9;
        Scale { low: (low / step + slack).floor() * step, high: (high / step - slack).ceil() * step, from, to, step }
    }

    /// A scale from zero.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>, ticks: usize, pixels: (f64, f64)) -> Self {
        Self::around(values.into_iter().chain([0.0]), ticks, pixels)
    }

    /// The same values on other pixels.
    pub(crate) fn moved(&self, (from, to): (f64, f64)) -> Self {
        Scale { from, to, ..self.clone() }
    }

    /// Where a value stands.
    pub(crate) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The ticks: values with their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round().clamp(0.0, 50.0) as i32;
        let first = (self.low / self.step).round();
        (0..=count)
            .map(|tick| {
                let value = (first + f64::from(tick)) * self.step;
                (value, numbers::tick(value, self.step))
            })
            .collect()
    }
}

/// The round number (1, 2 or 5 times a power of ten) next to `rough` from above.
fn step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let digit = rough / power;
    let digit = [1.0, 2.0, 5.0].into_iter().find(|&round| digit <= round + 1e-9).unwrap_or(10.0);
    digit * power
}

/// The ground of a chart with two scales: a line and a number at each tick of both, and the axes they meet at. The pixels
/// between which it lies are given from left to right and from top to bottom.
pub(crate) fn plane(
    canvas: &Canvas<'_>,
    (x, y): (&Scale, &Scale),
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) -> Painted {
    for (value, label) in y.ticks() {
        canvas.line((left, y.at(value)), (right, y.at(value)), Ink::Grid, 1.0)?;
        canvas.text((left - 8.0, y.at(value)), Align::Right, SMALL, Ink::Muted, &label)?;
    }
    for (value, label) in x.ticks() {
        canvas.line((x.at(value), top), (x.at(value), bottom), Ink::Grid, 1.0)?;
        canvas.text((x.at(value), bottom + 14.0), Align::Middle, SMALL, Ink::Muted, &label)?;
    }
    canvas.line((left, bottom), (right, bottom), Ink::Axis, 1.25)?;
    canvas.line((left, top), (left, bottom), Ink::Axis, 1.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        let scale = Scale::from_zero([0.0132, 0.0618], 5, (0.0, 100.0));
        let labels: Vec<String> = scale.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels, ["0", ".02", ".04", ".06", ".08"], "steps of 2 from zero to beyond the largest value");
        assert_eq!(scale.at(0.0), 0.0, "zero stands at the left end");
        assert!(scale.at(0.0618) < 100.0, "the largest value is inside");
    }

    #[test]
    fn equal_values_and_no_values_still_give_a_scale() {
        for values in [vec![], vec![0.0], vec![0.5, 0.5], vec![-3.0], vec![1e-12], vec![1e90, -1e90]] {
            let scale = Scale::around(values.clone(), 4, (0.0, 100.0));
            assert!(scale.high > scale.low, "{values:?}: a scale has an extent");
            let ticks = scale.ticks();
            assert!((2..=12).contains(&ticks.len()), "{values:?}: a handful of ticks, got {}", ticks.len());
            for value in values {
                assert!((-1e-6..=100.000001).contains(&scale.at(value)), "{value} is inside its scale");
            }
        }
    }
}
