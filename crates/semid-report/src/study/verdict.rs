//! The answer in plain sentences, by the rules that were fixed before.

use semid_charts::numbers::{decimals, p_is};
use semid_core::study::{AccuracyRow, DifferenceRow, KindResults, ParticipantKind, StudyResults};

use super::words::{arm, counted, list, several};

/// Participants, and stimuli in each arm, below which a study is called a pilot.
const ENOUGH: u64 = 24;

/// What the study says, the most important first. Nothing is smoothed: what was not told apart is said to be so.
pub fn verdict(results: &StudyResults) -> Vec<String> {
    let Some(kind) = results.kinds.first() else {
        return vec!["Nobody has answered yet, so this study says nothing.".to_owned()];
    };
    let mut sentences = Vec::new();
    if kind.kind != ParticipantKind::Person {
        let who = counted(kind.kind, kind.with_answers);
        sentences.push(format!("No person took part. What follows is of {who} and says nothing about people."));
    }
    for task in &results.design.tasks {
        let rows: Vec<&AccuracyRow> = kind.analysis.accuracy.iter().filter(|row| row.task == task.key).collect();
        if !rows.is_empty() {
            sentences.push(accuracy(results, kind, &task.key, rows));
        }
        if let Some(rating) = kind.analysis.ratings.iter().find(|rating| rating.task == task.key) {
            let mean = |of: &semid_core::study::RatedArm| {
                Some(format!("{} for {}", decimals(of.mean?, 2), arm(results, &of.arm)))
            };
            let means: Vec<String> = rating.arms.iter().filter_map(mean).collect();
            if !means.is_empty() {
                let points = rating.points.len();
                sentences.push(format!("{}: of {points} points, the mean rating is {}.", task.key, list(&means)));
            }
        }
        let of_task: Vec<&DifferenceRow> =
            kind.analysis.differences.iter().filter(|row| row.task == task.key).collect();
        if !of_task.is_empty() {
            sentences.push(differences(results, &task.key, &of_task));
        }
    }
    if sentences.is_empty() {
        sentences.push(format!("The answers of {} are too few to say anything.", several(kind.kind)));
    }
    sentences
}

fn accuracy(results: &StudyResults, kind: &KindResults, task: &str, mut rows: Vec<&AccuracyRow>) -> String {
    rows.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let share = |value| decimals(value, 2);
    let said: Vec<String> = rows
        .iter()
        .map(|row| {
            let interval = format!("[{}, {}]", share(row.low), share(row.high));
            format!("{} {interval} with {}", share(row.mean), arm(results, &row.arm))
        })
        .collect();
    let above = |row: &&&AccuracyRow| row.mean > row.share.chance && row.p_participants.max(row.p_items) < 0.05;
    let told: Vec<String> = rows.iter().filter(above).map(|row| arm(results, &row.arm).to_owned()).collect();
    let chance = rows.first().map_or(0.0, |row| row.share.chance);
    let told = match told.len() {
        0 => "no arm is told apart from guessing".to_owned(),
        all if all == rows.len() && all > 1 => "every arm is above guessing".to_owned(),
        1 => format!("{} is above guessing", list(&told)),
        _ => format!("{} are above guessing", list(&told)),
    };
    let who = several(kind.kind);
    format!("{task}: {who} chose right in a share of {}. Guessing gives {}; {told}.", list(&said), share(chance))
}

fn differences(results: &StudyResults, task: &str, rows: &[&DifferenceRow]) -> String {
    let found: Vec<String> = rows
        .iter()
        .filter(|row| row.p_adjusted < 0.05)
        .map(|row| {
            // The larger stands first, whatever the order of the arms.
            let (one, other) = if row.difference >= 0.0 { (&row.arm, &row.against) } else { (&row.against, &row.arm) };
            let by = decimals(row.difference.abs(), 2);
            format!("{} above {} by {by} (adjusted {})", arm(results, one), arm(results, other), p_is(row.p_adjusted))
        })
        .collect();
    let least = rows.iter().map(|row| row.p_adjusted).fold(1.0, f64::min);
    match found.len() {
        0 => format!("{task}: no arm is told apart from another (smallest adjusted {}).", p_is(least)),
        some if some == rows.len() => format!("{task}: {}.", list(&found)),
        _ => format!("{task}: {}. The other pairs are not told apart.", list(&found)),
    }
}

/// Why the study is a pilot, in a sentence; none when people are as many and stimuli as many as the design asks.
pub fn pilot(results: &StudyResults) -> Option<String> {
    let people = results.kinds.iter().find(|kind| kind.kind == ParticipantKind::Person);
    let analysed = people.map_or(0, analysed);
    let small: Vec<String> = results
        .design
        .tasks
        .iter()
        .filter(|task| u64::from(task.per_arm) < ENOUGH)
        .map(|task| format!("{} ({})", task.key, task.per_arm))
        .collect();
    let few = (analysed < ENOUGH).then(|| format!("{} in the analysis", counted(ParticipantKind::Person, analysed)));
    let short = (!small.is_empty()).then(|| format!("fewer stimuli an arm in {}", list(&small)));
    let reasons: Vec<String> = few.into_iter().chain(short).collect();
    (!reasons.is_empty()).then(|| {
        format!(
            "A study that is to find a difference of .3 points needs {ENOUGH} people and {ENOUGH} stimuli an arm; this \
             one has {}. Read its numbers as a first look.",
            list(&reasons)
        )
    })
}

/// Participants that stay in.
pub(crate) fn analysed(kind: &KindResults) -> u64 {
    kind.analysis.participants.saturating_sub(kind.analysis.excluded.len() as u64)
}
