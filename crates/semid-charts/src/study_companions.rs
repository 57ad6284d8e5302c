//! Automatic companions beside what people did: one small scatter per task and measure, an arm a point, and the
//! correlation over stimuli told in words.

use serde::{Deserialize, Serialize};

use crate::axis::{Scale, plane};
use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, SMALL, WIDTH, empty};
use crate::placement::{Area, Obstacle, nearest, place};
use crate::theme::Ink;
use crate::{Result, Theme, check, numbers, text};

/// Companions, task by task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyCompanions {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// From left to right, then down.
    pub panels: Vec<CompanionPanel>,
}

/// One measure beside one task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompanionPanel {
    /// The task's title.
    pub label: String,
    /// The measure, across: "prefix purity".
    pub measure: String,
    /// What people did, up: "share right".
    pub outcome: String,
    /// Spearman's correlation over stimuli; none where it is not defined.
    pub correlation: Option<f64>,
    /// Stimuli, as arms show them, behind it.
    pub stimuli: u64,
    /// One an arm.
    pub points: Vec<CompanionPoint>,
}

/// One arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompanionPoint {
    /// Its title.
    pub label: String,
    /// Mean of the measure over its stimuli.
    pub measure: f64,
    /// What people did in it.
    pub outcome: f64,
}

/// Panels side by side.
const ACROSS: usize = 2;
const PLOT: f64 = 210.0;
const GAP: f64 = 30.0;

pub(crate) fn draw(chart: &StudyCompanions, theme: Theme) -> Result<Svg> {
    for panel in &chart.panels {
        check(&chart.title, &panel.label, panel.correlation)?;
        for point in &panel.points {
            check(&chart.title, &point.label, [point.measure, point.outcome])?;
        }
    }
    let panels: Vec<&CompanionPanel> = chart.panels.iter().filter(|panel| !panel.points.is_empty()).collect();
    if panels.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }
    let heading = Heading::new(&chart.title, &chart.note);
    let columns = panels.len().min(ACROSS);
    let width = (WIDTH - 2.0 * EDGE - GAP * (columns as f64 - 1.0)) / columns as f64;
    let block = 62.0 + PLOT + 52.0;
    let height = heading.height() + panels.len().div_ceil(columns) as f64 * block + EDGE;
    let description = panels.iter().map(|panel| described(panel)).collect::<Vec<_>>().join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        for (at, panel) in panels.iter().enumerate() {
            let left = EDGE + (at % columns) as f64 * (width + GAP);
            let top = heading.height() + (at / columns) as f64 * block;
            scatter(canvas, panel, (left, top), width)?;
        }
        Ok(())
    })
}

fn scatter(canvas: &Canvas<'_>, panel: &CompanionPanel, (edge, top): (f64, f64), width: f64) -> Painted {
    let label = text::shorten_to(&text::clean(&panel.label), LABEL * 1.06, width);
    canvas.bold((edge, top + 8.0), Align::Left, LABEL, Ink::Text, &label)?;
    let told = text::shorten_to(&told(panel), SMALL, width);
    canvas.text((edge, top + 26.0), Align::Left, SMALL, Ink::Text, &told)?;
    let up = text::shorten_to(&format!("{} ↑", text::clean(&panel.outcome)), SMALL, width);
    canvas.text((edge, top + 46.0), Align::Left, SMALL, Ink::Muted, &up)?;

    let (left, right) = (edge + 38.0, edge + width - 4.0);
    let (top, bottom) = (top + 62.0, top + 62.0 + PLOT);
    let x = Scale::around(panel.points.iter().map(|point| point.measure), 4, (left + 8.0, right - 8.0));
    let y = Scale::around(panel.points.iter().map(|point| point.outcome), 4, (bottom - 4.0, top + 4.0));
    plane(canvas, (&x, &y), (left, right), (top, bottom))?;
    let across = text::shorten_to(&format!("{} →", text::clean(&panel.measure)), SMALL, width);
    canvas.text(((left + right) / 2.0, bottom + 33.0), Align::Middle, SMALL, Ink::Muted, &across)?;

    let points: Vec<(f64, f64)> = panel.points.iter().map(|point| (x.at(point.measure), y.at(point.outcome))).collect();
    let names: Vec<String> =
        panel.points.iter().map(|point| text::shorten_to(&text::clean(&point.label), SMALL, 0.45 * width)).collect();
    let widths: Vec<f64> = names.iter().map(|name| text::width(name, SMALL)).collect();
    let obstacles: Vec<Obstacle> =
        points.iter().map(|&at| Obstacle { area: Area::around(at, 6.0, 6.0), weight: 8.0 }).collect();
    let frame = Area { left: left + 2.0, right, top: top - 4.0, bottom: bottom - 2.0 };
    let placed = place(&points, &widths, &obstacles, &frame);
    for (&at, area) in points.iter().zip(&placed) {
        let near = nearest(area, at);
        if (near.0 - at.0).hypot(near.1 - at.1) > 15.0 {
            canvas.line(at, near, Ink::Neutral, 0.75)?;
        }
    }
    for ((&(x, y), area), (point, name)) in points.iter().zip(&placed).zip(panel.points.iter().zip(&names)) {
        canvas.dot((x, y), 6.0, Ink::Surface)?;
        canvas.dot((x, y), 5.0, Ink::Accent)?;
        let (align, side) = match () {
            () if area.left >= x => (Align::Left, area.left),
            () if area.right <= x => (Align::Right, area.right),
            () => (Align::Middle, (area.left + area.right) / 2.0),
        };
        canvas.text((side, (area.top + area.bottom) / 2.0), align, SMALL, Ink::Text, name)?;
        canvas.mark(
            (x - 9.0, y - 9.0, 18.0, 18.0),
            [
                point.label.clone(),
                panel.label.clone(),
                format!("{} {}", panel.measure, numbers::decimals(point.measure, 2)),
                format!("{} {}", panel.outcome, numbers::decimals(point.outcome, 2)),
            ],
        );
    }
    Ok(())
}

/// The correlation in words.
fn told(panel: &CompanionPanel) -> String {
    match panel.correlation {
        Some(correlation) => format!(
            "Spearman ρ\u{202f}=\u{202f}{} over {} stimuli as shown",
            numbers::decimals(correlation, 2),
            numbers::count(panel.stimuli)
        ),
        None if panel.stimuli < 3 => "No correlation: fewer than three stimuli".to_owned(),
        None => "No correlation: no spread over stimuli".to_owned(),
    }
}

fn described(panel: &CompanionPanel) -> String {
    let points = panel.points.iter().map(|point| {
        format!("{} {} {}", point.label, numbers::decimals(point.measure, 2), numbers::decimals(point.outcome, 2))
    });
    let points = points.collect::<Vec<_>>().join(", ");
    format!("{}, {} and {}: {points}. {}.", panel.label, panel.measure, panel.outcome, told(panel))
}
