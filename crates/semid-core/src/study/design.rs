//! What a study asks: arms, tasks, questions, rules. Written by a person, checked as a whole, then locked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Words in several languages, by their short name: `en`, `de`.
pub type Words = BTreeMap<String, String>;

/// A study as a person designs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct StudyDesign {
    /// Names the study in commands.
    pub name: String,
    /// What participants see as its title.
    pub title: Words,
    /// The data set.
    pub dataset: String,
    /// Languages participants may choose from; the first is shown first.
    pub languages: Vec<String>,
    /// Draws stimuli, rotation and order.
    pub seed: u64,
    /// Participants planned.
    pub participants: u32,
    /// What participants agree to. Only ever shown and hashed.
    pub consent: Words,
    /// What is compared.
    pub arms: Vec<ArmDesign>,
    /// What participants do, in this order.
    pub tasks: Vec<TaskDesign>,
    /// Attention checks, as a share of all trials.
    pub attention_share: f64,
    /// Trials between two breaks.
    pub break_every: u32,
    /// Characters of an item's text shown below its title; 0: the title alone.
    pub text_chars: u32,
    /// Who is left out of the analysis; fixed before the first answer.
    pub rules: Rules,
    /// The analysis in words, beside what the program does. Locked with the rest.
    pub analysis_plan: String,
}

/// One way of naming items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ArmDesign {
    /// `rq-kmeans`, `hash`, `permuted`, `category-path`. Never shown to participants.
    pub key: String,
    /// "RQ-KMeans".
    pub title: String,
    /// Names the IDs, as `SchemeRow` does.
    pub ids: String,
    /// Names the explanations that a language model wrote under this way of naming, as `SET/KEY`; none: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub explanations: Option<String>,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TaskDesign {
    /// Names it in tables: `intrusion-easy`.
    pub key: String,
    /// What participants do.
    #[serde(flatten)]
    pub kind: TaskKind,
    /// Codes from the root that make a group; 1 is the coarsest.
    pub level: u32,
    /// Stimuli a participant sees in each arm.
    pub per_arm: u32,
    /// Keys of the arms; empty: all.
    #[serde(default)]
    pub arms: Vec<String>,
    /// Whether participants are asked how sure they are.
    #[serde(default)]
    pub confidence: bool,
}

/// What participants do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TaskKind {
    /// Items that share a prefix and one from elsewhere: find the stranger (the word intrusion of Chang, Boyd-Graber,
    /// Gerrish, Wang and Blei 2009, with items). Chance is 1 / (members + 1).
    Intrusion {
        /// Items that share the prefix.
        members: u32,
        /// Whether the stranger shares the prefix above, so that only the last code tells it apart.
        hard: bool,
    },
    /// Items of some codes and a new item: which code will it have? (Forward simulation, Doshi-Velez and Kim 2017.)
    /// Chance is 1 / codes.
    ForwardSimulation {
        /// Codes to choose from.
        codes: u32,
        /// Items shown of each.
        exemplars: u32,
    },
    /// Up to three words for the items of a code.
    Naming {
        /// Items shown.
        exemplars: u32,
    },
    /// Another rater matches a name to one of some codes. Chance is 1 / codes. The names come from a naming task; sessions
    /// of it are made after those were imported.
    Matching {
        /// Key of the naming task.
        of: String,
        /// Codes to choose from.
        codes: u32,
        /// Items shown of each.
        exemplars: u32,
    },
    /// One question on a labelled scale.
    Rating {
        /// What is shown.
        about: About,
        /// Items shown, where items are.
        exemplars: u32,
        /// The question and its scale.
        question: Question,
    },
}

/// What a rating is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "RatedAbout")]
pub enum About {
    /// Items that share a prefix.
    Group,
    /// An item and its ID with the labels of its codes.
    Id,
    /// A recommended item, an item that was liked, and what their IDs share.
    Recommendation,
    /// A recommended item, items that were liked, and why in a language model's words. Only arms with explanations.
    Explanation,
}

/// A question with its scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What is asked, by language.
    pub wording: Words,
    /// The points from the lowest, every one labelled, by language.
    pub points: BTreeMap<String, Vec<String>>,
    /// Whether "cannot judge" is offered, apart from the points.
    pub cannot_judge: bool,
}

