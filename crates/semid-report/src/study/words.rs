//! What arms, tasks and participants are called.

use semid_core::study::{ParticipantKind, StudyResults, TaskDesign, TaskKind};

/// What to call an arm: its title, or its key where it has none.
pub(crate) fn arm<'r>(results: &'r StudyResults, key: &'r str) -> &'r str {
    let arm = results.design.arms.iter().find(|arm| arm.key == key);
    arm.map(|arm| arm.title.as_str()).filter(|title| !title.trim().is_empty()).unwrap_or(key)
}

/// The words in the study's first language, or in any.
pub(crate) fn first<'w, T>(results: &StudyResults, words: &'w std::collections::BTreeMap<String, T>) -> Option<&'w T> {
    results.design.languages.iter().find_map(|language| words.get(language)).or_else(|| words.values().next())
}

/// What to call the study.
pub(crate) fn title(results: &StudyResults) -> &str {
    let title = first(results, &results.design.title).map(|title| title.trim()).unwrap_or_default();
    if title.is_empty() { &results.design.name } else { title }
}

/// What to call a task: its key and what is done in it.
pub(crate) fn task(results: &StudyResults, key: &str) -> String {
    match results.design.task(key) {
        Some(task) => format!("{key}: {}", done(results, task)),
        None => key.to_owned(),
    }
}

/// What is done in a task: "find the stranger among 5 items".
pub(crate) fn done(results: &StudyResults, task: &TaskDesign) -> String {
    match &task.kind {
        TaskKind::Intrusion { members, hard } => {
            let hard = if *hard { ", hard variant" } else { "" };
            format!("find the stranger among {} items{hard}", members + 1)
        }
        TaskKind::ForwardSimulation { codes, .. } => format!("choose the code of a new item among {codes}"),
        TaskKind::Naming { .. } => "name a code".to_owned(),
        TaskKind::Matching { codes, .. } => format!("match a name to one of {codes} codes"),
        TaskKind::Rating { question, .. } => {
            first(results, &question.wording).map_or("rate".to_owned(), |wording| format!("“{}”", wording.trim()))
        }
    }
}

/// Several of a kind in a sentence.
pub(crate) fn several(kind: ParticipantKind) -> &'static str {
    match kind {
        ParticipantKind::Person => "people",
        ParticipantKind::Simulated => "simulated participants",
        ParticipantKind::Model => "language models",
    }
}

/// One or several: "1 person", "24 people".
pub(crate) fn counted(kind: ParticipantKind, n: u64) -> String {
    let one = match kind {
        ParticipantKind::Person => "person",
        ParticipantKind::Simulated => "simulated participant",
        ParticipantKind::Model => "language model",
    };
    format!("{} {}", semid_charts::numbers::count(n), if n == 1 { one } else { several(kind) })
}

/// "a, b and c".
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
