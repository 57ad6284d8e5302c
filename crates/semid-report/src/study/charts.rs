//! The charts of a study, as data.

use semid_charts::{
    ArmAccuracy, ArmRatings, ArmTimes, Chart, CompanionPanel, CompanionPoint, Estimate, Raters, SchemePoint,
    StudyAccuracy, StudyCompanions, StudyRatings, StudySuperiority, StudyTimes, StudyTwoAxes, Superior, TaskAccuracy,
    TaskSuperiority, TaskTimes,
};
use semid_core::study::{KindResults, ParticipantKind, StudyResults, TwoAxesRow};

use super::words::{arm, done, several, task};

/// All charts of one kind of participants, in the order of the report, each with a name for its file.
pub fn charts(results: &StudyResults, kind: &KindResults) -> Vec<(String, Chart)> {
    let of = |name: &str| format!("{}-{name}", kind.kind.name());
    let mut charts = Vec::new();
    for (key, chart) in two_axes(results, kind) {
        charts.push((of(&format!("two-axes-{key}")), chart));
    }
    charts.extend(accuracy(results, kind).map(|chart| (of("accuracy"), chart)));
    charts.extend(ratings(results, kind).into_iter().map(|(key, chart)| (of(&format!("ratings-{key}")), chart)));
    charts.extend(superiority(results, kind).map(|chart| (of("superiority"), chart)));
    charts.extend(companions(results, kind).map(|chart| (of("companions"), chart)));
    charts.extend(times(results, kind).map(|chart| (of("times"), chart)));
    charts
}

/// What is said under every title: who answered, and that made-up answers are made up.
fn note(kind: &KindResults, words: &str) -> String {
    match kind.kind {
        ParticipantKind::Person => words.to_owned(),
        ParticipantKind::Simulated => format!("{words} Simulated participants, not people."),
        ParticipantKind::Model => format!("{words} Language models, not people."),
    }
}

/// Keys of the tasks in the order of the design that `has` something of.
fn tasks<'r>(results: &'r StudyResults, has: impl Fn(&str) -> bool + 'r) -> impl Iterator<Item = &'r str> {
    results.design.tasks.iter().map(|task| task.key.as_str()).filter(move |key| has(key))
}

fn accuracy(results: &StudyResults, kind: &KindResults) -> Option<Chart> {
    let all = &kind.analysis.accuracy;
    let tasks: Vec<TaskAccuracy> = tasks(results, |key| all.iter().any(|row| row.task == key))
        .map(|key| TaskAccuracy {
            label: task(results, key),
            chance: all.iter().find(|row| row.task == key).map_or(0.0, |row| row.share.chance),
            arms: all
                .iter()
                .filter(|row| row.task == key)
                .map(|row| ArmAccuracy {
                    label: arm(results, &row.arm).to_owned(),
                    right: Estimate { value: row.mean, low: row.low, high: row.high },
                    participants: row.participants,
                    answers: row.share.trials,
                })
                .collect(),
        })
        .collect();
    let words = "Mean over participants of the share right, with its 95 % bootstrap interval over them.";
    (!tasks.is_empty()).then(|| {
        Chart::StudyAccuracy(StudyAccuracy {
            title: "How often the right answer was found".to_owned(),
            note: note(kind, words),
            who: short(kind.kind).to_owned(),
            tasks,
        })
    })
}

/// The head of a narrow column.
fn short(kind: ParticipantKind) -> &'static str {
    match kind {
        ParticipantKind::Person => "people",
        ParticipantKind::Simulated => "simulated",
        ParticipantKind::Model => "models",
    }
}

fn ratings(results: &StudyResults, kind: &KindResults) -> Vec<(String, Chart)> {
    let chart = |row: &semid_core::study::RatingRow| {
        let arms: Vec<ArmRatings> = row
            .arms
            .iter()
            .map(|of| ArmRatings {
                label: arm(results, &of.arm).to_owned(),
                counts: of.counts.clone(),
                cannot_judge: of.cannot_judge,
                mean: of.mean,
            })
            .collect();
        let asked = results.design.task(&row.task).map_or(row.task.clone(), |task| done(results, task));
        let offered = results.design.task(&row.task).is_some_and(|task| match &task.kind {
            semid_core::study::TaskKind::Rating { question, .. } => question.cannot_judge,
            _ => false,
        });
        let chart = StudyRatings {
            title: asked,
            note: note(kind, "Percent of the ratings of each arm, stacked around the middle of the scale."),
            points: row.points.clone(),
            cannot_judge: offered || row.arms.iter().any(|arm| arm.cannot_judge > 0),
            arms,
        };
        (row.task.clone(), Chart::StudyRatings(chart))
    };
    kind.analysis.ratings.iter().filter(|row| !row.arms.is_empty()).map(chart).collect()
}

fn superiority(results: &StudyResults, kind: &KindResults) -> Option<Chart> {
    let all = &kind.analysis.superiority;
    let tasks: Vec<TaskSuperiority> = tasks(results, |key| all.iter().any(|row| row.task == key))
        .map(|key| TaskSuperiority {
            label: task(results, key),
            rows: all
                .iter()
                .filter(|row| row.task == key)
                .map(|row| Superior {
                    arm: arm(results, &row.arm).to_owned(),
                    against: arm(results, &row.against).to_owned(),
                    probability: Estimate {
                        value: row.superiority.value,
                        low: row.superiority.low,
                        high: row.superiority.high,
                    },
                    participants: row.superiority.clusters,
                    ratings: row.superiority.n,
                })
                .collect(),
        })
        .collect();
    let words = "Probability that a rating under the first arm exceeds one under the second, ties counted half; 95 % \
                 bootstrap interval over participants.";
    (!tasks.is_empty()).then(|| {
        Chart::StudySuperiority(StudySuperiority {
            title: "Which arm is rated higher".to_owned(),
            note: note(kind, words),
            who: short(kind.kind).to_owned(),
            tasks,
        })
    })
}

