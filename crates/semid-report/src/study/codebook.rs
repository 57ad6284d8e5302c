//! The codebook of `answers.csv`.

use std::fmt::Write;

use semid_core::study::StudyResults;

use super::answers::VARIABLES;
use super::words;
use crate::escape::markdown;

/// Every column with its meaning, unit and values; the arms and tasks; the points of every scale.
pub(crate) fn codebook(results: &StudyResults) -> String {
    let mut book = format!("# Codebook: {}\n\n", markdown(words::title(results)));
    let _ = writeln!(
        book,
        "`answers.csv` holds one row for each answer: {} rows, UTF-8, comma-separated, texts quoted where they need it. An \
         empty cell is a value that does not exist. A text that a spreadsheet would run as a formula begins with an \
         apostrophe. Attention checks and the answers of participants who are left out are in the file; leave them out \
         by `attention` and `excluded`.\n",
        semid_charts::numbers::count(results.rows.len() as u64)
    );
    book.push_str("## Columns\n\n| Column | Meaning | Unit | Values |\n| --- | --- | --- | --- |\n");
    for variable in &VARIABLES {
        let words = [variable.meaning, variable.unit, variable.values].map(markdown);
        let _ = writeln!(book, "| `{}` | {} | {} | {} |", variable.name, words[0], words[1], words[2]);
    }
    book.push_str("\n## Arms\n\n| Key | Title | IDs |\n| --- | --- | --- |\n");
    for arm in &results.design.arms {
        let _ = writeln!(book, "| {} | {} | {} |", markdown(&arm.key), markdown(&arm.title), markdown(&arm.ids));
    }
    book.push_str(
        "\n## Tasks\n\n| Key | What is done | Level | Stimuli an arm | Chance |\n| --- | --- | ---: | ---: | ---: |\n",
    );
    for task in &results.design.tasks {
        let chance = task.chance().map_or(String::new(), |chance| semid_charts::numbers::decimals(chance, 3));
        let done = words::done(results, task);
        let (key, done) = (markdown(&task.key), markdown(&done));
        let _ = writeln!(book, "| {key} | {done} | {} | {} | {} |", task.level, task.per_arm, markdown(&chance));
    }
    for task in &results.design.tasks {
        let semid_core::study::TaskKind::Rating { question, .. } = &task.kind else { continue };
        let _ = writeln!(
            book,
            "\n## Scale of {}\n\n| Language | Question | Points from 1 |\n| --- | --- | --- |",
            markdown(&task.key)
        );
        for language in &results.design.languages {
            let wording = question.wording.get(language).map_or("", String::as_str);
            let points = question.points.get(language).map(|points| points.join(" / ")).unwrap_or_default();
            let _ = writeln!(book, "| {} | {} | {} |", markdown(language), markdown(wording), markdown(&points));
        }
    }
    let _ = write!(
        book,
        "\nProtocol {}; data set {} ({}).\n",
        markdown(&results.protocol_hash),
        markdown(&results.dataset_title),
        markdown(&results.dataset_digest)
    );
    book
}
