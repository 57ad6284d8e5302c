//! The tables of a study. Here numbers become text, once for all formats.

use semid_charts::numbers::{NONE, count, decimals, p};
use semid_core::statistics::{Coefficient, Measurement};
use semid_core::study::{KindResults, StudyResults};

use super::words::{arm, task};
use crate::table::{Cell, Column, Row, Table};

fn table(title: &str, note: &str, words: &[&str], numbers: &[&str]) -> Table {
    let words = words.iter().map(|word| Column::words(*word));
    let columns = words.chain(numbers.iter().map(|number| Column::numbers(*number))).collect();
    Table { title: title.to_owned(), note: note.to_owned(), columns, rows: Vec::new() }
}

/// Rows whose first cell is a task's key; each task opens a new part.
fn by_task<R>(mut table: Table, rows: &[R], key: impl Fn(&R) -> &str, cells: impl Fn(&R) -> Vec<Cell>) -> Table {
    for (at, row) in rows.iter().enumerate() {
        let opens = at == 0 || key(&rows[at - 1]) != key(row);
        let cells = std::iter::once(key(row).into()).chain(cells(row)).collect();
        table.rows.push(Row { cells, opens, baseline: false });
    }
    table
}

fn number(value: f64) -> String {
    decimals(value, 3)
}

fn ends(low: f64, high: f64) -> String {
    format!("[{}, {}]", number(low), number(high))
}

fn optional(value: Option<f64>) -> Cell {
    value.map_or(NONE.to_owned(), number).into()
}

/// Share right of each arm against chance, pooled and over participants.
pub(crate) fn accuracy(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table(
        "Share right of every arm against chance",
        "Mean over participants with its bootstrap interval; the pooled share takes trials as independent.",
        &["Task", "Arm"],
        &["Mean", "n", "Right of all", "Exact", "Wilson", "Chance", "p by participant", "p by item"],
    );
    by_task(
        head,
        &kind.analysis.accuracy,
        |row| &row.task,
        |row| {
            let share = &row.share;
            vec![
                arm(results, &row.arm).into(),
                Cell::from(number(row.mean)).with(ends(row.low, row.high)),
                count(row.participants).into(),
                format!("{} of {}", count(share.hits), count(share.trials)).into(),
                ends(share.exact[0], share.exact[1]).into(),
                ends(share.wilson[0], share.wilson[1]).into(),
                number(share.chance).into(),
                p(row.p_participants).into(),
                p(row.p_items).into(),
            ]
        },
    )
}

/// Differences between arms, by participant and by item.
pub(crate) fn differences(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table(
        "Differences between arms",
        "One arm minus the other: by participant, by item, and by both at once; p adjusted by Holm over all rows.",
        &["Task", "Outcome", "Arm", "Minus"],
        &["Difference", "n", "By item", "Items", "p by participant", "p by item", "p of min F′", "Adjusted p"],
    );
    by_task(
        head,
        &kind.analysis.differences,
        |row| &row.task,
        |row| {
            let signed = |value: f64| if value > 0.0 { format!("+{}", number(value)) } else { number(value) };
            let ends = |low, high| format!("[{}, {}]", signed(low), signed(high));
            vec![
                if row.outcome == "accuracy" { "share right" } else { "mean rating" }.into(),
                arm(results, &row.arm).into(),
                arm(results, &row.against).into(),
                Cell::from(signed(row.difference)).with(ends(row.low, row.high)),
                count(row.participants).into(),
                ends(row.item_low, row.item_high).into(),
                count(row.items).into(),
                p(row.p_participants).into(),
                p(row.p_items).into(),
                p(row.p_min_f).into(),
                p(row.p_adjusted).into(),
            ]
        },
    )
}

