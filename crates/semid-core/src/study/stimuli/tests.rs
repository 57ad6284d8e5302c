//! Drawing on a made-up catalog with three arms.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::id_schemes::permuted_ids;
use crate::labels::{LabelSettings, label_prefixes};
use crate::study::{ArmDesign, Question, Rules, Words};
use crate::{CodeShape, Item, SemanticId};

/// Two hundred and forty films of twelve kinds, in four genres.
pub fn catalog() -> Catalog {
    let item = |at: usize| {
        let (genre, kind) = (at % 4, at / 4 % 3);
        Item {
            key: format!("f{at:03}"),
            title: format!("Film {at}"),
            text: format!("Film {at}. A genre{genre} about kind{genre}x{kind}, part {}", at / 12),
            categories: vec![format!("genre{genre}")],
        }
    };
    Catalog { items: (0..240).map(item).collect() }
}

pub fn semantic() -> SemanticIds {
    let id =
        |at: usize| SemanticId { codes: vec![(at % 4) as u32, (at / 4 % 3) as u32], suffix: Some((at / 12) as u16) };
    SemanticIds { shape: CodeShape(vec![4, 3]), suffixes: 20, ids: (0..240).map(id).collect() }
}

pub fn words(text: &str) -> Words {
    Words::from([("en".to_owned(), text.to_owned())])
}

pub fn task(key: &str, kind: TaskKind, level: u32) -> TaskDesign {
    TaskDesign { key: key.to_owned(), kind, level, per_arm: 4, arms: Vec::new(), confidence: false }
}

pub fn rating() -> TaskKind {
    let points = crate::study::ENGLISH_POINTS.map(str::to_owned).to_vec();
    let question = Question {
        wording: words("These items belong together."),
        points: BTreeMap::from([("en".to_owned(), points)]),
        cannot_judge: true,
    };
    TaskKind::Rating { about: About::Group, exemplars: 4, question }
}

pub fn design() -> StudyDesign {
    let arm =
        |key: &str| ArmDesign { key: key.to_owned(), title: key.to_owned(), ids: key.to_owned(), explanations: None };
    StudyDesign {
        name: "films".to_owned(),
        title: words("Films"),
        dataset: "films".to_owned(),
        languages: vec!["en".to_owned()],
        seed: 7,
        participants: 12,
        consent: words("I take part."),
        arms: vec![arm("semantic"), arm("permuted"), arm("permuted-2")],
        tasks: vec![
            task("easy", TaskKind::Intrusion { members: 4, hard: false }, 1),
            task("hard", TaskKind::Intrusion { members: 3, hard: true }, 2),
            task("forward", TaskKind::ForwardSimulation { codes: 4, exemplars: 3 }, 1),
            task("together", rating(), 2),
        ],
        attention_share: 0.1,
        break_every: 20,
        text_chars: 0,
        rules: Rules::starter(),
        analysis_plan: String::new(),
    }
}

pub fn drawn(design: &StudyDesign) -> Vec<Stimulus> {
    with_arms(|catalog, popularity, arms| draw_stimuli(catalog, popularity, arms, design).unwrap())
}

