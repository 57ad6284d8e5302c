//! A table of formatted cells: what the page, Markdown, LaTeX and the terminal all show.

use serde::{Deserialize, Serialize};

/// A table of formatted cells. Texts are raw: each format escapes what it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// How to read it, in a sentence; may be empty.
    pub note: String,
    /// Heads of the columns.
    pub columns: Vec<Column>,
    /// From top to bottom; each with one cell per column.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "TableColumn")]
pub struct Column {
    /// Its head.
    pub title: String,
    /// What it shares with its neighbours ("Quality", "Cost"); may be empty.
    pub group: String,
    /// Whether it holds numbers, which stand on the right.
    pub numeric: bool,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "TableRow")]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// Whether all other rows are compared with this one.
    pub baseline: bool,
    /// Whether something new begins here, so that formats may set it apart.
    pub opens: bool,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "TableCell")]
pub struct Cell {
    /// The number or the word.
    pub text: String,
    /// What belongs to it, smaller: an interval, a standard deviation.
    pub details: Vec<String>,
    /// Whether it is the best of its column.
    pub best: bool,
}

impl Column {
    /// A column of words.
    pub(crate) fn words(title: impl Into<String>) -> Self {
        Column { title: title.into(), ..Default::default() }
    }

    /// A column of numbers.
    pub(crate) fn numbers(title: impl Into<String>) -> Self {
        Column { numeric: true, ..Column::words(title) }
    }

    /// The same column under a common head.
    pub(crate) fn under(mut self, group: &str) -> Self {
        self.group = group.to_owned();
        self
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { text: text.into(), ..Default::default() }
    }
}

impl Cell {
    /// The same cell with something smaller below.
    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl Table {
    /// Heads of the columns, for a terminal.
    pub fn header(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.title.clone()).collect()
    }

    /// The cells without their details, the baseline and the best of a column marked in text: for a terminal.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let cell = |row: &Row, (at, cell): (usize, &Cell)| {
            let text = semid_charts::text::clean(&cell.text);
            match (at == 0 && row.baseline, cell.best) {
                (true, _) => format!("{text} (baseline)"),
                (_, true) => format!("{text}*"),
                _ if self.columns.get(at).is_some_and(|column| column.numeric && self.has_best(at)) => {
                    format!("{text} ")
                }
                _ => text,
            }
        };
        self.rows.iter().map(|row| row.cells.iter().enumerate().map(|content| cell(row, content)).collect()).collect()
    }

    fn has_best(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| cell.best))
    }
}
