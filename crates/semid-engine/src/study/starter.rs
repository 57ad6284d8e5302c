//! A design to begin with: arms that the data set has IDs for, tasks that can be drawn, texts in English and German.

use std::collections::BTreeMap;

use semid_core::study::{
    About, ArmDesign, Question, Rules, StudyDesign, TaskDesign, TaskKind, Words, block, draw_stimuli,
};

use super::stimuli::StudyData;
use crate::explore::SchemeRow;
use crate::{Engine, Error, Result};

/// Stands in the consent where somebody has to write whom people can ask.
pub const STARTER_CONTACT: &str = "⟨name, institution, e-mail⟩";

/// Schemes whose codes say something, the ones a study is most likely about first.
const SEMANTIC: [&str; 6] = ["rq-kmeans", "rq-vae", "opq", "lsh", "imported", "category-path"];

/// Arms and tasks are chosen so that a session stays about this long.
const MINUTES: u32 = 30;

impl Engine {
    /// A good design to begin with. `ids` names the IDs of the arms, as `SchemeRow` does; empty: a semantic scheme, the
    /// category path, permuted and hash, those that there are. `contact` stands in the consent. `explanations` names a set
    /// that a language model wrote: its arms come beside, in a task of their own.
    ///
    /// Errors: the data set has IDs of fewer than two schemes.
    pub fn starter_study(
        &self,
        dataset: &str,
        ids: &[String],
        contact: Option<&str>,
        explanations: Option<&str>,
    ) -> Result<StudyDesign> {
        let dataset = self.store().dataset(dataset)?.name;
        let schemes = self.schemes(&dataset)?;
        let chosen = match ids.is_empty() {
            true => self.usual_arms(&dataset, &schemes)?,
            false => ids.iter().map(|given| one_of(&schemes, given, &dataset)).collect::<Result<_>>()?,
        };
        if chosen.len() < 2 {
            let there: Vec<&str> = schemes.iter().map(|row| row.scheme.as_str()).collect();
            return Err(Error::input(format!(
                "A study compares IDs of at least two schemes over the same items, and {dataset} has {}. Run a comparison \
                 on it, or build IDs with one shape: semid ids {dataset} --scheme rq-kmeans; semid ids {dataset} --scheme \
                 permuted; semid ids {dataset} --scheme hash.",
                if there.is_empty() { "none".to_owned() } else { format!("only {}", there.join(", ")) }
            )));
        }
        let mut design = StudyDesign {
            name: self.free_study_name(&format!("{dataset}-study"))?,
            title: both("What belongs together?", "Was gehört zusammen?"),
            languages: vec!["en".to_owned(), "de".to_owned()],
            seed: 1,
            participants: 24,
            consent: consent(contact.unwrap_or(STARTER_CONTACT)),
            arms: arms(&chosen),
            tasks: Vec::new(),
            attention_share: 0.1,
            break_every: 30,
            text_chars: 0,
            rules: Rules::starter(),
            analysis_plan: String::new(),
            dataset,
        };
        let data = self.study_data(&design)?;
        design.tasks = drawable_tasks(&data, &design);
        if design.tasks.is_empty() {
            return Err(Error::input(format!(
                "In none of these IDs share enough items of {} a first code, so that nothing can be shown together. Build \
                 IDs with fewer codes a level.",
                design.dataset
            )));
        }
        if let Some(set) = explanations {
            self.add_explanations(&mut design, set)?;
        }
        let data = self.study_data(&design)?;
        shorten(&data, &mut design);
        design.participants = 24_u32.div_ceil(block(&design)) * block(&design);
        design.analysis_plan = analysis_plan(&design);
        Ok(design)
    }

    /// An arm for each way in which the set names items, and a task that rates its explanations; the other tasks keep the
    /// arms they had.
    fn add_explanations(&self, design: &mut StudyDesign, set: &str) -> Result<()> {
        let explanations = self.explanations(set)?;
        let of_ids: Vec<String> = design.arms.iter().map(|arm| arm.key.clone()).collect();
        for task in design.tasks.iter_mut().filter(|task| task.arms.is_empty()) {
            task.arms.clone_from(&of_ids);
        }
        let mut keys = Vec::new();
        for arm in &explanations.arms {
            let key = format!("explained.{}", arm.key);
            keys.push(key.clone());
            let named = |arm: &ArmDesign| arm.ids.clone();
            design.arms.push(ArmDesign {
                key,
                title: format!("Explained: {}", arm.title),
                ids: arm.ids.clone().or_else(|| design.arms.first().map(named)).unwrap_or_default(),
                explanations: Some(format!("{set}/{}", arm.key)),
            });
        }
        let mut task = explained_task();
        // No item is shown in two arms, so that each needs items of its own.
        let each = explanations.pairs / keys.len().max(1) as u64;
        task.per_arm = task.per_arm.min(u32::try_from(each).unwrap_or(u32::MAX)).max(1);
        task.arms = keys;
        design.tasks.push(task);
        Ok(())
    }