fn with_arms<T>(work: impl FnOnce(&Catalog, &[u32], &[ArmIds<'_>]) -> T) -> T {
    let catalog = catalog();
    let popularity: Vec<u32> = (0..240).map(|at| 1 + (at * 37) % 90).collect();
    let ids = [semantic(), permuted_ids(&semantic(), Seed(1)), permuted_ids(&semantic(), Seed(2))];
    let labels: Vec<PrefixLabels> =
        ids.iter().map(|ids| label_prefixes(&catalog, ids, LabelSettings::starter())).collect();
    let keys = ["semantic", "permuted", "permuted-2"];
    let arms: Vec<ArmIds<'_>> = keys
        .iter()
        .zip(&ids)
        .zip(&labels)
        .map(|((key, ids), labels)| ArmIds { key, ids, labels, explained: None })
        .collect();
    work(&catalog, &popularity, &arms)
}

#[test]
fn a_stimulus_shows_what_its_task_says_in_every_arm() {
    let (catalog, design) = (catalog(), design());
    let ids = [semantic(), permuted_ids(&semantic(), Seed(1)), permuted_ids(&semantic(), Seed(2))];
    let stimuli = drawn(&design);
    assert_eq!(stimuli.len(), 4 * 12, "four in each of three arms, for each of four tasks");
    for stimulus in &stimuli {
        assert_eq!(stimulus.views.len(), 3, "one view an arm");
        let task = design.task(&stimulus.task).unwrap();
        let level = task.level as usize;
        for (view, ids) in stimulus.views.iter().zip(&ids) {
            let prefix = |item: u32, length: usize| &ids.ids[item as usize].codes[..length];
            let own = prefix(stimulus.anchor, level);
            match &task.kind {
                TaskKind::Intrusion { hard, .. } => {
                    let (stranger, members) = view.items.split_last().unwrap();
                    assert!(members.iter().all(|&item| prefix(item, level) == own), "members share the prefix");
                    assert_ne!(prefix(*stranger, level), own, "the stranger does not");
                    let cousin = prefix(*stranger, level - 1) == &own[..level - 1];
                    assert!(!hard || cousin, "in the hard variant it shares the prefix above");
                    assert_eq!(view.answer, Some(members.len() as u32), "the stranger is the answer");
                }
                TaskKind::ForwardSimulation { .. } => {
                    assert_eq!((view.options.len(), view.answer), (4, Some(0)), "four codes, its own first");
                    let right = &view.items[..3];
                    assert!(right.iter().all(|&item| prefix(item, level) == own), "exemplars of its own code");
                    assert!(!right.contains(&stimulus.anchor), "the new item is no exemplar");
                }
                _ => assert_eq!(view.shown.len(), 4, "four items are rated"),
            }
            let titles: HashSet<&u32> = view.items.iter().collect();
            assert_eq!(titles.len(), view.items.len(), "no item is shown twice");
        }
    }
    let anchors: HashSet<u32> = stimuli.iter().map(|stimulus| stimulus.anchor).collect();
    assert_eq!(anchors.len(), stimuli.len(), "no item is the anchor of two stimuli");
    for band in 0..3 {
        assert_eq!(stimuli.iter().filter(|stimulus| stimulus.band == band).count(), 16, "thirds are drawn alike");
    }
    assert_eq!(stimuli, drawn(&design), "the seed decides");
    assert_eq!(catalog.items[stimuli[0].anchor as usize].key, stimuli[0].key, "the key is that of the item");
}

#[test]
fn a_replacement_by_hand_is_recorded_and_changes_one_stimulus_alone() {
    let design = design();
    let before = drawn(&design);
    let mut after = before.clone();
    with_arms(|catalog, popularity, arms| {
        let record = ("the title gives it away".to_owned(), 1_700_000_000);
        redraw(catalog, popularity, arms, &design, &mut after, 5, None, record.clone()).unwrap();
        let taken = after[0].key.clone();
        let error = redraw(catalog, popularity, arms, &design, &mut after, 6, Some(&taken), record.clone());
        assert!(error.unwrap_err().to_string().contains("is a stimulus already"), "no item twice");
        let error = redraw(catalog, popularity, arms, &design, &mut after, 6, Some("nope"), record);
        assert!(error.unwrap_err().to_string().contains("nope"), "an unknown item is told");
    });
    assert_eq!(after[5].replaced[0].was, before[5].key, "what was there is on record");
    assert_eq!((after[5].class, after[5].band), (before[5].class, before[5].band), "its place and popularity stay");
    assert_ne!(after[5].anchor, before[5].anchor, "another item");
    let others = |stimuli: &[Stimulus]| [&stimuli[..5], &stimuli[6..]].concat();
    assert_eq!(others(&after), others(&before), "the others stay");
}

#[test]
fn a_study_that_cannot_be_drawn_says_why() {
    let mut design = design();
    design.tasks[0].per_arm = 100;
    let error = with_arms(|catalog, popularity, arms| draw_stimuli(catalog, popularity, arms, &design));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("needs 300 stimuli"), "how many are missing: {error}");
    design.tasks[0].level = 3;
    let error = with_arms(|catalog, popularity, arms| draw_stimuli(catalog, popularity, arms, &design));
    assert!(error.unwrap_err().to_string().contains("level 3"), "a level that is not there");
}

#[test]
fn what_replaces_a_named_item_is_what_is_matched() {
    let mut design = design();
    let matching = TaskKind::Matching { of: "naming".to_owned(), codes: 3, exemplars: 2 };
    design.tasks = vec![task("naming", TaskKind::Naming { exemplars: 3 }, 1), task("matching", matching, 1)];
    let before = drawn(&design);
    let mut after = before.clone();
    with_arms(|catalog, popularity, arms| {
        let record = || ("too well known".to_owned(), 1_700_000_000);
        redraw(catalog, popularity, arms, &design, &mut after, 3, None, record()).unwrap();
        let error = redraw(catalog, popularity, arms, &design, &mut after, 15, None, record()).unwrap_err();
        assert!(error.to_string().contains("“naming”"), "a matching follows its naming: {error}");
    });
    let changed: Vec<usize> = (0..after.len()).filter(|&at| after[at] != before[at]).collect();
    assert_eq!(changed.len(), 2, "the naming and its matching, nothing else: {changed:?}");
    let [named, matched] = [&after[changed[0]], &after[changed[1]]];
    assert_eq!((named.anchor, &named.key), (matched.anchor, &matched.key), "both are about the same item");
    assert_eq!((named.task.as_str(), matched.task.as_str()), ("naming", "matching"), "one of each");
}
