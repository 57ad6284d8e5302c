//! Studies as text for people.

use semid_api::wire::*;
use semid_core::study::{KindResults, Stimulus, TaskDesign, TaskKind};
use semid_report::numbers;

use crate::print::{clean, table};

pub fn list(studies: &[StudyRow]) -> String {
    if studies.is_empty() {
        return "No study yet. Begin one with `semid study new sample-films`.".to_owned();
    }
    let rows = studies.iter().map(|study| {
        vec![
            clean(&study.name),
            study.version.to_string(),
            study.state.name().to_owned(),
            clean(&study.dataset),
            format!("{} of {}", study.people, study.planned),
            numbers::count(study.simulated),
            numbers::count(study.models),
        ]
    });
    table(&["Study", "Version", "State", "Data set", "People", "Simulated", "Models"], &[1, 4, 5, 6], rows)
}

pub fn drafted(detail: &StudyDetail) -> String {
    let replaced = match detail.study.version {
        1 => String::new(),
        version => format!(" (version {version})"),
    };
    format!(
        "{}\nThe draft is kept as “{}”{replaced}. Look at what is shown with `semid study show {1} --stimuli`, ask for its \
         power with `semid study power {1}`, then fix it with `semid study lock {1}`.",
        outline(detail),
        detail.study.name
    )
}

pub fn detail(detail: &StudyDetail, stimuli: bool) -> String {
    let study = &detail.study;
    let mut text = format!(
        "{}, version {}: {}\n",
        clean(&study.name),
        study.version,
        match study.state {
            StudyState::Draft => "a draft that can still be changed",
            StudyState::Open => "locked, data are collected",
            StudyState::Closed => "data collection has ended",
        }
    );
    if let Some(hash) = &study.protocol_hash {
        text += &format!("Protocol {hash}\n");
    }
    text += &outline(detail);
    if !detail.participants.is_empty() {
        let rows = detail.participants.iter().map(|one| {
            vec![
                one.pseudonym.clone(),
                one.kind.name().to_owned(),
                one.part.to_string(),
                format!("{} of {}", one.answered, one.trials),
                if one.handed_in.is_some() { "yes" } else { "" }.to_owned(),
            ]
        });
        text += &format!("\n{}\n", table(&["Participant", "Kind", "Part", "Answered", "Handed in"], &[2, 3], rows));
    }
    for withdrawn in &detail.withdrawals {
        text += &format!("\n{} withdrew; {} answers were deleted.\n", withdrawn.pseudonym, withdrawn.answers);
    }
    if stimuli {
        for (at, stimulus) in detail.stimuli.iter().enumerate() {
            text += &format!("\n{}", shown(at, stimulus));
        }
    }
    text
}

/// Arms, tasks and size.
fn outline(detail: &StudyDetail) -> String {
    let design = &detail.design;
    let arms =
        design.arms.iter().map(|arm| vec![arm.key.clone(), clean(&arm.title), arm.ids.chars().take(12).collect()]);
    let mut text = format!("\n{}\n", table(&["Arm", "Title", "IDs"], &[], arms));
    let tasks = design.tasks.iter().map(|task| {
        let arms = if task.arms.is_empty() { "all".to_owned() } else { task.arms.join(", ") };
        let chance = task.chance().map_or("–".to_owned(), |chance| format!("{:.0} %", 100.0 * chance));
        vec![task.key.clone(), what(task), task.level.to_string(), task.per_arm.to_string(), arms, chance]
    });
    text += &format!("\n{}\n", table(&["Task", "What", "Level", "In each arm", "Arms", "Chance"], &[2, 3, 5], tasks));
    let replaced = detail.stimuli.iter().filter(|stimulus| !stimulus.replaced.is_empty()).count();
    text += &format!(
        "\n{} participants planned, in blocks of {}; {} trials each, about {} minutes; {} stimuli{}; languages: {}.\n",
        design.participants,
        detail.block,
        detail.trials,
        detail.minutes,
        detail.stimuli.len(),
        if replaced > 0 { format!(", {replaced} replaced by hand") } else { String::new() },
        design.languages.join(", ")
    );
    text
}

