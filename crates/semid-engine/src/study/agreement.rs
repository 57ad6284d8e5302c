//! How far language models agree with people on the same stimuli in the same arms.

use std::collections::BTreeMap;

use semid_core::statistics::{Measurement, krippendorff_alpha};
use semid_core::study::{ModelAgreement, StudyDesign, TaskKind, TrialAnswer, TrialKind};

use crate::Result;

/// What was chosen about a stimulus as an arm shows it: by stimulus and arm, one (participant, choice) an answer.
type Choices = BTreeMap<(u32, u32), Vec<(u32, u32)>>;

/// One row a model and task. `models[i]` is the pseudonym of participant `i` among the models' answers.
pub(super) fn model_agreement(
    design: &StudyDesign,
    people: &[TrialAnswer],
    models: &[String],
    answers: &[TrialAnswer],
) -> Result<Vec<ModelAgreement>> {
    let mut rows = Vec::new();
    for task in design.tasks.iter().filter(|task| !matches!(task.kind, TaskKind::Naming { .. })) {
        let by_people = choices(people, &task.key);
        let between = between_people(&by_people);
        for (number, model) in models.iter().enumerate() {
            let own: Vec<TrialAnswer> =
                answers.iter().filter(|answer| answer.participant == number as u32).cloned().collect();
            let mut equal = 0.0;
            let mut units: Vec<Vec<f64>> = Vec::new();
            for (shown, chosen) in choices(&own, &task.key) {
                let (Some(&(_, choice)), Some(of_people)) = (chosen.first(), by_people.get(&shown)) else { continue };
                let modes = most_frequent(of_people.iter().map(|&(_, choice)| choice));
                equal += share_in(&modes, choice);
                units.push(vec![f64::from(choice), f64::from(modes[0])]);
            }
            if units.is_empty() {
                continue;
            }
            let level = match task.kind {
                TaskKind::Rating { .. } => Measurement::Ordinal,
                _ => Measurement::Nominal,
            };
            rows.push(ModelAgreement {
                model: model.clone(),
                task: task.key.clone(),
                n: units.len() as u64,
                equal_share: equal / units.len() as f64,
                between_people: between,
                alpha: krippendorff_alpha(&units, level)?,
            });
        }
    }
    Ok(rows)
}

fn choices(answers: &[TrialAnswer], task: &str) -> Choices {
    let mut choices = Choices::new();
    for answer in answers.iter().filter(|answer| answer.task == task && !answer.cannot_judge) {
        if let (TrialKind::Stimulus { stimulus, arm }, Some(choice)) = (answer.kind, answer.choice) {
            choices.entry((stimulus, arm)).or_default().push((answer.participant, choice));
        }
    }
    choices
}

/// The choices made most often, the smallest first; never empty where there is a choice.
fn most_frequent(choices: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    choices.for_each(|choice| *counts.entry(choice).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    counts.into_iter().filter(|&(_, count)| count == most).map(|(choice, _)| choice).collect()
}

/// 1 where the choice is the most frequent one, a share of it where several are.
fn share_in(modes: &[u32], choice: u32) -> f64 {
    if modes.contains(&choice) { 1.0 / modes.len() as f64 } else { 0.0 }
}

/// Each person against the others, the mean over people.
fn between_people(choices: &Choices) -> Option<f64> {
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for of_unit in choices.values().filter(|chosen| chosen.len() > 1) {
        for &(person, choice) in of_unit {
            let others = of_unit.iter().filter(|(other, _)| *other != person).map(|&(_, choice)| choice);
            let sum = sums.entry(person).or_default();
            *sum = (sum.0 + share_in(&most_frequent(others), choice), sum.1 + 1.0);
        }
    }
    let means: Vec<f64> = sums.into_values().map(|(sum, count)| sum / count).collect();
    (!means.is_empty()).then(|| semid_core::statistics::mean(&means))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use semid_core::study::{Rules, TaskDesign};

    #[test]
    fn a_model_is_held_against_what_most_people_chose_and_ties_count_by_their_share() {
        let task = TaskDesign {
            key: "easy".into(),
            kind: TaskKind::Intrusion { members: 3, hard: false },
            level: 1,
            per_arm: 4,
            arms: Vec::new(),
            confidence: false,
        };
        let design = StudyDesign {
            name: "s".into(),
            title: BTreeMap::new(),
            dataset: "d".into(),
            languages: Vec::new(),
            seed: 1,
            participants: 3,
            consent: BTreeMap::new(),
            arms: Vec::new(),
            tasks: vec![task],
            attention_share: 0.0,
            break_every: 20,
            text_chars: 0,
            rules: Rules::starter(),
            analysis_plan: String::new(),
        };
        let answer = |participant: u32, stimulus: u32, choice: u32| TrialAnswer {
            participant,
            row: 0,
            task: "easy".into(),
            kind: TrialKind::Stimulus { stimulus, arm: 0 },
            choice: Some(choice),
            cannot_judge: false,
            confidence: None,
            ms: 1000,
        };
        // Three people agree on the first; two on the second; on the third all differ.
        let said = [[0, 0, 0], [1, 1, 2], [0, 1, 2]];
        let people: Vec<TrialAnswer> = said
            .iter()
            .zip(0..)
            .flat_map(|(of, stimulus)| of.iter().zip(0..).map(move |(&choice, person)| (person, stimulus, choice)))
            .map(|(person, stimulus, choice)| answer(person, stimulus, choice))
            .collect();
        let model = [answer(0, 0, 0), answer(0, 1, 2), answer(0, 2, 1), answer(0, 3, 0)];
        let rows = model_agreement(&design, &people, &["M-1".into()], &model).unwrap();
        assert_eq!(rows.len(), 1, "one model, one task");
        assert_eq!(rows[0].n, 3, "nobody answered the fourth");
        let expected = (1.0 + 0.0 + 1.0 / 3.0) / 3.0;
        assert!((rows[0].equal_share - expected).abs() < 1e-12, "a three-way tie counts a third: {:?}", rows[0]);
        // First: 1, 1, 1. Second: the two who agree see a tie of one and another (½ each), the third sees none. Third: none.
        let between = (1.5 / 3.0 + 1.5 / 3.0 + 1.0 / 3.0) / 3.0;
        assert!((rows[0].between_people.unwrap() - between).abs() < 1e-12, "{:?}", rows[0]);
    }
}
