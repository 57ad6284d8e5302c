//! The share right of every arm of a study against what guessing gives: a dot with its interval, task by task.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::bars::interval;
use crate::canvas::{Canvas, Svg};
use crate::heading::empty;
use crate::rows::{self, Marks, Panel, Row, Rows};
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers};

/// Shares right, task by task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyAccuracy {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// Who answered, as the head of the column of their numbers: "people".
    pub who: String,
    /// From top to bottom.
    pub tasks: Vec<TaskAccuracy>,
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskAccuracy {
    /// Above its rows.
    pub label: String,
    /// What guessing gives, 0 to 1.
    pub chance: f64,
    /// From top to bottom.
    pub arms: Vec<ArmAccuracy>,
}

/// One arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmAccuracy {
    /// Its title.
    pub label: String,
    /// Mean over participants of the share right, 0 to 1, with its interval.
    pub right: Estimate,
    /// Participants.
    pub participants: u64,
    /// Answers.
    pub answers: u64,
}

pub(crate) fn draw(chart: &StudyAccuracy, theme: Theme) -> Result<Svg> {
    for task in &chart.tasks {
        check(&chart.title, &task.label, [task.chance])?;
        for arm in &task.arms {
            check(&chart.title, &arm.label, arm.right.numbers())?;
        }
    }
    let tasks: Vec<&TaskAccuracy> = chart.tasks.iter().filter(|task| !task.arms.is_empty()).collect();
    if tasks.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }
    let rows = Rows {
        title: &chart.title,
        note: &chart.note,
        axis: "share right",
        heads: ["share right [95 % interval]", &chart.who],
        panels: tasks.iter().map(|task| panel(task, &chart.who)).collect(),
    };
    let of = |task: &TaskAccuracy| task.arms.iter().flat_map(|arm| arm.right.numbers()).collect::<Vec<_>>();
    let values: Vec<f64> =
        tasks.iter().flat_map(|task| of(task)).chain(tasks.iter().map(|task| task.chance)).chain([1.0]).collect();
    rows::draw(
        &rows,
        theme,
        |pixels| Scale::from_zero(values.iter().copied(), 5, pixels),
        Marks {
            ground: |canvas: &Canvas<'_>, scale: &Scale, ground: &rows::Ground| {
                let x = scale.at(tasks[ground.panel].chance);
                canvas.dashed(&[(x, ground.top - 2.0), (x, ground.bottom)], &DASHES, Ink::Mark, 1.5)
            },
            mark: |canvas: &Canvas<'_>, scale: &Scale, (task, arm): (usize, usize), y: f64| {
                let right = &tasks[task].arms[arm].right;
                interval(canvas, scale.at(right.low), scale.at(right.high), y, Ink::Accent)?;
                let point = (scale.at(right.value), y);
                match beside_chance(right, tasks[task].chance) {
                    true => canvas.dot(point, 5.5, Ink::Accent),
                    false => canvas.ring(point, 5.0, Ink::Accent, 1.75),
                }
            },
            key: |canvas: &Canvas<'_>, y: f64| {
                let entries = [("interval holds chance", 11.0), ("interval leaves chance out", 11.0), ("chance", 8.0)];
                rows::key(canvas, y, entries, |at, (x, y)| match at {
                    0 => canvas.ring((x, y), 5.0, Ink::Muted, 1.75),
                    1 => canvas.dot((x, y), 5.5, Ink::Muted),
                    _ => canvas.dashed(&[(x, y - 8.0), (x, y + 8.0)], &DASHES, Ink::Mark, 1.5),
                })
            },
        },
    )
}

const DASHES: [f64; 2] = [4.0, 3.5];

/// Whether the interval leaves chance out.
fn beside_chance(right: &Estimate, chance: f64) -> bool {
    right.low > chance || right.high < chance
}

fn panel<'a>(task: &'a TaskAccuracy, who: &str) -> Panel<'a> {
    let share = |value| numbers::decimals(value, 2);
    let row = |arm: &'a ArmAccuracy| {
        let ends = format!("[{}, {}]", share(arm.right.low), share(arm.right.high));
        let against = if beside_chance(&arm.right, task.chance) { "leaves chance out" } else { "holds chance" };
        Row {
            label: &arm.label,
            against: "",
            value: share(arm.right.value),
            n: numbers::count(arm.participants),
            said: vec![
                format!("share right {}", share(arm.right.value)),
                format!("95 % interval {ends}, {against}"),
                format!("{} answers of {} {who}", numbers::count(arm.answers), numbers::count(arm.participants)),
            ],
            interval: ends,
        }
    };
    Panel {
        label: &task.label,
        aside: format!("chance {}", share(task.chance)),
        rows: task.arms.iter().map(row).collect(),
    }
}
