//! ID schemes by two things at once: how well recommendations with them are, and how well people see what their codes say.
//! Both with intervals, as a cross.

use serde::{Deserialize, Serialize};

use crate::axis::{Scale, plane};
use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, SMALL, WIDTH, empty};
use crate::placement::{Area, Obstacle, nearest, place};
use crate::rows::key;
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers, text};

/// ID schemes by accuracy and by interpretability.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyTwoAxes {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// The metric on the axis across: "NDCG@10".
    pub accuracy: String,
    /// What is on the axis up: "strangers found".
    pub interpretability: String,
    /// What guessing gives on the axis up, 0 to 1; none draws no line.
    pub chance: Option<f64>,
    /// In the order in which they are drawn.
    pub points: Vec<SchemePoint>,
}

/// One ID scheme as one kind of participants sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemePoint {
    /// The scheme's title.
    pub label: String,
    /// Who answered.
    pub raters: Raters,
    /// Across.
    pub accuracy: Estimate,
    /// Up, 0 to 1.
    pub interpretability: Estimate,
    /// Users behind the accuracy.
    pub users: u64,
    /// Participants behind the interpretability.
    pub participants: u64,
}

/// Who answered: told apart by the form of the mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Raters {
    /// Human beings: a filled circle.
    #[default]
    People,
    /// Made up by the program: a ring.
    Simulated,
    /// Language models: a diamond.
    Models,
}

impl Raters {
    fn words(self) -> &'static str {
        match self {
            Raters::People => "people",
            Raters::Simulated => "simulated participants",
            Raters::Models => "language models",
        }
    }
}

const PLOT: f64 = 400.0;
const MARK: f64 = 6.0;

pub(crate) fn draw(chart: &StudyTwoAxes, theme: Theme) -> Result<Svg> {
    check(&chart.title, &chart.interpretability, chart.chance)?;
    for point in &chart.points {
        let numbers = [point.accuracy.numbers(), point.interpretability.numbers()];
        check(&chart.title, &point.label, numbers.into_iter().flatten())?;
    }
    if chart.points.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let (left, right) = (EDGE + 40.0, WIDTH - EDGE - 8.0);
    let top = heading.height() + 18.0;
    let bottom = top + PLOT;
    let height = bottom + 66.0 + EDGE;
    // A little room within the frame, so that no mark stands on it.
    let x =
        Scale::around(chart.points.iter().flat_map(|point| point.accuracy.numbers()), 6, (left + 12.0, right - 12.0));
    let y = Scale::around(
        // From zero where chance is known, so that its line never falls on the frame.
        chart
            .points
            .iter()
            .flat_map(|point| point.interpretability.numbers())
            .chain(chart.chance)
            .chain(chart.chance.map(|_| 0.0)),
        6,
        (bottom, top + 6.0),
    );
    let mut schemes: Vec<&str> = Vec::new();
    for point in &chart.points {
        if !schemes.contains(&point.label.as_str()) {
            schemes.push(&point.label);
        }
    }
    let ink = |point: &SchemePoint| Ink::Series(schemes.iter().position(|label| *label == point.label).unwrap_or(0));

    let at = |point: &SchemePoint| (x.at(point.accuracy.value), y.at(point.interpretability.value));
    let points: Vec<(f64, f64)> = chart.points.iter().map(at).collect();
    let names: Vec<String> =
        chart.points.iter().map(|point| text::shorten_to(&text::clean(&point.label), SMALL * 1.06, 210.0)).collect();
    let widths: Vec<f64> = names.iter().map(|name| text::width(name, SMALL * 1.06)).collect();
    let mut obstacles = Vec::new();
    for (point, &at) in chart.points.iter().zip(&points) {
        let [low, high] = [point.accuracy.low, point.accuracy.high].map(|value| x.at(value));
        let [under, over] = [point.interpretability.low, point.interpretability.high].map(|value| y.at(value));
        obstacles.push(Obstacle { area: Area::around(at, MARK + 1.0, MARK + 1.0), weight: 8.0 });
        obstacles
            .push(Obstacle { area: Area { left: low, right: high, top: at.1 - 2.5, bottom: at.1 + 2.5 }, weight: 1.5 });
        obstacles.push(Obstacle {
            area: Area { left: at.0 - 2.5, right: at.0 + 2.5, top: over, bottom: under },
            weight: 1.5,
        });
    }
    if let Some(chance) = chart.chance {
        let line = y.at(chance);
        obstacles.push(Obstacle { area: Area { left, right, top: line - 2.0, bottom: line + 2.0 }, weight: 1.0 });
        obstacles
            .push(Obstacle { area: Area { left: right - 84.0, right, top: line - 18.0, bottom: line }, weight: 8.0 });
    }
    let frame = Area { left: left + 2.0, right: right - 2.0, top: top + 2.0, bottom: bottom - 2.0 };
    let placed = place(&points, &widths, &obstacles, &frame);

    let description = chart.points.iter().map(|point| said(chart, point).join(", ")).collect::<Vec<_>>().join(". ");
    let description = match chart.chance {
        Some(chance) => format!("{description}. Chance {}.", numbers::decimals(chance, 2)),
        None => format!("{description}."),
    };
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        let up = format!("{} ↑", chart.interpretability);
        canvas.text((EDGE, heading.height() + 2.0), Align::Left, SMALL, Ink::Muted, &up)?;
        plane(canvas, (&x, &y), (left, right), (top, bottom))?;
        let across = format!("{} →", chart.accuracy);
        canvas.text(((left + right) / 2.0, bottom + 34.0), Align::Middle, SMALL, Ink::Muted, &across)?;
        if let Some(chance) = chart.chance {
            let line = y.at(chance);
            canvas.dashed(&[(left, line), (right, line)], &[4.0, 3.5], Ink::Mark, 1.5)?;
            let words = format!("chance {}", numbers::decimals(chance, 2));
            canvas.text((right - 4.0, line - 10.0), Align::Right, SMALL, Ink::Muted, &words)?;
        }
        for (point, &at) in chart.points.iter().zip(&points) {
            cross(canvas, point, at, (&x, &y), ink(point))?;
        }
        for ((point, &at), area) in chart.points.iter().zip(&points).zip(&placed) {
            let near = nearest(area, at);
            let away = (near.0 - at.0).hypot(near.1 - at.1);
            if away > 2.5 * MARK {
                let share = (MARK + 2.0) / away;
                let from = (at.0 + (near.0 - at.0) * share, at.1 + (near.1 - at.1) * share);
                canvas.line(from, near, Ink::Neutral, 0.75)?;
            }
            mark(canvas, point.raters, at, ink(point))?;
        }
        for ((point, name), area) in chart.points.iter().zip(&names).zip(&placed) {
            let middle = (area.top + area.bottom) / 2.0;
            let at = at(point);
            let (align, x) = if area.left >= at.0 {
                (Align::Left, area.left)
            } else if area.right <= at.0 {
                (Align::Right, area.right)
            } else {
                (Align::Middle, (area.left + area.right) / 2.0)
            };
            canvas.bold((x, middle), align, SMALL, Ink::Text, name)?;
        }
        for (point, &(x, y)) in chart.points.iter().zip(&points) {
            canvas.mark((x - 10.0, y - 10.0, 20.0, 20.0), said(chart, point));
        }
        let mut raters: Vec<Raters> = chart.points.iter().map(|point| point.raters).collect();
        raters.sort_unstable();
        raters.dedup();
        raters.reverse();
        let entries = raters.iter().map(|raters| (raters.words(), 13.0));
        key(canvas, bottom + 56.0, entries, |at, spot| mark(canvas, raters[at], spot, Ink::Muted))
    })
}