fn what(task: &TaskDesign) -> String {
    match &task.kind {
        TaskKind::Intrusion { members, hard: false } => format!("find the stranger among {}", members + 1),
        TaskKind::Intrusion { members, hard: true } => format!("the same, strangers that are near, {}", members + 1),
        TaskKind::ForwardSimulation { codes, .. } => format!("find a new item's group among {codes}"),
        TaskKind::Naming { exemplars } => format!("name what {exemplars} items have in common"),
        TaskKind::Matching { codes, .. } => format!("part 2: match names to one of {codes} groups"),
        TaskKind::Rating { question, .. } => {
            let wording = question.wording.values().last().map_or("", String::as_str);
            format!("rate: {}", clean(wording))
        }
    }
}

fn shown(at: usize, stimulus: &Stimulus) -> String {
    let mut text = format!("{at}  {}  {}\n", stimulus.task, clean(&stimulus.key));
    for replaced in &stimulus.replaced {
        text += &format!("    in place of {}: {}\n", clean(&replaced.was), clean(&replaced.why));
    }
    for view in &stimulus.views {
        let one_line = |line: &String| clean(line.lines().next().unwrap_or_default());
        let mut parts: Vec<String> = view.lead.iter().map(|(_, line)| clean(&line.replace('\n', " "))).collect();
        parts.extend(view.shown.iter().map(one_line));
        for (option, lines) in view.options.iter().enumerate() {
            let star = if view.answer == Some(option as u32) { "*" } else { "" };
            parts.push(format!("{star}{}", lines.iter().map(one_line).collect::<Vec<_>>().join(" + ")));
        }
        text += &format!("    {:<14} {}\n", view.arm, parts.join(" | "));
    }
    text
}

pub fn replaced(detail: &StudyDetail, stimulus: u32) -> String {
    match detail.stimuli.get(stimulus as usize) {
        Some(one) => shown(stimulus as usize, one),
        None => String::new(),
    }
}

pub fn power(rows: &[TaskPower]) -> String {
    if rows.is_empty() {
        return "No task of this study is tested.".to_owned();
    }
    let table_rows = rows.iter().map(|row| {
        let share = |value: f64| format!("{:.0} %", 100.0 * value);
        vec![
            row.task.clone(),
            row.difference.clone(),
            share(row.estimate.by_participant),
            share(row.estimate.by_item),
            share(row.estimate.both),
        ]
    });
    let mut text = table(&["Task", "Difference", "By participant", "By item", "Both"], &[2, 3, 4], table_rows);
    text += "\n";
    for row in rows {
        text += &format!("\n{}: {}", row.task, row.sentence);
    }
    text + "\n\nSimulated with the spreads that ratings of short texts usually have; `--json` prints them."
}

pub fn locked(study: &StudyRow) -> String {
    format!(
        "Study “{}” is locked as version {} under protocol\n{}\nNothing of it changes any more. Make sessions with `semid study \
         session {0} --count {} --output sessions/`.",
        study.name,
        study.version,
        study.protocol_hash.as_deref().unwrap_or_default(),
        study.planned
    )
}

pub fn sessions(made: &[MadeSession], study: &str) -> String {
    let mut text = String::new();
    for one in made {
        let place = match &one.file {
            Some(file) => file.display().to_string(),
            None => "in the window".to_owned(),
        };
        text += &format!("{}  {} trials  {place}\n", one.pseudonym, one.trials);
    }
    match made.iter().any(|one| one.file.is_some()) {
        true => {
            text + "\nGive each person one file; it works in any browser without a network. Answers come back as files: \
                    semid study import FILE…"
        }
        false => text + &format!("\nThey wait in the window, on the page of the study “{study}”."),
    }
}