    /// One scheme that means something, the category path, and the two controls, over the same items.
    fn usual_arms(&self, dataset: &str, schemes: &[SchemeRow]) -> Result<Vec<SchemeRow>> {
        let mut groups: Vec<(String, Vec<SchemeRow>)> = Vec::new();
        for row in schemes {
            let over = self.opened_ids(dataset, &row.ids)?.data.fingerprint.clone();
            match groups.iter_mut().find(|(known, _)| *known == over) {
                Some((_, rows)) => rows.push(row.clone()),
                None => groups.push((over, vec![row.clone()])),
            }
        }
        let of_group = |rows: &[SchemeRow]| {
            let newest =
                |key: &str| rows.iter().filter(|row| row.scheme == key).max_by_key(|row| (row.run, row.made_at));
            let semantic = SEMANTIC.iter().find_map(|key| newest(key));
            // Controls of the same run and seed: a permuted scheme deals from one of them.
            let beside = |key: &str| {
                let near =
                    |row: &&SchemeRow| semantic.map(|semantic| (row.run == semantic.run, row.seed == semantic.seed));
                let of_key = rows.iter().filter(|row| row.scheme == key);
                of_key.max_by_key(|row| (near(row), row.run, row.made_at))
            };
            let mut keys: Vec<&SchemeRow> = semantic.into_iter().collect();
            keys.extend(beside("category-path").filter(|row| semantic.is_none_or(|other| other.ids != row.ids)));
            keys.extend(["permuted", "hash"].iter().filter_map(|key| beside(key)));
            keys.into_iter().cloned().collect::<Vec<SchemeRow>>()
        };
        Ok(groups.iter().map(|(_, rows)| of_group(rows)).max_by_key(Vec::len).unwrap_or_default())
    }

    fn free_study_name(&self, wanted: &str) -> Result<String> {
        let taken: Vec<String> = self.store().studies()?.into_iter().map(|study| study.name).collect();
        let plain: String =
            wanted.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
        let plain: String = plain.trim_start_matches(['-', '_', '.']).chars().take(56).collect();
        let numbered = (2..).map(|at| format!("{plain}-{at}"));
        let mut names = std::iter::once(plain.clone()).chain(numbered);
        Ok(names.find(|name| !taken.contains(name)).unwrap_or(plain))
    }
}

/// IDs by their name or by the key of their scheme, the newest of it.
fn one_of(schemes: &[SchemeRow], given: &str, dataset: &str) -> Result<SchemeRow> {
    let by_name = schemes.iter().find(|row| row.ids == given);
    let newest = || schemes.iter().filter(|row| row.scheme == given).max_by_key(|row| (row.run, row.made_at));
    by_name.or_else(newest).cloned().ok_or_else(|| {
        let there: Vec<&str> = schemes.iter().map(|row| row.scheme.as_str()).collect();
        Error::Unknown {
            kind: "set of IDs",
            name: given.chars().take(64).collect(),
            known: format!("{dataset} has: {}. Build others with `semid ids`.", there.join(", ")),
        }
    })
}

/// Arms with keys of their own, also where two are of one scheme.
fn arms(chosen: &[SchemeRow]) -> Vec<ArmDesign> {
    let mut arms: Vec<ArmDesign> = Vec::new();
    for row in chosen {
        let same = arms.iter().filter(|arm| arm.key.split('.').next() == Some(&row.scheme)).count();
        let (key, title) = match same {
            0 => (row.scheme.clone(), row.title.clone()),
            more => (format!("{}.{}", row.scheme, more + 1), format!("{} {}", row.title, more + 1)),
        };
        arms.push(ArmDesign { key, title, ids: row.ids.clone(), explanations: None });
    }
    arms
}

/// The usual tasks, each as large as the catalog allows; one that no size allows is left out.
fn drawable_tasks(data: &StudyData, design: &StudyDesign) -> Vec<TaskDesign> {
    let mut found: Vec<TaskDesign> = Vec::new();
    for wanted in wanted() {
        let with = |sized: Vec<TaskDesign>| {
            let mut trial = design.clone();
            trial.tasks = found.iter().cloned().chain(sized.clone()).collect();
            draw_stimuli(&data.data.catalog, &data.popularity, &data.arms(), &trial).is_ok().then_some(sized)
        };
        if let Some(tasks) = sizes(&wanted, design, data).into_iter().find_map(with) {
            found.extend(tasks);
        }
    }
    found
}