/// Both intervals with their ends.
fn cross(
    canvas: &Canvas<'_>,
    point: &SchemePoint,
    (at_x, at_y): (f64, f64),
    (x, y): (&Scale, &Scale),
    ink: Ink,
) -> Painted {
    const CAP: f64 = 3.5;
    let [low, high] = [point.accuracy.low, point.accuracy.high].map(|value| x.at(value));
    let [under, over] = [point.interpretability.low, point.interpretability.high].map(|value| y.at(value));
    canvas.line((low, at_y), (high, at_y), ink, 1.5)?;
    canvas.line((at_x, under), (at_x, over), ink, 1.5)?;
    for end in [low, high] {
        canvas.line((end, at_y - CAP), (end, at_y + CAP), ink, 1.5)?;
    }
    for end in [under, over] {
        canvas.line((at_x - CAP, end), (at_x + CAP, end), ink, 1.5)?;
    }
    Ok(())
}

fn mark(canvas: &Canvas<'_>, raters: Raters, (x, y): (f64, f64), ink: Ink) -> Painted {
    let diamond = |size: f64| [(x, y - size), (x + size, y), (x, y + size), (x - size, y)];
    match raters {
        Raters::People => {
            canvas.dot((x, y), MARK + 1.5, Ink::Surface)?;
            canvas.dot((x, y), MARK, ink)
        }
        Raters::Simulated => canvas.ring((x, y), MARK - 0.5, ink, 2.0),
        Raters::Models => {
            canvas.polygon(&diamond(MARK + 3.5), Ink::Surface)?;
            canvas.polygon(&diamond(MARK + 1.5), ink)
        }
    }
}

fn said(chart: &StudyTwoAxes, point: &SchemePoint) -> Vec<String> {
    let right = &point.interpretability;
    let share = |value| numbers::decimals(value, 2);
    let accuracy = &point.accuracy;
    vec![
        format!("{} ({})", point.label, point.raters.words()),
        format!(
            "{} {} {}, {} users",
            chart.accuracy,
            numbers::metric(accuracy.value),
            numbers::interval(accuracy.low, accuracy.high),
            numbers::count(point.users)
        ),
        format!(
            "{} {} [{}, {}], {} {}",
            chart.interpretability,
            share(right.value),
            share(right.low),
            share(right.high),
            numbers::count(point.participants),
            point.raters.words()
        ),
    ]
}
