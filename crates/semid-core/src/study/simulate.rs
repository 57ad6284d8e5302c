//! Simulated participants, to try a study before people take part. Always marked as simulated, never mixed with people.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{PlannedTrial, Stimulus, StudyDesign, TaskKind, TrialKind};

/// What a simulated participant answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulated {
    /// The place chosen on the screen.
    pub place: Option<u32>,
    /// "Cannot judge".
    pub cannot_judge: bool,
    /// Confidence, from 0.
    pub confidence: Option<u32>,
    /// Words.
    pub text: Option<String>,
    /// Milliseconds.
    pub ms: u32,
}

/// One answer of a simulated participant. `meaning[arm]` in 0–1 is how much an arm's codes say: at 0 they guess, at 1 they
/// always see it. `ability` shifts the person.
pub fn simulate_answer(
    rng: &mut ChaCha8Rng,
    design: &StudyDesign,
    stimuli: &[Stimulus],
    trial: &PlannedTrial,
    meaning: &[f64],
    ability: f64,
) -> Simulated {
    let ms = (1500.0 + 4000.0 * rng.random::<f64>() * (1.2 - ability.clamp(-0.5, 0.5))) as u32;
    let Some(task) = design.task(&trial.task) else { return Simulated { ms, ..Simulated::default() } };
    let options = trial.order.len().max(1) as u32;
    let (stimulus, arm) = match trial.kind {
        // One check in thirty is missed.
        TrialKind::Attention { place } => {
            let place = if rng.random::<f64>() < 0.97 { place } else { rng.random_range(0..options) };
            return Simulated { place: Some(place), ms, ..Simulated::default() };
        }
        TrialKind::Stimulus { stimulus, arm } => (stimulus, arm),
    };
    let known = (meaning.get(arm as usize).copied().unwrap_or(0.0) + ability * 0.2).clamp(0.0, 1.0);
    let confidence = task.confidence.then(|| ((known * 3.0 + rng.random::<f64>() * 2.0).floor() as u32).min(4));
    let answered = |place| Simulated { place, confidence, ms, ..Simulated::default() };
    match &task.kind {
        TaskKind::Naming { .. } => {
            let said = if rng.random::<f64>() < known { "alike" } else { "mixed" };
            Simulated {
                text: Some(format!("{said} {}", rng.random_range(0..100))),
                confidence,
                ms,
                ..Simulated::default()
            }
        }
        TaskKind::Rating { question, .. } => {
            if question.cannot_judge && rng.random::<f64>() < 0.03 {
                return Simulated { cannot_judge: true, confidence, ms, ..Simulated::default() };
            }
            let top = options - 1;
            let middle = f64::from(top) * (0.3 + 0.5 * known);
            let point = (middle + 2.2 * (rng.random::<f64>() - 0.5)).round().clamp(0.0, f64::from(top));
            answered(Some(point as u32))
        }
        _ => {
            let view = stimuli
                .get(stimulus as usize)
                .zip(design.arms.get(arm as usize))
                .and_then(|(stimulus, arm)| stimulus.views.iter().find(|view| view.arm == arm.key));
            let right =
                view.and_then(|view| view.answer).and_then(|answer| trial.order.iter().position(|&at| at == answer));
            match right {
                Some(place) if rng.random::<f64>() < known => answered(Some(place as u32)),
                _ => answered(Some(rng.random_range(0..options))),
            }
        }
    }
}
