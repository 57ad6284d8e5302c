//! The methods of a paper, drafted from the protocol and what came of it: past tense, ready to be pasted.

use semid_charts::numbers::{count, day, decimals, percent};
use semid_core::study::{KindResults, ParticipantKind, StudyResults, TaskKind};

use super::verdict::{analysed, pilot};
use super::words::{self, counted, list};
use crate::escape::markdown;

/// The paragraphs as Markdown.
pub fn methods(results: &StudyResults) -> String {
    // A round bracket means something behind a square one only; elsewhere it stays as it will be pasted.
    let pasted = |paragraph: &String| markdown(paragraph).replace("\\(", "(").replace("](", "]\\(");
    let paragraphs: Vec<String> = paragraphs(results).iter().map(pasted).collect();
    format!("# Methods\n\n{}\n", paragraphs.join("\n\n"))
}

/// The paragraphs as plain text: design and material, procedure, participants, analysis, software.
pub(crate) fn paragraphs(results: &StudyResults) -> Vec<String> {
    vec![design(results), procedure(results), participants(results), analysis(results), software(results)]
}

fn design(results: &StudyResults) -> String {
    let design = &results.design;
    let arms: Vec<String> = design.arms.iter().map(|arm| words::arm(results, &arm.key).to_owned()).collect();
    format!(
        "We asked how well people understand item IDs in a within-subject study with {} arms: {}. Its {} stimuli were \
         drawn at random (seed {}) from {}, balanced over thirds of the catalog by popularity{}. Arms were rotated over \
         stimuli by a Latin square of {} rows: over each block of {} participants every stimulus appeared in every arm \
         equally often, and nobody saw a stimulus twice. Arms were masked for participants.",
        design.arms.len(),
        list(&arms),
        count(results.stimuli.len() as u64),
        design.seed,
        results.dataset_title,
        replaced(results),
        results.block,
        results.block,
    )
}

fn replaced(results: &StudyResults) -> String {
    match results.stimuli.iter().filter(|stimulus| !stimulus.replaced.is_empty()).count() {
        0 => String::new(),
        1 => "; one was replaced by hand before the lock, with its reason recorded".to_owned(),
        many => format!("; {many} were replaced by hand before the lock, with their reasons recorded"),
    }
}

fn procedure(results: &StudyResults) -> String {
    let design = &results.design;
    let tasks: Vec<String> = design.tasks.iter().map(|task| sentence(results, task)).collect();
    format!(
        "{} Tasks came in this order, trials within a task in random order. {} of all trials were attention checks; a \
         break was offered after every {} trials. Participants gave consent and practised with feedback first. Response \
         times were recorded. The texts were given in {}.",
        tasks.join(" "),
        percent(design.attention_share),
        design.break_every,
        list(&design.languages),
    )
}

fn sentence(results: &StudyResults, task: &semid_core::study::TaskDesign) -> String {
    let chance = |of: f64| format!("chance {}", decimals(of, 2));
    let done = match &task.kind {
        TaskKind::Intrusion { members, hard } => format!(
            "participants saw {} items, {members} of which shared {}, and chose the one that did not \
             belong{}",
            members + 1,
            match task.level {
                1 => "the first code".to_owned(),
                level => format!("the first {level} codes"),
            },
            if *hard { "; it shared all but the last of these codes" } else { "" }
        ),
        TaskKind::ForwardSimulation { codes, exemplars } => {
            format!("participants saw {exemplars} items of each of {codes} codes and chose the code of a new item")
        }
        TaskKind::Naming { exemplars } => {
            format!("participants saw {exemplars} items of a code and named it in up to three words")
        }
        TaskKind::Matching { codes, exemplars, .. } => {
            format!("other participants matched a name to one of {codes} codes, each shown with {exemplars} items")
        }
        TaskKind::Rating { question, .. } => {
            let points = words::first(results, &question.points).map(|points| points.join(", ")).unwrap_or_default();
            let apart = if question.cannot_judge { "; “cannot judge” was offered apart" } else { "" };
            format!("participants rated {} ({points}{apart})", words::done(results, task))
        }
    };
    let chance = task.chance().map(|of| format!(" ({})", chance(of))).unwrap_or_default();
    let sure = if task.confidence { " They also said how sure they were." } else { "" };
    format!(
        "In the task {}, {done}{chance}; each participant saw {} stimuli in each arm.{sure}",
        task.key, task.per_arm
    )
}