pub fn imported(imported: &[AnswersImported]) -> String {
    imported.iter().map(|one| format!("{}\n", one.sentence)).collect()
}

pub fn simulated(made: &[MadeSession]) -> String {
    let names: Vec<&str> = made.iter().map(|one| one.pseudonym.as_str()).collect();
    format!(
        "{} simulated participants answered: {}.\nThey are kept apart from people everywhere.",
        made.len(),
        names.join(", ")
    )
}

pub fn rated(rated: &ModelRated) -> String {
    let unread = match rated.unreadable {
        0 => String::new(),
        1 => " The answer to one trial could not be read; it counts as not answered.".to_owned(),
        count => format!(" The answers to {count} trials could not be read; they count as not answered."),
    };
    format!(
        "{} took part as {}: {} trials.{unread} It is kept apart from people.",
        clean(&rated.model),
        rated.session.pseudonym,
        rated.asked
    )
}

pub fn closed(study: &StudyRow) -> String {
    format!(
        "The data collection of “{}” has ended with {} people, {} simulated participants and {} models. Arms are unmasked: \
         semid study analyse {0}",
        study.name, study.people, study.simulated, study.models
    )
}

pub fn analysis(analysis: &StudyAnalysis) -> String {
    let mut text = format!("{}\n", analysis.sentence);
    for progress in &analysis.progress {
        let minutes =
            progress.median_minutes.map_or(String::new(), |minutes| format!(", {minutes:.0} minutes in the middle"));
        text += &format!(
            "\n{}: {} sessions, {} with answers, {} handed in; {} of {} trials answered{minutes}.\n",
            progress.kind.title(),
            progress.sessions,
            progress.with_answers,
            progress.handed_in,
            numbers::count(progress.answers),
            numbers::count(progress.trials)
        );
        if analysis.masked && progress.answers > 0 {
            let rows = progress.arms.iter().map(|arm| {
                let seconds = arm.median_ms.map_or("–".to_owned(), |ms| format!("{:.1} s", ms / 1000.0));
                vec![arm.letter.clone(), numbers::count(arm.answers), seconds]
            });
            text += &format!("{}\n", table(&["Arm", "Answers", "Median time"], &[1, 2], rows));
        }
    }
    for kind in analysis.results.iter().flat_map(|results| &results.kinds) {
        text += &of_kind(kind);
    }
    if let Some(results) = &analysis.results {
        for row in &results.model_agreement {
            text += &format!(
                "\n{} in {}: chose what most people chose in {} of {} ({} between people).\n",
                row.model,
                row.task,
                percent(row.equal_share),
                row.n,
                row.between_people.map_or("–".to_owned(), percent)
            );
        }
    }
    text
}