/// Who is left out of the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Attention checks that may be failed; who fails more is left out.
    pub failed_checks: u32,
    /// Milliseconds; whose median response is faster is left out.
    pub median_ms: u32,
    /// Share of the trials that must be answered.
    pub answered_share: f64,
    /// Milliseconds; single answers that took longer are left out of the response times (never of the outcomes).
    pub longest_ms: u32,
}

impl Rules {
    /// One failed check, 800 ms, 80 %, two minutes.
    pub fn starter() -> Self {
        Rules { failed_checks: 1, median_ms: 800, answered_share: 0.8, longest_ms: 120_000 }
    }
}

/// A problem of a design, with the field it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `tasks.1.level`.
    pub field: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

/// Names used in a design.
pub struct Names;

impl Names {
    /// Whether a text can stand in commands, tables and file names.
    pub fn is_plain(text: &str) -> bool {
        !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
            && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
    }
}

impl StudyDesign {
    /// The arms of a task, by their place among the study's.
    pub fn arms_of(&self, task: &TaskDesign) -> Vec<usize> {
        let is_in = |arm: &ArmDesign| task.arms.is_empty() || task.arms.contains(&arm.key);
        (0..self.arms.len()).filter(|&at| is_in(&self.arms[at])).collect()
    }

    /// The task of a key.
    pub fn task(&self, key: &str) -> Option<&TaskDesign> {
        self.tasks.iter().find(|task| task.key == key)
    }
}

impl TaskDesign {
    /// What guessing gives; none where nothing is right or wrong.
    pub fn chance(&self) -> Option<f64> {
        match self.kind {
            TaskKind::Intrusion { members, .. } => Some(1.0 / f64::from(members + 1)),
            TaskKind::ForwardSimulation { codes, .. } | TaskKind::Matching { codes, .. } => {
                Some(1.0 / f64::from(codes))
            }
            TaskKind::Naming { .. } | TaskKind::Rating { .. } => None,
        }
    }

    /// Options a participant chooses from; 0 where words are written.
    pub fn options(&self) -> usize {
        match &self.kind {
            TaskKind::Intrusion { members, .. } => *members as usize + 1,
            TaskKind::ForwardSimulation { codes, .. } | TaskKind::Matching { codes, .. } => *codes as usize,
            TaskKind::Naming { .. } => 0,
            TaskKind::Rating { question, .. } => question.points.values().next().map_or(0, Vec::len),
        }
    }

    /// Whether its trials are made only after another task's answers are there.
    pub fn is_second_part(&self) -> bool {
        matches!(self.kind, TaskKind::Matching { .. })
    }
}

/// All problems of a design at once.
pub fn check_design(design: &StudyDesign) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut says = |field: &str, sentence: String| problems.push(Problem { field: field.to_owned(), sentence });
    if !Names::is_plain(&design.name) {
        says("name", "Give a name of letters, digits, -, _ or . that begins with a letter or digit.".to_owned());
    }
    if design.languages.is_empty() {
        says("languages", "Name at least one language, such as en or de.".to_owned());
    }
    for language in &design.languages {
        for (field, words) in [("title", &design.title), ("consent", &design.consent)] {
            if words.get(language).is_none_or(|text| text.trim().is_empty()) {
                says(field, format!("The {field} in “{language}” is missing. Write it, or leave the language out."));
            }
        }
    }
    if design.arms.len() < 2 {
        says("arms", "A study compares at least two arms. Add the permuted control or hash IDs.".to_owned());
    }
    let keys: BTreeSet<&str> = design.arms.iter().map(|arm| arm.key.as_str()).collect();
    if keys.len() < design.arms.len() {
        says("arms", "Two arms have the same key. Give each its own.".to_owned());
    }
    if let Some(arm) = design.arms.iter().find(|arm| !Names::is_plain(&arm.key)) {
        says("arms", format!("The key “{}” holds something other than letters, digits, -, _ and dots.", arm.key));
    }
    if !(1..=10_000).contains(&design.participants) {
        says("participants", "Plan 1 to 10,000 participants.".to_owned());
    }
    if !(0.0..=0.5).contains(&design.attention_share) {
        says("attention_share", "Attention checks are a share between 0 and 0.5; 0.1 is usual.".to_owned());
    }
    if design.break_every < 5 {
        says("break_every", "Leave at least 5 trials between two breaks.".to_owned());
    }
    if !(0.0..=1.0).contains(&design.rules.answered_share) {
        says("rules.answered_share", "The share of trials that must be answered lies between 0 and 1.".to_owned());
    }
    if design.tasks.is_empty() {
        says("tasks", "A study has at least one task, such as intrusion.".to_owned());
    }
    let mut seen = BTreeSet::new();
    for (at, task) in design.tasks.iter().enumerate() {
        let mut says = |field: &str, sentence: String| says(&format!("tasks.{at}.{field}"), sentence);
        if !Names::is_plain(&task.key) || !seen.insert(task.key.as_str()) {
            says("key", format!("“{}” is no key of its own: letters, digits, - and dots, each once.", task.key));
        }
        if let Some(unknown) = task.arms.iter().find(|key| !keys.contains(key.as_str())) {
            says("arms", format!("“{unknown}” is no arm of this study."));
        }
        if design.arms_of(task).len() < 2 {
            says("arms", "A task compares at least two arms.".to_owned());
        }
        if !(1..=200).contains(&task.per_arm) {
            says("per_arm", "Show 1 to 200 stimuli in each arm.".to_owned());
        }
        if task.level == 0 {
            says("level", "Level 1 is the coarsest; there is none above it.".to_owned());
        }
        check_kind(design, task, &mut says);
    }
    problems
}