/// The same tasks from the size wanted down to the least that says something; and, for tasks below the first code, without
/// the arms that have no codes there.
fn sizes(wanted: &[TaskDesign], design: &StudyDesign, data: &StudyData) -> Vec<Vec<TaskDesign>> {
    let all: Vec<String> = Vec::new();
    let meaning: Vec<String> = design
        .arms
        .iter()
        .filter(|arm| data.has_meaning(&arm.key) || arm.key.starts_with("permuted"))
        .map(|arm| arm.key.clone())
        .collect();
    let mut arms = vec![all];
    if wanted.iter().any(|task| task.level > 1) && (2..design.arms.len()).contains(&meaning.len()) {
        arms.push(meaning);
    }
    let mut sizes = Vec::new();
    for arms in arms {
        for shown in [None, Some(4), Some(3), Some(2)] {
            for share in [1.0, 0.5] {
                let resized = |task: &TaskDesign| {
                    let mut task = task.clone();
                    task.per_arm = (f64::from(task.per_arm) * share).ceil() as u32;
                    task.arms.clone_from(&arms);
                    if let Some(shown) = shown {
                        show(&mut task.kind, shown);
                    }
                    task
                };
                sizes.push(wanted.iter().map(resized).collect());
            }
        }
    }
    sizes
}

/// Shows at most so many items of a group.
fn show(kind: &mut TaskKind, most: u32) {
    match kind {
        TaskKind::Intrusion { members, .. } => *members = (*members).min(most).max(2),
        TaskKind::ForwardSimulation { exemplars, .. }
        | TaskKind::Matching { exemplars, .. }
        | TaskKind::Naming { exemplars }
        | TaskKind::Rating { exemplars, .. } => *exemplars = (*exemplars).min(most),
    }
}

/// Takes stimuli away until a session is bearable: from the secondary tasks, each time from the one that has most, and only
/// then from the first, which is the main outcome.
fn shorten(data: &StudyData, design: &mut StudyDesign) {
    loop {
        let Ok(stimuli) = draw_stimuli(&data.data.catalog, &data.popularity, &data.arms(), design) else { return };
        let planned = semid_core::study::plan_session(design, &stimuli, 0, 0);
        if super::design::minutes(design, &planned) <= MINUTES {
            return;
        }
        // What is named is what is matched: both have the least already and stay as they are.
        let can_lose = |at: &usize| design.tasks[*at].per_arm > 2;
        let secondary = (1..design.tasks.len()).filter(can_lose).max_by_key(|&at| (design.tasks[at].per_arm, at));
        match secondary.or(Some(0).filter(can_lose)) {
            Some(at) => design.tasks[at].per_arm -= 1,
            None => return,
        }
    }
}

/// Tasks as they are wanted; those of one list stand or fall together.
fn wanted() -> Vec<Vec<TaskDesign>> {
    let task = |key: &str, kind: TaskKind, level: u32, per_arm: u32, confidence: bool| TaskDesign {
        key: key.to_owned(),
        kind,
        level,
        per_arm,
        arms: Vec::new(),
        confidence,
    };
    let rating = |about: About, exemplars: u32, english: &str, german: &str| TaskKind::Rating {
        about,
        exemplars,
        question: Question { wording: both(english, german), points: points(), cannot_judge: true },
    };
    vec![
        vec![task("intrusion-easy", TaskKind::Intrusion { members: 5, hard: false }, 1, 8, true)],
        vec![task("intrusion-hard", TaskKind::Intrusion { members: 5, hard: true }, 2, 4, true)],
        vec![task("forward", TaskKind::ForwardSimulation { codes: 4, exemplars: 3 }, 1, 4, false)],
        vec![
            task("naming", TaskKind::Naming { exemplars: 5 }, 1, 2, false),
            task("matching", TaskKind::Matching { of: "naming".to_owned(), codes: 4, exemplars: 3 }, 1, 2, false),
        ],
        vec![task(
            "together",
            rating(About::Group, 4, "These items belong together.", "Diese Einträge gehören zusammen."),
            1,
            4,
            false,
        )],
        vec![task(
            "tells",
            rating(
                About::Id,
                1,
                "This code tells me what the item is.",
                "Dieser Code sagt mir, worum es sich bei dem Eintrag handelt.",
            ),
            1,
            4,
            false,
        )],
        vec![task(
            "understand",
            rating(
                About::Recommendation,
                1,
                "I understand why this was recommended.",
                "Ich verstehe, warum das empfohlen wurde.",
            ),
            1,
            4,
            false,
        )],
    ]
}

