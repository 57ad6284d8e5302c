//! Curves recorded while training: panels side by side, one line per seed, the legend below the data.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, SMALL, WIDTH, empty};
use crate::theme::{Ink, SERIES};
use crate::{Result, Theme, check, numbers, text};

/// Lines over epochs or steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// What is on the horizontal axes: "epoch".
    pub axis: String,
    /// Names in the legend; a line says which it belongs to.
    pub arms: Vec<String>,
    /// One panel per series: loss, validation metric.
    pub panels: Vec<Panel>,
}

/// One series of all arms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// "training loss".
    pub label: String,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One seed's curve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Index into the arms of the chart.
    pub arm: usize,
    /// (epoch or step, value), in order.
    pub points: Vec<(u64, f64)>,
}

const PANEL: f64 = 220.0;
/// Room above a panel for its name.
const HEAD: f64 = 32.0;
/// Room left of a panel for its ticks.
const TICKS: f64 = 46.0;
const GAP: f64 = 24.0;
const LEGEND_ROW: f64 = 22.0;
/// How near to a point counts as pointing at it.
const REACH: f64 = 6.0;

pub(crate) fn draw(chart: &Curves, theme: Theme) -> Result<Svg> {
    for panel in &chart.panels {
        for line in &panel.lines {
            check(&chart.title, &panel.label, line.points.iter().map(|point| point.1))?;
        }
    }
    let panels: Vec<&Panel> =
        chart.panels.iter().filter(|panel| panel.lines.iter().any(|line| !line.points.is_empty())).collect();
    if panels.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let columns = panels.len().min(2);
    let width = (WIDTH - 2.0 * EDGE - GAP * (columns as f64 - 1.0)) / columns as f64;
    let block = HEAD + PANEL + 52.0;
    let legend = Legend::new(&chart.arms);
    let legend_top = heading.height() + panels.len().div_ceil(columns) as f64 * block + 4.0;
    let height = legend_top + legend.height() + EDGE;

    let description = chart.panels.iter().map(|panel| described(panel, &chart.arms)).collect::<Vec<_>>().join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        for (at, panel) in panels.iter().enumerate() {
            let left = EDGE + (at % columns) as f64 * (width + GAP);
            let top = heading.height() + (at / columns) as f64 * block;
            draw_panel(canvas, panel, chart, (left, top), width)?;
        }
        legend.draw(canvas, legend_top)
    })
}

fn draw_panel(canvas: &Canvas<'_>, panel: &Panel, chart: &Curves, (left, top): (f64, f64), width: f64) -> Painted {
    let label = text::shorten_to(&text::clean(&panel.label), LABEL * 1.06, width);
    canvas.bold((left, top + 8.0), Align::Left, LABEL, Ink::Text, &label)?;
    let [top, bottom] = [top + HEAD, top + HEAD + PANEL];
    let [left, right] = [left + TICKS, left + width - 6.0];
    let points = || panel.lines.iter().flat_map(|line| &line.points);
    let up = Scale::around(points().map(|point| point.1), 5, (bottom, top));
    let along = Scale::around(points().map(|point| point.0 as f64), 6, (left, right));
    for (value, label) in up.ticks() {
        let y = up.at(value);
        canvas.line((left, y), (right, y), Ink::Grid, 1.0)?;
        canvas.text((left - 8.0, y), Align::Right, SMALL, Ink::Muted, &label)?;
    }
    for (value, label) in along.ticks().into_iter().filter(|tick| tick.0.fract() == 0.0) {
        canvas.text((along.at(value), bottom + 14.0), Align::Middle, SMALL, Ink::Muted, &label)?;
    }
    canvas.line((left, bottom), (right, bottom), Ink::Axis, 1.0)?;
    canvas.text(((left + right) / 2.0, bottom + 32.0), Align::Middle, SMALL, Ink::Muted, &chart.axis)?;
    for line in &panel.lines {
        let path: Vec<_> = line.points.iter().map(|&(x, y)| (along.at(x as f64), up.at(y))).collect();
        match path.as_slice() {
            [] => {}
            [only] => canvas.dot(*only, 2.5, Ink::Series(line.arm))?,
            path => canvas.dashed(path, dashes(line.arm), Ink::Series(line.arm), 1.75)?,
        }
        for (&(x, y), (at, value)) in path.iter().zip(&line.points) {
            let arm = chart.arms.get(line.arm).cloned().unwrap_or_default();
            let where_it_is = format!("{} {}", chart.axis, numbers::count(*at));
            let said = [arm, format!("{} {}", panel.label, numbers::metric(*value)), where_it_is];
            canvas.mark((x - REACH, y - REACH, 2.0 * REACH, 2.0 * REACH), said);
        }
    }
    Ok(())
}

/// Arms beyond the colours differ by their dashes, and neighbours in the palette do too.
fn dashes(arm: usize) -> &'static [f64] {
    const KINDS: [&[f64]; 4] = [&[], &[7.0, 4.0], &[1.5, 4.0], &[9.0, 4.0, 1.5, 4.0]];
    KINDS[(arm + arm / SERIES) % KINDS.len()]
}

/// Names with a sample of their line, in as many columns as fit.
struct Legend {
    names: Vec<String>,
    columns: usize,
    column: f64,
}

impl Legend {
    fn new(arms: &[String]) -> Self {
        let room = WIDTH - 2.0 * EDGE;
        let sample = 34.0;
        let names: Vec<String> =
            arms.iter().map(|arm| text::shorten_to(&text::clean(arm), SMALL, room / 2.0 - sample - 16.0)).collect();
        let widest = names.iter().map(|name| text::width(name, SMALL)).fold(0.0, f64::max) + sample + 16.0;
        let columns = ((room / widest).floor() as usize).clamp(1, 4);
        Legend { names, columns, column: room / columns as f64 }
    }

    fn height(&self) -> f64 {
        self.names.len().div_ceil(self.columns) as f64 * LEGEND_ROW
    }

    fn draw(&self, canvas: &Canvas<'_>, top: f64) -> Painted {
        for (arm, name) in self.names.iter().enumerate() {
            let x = EDGE + (arm % self.columns) as f64 * self.column;
            let y = top + (arm / self.columns) as f64 * LEGEND_ROW + LEGEND_ROW / 2.0;
            canvas.dashed(&[(x, y), (x + 26.0, y)], dashes(arm), Ink::Series(arm), 2.0)?;
            canvas.text((x + 34.0, y), Align::Left, SMALL, Ink::Text, name)?;
        }
        Ok(())
    }
}

fn described(panel: &Panel, arms: &[String]) -> String {
    let ends = panel.lines.iter().filter_map(|line| {
        let (first, last) = (line.points.first()?, line.points.last()?);
        let arm = arms.get(line.arm).map_or("", String::as_str);
        Some(format!("{arm} from {:.4} at {} to {:.4} at {}", first.1, first.0, last.1, last.0))
    });
    format!("{}: {}.", panel.label, ends.collect::<Vec<_>>().join("; "))
}
