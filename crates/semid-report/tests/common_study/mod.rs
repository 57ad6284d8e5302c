//! A study with made-up answers, analysed for real: three arms, three tasks, 24 participants.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;

use semid_core::statistics::Resampling;
use semid_core::study::*;
use semid_core::{Seed, Work};

/// A text that tries to break every format at once.
pub const HOSTILE: &str = "=2+3\n# head\n- item | <script>alert(1)</script> & {{ 7 * 7919 }} \\end{document} % $x_1^2$ ~ \
                           [a](http://b.c) `c` *d* \u{202e}turned\u{0}";

fn words(text: &str) -> Words {
    BTreeMap::from([("en".to_owned(), text.to_owned())])
}

pub fn design(title: &str) -> StudyDesign {
    let arm = |key: &str, title: &str| ArmDesign {
        key: key.into(),
        title: title.into(),
        ids: key.into(),
        explanations: None,
    };
    let points = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"].map(str::to_owned).to_vec();
    let task =
        |key: &str, kind| TaskDesign { key: key.into(), kind, level: 1, per_arm: 6, arms: vec![], confidence: true };
    StudyDesign {
        name: "films".into(),
        title: words(title),
        dataset: "ml-100k".into(),
        languages: vec!["en".into()],
        seed: 7,
        participants: 24,
        consent: words("I take part."),
        arms: vec![arm("rq-kmeans", "RQ-KMeans"), arm("permuted", "Permuted"), arm("hash", "Hash")],
        tasks: vec![
            task("intrusion-easy", TaskKind::Intrusion { members: 4, hard: false }),
            task("naming", TaskKind::Naming { exemplars: 4 }),
            task(
                "together",
                TaskKind::Rating {
                    about: About::Group,
                    exemplars: 5,
                    question: Question {
                        wording: words("These items belong together"),
                        points: BTreeMap::from([("en".to_owned(), points)]),
                        cannot_judge: true,
                    },
                },
            ),
        ],
        attention_share: 0.1,
        break_every: 20,
        text_chars: 0,
        rules: Rules::starter(),
        analysis_plan: "Sign flips by participant and by item; Holm.".into(),
    }
}

fn stimuli(design: &StudyDesign) -> Vec<Stimulus> {
    let mut all = Vec::new();
    for task in &design.tasks {
        for at in 0..task.per_arm * 3 {
            let options = task.options() as u32;
            let view = |arm: &ArmDesign| View {
                arm: arm.key.clone(),
                prefix: vec![3, 14],
                options: (0..options).map(|option| vec![format!("Item {option}")]).collect(),
                answer: task.chance().map(|_| at % options),
                ..View::default()
            };
            all.push(Stimulus {
                task: task.key.clone(),
                class: at % 3,
                anchor: at,
                key: format!("{}-{at}", task.key),
                band: (at % 3) as u8,
                views: design.arms.iter().map(view).collect(),
                replaced: Vec::new(),
            });
        }
    }
    all
}

/// The locked protocol.
pub fn protocol() -> Protocol {
    let design = design("Do people see what codes say?");
    Protocol {
        form: 1,
        stimuli: stimuli(&design),
        design,
        texts: Vec::new(),
        dataset_digest: "d".repeat(64),
        program: "0.9.0".into(),
    }
}

/// Results with so many participants of each kind.
pub fn results(kinds: &[(ParticipantKind, u32)]) -> StudyResults {
    let protocol = protocol();
    let (design, stimuli) = (&protocol.design, &protocol.stimuli);
    let mut rows = Vec::new();
    let found = kinds.iter().map(|&(kind, participants)| of_kind(design, stimuli, kind, participants, &mut rows));
    let kinds: Vec<KindResults> = found.collect();
    let both = kinds.len() > 1;
    StudyResults {
        form: 1,
        version: 2,
        design: design.clone(),
        dataset_title: "MovieLens 100K".into(),
        dataset_digest: protocol.dataset_digest.clone(),
        protocol_hash: protocol.hash().unwrap(),
        program: protocol.program.clone(),
        instruments: vec![InstrumentFacts { language: "en".into(), version: 3, digest: "e".repeat(64) }],
        locked_at: 1_795_469_909,
        closed_at: 1_796_469_909,
        analysed_at: 1_796_470_000,
        block: 3,
        stimuli: stimuli
            .iter()
            .enumerate()
            .map(|(at, stimulus)| StimulusFacts {
                task: stimulus.task.clone(),
                item: stimulus.key.clone(),
                title: format!("A Time to Kill {at}"),
                band: stimulus.band,
                replaced: match at {
                    0 => vec![Replacement { was: "item-9".into(), why: "Too well known".into(), at: 1_795_000_000 }],
                    _ => Vec::new(),
                },
            })
            .collect(),
        power: vec![TaskPower {
            task: "together".into(),
            difference: "0.3 points of 5".into(),
            assumptions: PowerAssumptions::starter(),
            estimate: PowerEstimate::default(),
            sentence:
                "With 24 participants and 6 stimuli an arm a difference of 0.3 points is found in 41 % of studies."
                    .into(),
        }],
        withdrawals: 1,
        kinds,
        model_agreement: both
            .then(|| ModelAgreement {
                model: "M01".into(),
                task: "intrusion-easy".into(),
                n: 54,
                equal_share: 0.61,
                between_people: Some(0.66),
                alpha: Some(0.52),
            })
            .into_iter()
            .collect(),
        resamples: 1000,
        flips: 999,
        rows,
    }
}

