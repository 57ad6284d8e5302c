//! Replies as text for people. Numbers are formatted where the report formats them.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use semid_api::engine::datasets::ImportReport;
use semid_api::engine::evaluate_lists::JudgedLists;
use semid_api::wire::*;
use semid_core::comparison::Comparison;
use semid_report::numbers;

use crate::follow::duration;

pub fn import(report: &ImportReport) -> String {
    let (dataset, summary) = (&report.dataset, &report.summary);
    let mut text = format!(
        "{}: {} users, {} items, {} interactions in {}.\n",
        dataset.name,
        numbers::count(dataset.users),
        numbers::count(dataset.items),
        numbers::count(dataset.interactions),
        duration_fine(report.secs)
    );
    for file in &summary.files {
        let columns: Vec<String> =
            file.columns.iter().map(|(role, column)| format!("{}={column}", role.name())).collect();
        text += &format!("  {} read as {}: {}\n", clean(&file.name), file.format.title(), clean(&columns.join(", ")));
    }
    if !summary.text.is_empty() {
        text += &format!("  item text: {}\n", clean(&summary.text));
    }
    if dataset.simulated {
        text += "  The interactions are simulated.\n";
    }
    if summary.problem_count() == 0 {
        return text;
    }
    text += &format!("{} rows were left out:\n", numbers::count(summary.problem_count()));
    for (kind, count) in &summary.problems {
        text += &format!("  {} {}\n", numbers::count(*count), kind.title());
    }
    for problem in report.problems.iter().take(5) {
        let line = problem.line.map_or(String::new(), |line| format!(", line {line}"));
        text += &format!("  {}{line}: {}: {}\n", clean(&problem.file), clean(&problem.reason), clean(&problem.snippet));
    }
    text
}

pub fn datasets(list: &DatasetList) -> String {
    let mut text = String::new();
    if list.datasets.is_empty() {
        text += "No data set is imported yet.\n";
    } else {
        let rows = list.datasets.iter().map(|dataset| {
            vec![
                dataset.name.clone(),
                numbers::count(dataset.users),
                numbers::count(dataset.items),
                numbers::count(dataset.interactions),
                numbers::count(dataset.problems),
                if dataset.simulated { "simulated" } else { "" }.to_owned(),
            ]
        });
        text += &table(&["Data set", "Users", "Items", "Interactions", "Rows left out", ""], &[1, 2, 3, 4], rows);
        text += "\n";
    }
    text += "\nRecipes, for `semid import NAME`:\n";
    let rows = list.recipes.iter().map(|recipe| {
        let state = if recipe.here { "here" } else { "needs --download" };
        vec![recipe.name.clone(), state.to_owned(), recipe.licence.clone()]
    });
    text + &table(&["Recipe", "Files", "Licence"], &[], rows)
}

pub fn embed(report: &EmbedReport) -> String {
    format!(
        "{} texts became {} numbers each in {} ({} a second, {}; {} to load the encoder).\nThe vectors are {}",
        numbers::count(report.rows as u64),
        report.dim,
        duration_fine(report.embed_secs),
        (report.rows as f64 / report.embed_secs.max(1e-9)).round(),
        report.kernel,
        duration_fine(report.load_secs),
        report.output.display()
    )
}

pub fn ids(report: &IdsReport) -> String {
    let scheme = &report.scheme;
    let quality = &scheme.quality;
    let mut text = format!("{} IDs of {} items, {}", scheme.title, numbers::count(report.items), scheme.shape);
    text +=
        &if report.reused { ", made before\n".to_owned() } else { format!(", in {}\n", duration_fine(report.secs)) };
    let rows = quality.levels.iter().enumerate().map(|(at, level)| {
        let agreement = |of: fn(&semid_core::comparison::CategoryAgreement) -> f64| {
            level.category.as_ref().map_or("–".to_owned(), |category| format!("{:.3}", of(category)))
        };
        vec![
            (at + 1).to_string(),
            level.codes.to_string(),
            format!("{:.0} %", level.usage_share * 100.0),
            format!("{:.1}", level.perplexity),
            agreement(|category| category.purity),
            agreement(|category| category.purity_by_chance),
            agreement(|category| category.ami),
        ]
    });
    let heads = ["Level", "Codes", "Used", "Perplexity", "Purity", "By chance", "AMI"];
    text += &table(&heads, &[0, 1, 2, 3, 4, 5, 6], rows);
    text += &format!(
        "\nUnique before any digit: {:.1} %; largest group: {}\n",
        quality.unique_share * 100.0,
        numbers::count(quality.largest_group)
    );
    for sentence in &scheme.diagnosis {
        text += &format!("{sentence}\n");
    }
    let rows =
        scheme.examples.iter().map(|example| vec![clean(&example.id), clean(&example.title), clean(&example.labels)]);
    text += &format!("\n{}", table(&["ID", "Item", "Labels"], &[], rows));
    if let Some(output) = &report.output {
        text += &format!("\nAll IDs are in {}", output.display());
    }
    text
}

