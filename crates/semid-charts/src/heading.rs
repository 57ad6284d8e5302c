//! What stands above every chart: its title and a line that says how to read it; and the words of an empty chart.

use crate::canvas::{Align, Canvas, Painted, Sheet, Svg};
use crate::theme::Ink;
use crate::{Result, Theme, text};

/// Width of every chart in logical pixels.
pub(crate) const WIDTH: f64 = 800.0;
/// Space around the picture.
pub(crate) const EDGE: f64 = 16.0;
/// Size of labels.
pub(crate) const LABEL: f64 = 13.0;
/// Size of ticks and notes.
pub(crate) const SMALL: f64 = 12.0;

const TITLE: f64 = 16.0;

/// Title and note, broken into lines.
pub(crate) struct Heading {
    title: Vec<String>,
    note: Vec<String>,
}

impl Heading {
    pub(crate) fn new(title: &str, note: &str) -> Self {
        let room = WIDTH - 2.0 * EDGE;
        Heading {
            title: text::wrap(&text::clean(title), TITLE * 1.06, room, 2),
            note: text::wrap(&text::clean(note), LABEL, room, 4),
        }
    }

    /// Where the chart below may begin.
    pub(crate) fn height(&self) -> f64 {
        EDGE + self.title.len() as f64 * 22.0 + self.note.len() as f64 * 18.0 + 14.0
    }

    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Painted {
        let mut y = EDGE + 11.0;
        for line in &self.title {
            canvas.bold((EDGE, y), Align::Left, TITLE, Ink::Text, line)?;
            y += 22.0;
        }
        for line in &self.note {
            canvas.text((EDGE, y), Align::Left, LABEL, Ink::Muted, line)?;
            y += 18.0;
        }
        Ok(())
    }
}

/// A chart that has nothing to show, and says so.
pub(crate) fn empty(title: &str, note: &str, theme: Theme) -> Result<Svg> {
    const WORDS: &str = "There is nothing to draw here yet.";
    let heading = Heading::new(title, note);
    let height = heading.height() + 72.0;
    Sheet { title, description: WORDS.to_owned(), width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        canvas.text((WIDTH / 2.0, heading.height() + 26.0), Align::Middle, LABEL, Ink::Muted, WORDS)
    })
}

/// Labels down the left side: one or two lines each, in a column as wide as they need within limits.
pub(crate) struct Labels {
    /// Width of the column.
    pub width: f64,
    lines: Vec<Vec<String>>,
}

impl Labels {
    pub(crate) fn new<'t>(labels: impl IntoIterator<Item = &'t str>, limit: f64) -> Self {
        Self::of_lines(labels.into_iter().map(|label| text::wrap(&text::clean(label), LABEL, limit, 2)), limit)
    }

    /// Labels whose lines are given; each is shortened for itself.
    pub(crate) fn of_lines(labels: impl IntoIterator<Item = Vec<String>>, limit: f64) -> Self {
        let shorten = |line: String| text::shorten_to(&text::clean(&line), LABEL, limit);
        let lines: Vec<Vec<_>> = labels.into_iter().map(|lines| lines.into_iter().map(shorten).collect()).collect();
        let width = lines.iter().flatten().map(|line| text::width(line, LABEL)).fold(60.0, f64::max).min(limit);
        Labels { width, lines }
    }

    /// Whether any label takes two lines, so that rows need more room.
    pub(crate) fn tall(&self) -> bool {
        self.lines.iter().any(|lines| lines.len() > 1)
    }

    /// One label, its block's middle at `y`, its right end at `x`.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, at: usize, (x, y): (f64, f64), ink: Ink) -> Painted {
        let lines = &self.lines[at];
        let first = y - (lines.len() as f64 - 1.0) * 7.5;
        for (line, words) in lines.iter().enumerate() {
            canvas.text((x, first + line as f64 * 15.0), Align::Right, LABEL, ink, words)?;
        }
        Ok(())
    }
}