fn of_kind(kind: &KindResults) -> String {
    let analysis = &kind.analysis;
    let mut text = format!("\n{}\n", kind.kind.title().to_uppercase());
    for excluded in &analysis.excluded {
        let who = kind.pseudonyms.get(excluded.participant as usize).map_or("", String::as_str);
        text += &format!("Left out: {who}. {}\n", excluded.sentence);
    }
    let rows = analysis.accuracy.iter().map(|row| {
        vec![
            row.task.clone(),
            row.arm.clone(),
            percent(row.mean),
            format!("{} to {}", percent(row.low), percent(row.high)),
            percent(row.share.chance),
            p(row.p_participants),
            p(row.p_items),
            row.participants.to_string(),
        ]
    });
    let heads = ["Task", "Arm", "Right", "95 % interval", "Chance", "p, participants", "p, items", "n"];
    text += &format!("\n{}\n", table(&heads, &[2, 3, 4, 5, 6, 7], rows));
    let rows = analysis.differences.iter().map(|row| {
        vec![
            row.task.clone(),
            format!("{} − {}", row.arm, row.against),
            signed(row.difference),
            format!("{} to {}", signed(row.low), signed(row.high)),
            p(row.p_participants),
            p(row.p_items),
            p(row.p_adjusted),
        ]
    });
    let heads = ["Task", "Difference", "Mean", "95 % interval", "p, participants", "p, items", "p, Holm"];
    text += &format!("\n{}\n", table(&heads, &[2, 3, 4, 5, 6], rows));
    if !analysis.ratings.is_empty() {
        let rows = analysis.ratings.iter().flat_map(|rating| {
            rating.arms.iter().map(|arm| {
                vec![
                    rating.task.clone(),
                    arm.arm.clone(),
                    arm.mean.map_or("–".to_owned(), |mean| format!("{mean:.2}")),
                    arm.counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
                    arm.cannot_judge.to_string(),
                ]
            })
        });
        let heads = ["Rating", "Arm", "Mean", "Answers of each point", "Cannot judge"];
        text += &format!("\n{}\n", table(&heads, &[2, 3, 4], rows));
    }
    let rows = analysis.agreement.iter().map(|row| {
        let shown = |value: &Option<semid_core::statistics::Coefficient>| {
            value.map_or("–".to_owned(), |one| {
                format!("{} ({} to {})", plain(one.value), plain(one.low), plain(one.high))
            })
        };
        vec![row.task.clone(), shown(&row.alpha), shown(&row.icc_single), shown(&row.icc_average)]
    });
    text += &format!("\n{}\n", table(&["Agreement", "α", "ICC(A,1)", "ICC(A,k)"], &[1, 2, 3], rows));
    let rows = kind.companions.iter().map(|row| {
        let arms: Vec<String> = row.by_arm.iter().map(|(arm, value)| format!("{arm} {}", plain(*value))).collect();
        let correlation = row.correlation.map_or("–".to_owned(), signed);
        vec![row.task.clone(), row.measure.clone(), arms.join(", "), correlation, row.n.to_string()]
    });
    text += &format!("\n{}\n", table(&["Task", "Companion", "By arm", "Spearman", "n"], &[3, 4], rows));
    if !kind.two_axes.is_empty() {
        let rows = kind.two_axes.iter().map(|row| {
            vec![
                row.task.clone(),
                row.run_arm.clone(),
                format!("{:.4} ({:.4} to {:.4})", row.accuracy.value, row.accuracy.low, row.accuracy.high),
                format!("{} ({} to {})", percent(row.right.value), percent(row.right.low), percent(row.right.high)),
            ]
        });
        let metric = kind.two_axes.first().map_or("", |row| row.metric.as_str());
        text += &format!("\n{}\n", table(&["Task", "Arm of the run", metric, "Right"], &[2, 3], rows));
    }
    text
}

pub fn exported(exported: &StudyExported) -> String {
    format!("The results are in {}:\n  {}", exported.folder.display(), exported.files.join("\n  "))
}

pub fn withdrawn(withdrawn: &Withdrawn) -> String {
    let mut text = format!(
        "{} withdrew: {} answers were deleted, and no byte of them is left in the workspace.\n",
        withdrawn.pseudonym, withdrawn.answers
    );
    let rewritten = withdrawn.files.iter().filter(|file| file.fate == FileFate::Rewritten).count();
    if rewritten > 0 {
        text += &format!("{rewritten} files of results were written anew without them.\n");
    }
    for file in withdrawn.files.iter().filter(|file| file.fate != FileFate::Rewritten) {
        text += &format!("  {}: {}\n", clean(&file.path), file.sentence);
    }
    text
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// With its sign, and a minus that is one.
fn signed(value: f64) -> String {
    format!("{value:+.2}").replace('-', "−")
}

fn plain(value: f64) -> String {
    format!("{value:.2}").replace('-', "−")
}

fn p(value: f64) -> String {
    if value < 0.001 { "< .001".to_owned() } else { format!("{value:.3}").trim_start_matches('0').to_owned() }
}