pub fn runs(runs: &[RunRow]) -> String {
    if runs.is_empty() {
        return "No run yet. Start one with `semid compare sample-films`.".to_owned();
    }
    let rows = runs.iter().map(|run| {
        vec![
            run.run.to_string(),
            clean(&run.name),
            clean(&run.dataset),
            run.status.clone(),
            run.secs.map_or(String::new(), |secs| duration(secs as f64)),
            clean(run.error.as_deref().unwrap_or_default()),
        ]
    });
    table(&["Run", "Name", "Data set", "Status", "Time", "Error"], &[0], rows)
}

pub fn comparison(comparison: &Comparison) -> String {
    let summary = semid_report::summary_rows(comparison);
    let numeric: Vec<usize> =
        summary.columns.iter().enumerate().filter(|(_, column)| column.numeric).map(|(at, _)| at).collect();
    let heads = summary.header();
    let mut text = format!(
        "{}: {} users, {} items, {} interactions{}\n",
        clean(&comparison.dataset.title),
        numbers::count(comparison.dataset.users),
        numbers::count(comparison.dataset.items),
        numbers::count(comparison.dataset.interactions),
        if comparison.dataset.simulated { " (simulated)" } else { "" }
    );
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    text += &table(&heads, &numeric, summary.rows().into_iter());
    text += "\n";
    for sentence in &comparison.verdict {
        text += &format!("\n{sentence}");
    }
    text + "\n"
}

pub fn judged(judged: &JudgedLists) -> String {
    let rows = judged.metrics.iter().map(|metric| vec![metric.name.clone(), format!("{:.6}", metric.value)]);
    let mut text = table(&["Metric", "Mean"], &[1], rows);
    text += &format!("\n{} users", numbers::count(judged.users));
    if judged.users_without_list > 0 {
        text += &format!(", {} of them without a list (counted as 0)", numbers::count(judged.users_without_list));
    }
    if judged.users_without_relevant_item > 0 {
        text += &format!("; {} without a relevant item left out", numbers::count(judged.users_without_relevant_item));
    }
    text
}

pub fn doctor(report: &DoctorReport) -> String {
    let mut text = format!("{}\n", report.home.display());
    for done in &report.repaired {
        text += &format!("mended: {done}\n");
    }
    if report.findings.is_empty() {
        return text + "All is well.";
    }
    for finding in &report.findings {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        text += &format!("{severity}: {} {}\n", finding.what, finding.advice);
    }
    text
}

/// What was written for another system.
pub fn bridge_exported(exported: &BridgeExported) -> String {
    let mut text = format!(
        "{} users, {} items, {} interactions, {} test cases; users and items are named by {}.\n",
        numbers::count(exported.users),
        numbers::count(exported.items),
        numbers::count(exported.interactions),
        numbers::count(exported.test_cases),
        exported.names
    );
    let rows = exported.files.iter().map(|(name, about)| vec![clean(name), about.clone()]);
    text += &table(&["File", "Holds"], &[], rows);
    for note in &exported.notes {
        text += &format!("\n{}", clean(note));
    }
    format!("{text}\nThe files are in {}", exported.folder.display())
}