/// Ratings of every question, one table each since their scales differ.
pub(crate) fn ratings(results: &StudyResults, kind: &KindResults) -> Vec<(String, Table)> {
    let one = |row: &semid_core::study::RatingRow| {
        let mut head =
            table(&task(results, &row.task), "Answers of each point; “cannot judge” is in no mean.", &["Arm"], &[]);
        head.columns.extend(row.points.iter().map(|point| Column::numbers(&**point)));
        let rest = ["Cannot judge", "n", "Mean", "Median", "Mean confidence"];
        head.columns.extend(rest.map(Column::numbers));
        for of in &row.arms {
            let counts = (0..row.points.len()).map(|at| count(of.counts.get(at).copied().unwrap_or(0)).into());
            let n = [of.cannot_judge, of.counts.iter().sum()].map(|n| Cell::from(count(n)));
            let means = [of.mean, of.median, of.confidence].map(optional);
            let cells = std::iter::once(arm(results, &of.arm).into()).chain(counts).chain(n).chain(means).collect();
            head.rows.push(Row { cells, ..Row::default() });
        }
        (row.task.clone(), head)
    };
    kind.analysis.ratings.iter().map(one).collect()
}

/// Probability of superiority.
pub(crate) fn superiority(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table(
        "Probability of superiority",
        "That a rating under the one arm exceeds one under the other; ties count half.",
        &["Task", "Arm", "Over"],
        &["Probability", "95 % interval", "Participants", "Ratings"],
    );
    by_task(
        head,
        &kind.analysis.superiority,
        |row| &row.task,
        |row| {
            let found = &row.superiority;
            let [one, other] = found.n.map(count);
            vec![
                arm(results, &row.arm).into(),
                arm(results, &row.against).into(),
                number(found.value).into(),
                ends(found.low, found.high).into(),
                count(found.clusters).into(),
                format!("{one} and {other}").into(),
            ]
        },
    )
}

/// Agreement between raters.
pub(crate) fn agreement(kind: &KindResults) -> Table {
    let head = table(
        "Agreement between raters",
        "Krippendorff’s α and intraclass correlations with 95 % intervals; a dash where one is not defined.",
        &["Task", "Level"],
        &["α", "Units", "Raters", "ICC(A,1)", "ICC(A,k)", "Rows of the Latin square"],
    );
    by_task(
        head,
        &kind.analysis.agreement,
        |row| &row.task,
        |row| {
            let shown = |found: &Option<Coefficient>| match found {
                Some(found) => Cell::from(number(found.value)).with(ends(found.low, found.high)),
                None => NONE.into(),
            };
            let of_alpha =
                |n: fn(&Coefficient) -> u64| row.alpha.as_ref().map_or(NONE.to_owned(), |alpha| count(n(alpha)));
            let level = match row.level {
                Some(Measurement::Nominal) => "nominal",
                Some(Measurement::Ordinal) => "ordinal",
                Some(_) => "interval or ratio",
                None => NONE,
            };
            vec![
                level.into(),
                shown(&row.alpha),
                of_alpha(|alpha| alpha.units).into(),
                of_alpha(|alpha| alpha.raters).into(),
                shown(&row.icc_single),
                shown(&row.icc_average),
                count(row.icc_rows).into(),
            ]
        },
    )
}

/// Response times.
pub(crate) fn times(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table(
        "Response times",
        "Seconds from showing to answering.",
        &["Task", "Arm"],
        &["Lower quartile", "Median", "Upper quartile", "Answers", "Too long, left out"],
    );
    by_task(
        head,
        &kind.analysis.times,
        |row| &row.task,
        |row| {
            let secs = [row.lower_ms, row.median_ms, row.upper_ms].map(|ms| Cell::from(decimals(ms / 1000.0, 2)));
            let n = [row.n, row.too_long].map(|n| Cell::from(count(n)));
            std::iter::once(arm(results, &row.arm).into()).chain(secs).chain(n).collect()
        },
    )
}

/// Automatic companions: mean in each arm, and correlation with the answers.
pub(crate) fn companions(results: &StudyResults, kind: &KindResults) -> Table {
    let mut head = table(
        "Automatic companions",
        "Mean of the measure in each arm; Spearman’s ρ with the answers over stimuli as arms show them.",
        &["Task", "Measure"],
        &[],
    );
    head.columns.extend(results.design.arms.iter().map(|of| Column::numbers(arm(results, &of.key))));
    head.columns.extend(["ρ", "Stimuli"].map(Column::numbers));
    by_task(
        head,
        &kind.companions,
        |row| &row.task,
        |row| {
            let arms = results.design.arms.iter().map(|of| optional(row.by_arm.get(&of.key).copied()));
            let found = [optional(row.correlation), count(row.n).into()];
            std::iter::once(row.measure.as_str().into()).chain(arms).chain(found).collect()
        },
    )
}

