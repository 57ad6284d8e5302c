//! What a study's report shows, in order and for all formats alike: a part for each kind of participants, in it blocks of
//! figures with their tables and formulas.

use semid_charts::Chart;
use semid_core::study::{KindResults, StudyResults};

use super::verdict::analysed;
use super::words::counted;
use super::{charts, tables};
use crate::table::Table;
use crate::{ReportChart, Section};

/// Everything of one kind of participants.
pub(crate) struct Part {
    /// `person`, `simulated`, `model`.
    pub name: &'static str,
    pub title: &'static str,
    /// How many took part, were left out, withdrew.
    pub note: String,
    pub blocks: Vec<Block>,
}

/// What belongs together.
pub(crate) struct Block {
    pub title: String,
    pub figures: Vec<ReportChart>,
    pub tables: Vec<Table>,
    /// What each number is: a name and its formula.
    pub formulas: Vec<(String, String)>,
}

/// The parts of those that answered.
pub(crate) fn parts(results: &StudyResults) -> Vec<Part> {
    results.kinds.iter().map(|kind| part(results, kind)).collect()
}

fn part(results: &StudyResults, kind: &KindResults) -> Part {
    let mut drawn = charts(results, kind);
    // A chart's name is that of its kind, then that of its block.
    let mut take = |block: &str| -> Vec<ReportChart> {
        let begins = format!("{}-{block}", kind.kind.name());
        let (taken, left): (Vec<_>, Vec<_>) = drawn.drain(..).partition(|(name, _)| name.starts_with(&begins));
        drawn = left;
        taken.into_iter().map(|(name, chart)| figure(name, chart)).collect()
    };
    let formulas = |prefixes: &[&str]| -> Vec<(String, String)> {
        let wanted = kind.analysis.formulas.iter();
        let wanted = wanted.filter(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        wanted.map(|(name, formula)| (name.clone(), formula.clone())).collect()
    };
    let mut blocks = Vec::new();
    let mut push = |title: &str, figures: Vec<ReportChart>, tables: Vec<Table>, formulas: Vec<(String, String)>| {
        let tables: Vec<Table> = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
        if !tables.is_empty() {
            blocks.push(Block { title: title.to_owned(), figures, tables, formulas });
        }
    };
    push(
        "Accuracy and interpretability",
        take("two-axes"),
        vec![tables::two_axes(kind)],
        vec![
            (
                "share right".to_owned(),
                "mean of the participants’ shares, with the 95 % bootstrap over participants".to_owned(),
            ),
            (
                "accuracy".to_owned(),
                "mean over the users of the named run, with its 95 % bootstrap interval over users".to_owned(),
            ),
        ],
    );
    push("Right answers", take("accuracy"), vec![tables::accuracy(results, kind)], formulas(&["accuracy."]));
    push(
        "Ratings",
        take("ratings"),
        tables::ratings(results, kind).into_iter().map(|(_, table)| table).collect(),
        formulas(&["ratings."]),
    );
    push(
        "Which arm is rated higher",
        take("superiority"),
        vec![tables::superiority(results, kind)],
        formulas(&["superiority"]),
    );
    push("Differences between arms", Vec::new(), vec![tables::differences(results, kind)], formulas(&["differences."]));
    push("Agreement between raters", Vec::new(), vec![tables::agreement(kind)], formulas(&["agreement."]));
    push(
        "Automatic measures beside the answers",
        take("companions"),
        vec![tables::companions(results, kind)],
        vec![
            (
                "prefix purity".to_owned(),
                "share of the items below the shown prefix that have its most frequent category".to_owned(),
            ),
            (
                "label coherence".to_owned(),
                "mean normalised pointwise mutual information of the label’s terms over the catalog, Bouma 2009"
                    .to_owned(),
            ),
            (
                "ρ".to_owned(),
                "Spearman’s rank correlation of the measure with the share right or the mean rating".to_owned(),
            ),
        ],
    );
    push("Response times", take("times"), vec![tables::times(results, kind)], formulas(&["times"]));
    push("Names that were given", Vec::new(), vec![tables::names(results, kind)], Vec::new());
    push(
        "Who was left out",
        Vec::new(),
        vec![tables::excluded(kind), tables::counts(results, kind)],
        formulas(&["excluded"]),
    );
    Part { name: kind.kind.name(), title: kind.kind.title(), note: note(results, kind), blocks }
}

fn figure(name: String, chart: Chart) -> ReportChart {
    ReportChart { name, section: Section::Charts, chart }
}

fn note(results: &StudyResults, kind: &KindResults) -> String {
    let out = kind.analysis.excluded.len() as u64;
    let minutes = match kind.median_minutes {
        Some(minutes) => format!(" The median session took {} minutes.", semid_charts::numbers::decimals(minutes, 1)),
        None => String::new(),
    };
    let withdrawn = match (kind.kind, results.withdrawals) {
        (semid_core::study::ParticipantKind::Person, withdrawn) if withdrawn > 0 => {
            format!(" {withdrawn} withdrew; their answers are deleted and in no number.")
        }
        _ => String::new(),
    };
    format!(
        "{} sessions were made, {} answered, {} handed in. {} left out by the rules fixed before; {} stay in the \
         analysis.{minutes}{withdrawn}",
        kind.sessions,
        kind.with_answers,
        kind.handed_in,
        out,
        counted(kind.kind, analysed(kind)),
    )
}