/// What files of another system's lists hold.
pub fn lists_found(found: &[ListsFound]) -> String {
    let rows = found.iter().map(|found| {
        vec![
            clean(&found.file),
            numbers::count(found.users),
            numbers::count(found.entries),
            format!("{}, {}", found.named_by.0, found.named_by.1),
            numbers::count(found.users_judged),
            numbers::count(found.users_without_list),
        ]
    });
    let heads = ["Lists", "Users", "Entries", "Named by", "Users judged", "Without a list (0)"];
    let mut text = table(&heads, &[1, 2, 4, 5], rows);
    for note in found.iter().flat_map(|found| &found.notes) {
        text += &format!("\n{}", clean(note));
    }
    text
}

/// The path of the beam to an item.
pub fn why(user: &UserDetail, why: &WhyReply) -> String {
    let rank = why.rank.map_or("not in the list".to_owned(), |rank| format!("rank {rank} of the list"));
    let held_out = user.targets.iter().any(|target| target.item == why.item.item);
    let mut text = format!(
        "{} ({}) for user {}: {rank}{}, probability {:.2e}\n",
        clean(&why.item.title),
        clean(&why.item.key),
        clean(&user.key),
        if held_out { ", held out as the test" } else { "" },
        why.probability
    );
    let rows = why.levels.iter().flat_map(|level| {
        let chosen = vec![
            level.title.clone(),
            level.code.to_string(),
            clean(&level.label),
            numbers::percent(level.probability),
            format!("{} of {}", level.rank, numbers::count(level.allowed.into())),
            numbers::count(level.items),
            if level.in_beam { "kept" } else { "fell out of the beam" }.to_owned(),
        ];
        let others = level.alternatives.iter().filter(|other| !other.chosen).take(3).map(|other| {
            let code = format!("({})", other.code);
            let probability = numbers::percent(other.probability);
            vec![String::new(), code, clean(&other.label), probability, String::new(), String::new(), String::new()]
        });
        std::iter::once(chosen).chain(others)
    });
    let heads = ["Level", "Code", "Label", "Probability", "Place", "Items below", "Beam"];
    text += &table(&heads, &[1, 3, 4, 5], rows);
    text += "\nIn brackets: other codes that were probable there.\n";
    for (item, levels) in why.shared.iter().take(5) {
        let word = if *levels == 1 { "level" } else { "levels" };
        text += &format!("Shares {levels} {word} with {} of the history.\n", clean(&item.title));
    }
    text
}

/// Whether the doctor found something broken.
pub fn is_ill(report: &DoctorReport) -> bool {
    report.findings.iter().any(|finding| format!("{:?}", finding.severity) == "Error")
}

pub fn table(heads: &[&str], numeric: &[usize], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heads);
    for row in rows {
        table.add_row(row);
    }
    for &column in numeric {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

fn duration_fine(secs: f64) -> String {
    if secs < 10.0 { format!("{secs:.2} s") } else { duration(secs) }
}

/// Names out of files are hostile: nothing that moves the cursor of a terminal gets through.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What came of opening a bundle.
pub fn opened(opened: &OpenedBundle) -> String {
    let known = if opened.known { " It was here before." } else { "" };
    let data = match opened.dataset_here {
        true => "",
        false => {
            "\nThe data set it ran on is not in this workspace: its numbers are all here, its users and items are not."
        }
    };
    format!("The bundle is run {} now.{known} See it with `semid show {}`.{data}", opened.run, opened.run)
}

/// How long an experiment will take, stage by stage.
pub fn estimate(estimate: &Estimate) -> String {
    let rows = estimate.stages.iter().map(|stage| {
        let secs = if stage.reused { "there already".to_owned() } else { duration(stage.secs) };
        vec![clean(&stage.stage), secs]
    });
    let missing: String = estimate.missing.iter().map(|name| format!("\n{} is not here yet.", clean(name))).collect();
    let ending = match estimate.finished_run {
        Some(run) => format!("It was finished before, as run {run}, and would be shown at once."),
        None => format!(
            "About {}, likely between {} and {}.",
            duration(estimate.secs),
            duration(estimate.low_secs),
            duration(estimate.high_secs)
        ),
    };
    format!("{}\n{ending}\n{}{missing}", table(&["Stage", "Time"], &[1], rows), estimate.basis)
}
