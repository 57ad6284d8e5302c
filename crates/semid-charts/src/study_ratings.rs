//! Ratings of every arm of a study: bars stacked around the middle of a scale whose every point is labelled, with "cannot
//! judge" apart from them.

use serde::{Deserialize, Serialize};

use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, Labels, SMALL, WIDTH, empty};
use crate::theme::{Ink, STEPS};
use crate::{Result, Theme, check, numbers, text};

/// Ratings of one question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyRatings {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// Labels of the points from the lowest.
    pub points: Vec<String>,
    /// Whether "cannot judge" was offered.
    pub cannot_judge: bool,
    /// From top to bottom.
    pub arms: Vec<ArmRatings>,
}

/// Ratings of one arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmRatings {
    /// Its title.
    pub label: String,
    /// Answers of each point.
    pub counts: Vec<u64>,
    /// Answers "cannot judge".
    pub cannot_judge: u64,
    /// Mean point, from 1; none without ratings.
    pub mean: Option<f64>,
}

const ROW: f64 = 34.0;
const BAR: f64 = 22.0;

pub(crate) fn draw(chart: &StudyRatings, theme: Theme) -> Result<Svg> {
    for arm in &chart.arms {
        check(&chart.title, &arm.label, arm.mean)?;
    }
    if chart.arms.is_empty() || chart.points.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }
    let heading = Heading::new(&chart.title, &chart.note);
    let labels = Labels::new(chart.arms.iter().map(|arm| arm.label.as_str()), 190.0);
    let row = if labels.tall() { ROW + 8.0 } else { ROW };
    let legend = Legend::new(&chart.points);
    let top = heading.height() + legend.height() + 30.0;
    let bottom = top + chart.arms.len() as f64 * row + 2.0;
    let height = bottom + 44.0 + EDGE;

    let left = EDGE + labels.width + 14.0;
    let mean_at = WIDTH - EDGE;
    let n_at = mean_at - 48.0;
    let apart = (n_at - 56.0 - APART, n_at - 56.0);
    let right = if chart.cannot_judge { apart.0 - 24.0 } else { n_at - 56.0 };
    let halves: Vec<(f64, f64)> = chart.arms.iter().map(|arm| halves(&arm.counts, chart.points.len())).collect();
    // Room for the longest side each, with at least a quarter so that an empty side still reads as one.
    let below = halves.iter().map(|half| half.0).fold(0.25, f64::max);
    let above = halves.iter().map(|half| half.1).fold(0.25, f64::max);
    let unit = (right - left) / (below + above);
    let middle = left + below * unit;

    let description = chart.arms.iter().map(|arm| described(arm, chart)).collect::<Vec<_>>().join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        legend.draw(canvas, heading.height())?;
        let head = top - 14.0;
        if chart.cannot_judge {
            canvas.text((apart.0, head), Align::Left, SMALL, Ink::Muted, "cannot judge")?;
        }
        canvas.text((n_at, head), Align::Right, SMALL, Ink::Muted, "n")?;
        canvas.text((mean_at, head), Align::Right, SMALL, Ink::Muted, "mean")?;
        for quarter in -4i32..=4 {
            let share = f64::from(quarter) / 4.0;
            let x = middle + share * unit;
            if x < left - 0.5 || x > right + 0.5 {
                continue;
            }
            canvas.line((x, top), (x, bottom), Ink::Grid, 1.0)?;
            let label = format!("{}\u{202f}%", (25 * quarter).abs());
            canvas.text((x, bottom + 12.0), Align::Middle, SMALL, Ink::Muted, &label)?;
        }
        // Behind the bars, so that it crosses no number.
        canvas.line((middle, top - 2.0), (middle, bottom), Ink::Mark, 1.25)?;
        for (at, arm) in chart.arms.iter().enumerate() {
            let y = top + at as f64 * row + row / 2.0;
            labels.draw(canvas, at, (left - 14.0, y), Ink::Text)?;
            let n: u64 = arm.counts.iter().sum();
            if n == 0 {
                canvas.text((middle + 8.0, y), Align::Left, SMALL, Ink::Muted, "no ratings")?;
            } else {
                stack(canvas, &arm.counts, chart.points.len(), (middle - halves[at].0 * unit, y), unit)?;
            }
            if chart.cannot_judge {
                cannot_judge(canvas, arm, (apart.0, y))?;
            }
            canvas.text((n_at, y), Align::Right, SMALL, Ink::Muted, &numbers::count(n))?;
            let mean = arm.mean.map_or(numbers::NONE.to_owned(), |mean| numbers::decimals(mean, 2));
            canvas.bold((mean_at, y), Align::Right, SMALL, Ink::Text, &mean)?;
            canvas.mark((EDGE, y - row / 2.0, WIDTH - 2.0 * EDGE, row), said(arm, chart));
        }
        let below = format!("share of ratings on either side of the middle of {} points", chart.points.len());
        canvas.text(((left + right) / 2.0, bottom + 32.0), Align::Middle, SMALL, Ink::Muted, &below)
    })
}

/// Width of the column for "cannot judge".
const APART: f64 = 84.0;