fn times(results: &StudyResults, kind: &KindResults) -> Option<Chart> {
    let all = &kind.analysis.times;
    let tasks: Vec<TaskTimes> = tasks(results, |key| all.iter().any(|row| row.task == key))
        .map(|key| TaskTimes {
            label: task(results, key),
            arms: all
                .iter()
                .filter(|row| row.task == key)
                .map(|row| ArmTimes {
                    label: arm(results, &row.arm).to_owned(),
                    lower: row.lower_ms / 1000.0,
                    median: row.median_ms / 1000.0,
                    upper: row.upper_ms / 1000.0,
                    answers: row.n,
                    too_long: row.too_long,
                })
                .collect(),
        })
        .collect();
    let longest = semid_charts::numbers::seconds(f64::from(results.design.rules.longest_ms) / 1000.0);
    (!tasks.is_empty()).then(|| {
        Chart::StudyTimes(StudyTimes {
            title: "How long an answer took".to_owned(),
            note: note(
                kind,
                &format!("Median and quartiles; answers that took longer than {longest} are left out here."),
            ),
            tasks,
        })
    })
}

/// One chart an intrusion task. With people stand the language models, told apart by their marks; simulated participants
/// stand alone.
fn two_axes(results: &StudyResults, kind: &KindResults) -> Vec<(String, Chart)> {
    let mut kinds = vec![kind];
    if kind.kind == ParticipantKind::Person {
        kinds.extend(results.kinds.iter().filter(|other| other.kind == ParticipantKind::Model));
    }
    let of_task = |key: &str| -> Vec<(ParticipantKind, &TwoAxesRow)> {
        let rows = kinds.iter().flat_map(|kind| kind.two_axes.iter().map(move |row| (kind.kind, row)));
        rows.filter(|(_, row)| row.task == key).collect()
    };
    tasks(results, |key| kind.two_axes.iter().any(|row| row.task == key))
        .filter_map(|key| {
            let rows = of_task(key);
            let first = rows.first()?.1;
            let point = |&(kind, row): &(ParticipantKind, &TwoAxesRow)| SchemePoint {
                label: row.title.clone(),
                raters: match kind {
                    ParticipantKind::Person => Raters::People,
                    ParticipantKind::Simulated => Raters::Simulated,
                    ParticipantKind::Model => Raters::Models,
                },
                accuracy: Estimate { value: row.accuracy.value, low: row.accuracy.low, high: row.accuracy.high },
                interpretability: Estimate { value: row.right.value, low: row.right.low, high: row.right.high },
                users: row.accuracy.n,
                participants: row.right.n,
            };
            let metric = &first.metric;
            let words = format!(
                "{}. Across: {metric} of recommendations with the IDs, 95 % interval over users. Up: mean share right, \
                 95 % interval over participants. Best is up and right.",
                task(results, key)
            );
            let chart = StudyTwoAxes {
                title: "ID schemes by accuracy and by interpretability".to_owned(),
                note: note(kind, &words),
                accuracy: metric.clone(),
                interpretability: "share of strangers found".to_owned(),
                chance: Some(first.chance),
                points: rows.iter().map(point).collect(),
            };
            Some((key.to_owned(), Chart::StudyTwoAxes(chart)))
        })
        .collect()
}

fn companions(results: &StudyResults, kind: &KindResults) -> Option<Chart> {
    let outcome_of = |key: &str, arm: &str| {
        let right = kind.analysis.accuracy.iter().find(|row| row.task == key && row.arm == arm).map(|row| row.mean);
        let ratings = kind.analysis.ratings.iter().find(|row| row.task == key);
        right.or_else(|| ratings?.arms.iter().find(|of| of.arm == arm)?.mean)
    };
    let panels: Vec<CompanionPanel> = kind
        .companions
        .iter()
        .map(|row| {
            let rated = kind.analysis.ratings.iter().any(|rating| rating.task == row.task);
            CompanionPanel {
                label: task(results, &row.task),
                measure: row.measure.clone(),
                outcome: if rated { "mean rating" } else { "share right" }.to_owned(),
                correlation: row.correlation,
                stimuli: row.n,
                points: results
                    .design
                    .arms
                    .iter()
                    .filter_map(|of| {
                        Some(CompanionPoint {
                            label: arm(results, &of.key).to_owned(),
                            measure: *row.by_arm.get(&of.key)?,
                            outcome: outcome_of(&row.task, &of.key)?,
                        })
                    })
                    .collect(),
            }
        })
        .filter(|panel| !panel.points.is_empty())
        .collect();
    let words = format!(
        "Each point is an arm: the automatic measure across, what {} did up. The correlation is over single stimuli.",
        several(kind.kind)
    );
    (!panels.is_empty()).then(|| {
        Chart::StudyCompanions(StudyCompanions {
            title: "Automatic measures beside the answers".to_owned(),
            note: note(kind, &words),
            panels,
        })
    })
}