fn participants(results: &StudyResults) -> String {
    let rules = &results.design.rules;
    let mut said = vec![format!("{} participants were planned.", results.design.participants)];
    if results.kinds.is_empty() {
        said.push("Nobody took part.".to_owned());
    }
    for kind in &results.kinds {
        said.push(took_part(kind));
    }
    if results.withdrawals > 0 {
        let were = if results.withdrawals == 1 { "participant withdrew" } else { "participants withdrew" };
        said.push(format!("{} {were}; the answers were deleted.", results.withdrawals));
    }
    said.push(format!(
        "By rules fixed before the first answer we left out participants who failed more than {} attention checks, whose \
         median response time was below {} ms, or who answered less than {} of their trials; single response times above \
         {} s were left out of the analysis of times only.",
        rules.failed_checks,
        count(u64::from(rules.median_ms)),
        percent(rules.answered_share),
        decimals(f64::from(rules.longest_ms) / 1000.0, 0),
    ));
    said.extend(results.power.iter().map(|power| power.sentence.clone()));
    said.extend(pilot(results).map(|_| "The study is a pilot.".to_owned()));
    said.join(" ")
}

fn took_part(kind: &KindResults) -> String {
    let by_rule = |rule: &str| kind.analysis.excluded.iter().filter(|excluded| excluded.rule == rule).count();
    let rules = ["failed-checks", "too-fast", "too-few-answers"];
    let because: Vec<String> = rules
        .iter()
        .zip(["failed attention checks", "answered too fast", "answered too few trials"])
        .filter(|(rule, _)| by_rule(rule) > 0)
        .map(|(rule, words)| format!("{} {words}", by_rule(rule)))
        .collect();
    let out = match because.len() {
        0 => "none was left out".to_owned(),
        1 if kind.analysis.excluded.len() == 1 => format!("1 was left out ({})", list(&because)),
        _ => format!("{} were left out ({})", kind.analysis.excluded.len(), list(&because)),
    };
    let apart = match kind.kind {
        ParticipantKind::Person => "",
        _ => " They were analysed apart from people.",
    };
    let answered = counted(kind.kind, kind.with_answers);
    format!(
        "{answered} answered; {out}, which leaves {} for the analysis (n = {}).{apart}",
        analysed(kind),
        analysed(kind)
    )
}

fn analysis(results: &StudyResults) -> String {
    let design = &results.design;
    let choices = design.tasks.iter().any(|task| task.chance().is_some());
    let ratings = design.tasks.iter().any(|task| matches!(task.kind, TaskKind::Rating { .. }));
    let mut said = Vec::new();
    if choices {
        said.push(
            "Accuracy in each arm was tested against chance by two-sided sign-flip tests over participants and over \
             stimuli, with percentile bootstrap intervals over participants."
                .to_owned(),
        );
    }
    said.push(format!(
        "Arms were compared pairwise by sign-flip tests by participant and by item, both reported, with min F′ for both \
         at once (Clark, 1973); the larger of the two p-values was adjusted by Holm’s method over all comparisons. We \
         used {} sign flips and {} bootstrap resamples; intervals are 95 %.",
        count(u64::from(results.flips)),
        count(u64::from(results.resamples)),
    ));
    if ratings {
        said.push(
            "Ratings are reported as distributions and as probability of superiority with a bootstrap interval clustered \
             by participant."
                .to_owned(),
        );
    }
    let level = match (choices, ratings) {
        (true, true) => "nominal for choices, ordinal for ratings",
        (false, true) => "ordinal",
        _ => "nominal",
    };
    let icc = if ratings { ", and for ratings ICC(A,1) and ICC(A,k) (McGraw and Wong, 1996)" } else { "" };
    said.push(format!("Agreement was measured by Krippendorff’s α ({level}){icc}."));
    if results.kinds.iter().any(|kind| kind.kind == ParticipantKind::Model) {
        said.push("Language models did the same trials and were kept apart from people throughout.".to_owned());
    }
    said.join(" ")
}

fn software(results: &StudyResults) -> String {
    let collected = match (results.locked_at, results.closed_at) {
        (locked, closed) if locked > 0 && closed > 0 => {
            format!(" The protocol was locked on {} and data collection ended on {}.", day(locked), day(closed))
        }
        _ => String::new(),
    };
    let texts: Vec<String> =
        results.instruments.iter().map(|texts| format!("{} version {}", texts.language, texts.version)).collect();
    let texts = if texts.is_empty() { String::new() } else { format!(" (texts: {})", list(&texts)) };
    format!(
        "Design, stimuli, texts, exclusion rules and analysis plan were fixed before the first answer in protocol version \
         {} with the BLAKE3 hash {}{texts}.{collected} The study was run with Semid {}.",
        results.version, results.protocol_hash, results.program,
    )
}
