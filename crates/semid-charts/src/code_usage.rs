//! Items per code, level by level: codes from the most to the least used, beside an even use of all.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Result, Theme, check, numbers, text};

/// How an ID scheme uses its codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeUsage {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// Coarse to fine.
    pub levels: Vec<LevelUsage>,
}

/// How one level uses its codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelUsage {
    /// "Level 1".
    pub label: String,
    /// Codes the level has.
    pub codes: u32,
    /// Number of equally used codes that would be as diverse.
    pub perplexity: f64,
    /// Items per code, most used first; codes without items may be left out.
    pub counts: Vec<u32>,
}

const PANEL: f64 = 150.0;
const TICKS: f64 = 40.0;
const GAP: f64 = 22.0;

pub(crate) fn draw(chart: &CodeUsage, theme: Theme) -> Result<Svg> {
    for level in &chart.levels {
        check(&chart.title, &level.label, [level.perplexity])?;
    }
    if chart.levels.iter().all(|level| level.counts.is_empty()) {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let columns = chart.levels.len().clamp(2, 4);
    let width = (WIDTH - 2.0 * EDGE - GAP * (columns as f64 - 1.0)) / columns as f64;
    let block = 44.0 + PANEL + 50.0;
    let height = heading.height() + chart.levels.len().div_ceil(columns) as f64 * block + 24.0 + EDGE;
    let most = chart.levels.iter().flat_map(|level| &level.counts).copied().max().unwrap_or(0);

    let description = chart
        .levels
        .iter()
        .map(|level| format!("{}: {}, {}.", level.label, used(level), perplexity(level)))
        .collect::<Vec<_>>()
        .join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        for (at, level) in chart.levels.iter().enumerate() {
            let left = EDGE + (at % columns) as f64 * (width + GAP);
            let top = heading.height() + (at / columns) as f64 * block;
            draw_level(canvas, level, most, (left, top), width)?;
        }
        let key = height - EDGE - 8.0;
        canvas.dashed(&[(EDGE, key), (EDGE + 26.0, key)], EVEN, Ink::Text, 1.5)?;
        canvas.text((EDGE + 34.0, key), Align::Left, SMALL, Ink::Muted, "even use of all codes")
    })
}

/// Width of the narrowest place that can be pointed at.
const NARROWEST: f64 = 3.0;

/// Dashes of the line that marks an even use.
const EVEN: &[f64] = &[5.0, 4.0];

fn draw_level(canvas: &Canvas<'_>, level: &LevelUsage, most: u32, (left, top): (f64, f64), width: f64) -> Painted {
    let label = text::shorten_to(&text::clean(&level.label), LABEL * 1.06, width);
    canvas.bold((left, top + 8.0), Align::Left, LABEL, Ink::Text, &label)?;
    let facts = text::shorten_to(&format!("{}, {}", used(level), perplexity(level)), SMALL, width);
    canvas.text((left, top + 26.0), Align::Left, SMALL, Ink::Muted, &facts)?;

    let [top, bottom] = [top + 44.0, top + 44.0 + PANEL];
    let [left, right] = [left + TICKS, left + width];
    // All levels share the scale upwards, so that heights may be compared.
    let up = Scale::from_zero([f64::from(most)], 4, (bottom, top));
    for (value, label) in up.ticks().into_iter().filter(|tick| tick.0.fract() == 0.0) {
        let y = up.at(value);
        canvas.line((left, y), (right, y), Ink::Grid, 1.0)?;
        canvas.text((left - 8.0, y), Align::Right, SMALL, Ink::Muted, &label)?;
    }
    let codes = (level.codes as usize).max(level.counts.len()).max(1);
    let at = |code: usize| left + (right - left) * code as f64 / codes as f64;
    let mut steps = vec![(left, bottom)];
    for (code, &count) in level.counts.iter().enumerate() {
        let y = up.at(f64::from(count));
        steps.extend([(at(code), y), (at(code + 1), y)]);
    }
    steps.push((at(level.counts.len()), bottom));
    canvas.polygon(&steps, Ink::Accent)?;
    // Codes too narrow to point at one by one are pointed at together.
    let together = (codes as f64 * NARROWEST / (right - left)).ceil().max(1.0) as usize;
    for (part, counts) in level.counts.chunks(together).enumerate() {
        let first = part * together;
        let (x, end) = (at(first), at(first + counts.len()));
        canvas.mark((x, top, end - x, bottom - top), said(level, first, counts));
    }
    let items: f64 = level.counts.iter().map(|&count| f64::from(count)).sum();
    let even = up.at(items / codes as f64);
    canvas.dashed(&[(left, even), (right, even)], EVEN, Ink::Text, 1.5)?;
    canvas.line((left, bottom), (right, bottom), Ink::Axis, 1.0)?;
    canvas.text((left, bottom + 14.0), Align::Left, SMALL, Ink::Muted, "1")?;
    canvas.text((right, bottom + 14.0), Align::Right, SMALL, Ink::Muted, &numbers::count(codes as u64))?;
    canvas.text(((left + right) / 2.0, bottom + 30.0), Align::Middle, SMALL, Ink::Muted, "codes, most used first")
}

/// What to say of codes that stand together, the first of them at place `first` from 0.
fn said(level: &LevelUsage, first: usize, counts: &[u32]) -> [String; 3] {
    let place = |at: usize| numbers::count(at as u64 + 1);
    let items = |count: u32| numbers::count(u64::from(count));
    let (most, least) = (counts[0], counts[counts.len() - 1]);
    let [codes, each] = match (counts.len(), most) {
        (1, 1) => [ordinal(first), "1 item".to_owned()],
        (1, _) => [ordinal(first), format!("{} items", items(most))],
        (n, _) if most == least => {
            [format!("places {} to {}", place(first), place(first + n - 1)), format!("{} items each", items(most))]
        }
        (n, _) => [
            format!("places {} to {}", place(first), place(first + n - 1)),
            format!("{} to {} items each", items(least), items(most)),
        ],
    };
    [level.label.clone(), codes, each]
}

fn ordinal(place: usize) -> String {
    match place {
        0 => "most used code".to_owned(),
        place => format!("code at place {}", numbers::count(place as u64 + 1)),
    }
}

fn used(level: &LevelUsage) -> String {
    let used = level.counts.iter().filter(|&&count| count > 0).count() as u64;
    format!("{} of {} used", numbers::count(used), numbers::count(u64::from(level.codes)))
}

fn perplexity(level: &LevelUsage) -> String {
    format!("perplexity {}", numbers::decimals(level.perplexity, 1))
}
