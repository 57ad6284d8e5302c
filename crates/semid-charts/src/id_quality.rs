//! Quality of ID schemes as a table with bars in its cells: a share as a bar, what chance gives as a tick on it.

use serde::{Deserialize, Serialize};

use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::heading::{EDGE, Heading, LABEL, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Result, Theme, check, numbers, text};

/// A table with bars in its cells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdQuality {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// Heads of the columns, one per cell of a row.
    pub columns: Vec<String>,
    /// From top to bottom.
    pub rows: Vec<QualityRow>,
}

/// One level of a scheme, or the whole of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QualityRow {
    /// The scheme's name; shown where it differs from the row above.
    pub scheme: String,
    /// "Level 1", "whole ID".
    pub part: String,
    /// One cell per column; missing cells stay empty.
    pub cells: Vec<QualityCell>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QualityCell {
    /// The number as people read it; empty where there is none.
    pub text: String,
    /// How much of the bar is filled, 0 to 1; none draws no bar.
    pub share: Option<f64>,
    /// What chance gives, 0 to 1, as a tick on the bar.
    pub by_chance: Option<f64>,
}

const ROW: f64 = 30.0;

pub(crate) fn draw(chart: &IdQuality, theme: Theme) -> Result<Svg> {
    for row in &chart.rows {
        let shares = row.cells.iter().flat_map(|cell| [cell.share, cell.by_chance]).flatten();
        check(&chart.title, &row.scheme, shares)?;
    }
    if chart.rows.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }

    let heading = Heading::new(&chart.title, &chart.note);
    let part_at = EDGE + 150.0;
    let cells_at = part_at + 84.0;
    let cell = (WIDTH - EDGE - cells_at) / chart.columns.len().max(1) as f64;
    let head = Head::new(&chart.columns, cell);
    let top = heading.height() + head.height() + 8.0;
    let height = top + chart.rows.len() as f64 * ROW + 28.0 + EDGE;

    let description = chart.rows.iter().map(|row| described(row, &chart.columns)).collect::<Vec<_>>().join(" ");
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        head.draw(canvas, heading.height(), cells_at, cell)?;
        let mut scheme: Option<&str> = None;
        for (at, row) in chart.rows.iter().enumerate() {
            let y = top + at as f64 * ROW;
            let new = scheme != Some(row.scheme.as_str());
            scheme = Some(&row.scheme);
            if new {
                canvas.line((EDGE, y), (WIDTH - EDGE, y), Ink::Axis, 1.0)?;
                let name = text::shorten_to(&text::clean(&row.scheme), LABEL * 1.06, part_at - EDGE - 12.0);
                canvas.bold((EDGE, y + ROW / 2.0), Align::Left, LABEL, Ink::Text, &name)?;
            } else {
                canvas.line((part_at, y), (WIDTH - EDGE, y), Ink::Grid, 1.0)?;
            }
            let part = text::shorten_to(&text::clean(&row.part), SMALL, cells_at - part_at - 8.0);
            canvas.text((part_at, y + ROW / 2.0), Align::Left, SMALL, Ink::Text, &part)?;
            for (column, content) in row.cells.iter().take(chart.columns.len()).enumerate() {
                let x = cells_at + column as f64 * cell;
                draw_cell(canvas, content, (x, y), cell)?;
                if !content.text.is_empty() {
                    let chance = content.by_chance.map(|chance| format!("by chance {}", numbers::decimals(chance, 3)));
                    let said = [
                        format!("{}, {}", row.scheme, row.part),
                        format!("{} {}", chart.columns[column], content.text),
                        chance.unwrap_or_default(),
                    ];
                    canvas.mark((x, y, cell, ROW), said);
                }
            }
        }
        let bottom = top + chart.rows.len() as f64 * ROW;
        canvas.line((EDGE, bottom), (WIDTH - EDGE, bottom), Ink::Axis, 1.0)?;
        if chart.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.by_chance.is_some()) {
            let key = bottom + 20.0;
            canvas.line((EDGE + 2.0, key - 5.0), (EDGE + 2.0, key + 5.0), Ink::Mark, 2.0)?;
            canvas.text((EDGE + 12.0, key), Align::Left, SMALL, Ink::Muted, "what chance gives")?;
        }
        Ok(())
    })
}

fn draw_cell(canvas: &Canvas<'_>, cell: &QualityCell, (x, y): (f64, f64), width: f64) -> Painted {
    let right = x + width - 4.0;
    let left = x + 14.0;
    let number = if cell.share.is_some() { y + 11.0 } else { y + ROW / 2.0 };
    let words = text::shorten_to(&text::clean(&cell.text), SMALL, width - 8.0);
    let ink = if words == crate::numbers::NONE { Ink::Muted } else { Ink::Text };
    canvas.text((right, number), Align::Right, SMALL, ink, &words)?;
    let Some(share) = cell.share else { return Ok(()) };
    // The number stands above its bar, and the tick reaches beyond the bar, so that neither covers the other.
    let bar = y + 21.0;
    canvas.rect(left, bar, right - left, 4.0, Ink::Grid)?;
    canvas.rect(left, bar, (right - left) * share.clamp(0.0, 1.0), 4.0, Ink::Accent)?;
    if let Some(chance) = cell.by_chance {
        let at = left + (right - left) * chance.clamp(0.0, 1.0);
        canvas.line((at, bar - 2.5), (at, bar + 6.5), Ink::Surface, 4.0)?;
        canvas.line((at, bar - 2.5), (at, bar + 6.5), Ink::Mark, 2.0)?;
    }
    Ok(())
}

/// Heads of the columns, wrapped.
struct Head(Vec<Vec<String>>);

impl Head {
    fn new(columns: &[String], width: f64) -> Self {
        Head(columns.iter().map(|column| text::wrap(&text::clean(column), SMALL, width - 8.0, 3)).collect())
    }

    fn height(&self) -> f64 {
        self.0.iter().map(Vec::len).max().unwrap_or(0) as f64 * 15.0
    }

    fn draw(&self, canvas: &Canvas<'_>, top: f64, left: f64, width: f64) -> Painted {
        for (at, lines) in self.0.iter().enumerate() {
            let right = left + (at as f64 + 1.0) * width - 4.0;
            // Heads stand on a common last line.
            let first = top + self.height() - lines.len() as f64 * 15.0 + 7.5;
            for (line, words) in lines.iter().enumerate() {
                canvas.text((right, first + line as f64 * 15.0), Align::Right, SMALL, Ink::Muted, words)?;
            }
        }
        Ok(())
    }
}

fn described(row: &QualityRow, columns: &[String]) -> String {
    let cells = columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.text.is_empty());
    let cells = cells.map(|(column, cell)| format!("{column} {}", cell.text)).collect::<Vec<_>>().join(", ");
    format!("{}, {}: {cells}.", row.scheme, row.part)
}
