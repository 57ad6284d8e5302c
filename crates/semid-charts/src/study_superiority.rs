//! The probability that one arm of a study is rated above another, with its interval, around one half.

use serde::{Deserialize, Serialize};

use crate::axis::Scale;
use crate::bars::interval;
use crate::canvas::{Canvas, Svg};
use crate::heading::empty;
use crate::rows::{self, Marks, Panel, Row, Rows};
use crate::theme::Ink;
use crate::{Estimate, Result, Theme, check, numbers};

/// Probabilities of superiority, question by question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudySuperiority {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// Who answered, as the head of the column of their numbers: "people".
    pub who: String,
    /// From top to bottom.
    pub tasks: Vec<TaskSuperiority>,
}

/// One question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskSuperiority {
    /// Above its rows.
    pub label: String,
    /// From top to bottom.
    pub rows: Vec<Superior>,
}

/// One arm over another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Superior {
    /// Title of the one.
    pub arm: String,
    /// Title of the other.
    pub against: String,
    /// P(one > other) + ½ P(equal), with its interval.
    pub probability: Estimate,
    /// Participants.
    pub participants: u64,
    /// Ratings of the one and of the other.
    pub ratings: [u64; 2],
}

/// Where neither is above the other.
const EVEN: f64 = 0.5;

const DASHES: [f64; 2] = [4.0, 3.5];

pub(crate) fn draw(chart: &StudySuperiority, theme: Theme) -> Result<Svg> {
    for row in chart.tasks.iter().flat_map(|task| &task.rows) {
        check(&chart.title, &row.arm, row.probability.numbers())?;
    }
    let tasks: Vec<&TaskSuperiority> = chart.tasks.iter().filter(|task| !task.rows.is_empty()).collect();
    if tasks.is_empty() {
        return empty(&chart.title, &chart.note, theme);
    }
    let rows = Rows {
        title: &chart.title,
        note: &chart.note,
        axis: "probability that a rating under the first arm is the higher",
        heads: ["probability [95 % interval]", &chart.who],
        panels: tasks.iter().map(|task| panel(task, &chart.who)).collect(),
    };
    let values: Vec<f64> =
        tasks.iter().flat_map(|task| &task.rows).flat_map(|row| row.probability.numbers()).chain([1.0]).collect();
    rows::draw(
        &rows,
        theme,
        |pixels| Scale::from_zero(values.iter().copied(), 4, pixels),
        Marks {
            ground: |canvas: &Canvas<'_>, scale: &Scale, ground: &rows::Ground| {
                let x = scale.at(EVEN);
                canvas.dashed(&[(x, ground.top - 2.0), (x, ground.bottom)], &DASHES, Ink::Mark, 1.5)
            },
            mark: |canvas: &Canvas<'_>, scale: &Scale, (task, row): (usize, usize), y: f64| {
                let probability = &tasks[task].rows[row].probability;
                let ink = match told_apart(probability) {
                    false => Ink::Neutral,
                    true if probability.value > EVEN => Ink::Better,
                    true => Ink::Worse,
                };
                interval(canvas, scale.at(probability.low), scale.at(probability.high), y, ink)?;
                let point = (scale.at(probability.value), y);
                if told_apart(probability) { canvas.dot(point, 5.5, ink) } else { canvas.ring(point, 5.0, ink, 1.75) }
            },
            key: |canvas: &Canvas<'_>, y: f64| {
                let entries =
                    [("interval holds .5", 11.0), ("interval leaves .5 out", 11.0), (".5: neither is above", 8.0)];
                rows::key(canvas, y, entries, |at, (x, y)| match at {
                    0 => canvas.ring((x, y), 5.0, Ink::Muted, 1.75),
                    1 => canvas.dot((x, y), 5.5, Ink::Muted),
                    _ => canvas.dashed(&[(x, y - 8.0), (x, y + 8.0)], &DASHES, Ink::Mark, 1.5),
                })
            },
        },
    )
}

/// Whether the interval leaves one half out.
fn told_apart(probability: &Estimate) -> bool {
    probability.low > EVEN || probability.high < EVEN
}

fn panel<'a>(task: &'a TaskSuperiority, who: &str) -> Panel<'a> {
    let share = |value| numbers::decimals(value, 2);
    let row = |row: &'a Superior| {
        let probability = &row.probability;
        let ends = format!("[{}, {}]", share(probability.low), share(probability.high));
        let apart = if told_apart(probability) { "leaves .5 out" } else { "holds .5" };
        let [one, other] = row.ratings.map(numbers::count);
        Row {
            label: &row.arm,
            against: &row.against,
            value: share(probability.value),
            n: numbers::count(row.participants),
            said: vec![
                format!("probability of superiority {}", share(probability.value)),
                format!("95 % interval {ends}, {apart}"),
                format!("{one} and {other} ratings of {} {who}", numbers::count(row.participants)),
            ],
            interval: ends,
        }
    };
    Panel { label: &task.label, aside: String::new(), rows: task.rows.iter().map(row).collect() }
}