fn of_kind(
    design: &StudyDesign,
    stimuli: &[Stimulus],
    kind: ParticipantKind,
    participants: u32,
    rows: &mut Vec<AnswerRow>,
) -> KindResults {
    let mut rng = Seed(11).rng(kind.name());
    let (mut answers, mut planned, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let letter = kind.name()[..1].to_uppercase();
    let pseudonyms: Vec<String> = (1..=participants).map(|number| format!("{letter}{number:02}")).collect();
    let begun = rows.len();
    for participant in 0..participants {
        let trials = plan_session(design, stimuli, participant, u64::from(participant));
        planned.push(trials.len() as u32);
        let ability = f64::from(participant % 5) * 0.2 - 0.4;
        // The second participant answers the first third of the trials only.
        let answered = if participant == 1 { trials.len() / 3 } else { trials.len() };
        for (position, trial) in trials.iter().take(answered).enumerate() {
            let said = simulate_answer(&mut rng, design, stimuli, trial, &[0.75, 0.2, 0.05], ability);
            let task = design.task(&trial.task).unwrap();
            let choice = match trial.kind {
                TrialKind::Attention { .. } => said.place,
                TrialKind::Stimulus { .. } if matches!(task.kind, TaskKind::Rating { .. }) => said.place,
                TrialKind::Stimulus { .. } => said.place.map(|place| trial.order[place as usize]),
            };
            let answer = TrialAnswer {
                participant,
                row: participant % 3,
                task: trial.task.clone(),
                kind: trial.kind,
                choice,
                cannot_judge: said.cannot_judge,
                confidence: said.confidence,
                ms: said.ms,
            };
            rows.push(row(design, stimuli, kind, &pseudonyms[participant as usize], position, &answer, &said));
            if let (Some(text), TrialKind::Stimulus { stimulus, arm }) = (said.text, trial.kind) {
                names.push(NameRow {
                    task: trial.task.clone(),
                    arm: design.arms[arm as usize].key.clone(),
                    stimulus,
                    pseudonym: pseudonyms[participant as usize].clone(),
                    text,
                    asked: 2,
                    matched: 1,
                });
            }
            answers.push(answer);
        }
    }
    let resampling = Resampling { seed: Seed(3), resamples: 1000, flips: 999 };
    let analysis = analyse(&Work::new(Seed(3)), design, stimuli, &planned, &answers, &resampling).unwrap();
    for out in &analysis.excluded {
        let who = &pseudonyms[out.participant as usize];
        rows[begun..]
            .iter_mut()
            .filter(|row| row.pseudonym == *who)
            .for_each(|row| row.excluded = Some(out.rule.clone()));
    }
    names.truncate(12);
    let accuracy = |at: usize| Axis {
        value: 0.09 - 0.02 * at as f64,
        low: 0.08 - 0.02 * at as f64,
        high: 0.1 - 0.02 * at as f64,
        n: 943,
    };
    let two_axes = analysis.accuracy.iter().enumerate().map(|(at, row)| TwoAxesRow {
        arm: row.arm.clone(),
        title: design.arms[at].title.clone(),
        task: row.task.clone(),
        chance: 0.2,
        right: Axis { value: row.mean, low: row.low, high: row.high, n: row.participants },
        accuracy: accuracy(at),
        metric: "NDCG@10".into(),
        run: 12,
        run_arm: format!("generative/{}", row.arm),
        run_arm_title: format!("Generative · {}", design.arms[at].title),
    });
    let purity = |at: usize| (design.arms[at].key.clone(), 0.8 - 0.2 * at as f64);
    KindResults {
        kind,
        sessions: u64::from(participants) + 1,
        with_answers: u64::from(participants),
        handed_in: u64::from(participants) - 1,
        median_minutes: Some(14.2),
        two_axes: two_axes.collect(),
        companions: vec![CompanionRow {
            task: "intrusion-easy".into(),
            measure: "prefix purity".into(),
            by_arm: (0..3).map(purity).collect(),
            correlation: Some(0.62),
            n: 54,
        }],
        names,
        analysis,
        pseudonyms,
    }
}

fn row(
    design: &StudyDesign,
    stimuli: &[Stimulus],
    kind: ParticipantKind,
    pseudonym: &str,
    position: usize,
    answer: &TrialAnswer,
    said: &Simulated,
) -> AnswerRow {
    let task = design.task(&answer.task).unwrap();
    let rated = matches!(task.kind, TaskKind::Rating { .. });
    let mut row = AnswerRow {
        pseudonym: pseudonym.to_owned(),
        kind,
        part: 1,
        row: answer.row,
        position: position as u32 + 1,
        task: answer.task.clone(),
        task_kind: match task.kind {
            TaskKind::Intrusion { .. } => "intrusion",
            TaskKind::Naming { .. } => "naming",
            _ => "rating",
        }
        .to_owned(),
        place: said.place.map(|place| place + 1),
        cannot_judge: said.cannot_judge,
        confidence: said.confidence.map(|sure| sure + 1),
        text: said.text.clone(),
        ms: said.ms,
        language: "en".into(),
        answered_at: 1_795_500_000_000 + position as i64 * 9_000,
        ..AnswerRow::default()
    };
    match answer.kind {
        TrialKind::Attention { place } => {
            row.attention = true;
            row.right = Some(answer.choice == Some(place));
        }
        TrialKind::Stimulus { stimulus, arm } => {
            let shown = &stimuli[stimulus as usize];
            let view = &shown.views[arm as usize];
            row.stimulus = Some(stimulus);
            row.item = Some(shown.key.clone());
            row.item_title = Some(format!("A Time to Kill {stimulus}"));
            row.band = Some(shown.band);
            row.arm = Some(view.arm.clone());
            row.prefix = Some("3·14".into());
            row.choice = answer.choice.filter(|_| !rated).map(|choice| choice + 1);
            row.right = view.answer.map(|right| answer.choice == Some(right));
            row.chance = task.chance();
            row.rating = answer.choice.filter(|_| rated && !answer.cannot_judge).map(|point| point + 1);
            row.rating_label = row.rating.map(|_| "Agree".into());
        }
    }
    row
}

/// The same with a hostile text wherever somebody wrote one.
pub fn hostile() -> StudyResults {
    let mut results = results(&[(ParticipantKind::Person, 6), (ParticipantKind::Model, 2)]);
    let text = || HOSTILE.to_owned();
    results.design.title = words(HOSTILE);
    results.design.analysis_plan = text();
    results.dataset_title = text();
    for arm in &mut results.design.arms {
        arm.title = format!("{} {HOSTILE}", arm.title);
    }
    for task in &mut results.design.tasks {
        if let TaskKind::Rating { question, .. } = &mut task.kind {
            question.wording = words(HOSTILE);
            question.points.values_mut().flatten().for_each(|point| *point = text());
        }
    }
    for stimulus in &mut results.stimuli {
        stimulus.title = text();
        stimulus.replaced.iter_mut().for_each(|replaced| replaced.why = text());
    }
    for kind in &mut results.kinds {
        kind.names.iter_mut().for_each(|name| name.text = text());
        kind.pseudonyms.iter_mut().for_each(|pseudonym| *pseudonym = format!("{pseudonym} {HOSTILE}"));
        kind.two_axes.iter_mut().for_each(|row| row.title = text());
        kind.analysis.ratings.iter_mut().flat_map(|row| &mut row.points).for_each(|point| *point = text());
    }
    results.model_agreement.iter_mut().for_each(|row| row.model = text());
    for row in &mut results.rows {
        row.item_title = row.item_title.as_ref().map(|_| text());
        row.text = row.text.as_ref().map(|_| text());
        row.rating_label = row.rating_label.as_ref().map(|_| text());
    }
    results
}
