//! Response times of every arm of a study: a bar between the quartiles with the median on it, task by task.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::canvas::{Canvas, Svg};
use crate::heading::empty;
use crate::rows::{self, Marks, Panel, Row, Rows};
use crate::theme::Ink;
use crate::{Result, Theme, check, numbers};

/// Response times, task by task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyTimes {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// From top to bottom.
    pub tasks: Vec<TaskTimes>,
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskTimes {
    /// Above its rows.
    pub label: String,
    /// From top to bottom.
    pub arms: Vec<ArmTimes>,
}

/// One arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmTimes {
    /// Its title.
    pub label: String,
    /// Lower quartile, seconds.
    pub lower: f64,
    /// Median, seconds.
    pub median: f64,
    /// Upper quartile, seconds.
    pub upper: f64,
    /// Answers.
    pub answers: u64,
    /// Answers left out because they took longer than the rule allows.
    pub too_long: u64,
}

pub(crate) fn draw(chart: &StudyTimes, theme: Theme) -> Result<Svg> {
    for arm in chart.tasks.iter().flat_map(|task| &task.arms) {
        check(&chart.title, &arm.label, [arm.lower, arm.median, arm.upper])?;
    }
    let tasks: Vec<&TaskTimes> = chart.tasks.iter().filter(|task| !task.arms.is_empty()).collect();
    if tasks.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }
    let rows = Rows {
        title: &chart.title,
        note: &chart.note,
        axis: "seconds from showing to answering",
        heads: ["median [quartiles], seconds", "answers"],
        panels: tasks.iter().map(|task| panel(task)).collect(),
    };
    let values: Vec<f64> =
        tasks.iter().flat_map(|task| &task.arms).flat_map(|arm| [arm.lower, arm.median, arm.upper]).collect();
    rows::draw(
        &rows,
        theme,
        |pixels| Scale::from_zero(values.iter().copied(), 5, pixels),
        Marks {
            ground: |_: &Canvas<'_>, _: &Scale, _: &rows::Ground| Ok(()),
            mark: |canvas: &Canvas<'_>, scale: &Scale, (task, arm): (usize, usize), y: f64| {
                let arm = &tasks[task].arms[arm];
                quartiles(canvas, [arm.lower, arm.median, arm.upper].map(|value| scale.at(value)), y)
            },
            key: |canvas: &Canvas<'_>, y: f64| {
                rows::key(canvas, y, [("quartiles and median", 34.0)], |_, (x, y)| {
                    quartiles(canvas, [x - 17.0, x - 3.0, x + 17.0], y)
                })
            },
        },
    )
}

fn quartiles(canvas: &Canvas<'_>, [lower, median, upper]: [f64; 3], y: f64) -> crate::canvas::Painted {
    canvas.rect(lower, y - 4.5, upper - lower, 9.0, Ink::Accent)?;
    canvas.line((median, y - 8.0), (median, y + 8.0), Ink::Surface, 5.0)?;
    canvas.line((median, y - 8.0), (median, y + 8.0), Ink::Mark, 2.5)
}

fn panel<'a>(task: &'a TaskTimes) -> Panel<'a> {
    let secs = |value: f64| numbers::decimals(value, if value.abs() < 99.95 { 1 } else { 0 });
    let row = |arm: &'a ArmTimes| {
        let ArmTimes { label, lower, median, upper, answers, too_long } = arm;
        let quartiles = format!("[{}, {}]", secs(*lower), secs(*upper));
        let left_out = match too_long {
            0 => String::new(),
            left_out => format!("{} too long, left out", numbers::count(*left_out)),
        };
        let said = [
            format!("median {}\u{202f}s", secs(*median)),
            format!("quartiles {quartiles}\u{202f}s"),
            format!("{} answers", numbers::count(*answers)),
            left_out,
        ];
        Row {
            label,
            against: "",
            value: secs(*median),
            interval: quartiles,
            n: numbers::count(*answers),
            said: said.into_iter().filter(|words| !words.is_empty()).collect(),
        }
    };
    Panel { label: &task.label, aside: String::new(), rows: task.arms.iter().map(row).collect() }
}
