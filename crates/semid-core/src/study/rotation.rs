//! Who sees what in which arm, and in which order: a Latin square over the arms of each task, attention checks, the order
//! of options.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::{Stimulus, StudyDesign};
use crate::Seed;

/// One trial of one participant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedTrial {
    /// Key of the task.
    pub task: String,
    /// What it is.
    pub kind: TrialKind,
    /// Place of each option on the screen: `order[place]` is the option's number in the stimulus' view.
    pub order: Vec<u32>,
}

/// A trial that counts, or a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialKind {
    /// A stimulus in an arm.
    Stimulus {
        /// Its place among the stimuli of the study.
        stimulus: u32,
        /// The arm's place among the arms of the study.
        arm: u32,
    },
    /// An instructed answer: choose this place on the screen (0: the first). Which one is told to the participant.
    Attention {
        /// The place to choose.
        place: u32,
    },
}

/// Participants in a full block: the rows after which each stimulus was in each arm equally often.
pub fn block(design: &StudyDesign) -> u32 {
    let sizes = design.tasks.iter().map(|task| design.arms_of(task).len().max(1) as u32);
    sizes.fold(1, |whole, size| whole / gcd(whole, size) * size)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The trials of a participant in the Latin square's `row`, in order; `participant` (a number of its own) decides the
/// order. Tasks come in the design's order, the stimuli of each shuffled.
///
/// Stimulus `s` of a task is in arm `(class(s) + row) mod arms`, its class being its place in the task's drawn order: over
/// any `block` consecutive rows each stimulus is in each arm equally often, and one participant sees each stimulus once.
/// Second-part tasks (matching) are dealt when their names are there.
pub fn plan_session(design: &StudyDesign, stimuli: &[Stimulus], row: u32, participant: u64) -> Vec<PlannedTrial> {
    let mut rng = Seed(design.seed).rng(&format!("study session {participant}"));
    let mut trials: Vec<PlannedTrial> = Vec::new();
    for task in design.tasks.iter().filter(|task| !task.is_second_part()) {
        let arms = design.arms_of(task);
        if arms.is_empty() {
            continue;
        }
        let mut of_task: Vec<(usize, &Stimulus)> =
            stimuli.iter().enumerate().filter(|(_, stimulus)| stimulus.task == task.key).collect();
        of_task.shuffle(&mut rng);
        for (at, stimulus) in of_task {
            let arm = arms[(stimulus.class + row) as usize % arms.len()];
            let mut order: Vec<u32> = (0..task.options() as u32).collect();
            // A scale keeps its order; alternatives do not.
            if task.chance().is_some() {
                order.shuffle(&mut rng);
            }
            let kind = TrialKind::Stimulus { stimulus: at as u32, arm: arm as u32 };
            trials.push(PlannedTrial { task: task.key.clone(), kind, order });
        }
    }
    add_attention_checks(design, trials, &mut rng)
}

/// The trials of a second-part session: names that others gave, to be matched to codes. `has_name` says whether there is a
/// name for a stimulus (its place among all) in an arm; others are left out. The rotation is that of the naming.
pub fn plan_matching(
    design: &StudyDesign,
    stimuli: &[Stimulus],
    row: u32,
    participant: u64,
    has_name: impl Fn(u32, u32) -> bool,
) -> Vec<PlannedTrial> {
    let mut rng = Seed(design.seed).rng(&format!("study matching {participant}"));
    let mut trials = Vec::new();
    for task in design.tasks.iter().filter(|task| task.is_second_part()) {
        let arms = design.arms_of(task);
        let mut of_task: Vec<(usize, &Stimulus)> =
            stimuli.iter().enumerate().filter(|(_, stimulus)| stimulus.task == task.key).collect();
        of_task.shuffle(&mut rng);
        for (at, stimulus) in of_task {
            let Some(&arm) = arms.get((stimulus.class + row) as usize % arms.len().max(1)) else { continue };
            let arm = arm as u32;
            if !has_name(at as u32, arm) {
                continue;
            }
            let mut order: Vec<u32> = (0..task.options() as u32).collect();
            order.shuffle(&mut rng);
            let kind = TrialKind::Stimulus { stimulus: at as u32, arm };
            trials.push(PlannedTrial { task: task.key.clone(), kind, order });
        }
    }
    add_attention_checks(design, trials, &mut rng)
}

/// Checks are spread evenly, each at a place drawn inside its stretch, in a task that has options to choose from.
fn add_attention_checks(design: &StudyDesign, trials: Vec<PlannedTrial>, rng: &mut impl Rng) -> Vec<PlannedTrial> {
    let options: BTreeMap<&str, usize> = design.tasks.iter().map(|task| (task.key.as_str(), task.options())).collect();
    let places: Vec<usize> =
        (1..trials.len()).filter(|&at| options.get(trials[at].task.as_str()).is_some_and(|&n| n > 1)).collect();
    // The share is of all trials, the checks among them.
    let share = design.attention_share.clamp(0.0, 0.5);
    let wanted = (trials.len() as f64 * share / (1.0 - share)).round() as usize;
    let wanted = if share > 0.0 { wanted.max(1).min(places.len()) } else { 0 };
    let mut before: BTreeMap<usize, u32> = BTreeMap::new();
    for check in 0..wanted {
        let (from, to) = (check * places.len() / wanted, (check + 1) * places.len() / wanted);
        let at = places[rng.random_range(from..to.max(from + 1))];
        let choices = options[trials[at].task.as_str()] as u32;
        before.insert(at, rng.random_range(0..choices));
    }
    let mut all = Vec::with_capacity(trials.len() + wanted);
    for (at, trial) in trials.into_iter().enumerate() {
        if let Some(&place) = before.get(&at) {
            let order = (0..trial.order.len() as u32).collect();
            all.push(PlannedTrial { task: trial.task.clone(), kind: TrialKind::Attention { place }, order });
        }
        all.push(trial);
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::study::stimuli::tests::{design, drawn};

    #[test]
    fn over_any_full_block_each_stimulus_is_in_each_arm_equally_often_and_nobody_sees_one_twice() {
        let (design, stimuli) = (design(), drawn(&design()));
        let block = block(&design);
        assert_eq!(block, 3, "three arms");
        for first in 0..4 {
            let mut seen: BTreeMap<(u32, u32), u32> = BTreeMap::new();
            for row in first..first + 2 * block {
                let mut met = std::collections::BTreeSet::new();
                for trial in plan_session(&design, &stimuli, row, u64::from(row) + 7) {
                    let TrialKind::Stimulus { stimulus, arm } = trial.kind else { continue };
                    assert!(met.insert(stimulus), "participant {row} sees stimulus {stimulus} twice");
                    *seen.entry((stimulus, arm)).or_default() += 1;
                }
                assert_eq!(met.len(), stimuli.len(), "everybody sees every stimulus once, in one of the arms");
            }
            assert_eq!(seen.len(), stimuli.len() * 3, "every stimulus was in every arm");
            assert!(seen.values().all(|&times| times == 2), "equally often: {seen:?}");
        }
    }

    #[test]
    fn a_tenth_of_the_trials_are_checks_spread_over_the_session_and_the_seed_decides_all() {
        let (design, stimuli) = (design(), drawn(&design()));
        let trials = plan_session(&design, &stimuli, 0, 1);
        let checks: Vec<usize> =
            (0..trials.len()).filter(|&at| matches!(trials[at].kind, TrialKind::Attention { .. })).collect();
        let share = checks.len() as f64 / trials.len() as f64;
        assert!((0.07..=0.13).contains(&share), "{} of {} are checks", checks.len(), trials.len());
        assert!(checks.windows(2).all(|pair| pair[1] - pair[0] > 1), "no two in a row: {checks:?}");
        assert_eq!(trials, plan_session(&design, &stimuli, 0, 1), "the same seed, the same session");
        assert_ne!(trials, plan_session(&design, &stimuli, 0, 2), "another participant, another order");
    }
}
