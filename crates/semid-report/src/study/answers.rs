//! The answers in long format: one row an answer, with all that a mixed model needs.

use semid_core::study::{AnswerRow, StudyResults};

use crate::files::Csv;
use crate::{ReportFile, Result, escape};

/// A column: its name, what it means, its unit and its values.
pub(crate) struct Variable {
    pub name: &'static str,
    pub meaning: &'static str,
    pub unit: &'static str,
    pub values: &'static str,
    value: fn(&AnswerRow) -> String,
}

/// `answers.csv`: an empty cell is a value that does not exist; a text that a spreadsheet would take for a formula begins
/// with an apostrophe.
///
/// # Errors
/// When the CSV writer fails.
pub fn answers_csv(results: &StudyResults) -> Result<ReportFile> {
    let names: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    let mut csv = Csv::new(&names);
    for row in &results.rows {
        csv.row([], VARIABLES.iter().map(|variable| (variable.value)(row)));
    }
    csv.file("answers.csv")
}

fn text(text: &str) -> String {
    escape::csv(text)
}

fn maybe(words: &Option<String>) -> String {
    words.as_deref().map(text).unwrap_or_default()
}

fn number<N: ToString>(number: Option<N>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn truth(truth: bool) -> String {
    u8::from(truth).to_string()
}

const fn variable([name, meaning, unit, values]: [&'static str; 4], value: fn(&AnswerRow) -> String) -> Variable {
    Variable { name, meaning, unit, values, value }
}

/// All columns, in their order.
pub(crate) const VARIABLES: [Variable; 27] = [
    variable(["participant", "who answered", "", "pseudonym"], |row| text(&row.pseudonym)),
    variable(
        ["kind", "what kind of participant; never analyse two kinds together", "", "person, simulated, model"],
        |row| row.kind.name().to_owned(),
    ),
    variable(["part", "1 for the study itself, 2 for matching names that others gave", "", "1, 2"], |row| {
        row.part.to_string()
    }),
    variable(["latin_row", "row of the participant in the Latin square", "", "whole number from 0"], |row| {
        row.row.to_string()
    }),
    variable(
        [
            "excluded",
            "rule that leaves this participant out of the analysis",
            "",
            "empty for those who stay in; failed-checks, too-fast, too-few-answers",
        ],
        |row| maybe(&row.excluded),
    ),
    variable(["position", "place of the trial in the session", "", "whole number from 1"], |row| {
        row.position.to_string()
    }),
    variable(["task", "key of the task", "", "see Tasks"], |row| text(&row.task)),
    variable(
        ["task_kind", "what is done in the task", "", "intrusion, forward-simulation, naming, matching, rating"],
        |row| text(&row.task_kind),
    ),
    variable(
        ["attention", "whether the trial is an attention check, which has no stimulus and no arm", "", "0, 1"],
        |row| truth(row.attention),
    ),
    variable(["stimulus", "number of the stimulus", "", "whole number from 0; empty for checks"], |row| {
        number(row.stimulus)
    }),
    variable(["item", "key of the stimulus’ item in the data set", "", "text; empty for checks"], |row| {
        maybe(&row.item)
    }),
    variable(["item_title", "title of that item", "", "text; empty for checks"], |row| maybe(&row.item_title)),
    variable(
        [
            "band",
            "third of the catalog by popularity that the item is in",
            "",
            "0 least met, 1, 2 most met; empty for checks",
        ],
        |row| number(row.band),
    ),
    variable(["arm", "key of the arm: which IDs were shown", "", "see Arms; empty for checks"], |row| maybe(&row.arm)),
    variable(["prefix", "code that was shown or asked about", "", "codes from the root, parted by ·"], |row| {
        maybe(&row.prefix)
    }),
    variable(
        ["place", "place on the screen that was chosen", "", "whole number from 1; empty where nothing was chosen"],
        |row| number(row.place),
    ),
    variable(
        [
            "choice",
            "option that was chosen, whatever its place",
            "",
            "whole number from 1; empty where nothing was chosen",
        ],
        |row| number(row.choice),
    ),
    variable(
        [
            "right",
            "whether the choice is right; for checks, as instructed",
            "",
            "0, 1; empty where nothing is right or wrong",
        ],
        |row| row.right.map(truth).unwrap_or_default(),
    ),
    variable(
        [
            "chance",
            "probability of a right choice by guessing",
            "share",
            "0 to 1; empty where nothing is right or wrong",
        ],
        |row| number(row.chance),
    ),
    variable(
        [
            "rating",
            "point of the scale that was chosen",
            "point",
            "whole number from 1, the lowest; empty for other tasks and for “cannot judge”",
        ],
        |row| number(row.rating),
    ),
    variable(["rating_label", "label of that point in the participant’s language", "", "text"], |row| {
        maybe(&row.rating_label)
    }),
    variable(["cannot_judge", "whether “cannot judge” was chosen", "", "0, 1"], |row| truth(row.cannot_judge)),
    variable(
        [
            "confidence",
            "how sure the participant was",
            "point",
            "1, not at all, to 5, completely; empty where it was not asked",
        ],
        |row| number(row.confidence),
    ),
    variable(
        ["text", "words that were written, as they were written", "", "free text; empty where none were asked"],
        |row| maybe(&row.text),
    ),
    variable(["ms", "time from showing to answering", "milliseconds", "whole number"], |row| row.ms.to_string()),
    variable(["language", "language of the participant’s page", "", "short name, such as en"], |row| {
        text(&row.language)
    }),
    variable(
        [
            "answered_at",
            "moment of the answer on the participant’s clock",
            "milliseconds since 1970-01-01 UTC",
            "whole number",
        ],
        |row| row.answered_at.to_string(),
    ),
];