/// Shares of the ratings below and above the middle of the scale; the middle point counts half to either side.
fn halves(counts: &[u64], points: usize) -> (f64, f64) {
    let n = counts.iter().sum::<u64>().max(1) as f64;
    let share = |at: usize| counts.get(at).copied().unwrap_or(0) as f64 / n;
    let below = (0..points / 2).map(share).sum::<f64>();
    let centre = if points % 2 == 1 { share(points / 2) } else { 0.0 };
    let above = (points.div_ceil(2)..points).map(share).sum::<f64>();
    (below + centre / 2.0, above + centre / 2.0)
}

/// Colour of a point among so many, and of the words on it.
fn inks(at: usize, points: usize) -> (Ink, Ink) {
    let side = (points / 2).max(1);
    let from_middle = match points % 2 {
        0 if at < points / 2 => -((points / 2 - at) as i64),
        0 => (at - points / 2) as i64 + 1,
        _ => at as i64 - (points / 2) as i64,
    };
    // The outermost point always has the strongest colour, whatever the number of points.
    let strength = (from_middle.unsigned_abs() as f64 * STEPS as f64 / side as f64).round().min(STEPS as f64) as i8;
    let step = if from_middle < 0 { -strength } else { strength };
    (Ink::Point(step), if strength > 2 { Ink::Surface } else { Ink::Text })
}

fn stack(canvas: &Canvas<'_>, counts: &[u64], points: usize, (from, y): (f64, f64), unit: f64) -> Painted {
    let n = counts.iter().sum::<u64>().max(1) as f64;
    let mut x = from;
    for (at, &count) in counts.iter().take(points).enumerate() {
        let width = count as f64 / n * unit;
        let (ink, words) = inks(at, points);
        canvas.rect(x, y - BAR / 2.0, width, BAR, ink)?;
        // Neighbours are told apart by a gap, not by colour alone.
        if at > 0 && count > 0 && x > from + 0.5 {
            canvas.line((x, y - BAR / 2.0), (x, y + BAR / 2.0), Ink::Surface, 1.0)?;
        }
        let percent = format!("{:.0}", 100.0 * count as f64 / n);
        if width > text::width(&percent, SMALL) + 6.0 {
            canvas.text((x + width / 2.0, y + 0.5), Align::Middle, SMALL, words, &percent)?;
        }
        x += width;
    }
    Ok(())
}

/// On the same scale for all arms, but a scale of its own: these answers are no ratings.
fn cannot_judge(canvas: &Canvas<'_>, arm: &ArmRatings, (x, y): (f64, f64)) -> Painted {
    let all = arm.counts.iter().sum::<u64>() + arm.cannot_judge;
    let share = arm.cannot_judge as f64 / all.max(1) as f64;
    canvas.rect(x, y - BAR / 4.0, share * (APART - 34.0), BAR / 2.0, Ink::Neutral)?;
    let at = x + share * (APART - 34.0) + if arm.cannot_judge > 0 { 6.0 } else { 0.0 };
    canvas.text((at, y), Align::Left, SMALL, Ink::Muted, &numbers::count(arm.cannot_judge))
}

/// The labels of all points with their colours, in rows.
struct Legend {
    /// Row, left end and label.
    entries: Vec<(usize, f64, String)>,
    rows: usize,
}

const SWATCH: f64 = 12.0;

impl Legend {
    fn new(points: &[String]) -> Self {
        let room = WIDTH - 2.0 * EDGE;
        let mut entries = Vec::new();
        let (mut row, mut x) = (0, 0.0);
        for point in points {
            let label = text::shorten_to(&text::clean(point), SMALL, room - SWATCH - 6.0);
            let width = SWATCH + 6.0 + text::width(&label, SMALL);
            if x > 0.0 && x + width > room {
                (row, x) = (row + 1, 0.0);
            }
            entries.push((row, EDGE + x, label));
            x += width + 16.0;
        }
        Legend { entries, rows: row + 1 }
    }

    fn height(&self) -> f64 {
        self.rows as f64 * 20.0
    }

    fn draw(&self, canvas: &Canvas<'_>, top: f64) -> Painted {
        for (at, (row, x, label)) in self.entries.iter().enumerate() {
            let y = top + *row as f64 * 20.0;
            canvas.rect(*x, y - SWATCH / 2.0, SWATCH, SWATCH, inks(at, self.entries.len()).0)?;
            canvas.text((x + SWATCH + 6.0, y), Align::Left, SMALL, Ink::Text, label)?;
        }
        Ok(())
    }
}

fn said(arm: &ArmRatings, chart: &StudyRatings) -> Vec<String> {
    let n: u64 = arm.counts.iter().sum();
    let points = chart.points.iter().zip(&arm.counts).map(|(point, &count)| {
        format!("{point}: {} ({})", numbers::count(count), numbers::percent(count as f64 / n.max(1) as f64))
    });
    let mean = arm.mean.map(|mean| format!("mean {}", numbers::decimals(mean, 2)));
    let apart = chart.cannot_judge.then(|| format!("cannot judge: {}", numbers::count(arm.cannot_judge)));
    let ratings = format!("{} ratings", numbers::count(n));
    std::iter::once(arm.label.clone()).chain(points).chain(apart).chain([ratings]).chain(mean).collect()
}

fn described(arm: &ArmRatings, chart: &StudyRatings) -> String {
    format!("{}.", said(arm, chart).join(", "))
}
