//! The charts of a study as tables, for readers who do not see them.

use semid_charts::numbers::{NONE, count, decimals, interval, metric};
use semid_charts::{Chart, Estimate, Raters};

use crate::table::{Cell, Column, Row};

/// Columns and rows of a chart of a study; none for other charts.
pub(crate) fn chart_table(chart: &Chart) -> (Vec<Column>, Vec<Row>) {
    match chart {
        Chart::StudyAccuracy(chart) => {
            let head = heads(&["Task", "Arm"], &["Share right", "95 % interval", "Chance", "Participants", "Answers"]);
            let rows = chart.tasks.iter().flat_map(|task| {
                grouped(&task.label, &task.arms, move |arm| {
                    let numbers = [decimals(task.chance, 2), count(arm.participants), count(arm.answers)];
                    named(&arm.label, ends(&arm.right).into_iter().chain(numbers))
                })
            });
            (head, rows.collect())
        }
        Chart::StudyRatings(chart) => {
            let mut head = heads(&["Arm"], &[]);
            head.extend(chart.points.iter().map(|point| Column::numbers(&**point)));
            head.extend(["Cannot judge", "n", "Mean"].map(Column::numbers));
            let rows = chart.arms.iter().map(|arm| {
                let counts = (0..chart.points.len()).map(|at| count(arm.counts.get(at).copied().unwrap_or(0)));
                let mean = arm.mean.map_or(NONE.to_owned(), |mean| decimals(mean, 2));
                let rest = [count(arm.cannot_judge), count(arm.counts.iter().sum()), mean];
                Row { cells: named(&arm.label, counts.chain(rest)), ..Row::default() }
            });
            (head, rows.collect())
        }
        Chart::StudyTwoAxes(chart) => {
            let numbers = [&*chart.accuracy, "95 % interval", "Users", &*chart.interpretability, "95 % interval", "n"];
            let rows = chart.points.iter().map(|point| {
                let raters = match point.raters {
                    Raters::People => "people",
                    Raters::Simulated => "simulated participants",
                    Raters::Models => "language models",
                };
                let across = [metric(point.accuracy.value), interval(point.accuracy.low, point.accuracy.high)];
                let across = across.into_iter().chain([count(point.users)]);
                let up = ends(&point.interpretability).into_iter().chain([count(point.participants)]);
                let numbers = across.chain(up).map(Cell::from);
                let cells = [point.label.as_str().into(), raters.into()].into_iter().chain(numbers).collect();
                Row { cells, ..Row::default() }
            });
            (heads(&["Scheme", "Who"], &numbers), rows.collect())
        }
        Chart::StudyTimes(chart) => {
            let numbers = ["Lower quartile, s", "Median, s", "Upper quartile, s", "Answers", "Too long, left out"];
            let rows = chart.tasks.iter().flat_map(|task| {
                grouped(&task.label, &task.arms, |arm| {
                    let secs = [arm.lower, arm.median, arm.upper].map(|secs| decimals(secs, 1));
                    named(&arm.label, secs.into_iter().chain([arm.answers, arm.too_long].map(count)))
                })
            });
            (heads(&["Task", "Arm"], &numbers), rows.collect())
        }
        Chart::StudyCompanions(chart) => {
            let words = ["Task", "Measure", "Arm"];
            let numbers = ["Mean of the measure", "What was answered", "Spearman’s ρ", "Stimuli"];
            let rows = chart.panels.iter().flat_map(|panel| {
                grouped(&panel.label, &panel.points, move |point| {
                    let correlation = panel.correlation.map_or(NONE.to_owned(), |value| decimals(value, 2));
                    let outcome = format!("{} {}", panel.outcome, decimals(point.outcome, 2));
                    let numbers = [decimals(point.measure, 2), outcome, correlation, count(panel.stimuli)];
                    let words = [panel.measure.as_str(), point.label.as_str()].map(Cell::from);
                    words.into_iter().chain(numbers.map(Cell::from)).collect()
                })
            });
            (heads(&words, &numbers), rows.collect())
        }
        Chart::StudySuperiority(chart) => {
            let numbers = ["Probability", "95 % interval", "Participants", "Ratings"];
            let rows = chart.tasks.iter().flat_map(|task| {
                grouped(&task.label, &task.rows, |row| {
                    let [one, other] = row.ratings.map(count);
                    let n = [count(row.participants), format!("{one} and {other}")];
                    named(&format!("{} over {}", row.arm, row.against), ends(&row.probability).into_iter().chain(n))
                })
            });
            (heads(&["Task", "Arms"], &numbers), rows.collect())
        }
        _ => (Vec::new(), Vec::new()),
    }
}

fn heads(words: &[&str], numbers: &[&str]) -> Vec<Column> {
    let words = words.iter().map(|word| Column::words(*word));
    words.chain(numbers.iter().map(|number| Column::numbers(*number))).collect()
}

/// Rows that share their first cell.
fn grouped<'t, T>(
    label: &'t str,
    rows: &'t [T],
    cells: impl Fn(&T) -> Vec<Cell> + 't,
) -> impl Iterator<Item = Row> + 't {
    rows.iter().enumerate().map(move |(at, row)| {
        let cells = std::iter::once(label.into()).chain(cells(row)).collect();
        Row { cells, opens: at == 0, ..Row::default() }
    })
}

fn named(label: &str, numbers: impl IntoIterator<Item = String>) -> Vec<Cell> {
    std::iter::once(label.into()).chain(numbers.into_iter().map(Cell::from)).collect()
}

fn ends(estimate: &Estimate) -> [String; 2] {
    let share = |value| decimals(value, 2);
    [share(estimate.value), format!("[{}, {}]", share(estimate.low), share(estimate.high))]
}
