//! Panels of rows on one scale, as the charts of studies share them: a name on the left, marks in the middle, numbers on
//! the right, and a key below.

use crate::axis::Scale;
use crate::bars::value_axis;
use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, Labels, SMALL, WIDTH};
use crate::theme::Ink;
use crate::{Result, Theme, text};

/// What is written; the marks are painted by the chart.
pub(crate) struct Rows<'a> {
    pub title: &'a str,
    pub note: &'a str,
    /// What is on the axis.
    pub axis: &'a str,
    /// Heads of the numbers: the value with its interval, and how many it is of.
    pub heads: [&'a str; 2],
    pub panels: Vec<Panel<'a>>,
}

/// Rows under a common head.
pub(crate) struct Panel<'a> {
    pub label: &'a str,
    /// On the right of the head, in small letters.
    pub aside: String,
    pub rows: Vec<Row<'a>>,
}

/// The words of a row.
pub(crate) struct Row<'a> {
    pub label: &'a str,
    /// What the label is compared with; empty where nothing is.
    pub against: &'a str,
    pub value: String,
    pub interval: String,
    pub n: String,
    /// What is said to whoever points at it, after its panel and name.
    pub said: Vec<String>,
}

/// Where a panel stands: its place, and the pixels between which its rows are.
pub(crate) struct Ground {
    pub panel: usize,
    pub top: f64,
    pub bottom: f64,
}

/// How a chart paints its marks.
pub(crate) struct Marks<G, M, K> {
    /// What lies below the rows of a panel: a line of chance, a zero line.
    pub ground: G,
    /// The mark of one row, by panel and row, at a height.
    pub mark: M,
    /// The key, which ends at the picture's right edge, at a height.
    pub key: K,
}

/// Widest name.
const NAME: f64 = 220.0;
const HEAD: f64 = 30.0;
const GAP: f64 = 16.0;