fn check_kind(design: &StudyDesign, task: &TaskDesign, says: &mut impl FnMut(&str, String)) {
    // Answers are given with the keys 1 to 9.
    let exemplars_fit = |exemplars: u32| (1..=12).contains(&exemplars);
    match &task.kind {
        TaskKind::Intrusion { members, hard } => {
            if !(2..=8).contains(members) {
                says("members", "An intrusion shows 2 to 8 items that belong together and one that does not.".into());
            }
            if *hard && task.level < 2 {
                says("level", "The hard variant tells codes below one prefix apart: give level 2 or deeper.".into());
            }
        }
        TaskKind::ForwardSimulation { codes, exemplars } => {
            if !(2..=9).contains(codes) || !exemplars_fit(*exemplars) {
                says("codes", "Show 2 to 9 codes with 1 to 12 items each.".into());
            }
        }
        TaskKind::Matching { of, codes, exemplars } => {
            if !(2..=9).contains(codes) || !exemplars_fit(*exemplars) {
                says("codes", "Show 2 to 9 codes with 1 to 12 items each.".into());
            }
            if !design.task(of).is_some_and(|named| matches!(named.kind, TaskKind::Naming { .. })) {
                says("of", format!("“{of}” is no naming task of this study; matching needs the names of one."));
            }
        }
        TaskKind::Naming { exemplars } => {
            if !exemplars_fit(*exemplars) {
                says("exemplars", "Show 1 to 12 items.".into());
            }
        }
        TaskKind::Rating { about, exemplars, question } => {
            if !exemplars_fit(*exemplars) {
                says("exemplars", "Show 1 to 12 items.".into());
            }
            let mut arms = design.arms_of(task).into_iter().map(|at| &design.arms[at]);
            if let (About::Explanation, Some(arm)) = (about, arms.find(|arm| arm.explanations.is_none())) {
                says(
                    "arms",
                    format!("The arm “{}” has no explanations. Leave it out of this task, or give it some.", arm.key),
                );
            }
            let lengths: BTreeSet<usize> = question.points.values().map(Vec::len).collect();
            if lengths.len() > 1 {
                says("question", "The scale has as many points in every language.".into());
            }
            for language in &design.languages {
                if question.wording.get(language).is_none_or(|text| text.trim().is_empty()) {
                    says("question", format!("The question is not worded in “{language}”."));
                }
                match question.points.get(language) {
                    Some(points) if !(2..=8).contains(&points.len()) => {
                        says("question", "A scale has 2 to 8 points.".into());
                    }
                    Some(points) if points.iter().any(|point| point.trim().is_empty()) => {
                        says(
                            "question",
                            format!("A point of the scale has no label in “{language}”; label every one."),
                        );
                    }
                    Some(_) => {}
                    None => says("question", format!("The points of the scale are not labelled in “{language}”.")),
                }
            }
        }
    }
}