/// Explanations rated by how well they tell why.
fn explained_task() -> TaskDesign {
    TaskDesign {
        key: "explained".to_owned(),
        kind: TaskKind::Rating {
            about: About::Explanation,
            exemplars: 1,
            question: Question {
                wording: both(
                    "This explanation tells me why the item was recommended.",
                    "Diese Erklärung sagt mir, warum der Eintrag empfohlen wurde.",
                ),
                points: points(),
                cannot_judge: true,
            },
        },
        level: 1,
        per_arm: 4,
        arms: Vec::new(),
        confidence: false,
    }
}

fn both(english: &str, german: &str) -> Words {
    Words::from([("en".to_owned(), english.to_owned()), ("de".to_owned(), german.to_owned())])
}

fn points() -> BTreeMap<String, Vec<String>> {
    let german = ["Stimme gar nicht zu", "Stimme eher nicht zu", "Weder noch", "Stimme eher zu", "Stimme völlig zu"];
    BTreeMap::from([
        ("en".to_owned(), semid_core::study::ENGLISH_POINTS.map(str::to_owned).to_vec()),
        ("de".to_owned(), german.map(str::to_owned).to_vec()),
    ])
}

fn consent(contact: &str) -> Words {
    let english = format!(
        "You are invited to take part in a study of how well people understand the groups into which a computer sorts \
         items.\n\nWhat you do: you look at short lists of items and answer questions about them. It takes about half an \
         hour.\n\nTaking part is voluntary. You may stop at any time without giving a reason and without any \
         disadvantage.\n\nWhat is kept: your answers, how long each took, and the words you write, under a code that was \
         drawn at random. Your name, your address and anything else about you are not kept with them. Please write nothing \
         that says who you are.\n\nWhat they are for: they are analysed together with those of others for research, and may \
         be published without anything that points to a person.\n\nWithdrawing: name your code, and all your answers are \
         deleted. What was published by then cannot be called back.\n\nWhom you can ask: {contact}"
    );
    let german = format!(
        "Sie sind eingeladen, an einer Studie darüber teilzunehmen, wie gut Menschen die Gruppen verstehen, in die ein \
         Computer Einträge ordnet.\n\nWas Sie tun: Sie sehen kurze Listen und beantworten Fragen dazu. Das dauert etwa eine \
         halbe Stunde.\n\nDie Teilnahme ist freiwillig. Sie können jederzeit aufhören, ohne Gründe zu nennen und ohne dass \
         Ihnen ein Nachteil entsteht.\n\nWas aufbewahrt wird: Ihre Antworten, wie lange jede gedauert hat und die Wörter, die \
         Sie schreiben, unter einem zufällig gezogenen Code. Ihr Name, Ihre Adresse und alles andere über Sie wird nicht \
         dabei aufbewahrt. Schreiben Sie bitte nichts, woran man Sie erkennt.\n\nWozu: Die Antworten werden zusammen mit \
         denen anderer für die Forschung ausgewertet und können veröffentlicht werden, ohne dass etwas auf eine Person \
         weist.\n\nZurückziehen: Nennen Sie Ihren Code, dann werden alle Ihre Antworten gelöscht. Was bis dahin \
         veröffentlicht ist, lässt sich nicht zurückholen.\n\nWen Sie fragen können: {contact}"
    );
    both(&english, &german)
}

/// The analysis in words, as the program carries it out.
fn analysis_plan(design: &StudyDesign) -> String {
    let first = &design.arms[0].title;
    let others: Vec<&str> = design.arms[1..].iter().map(|arm| arm.title.as_str()).collect();
    let main = design.tasks.first().map_or("", |task| task.key.as_str());
    let rules = &design.rules;
    format!(
        "Question: do people see what the codes of {first} say, more than those of {}?\n\nMain outcome: the share right in \
         the task {main}, {first} against each other arm. The difference counts as found when the sign-flip tests by \
         participant and by item are both below .05 after Holm's correction over all differences of the study. Everything \
         else is reported as secondary.\n\nEach arm's share right is also held against chance, by participant and by item. \
         Ratings are reported as counts of all points; arms are compared by mean and by probability of superiority with a \
         cluster-bootstrap interval over participants. Agreement is Krippendorff's alpha and ICC(A,1), ICC(A,k).\n\nLeft \
         out: participants who fail more than {} attention check, whose median response is below {} ms, or who answer fewer \
         than {:.0} % of their trials. Nobody is left out for any other reason. Response times above {} s are left out of the \
         times, never of the outcomes.\n\nSize: {} participants are planned. Data collection ends when they have handed in; \
         nobody looks at outcomes by arm before.",
        others.join(", "),
        rules.failed_checks,
        rules.median_ms,
        100.0 * rules.answered_share,
        rules.longest_ms / 1000,
        design.participants
    )
}