/// Draws the rows; `scale` makes the scale for the pixels it is given.
pub(crate) fn draw<G, M, K>(
    rows: &Rows<'_>,
    theme: Theme,
    scale: impl Fn((f64, f64)) -> Scale,
    marks: Marks<G, M, K>,
) -> Result<Svg>
where
    G: Fn(&Canvas<'_>, &Scale, &Ground) -> Painted,
    M: Fn(&Canvas<'_>, &Scale, (usize, usize), f64) -> Painted,
    K: Fn(&Canvas<'_>, f64) -> Painted,
{
    let heading = Heading::new(rows.title, rows.note);
    let labels = rows.panels.iter().flat_map(|panel| &panel.rows).map(|row| match row.against {
        "" => text::wrap(&text::clean(row.label), LABEL, NAME, 2),
        against => pair(row.label, against),
    });
    let labels = Labels::of_lines(labels, NAME);
    let step = if labels.tall() { 40.0 } else { 28.0 };
    let left = EDGE + labels.width + 14.0;
    let n_at = WIDTH - EDGE;
    let n_room = text::width(rows.heads[1], SMALL).max(56.0) + 14.0;
    let interval_at = n_at - n_room;
    let value_at = interval_at - 82.0;
    let right = value_at - 50.0;
    let scale = scale((left + 6.0, right));
    let top = heading.height() + 16.0;
    let block = |panel: &Panel<'_>| HEAD + panel.rows.len() as f64 * step + GAP;
    let bottom = top + rows.panels.iter().map(block).sum::<f64>() - GAP;
    let height = bottom + 66.0 + EDGE;

    Sheet { title: rows.title, description: described(rows), width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        let head = heading.height() + 2.0;
        canvas.text((interval_at, head), Align::Right, SMALL, Ink::Muted, rows.heads[0])?;
        canvas.text((n_at, head), Align::Right, SMALL, Ink::Muted, rows.heads[1])?;
        let mut y = top;
        for (place, panel) in rows.panels.iter().enumerate() {
            let aside = text::width(&panel.aside, SMALL);
            let label = text::shorten_to(&text::clean(panel.label), LABEL * 1.06, right - EDGE - aside - 60.0);
            canvas.bold((EDGE, y + HEAD / 2.0), Align::Left, LABEL, Ink::Text, &label)?;
            // On the right, where it stays clear of the label under any system font.
            canvas.text((right, y + HEAD / 2.0 + 0.5), Align::Right, SMALL, Ink::Muted, &panel.aside)?;
            let from = y + HEAD;
            let to = from + panel.rows.len() as f64 * step;
            grid(canvas, &scale, from, to)?;
            (marks.ground)(canvas, &scale, &Ground { panel: place, top: from, bottom: to })?;
            y = to + GAP;
        }
        value_axis(canvas, &scale, bottom, bottom)?;
        canvas.text(((left + right) / 2.0, bottom + 32.0), Align::Middle, SMALL, Ink::Muted, rows.axis)?;
        let mut y = top;
        let mut at = 0;
        for (place, panel) in rows.panels.iter().enumerate() {
            y += HEAD;
            for (number, row) in panel.rows.iter().enumerate() {
                let middle = y + step / 2.0;
                labels.draw(canvas, at, (left - 14.0, middle), Ink::Text)?;
                (marks.mark)(canvas, &scale, (place, number), middle)?;
                canvas.bold((value_at, middle), Align::Right, SMALL, Ink::Text, &row.value)?;
                canvas.text((interval_at, middle), Align::Right, SMALL, Ink::Muted, &row.interval)?;
                canvas.text((n_at, middle), Align::Right, SMALL, Ink::Muted, &row.n)?;
                let who = [row.name(), panel.label.to_owned()];
                canvas.mark((EDGE, y, WIDTH - 2.0 * EDGE, step), who.into_iter().chain(row.said.iter().cloned()));
                y += step;
                at += 1;
            }
            y += GAP;
        }
        (marks.key)(canvas, bottom + 56.0)
    })
}

impl Row<'_> {
    /// All of its name on one line.
    fn name(&self) -> String {
        if self.against.is_empty() { self.label.to_owned() } else { format!("{} over {}", self.label, self.against) }
    }
}

/// Two names on one line, or on one each where that would cut the second off.
fn pair(one: &str, other: &str) -> Vec<String> {
    let together = format!("{} over {}", text::clean(one), text::clean(other));
    if text::width(&together, LABEL) <= NAME { vec![together] } else { vec![one.to_owned(), format!("over {other}")] }
}

/// Lines up from the ticks, without their labels.
fn grid(canvas: &Canvas<'_>, scale: &Scale, top: f64, bottom: f64) -> Painted {
    for (value, _) in scale.ticks() {
        let (ink, weight) = if value == 0.0 { (Ink::Axis, 1.25) } else { (Ink::Grid, 1.0) };
        canvas.line((scale.at(value), top), (scale.at(value), bottom), ink, weight)?;
    }
    Ok(())
}

fn described(rows: &Rows<'_>) -> String {
    let panel = |panel: &Panel<'_>| {
        let rows = panel.rows.iter().map(|row| format!("{}: {}", row.name(), row.said.join(", ")));
        format!("{} {}: {}.", panel.label, panel.aside, rows.collect::<Vec<_>>().join("; "))
    };
    rows.panels.iter().map(panel).collect::<Vec<_>>().join(" ")
}

/// A key of marks with their words, set from the right edge to the left: each mark is painted in the middle of a box.
pub(crate) fn key<'w>(
    canvas: &Canvas<'_>,
    y: f64,
    entries: impl IntoIterator<Item = (&'w str, f64)>,
    mark: impl Fn(usize, (f64, f64)) -> Painted,
) -> Painted {
    let mut x = WIDTH - EDGE;
    for (at, (words, room)) in entries.into_iter().enumerate() {
        x -= text::width(words, SMALL);
        canvas.text((x, y), Align::Left, SMALL, Ink::Muted, words)?;
        x -= room / 2.0 + 7.0;
        mark(at, (x, y))?;
        x -= room / 2.0 + 14.0;
    }
    Ok(())
}