/// ID schemes by accuracy and interpretability, with the run behind each.
pub(crate) fn two_axes(kind: &KindResults) -> Table {
    let head = table(
        "ID schemes by accuracy and by interpretability",
        "Share of strangers found, beside the metric of the named run.",
        &["Task", "Scheme"],
        &["Share right", "n", "Chance", "Accuracy", "Users", "Metric", "Run", "Arm of the run"],
    );
    by_task(
        head,
        &kind.two_axes,
        |row| &row.task,
        |row| {
            let accuracy = &row.accuracy;
            let interval = semid_charts::numbers::interval(accuracy.low, accuracy.high);
            vec![
                row.title.as_str().into(),
                Cell::from(number(row.right.value)).with(ends(row.right.low, row.right.high)),
                count(row.right.n).into(),
                number(row.chance).into(),
                Cell::from(semid_charts::numbers::metric(accuracy.value)).with(interval),
                count(accuracy.n).into(),
                row.metric.as_str().into(),
                row.run.to_string().into(),
                row.run_arm_title.as_str().into(),
            ]
        },
    )
}

/// Names that were given. Free text.
pub(crate) fn names(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table(
        "Names that were given",
        "What participants called a code, and how often others matched the name to it.",
        &["Task", "Arm", "Item of the stimulus", "Name", "By"],
        &["Matched", "Asked"],
    );
    by_task(
        head,
        &kind.names,
        |row| &row.task,
        |row| {
            let item = results.stimuli.get(row.stimulus as usize).map_or(NONE, |stimulus| stimulus.title.as_str());
            let words = [arm(results, &row.arm), item, &row.text, &row.pseudonym].map(Cell::from);
            words.into_iter().chain([row.matched, row.asked].map(|n| Cell::from(count(n)))).collect()
        },
    )
}

/// Who was left out, and by which rule.
pub(crate) fn excluded(kind: &KindResults) -> Table {
    let mut head =
        table("Left out", "By the rules that were fixed before the first answer.", &["Who", "Rule", "Why"], &[]);
    for row in &kind.analysis.excluded {
        let who = kind.pseudonyms.get(row.participant as usize).map_or(NONE, String::as_str);
        let cells = [who, row.rule.as_str(), row.sentence.as_str()].map(Cell::from).into();
        head.rows.push(Row { cells, ..Row::default() });
    }
    head
}

/// Answers of each task before and after exclusion.
pub(crate) fn counts(results: &StudyResults, kind: &KindResults) -> Table {
    let head = table("Answers", "", &["Task", "What is done"], &["Answers", "Analysed", "Stimuli"]);
    by_task(
        head,
        &kind.analysis.counts,
        |row| &row.task,
        |row| {
            let done = results.design.task(&row.task).map_or(String::new(), |task| super::words::done(results, task));
            let n = [row.answers, row.analysed, row.stimuli].map(|n| Cell::from(count(n)));
            std::iter::once(done.into()).chain(n).collect()
        },
    )
}

/// Agreement of language models with people.
pub(crate) fn model_agreement(results: &StudyResults) -> Table {
    let head = table(
        "Language models beside people",
        "Share of stimuli in which the model chose what most people chose, beside the same share for one person against \
         the others.",
        &["Task", "Model"],
        &["Equal", "Between people", "α", "Stimuli"],
    );
    by_task(
        head,
        &results.model_agreement,
        |row| &row.task,
        |row| {
            let shares = [Some(row.equal_share), row.between_people, row.alpha].map(optional);
            std::iter::once(row.model.as_str().into()).chain(shares).chain([count(row.n).into()]).collect()
        },
    )
}

/// Stimuli that were replaced by hand.
pub(crate) fn replaced(results: &StudyResults) -> Table {
    let mut head =
        table("Stimuli replaced by hand before the lock", "", &["Task", "Shown now", "Was drawn", "Why"], &[]);
    for stimulus in &results.stimuli {
        for replaced in &stimulus.replaced {
            let words = [&*stimulus.task, &stimulus.title, &replaced.was, &replaced.why].map(Cell::from);
            head.rows.push(Row { cells: words.into(), ..Row::default() });
        }
    }
    head
}
