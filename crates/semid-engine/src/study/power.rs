//! How sure a study of the planned size is to find a difference, task by task.

use semid_core::Work;
use semid_core::study::{PowerAssumptions, StudyDesign, TaskDesign, TaskKind, TaskPower, power};

use crate::{Engine, Result};

/// Simulated studies behind each power.
const STUDIES: u32 = 400;

/// Difference in the share right that a task with right and wrong answers is asked about.
const SHARE: f64 = 0.15;

impl Engine {
    /// The power of a design, saved or not, one row a task that is tested; with another number of participants where one is
    /// given.
    pub fn study_power(&self, work: &Work, design: &StudyDesign, participants: Option<u32>) -> Result<Vec<TaskPower>> {
        power_of_design(work, design, participants)
    }
}

/// The power of every task that is tested.
pub(super) fn power_of_design(work: &Work, design: &StudyDesign, participants: Option<u32>) -> Result<Vec<TaskPower>> {
    let work = work.with_seed(semid_core::Seed(design.seed));
    let participants = participants.unwrap_or(design.participants).max(2);
    let mut rows = Vec::new();
    for task in &design.tasks {
        let Some((difference, assumptions)) = assumptions(task) else { continue };
        let arms = design.arms_of(task).len() as u32;
        let estimate = power(&work, participants, task.per_arm, arms, STUDIES, &assumptions)?;
        let verdict = match estimate.both < 0.8 {
            true => "Below 80 %, call it a pilot.",
            false => "That is enough for a study.",
        };
        let sentence = format!(
            "{participants} participants with {} stimuli in each of {arms} arms find a difference of {difference} in {:.0} ± \
             {:.0} % of studies, by participant and by item at once. {verdict}",
            task.per_arm,
            100.0 * estimate.both,
            100.0 * estimate.give_or_take
        );
        rows.push(TaskPower { task: task.key.clone(), difference, assumptions, estimate, sentence });
    }
    Ok(rows)
}

/// The difference a task is asked about, and the spreads that are assumed; none where nothing is tested.
fn assumptions(task: &TaskDesign) -> Option<(String, PowerAssumptions)> {
    let usual = PowerAssumptions::starter();
    match &task.kind {
        TaskKind::Naming { .. } => None,
        TaskKind::Rating { question, .. } => {
            let points = question.points.values().next().map_or(5, Vec::len) as u32;
            // The usual spreads are those of five points; a longer scale is answered with wider ones.
            let wider = f64::from(points.saturating_sub(1).max(1)) / 4.0;
            let scaled = PowerAssumptions {
                difference: usual.difference * wider,
                participants: usual.participants * wider,
                participant_by_arm: usual.participant_by_arm * wider,
                stimuli: usual.stimuli * wider,
                stimulus_by_arm: usual.stimulus_by_arm * wider,
                answers: usual.answers * wider,
                points,
            };
            Some((format!("{:.1} points of {points}", scaled.difference), scaled))
        }
        _ => {
            // Right or wrong is a leaning that passes a threshold. Around one half, a share moves by the density of the
            // normal distribution at 0 for each standard deviation of the leaning.
            let variance: f64 =
                [usual.participants, usual.participant_by_arm, usual.stimuli, usual.stimulus_by_arm, usual.answers]
                    .iter()
                    .map(|sd| sd * sd)
                    .sum();
            let difference = SHARE * (std::f64::consts::TAU * variance).sqrt();
            let chosen = PowerAssumptions { difference, points: 2, ..usual };
            Some((format!("{:.0} percentage points right", 100.0 * SHARE), chosen))
        }
    }
}
