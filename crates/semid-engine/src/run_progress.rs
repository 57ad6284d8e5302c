//! A run as it goes: stages done, going on and to come, curves so far, seconds left. The same for a run of another process,
//! which leaves its progress in the workspace.

use std::time::SystemTime;

use semid_charts::Theme;
use semid_core::comparison::{ArmResult, Comparison, Curve, StageTime};
use semid_core::{ProgressView, Seed, SeriesPoint, Work};
use semid_store::{Run, RunStage, RunStatus};
use serde::{Deserialize, Serialize};

use crate::estimate::EstimatedStage;
use crate::export::{Drawn, drawn_chart};
use crate::judge::curves_of;
use crate::plan::{Planned, StageKind, current, plan};
use crate::run::read_settings;
use crate::settings::ExperimentSettings;
use crate::{Engine, Result};

/// A stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StageView {
    /// Its title, "Train and rank Generative · Hash, seed 1", and, when done, its seconds.
    pub stage: StageTime,
    /// Where it stands.
    pub state: StageState,
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// Done.
    Done,
    /// Going on.
    Running,
    /// To come.
    Waiting,
}

/// The curves of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ArmCurves {
    /// `generative/rq-kmeans`.
    pub arm: String,
    /// "Generative · RQ-KMeans".
    pub title: String,
    /// One a series and seed.
    pub curves: Vec<Curve>,
}

/// How far a run is.
#[derive(Clone, Debug)]
pub struct RunProgress {
    /// Every stage, in order.
    pub stages: Vec<StageView>,
    /// Curves so far, by arm.
    pub curves: Vec<ArmCurves>,
    /// Wall seconds since it started, or until it ended.
    pub elapsed_secs: f64,
    /// Seconds left; none when it does not run.
    pub remaining_secs: Option<f64>,
    /// Open steps of the stage that goes on.
    pub progress: ProgressView,
}

impl Engine {
    /// How far a run is. `live` is what its own process knows, where that is this one; else what it last left is taken.
    pub fn run_progress(&self, run: &Run, live: Option<ProgressView>) -> Result<RunProgress> {
        let settings = read_settings(run)?;
        let planned = plan(&settings);
        let recorded = self.store().stages(run.id)?;
        let running = run.status == RunStatus::Running;
        let progress = live.or_else(|| run.progress.clone()).filter(|_| running).unwrap_or_default();
        let at = if running { current(&planned, &progress) } else { None };
        let stages = stage_views(&planned, &recorded, run.status, at);
        let remaining_secs =
            if running { self.remaining(run, &settings, &planned, &recorded, at, &progress) } else { None };
        let curves = self.curves_so_far(run.id, &settings, &planned, at, &progress.series)?;
        Ok(RunProgress { stages, curves, elapsed_secs: elapsed(run), remaining_secs, progress })
    }

    /// The curves so far as one drawing; none before there is a point.
    pub fn draw_run_curves(&self, run: &Run, live: Option<ProgressView>, theme: Theme) -> Result<Option<Drawn>> {
        let curves = self.run_progress(run, live)?.curves;
        if curves.iter().all(|arm| arm.curves.iter().all(|curve| curve.points.is_empty())) {
            return Ok(None);
        }
        let arms = curves.into_iter().map(|arm| ArmResult {
            key: arm.arm,
            title: arm.title,
            curves: arm.curves,
            ..ArmResult::default()
        });
        let comparison = Comparison { name: run.name.clone(), arms: arms.collect(), ..Comparison::default() };
        Ok(Some(drawn_chart(&comparison, "curves", theme)?))
    }

    fn curves_so_far(
        &self,
        run: i64,
        settings: &ExperimentSettings,
        planned: &[Planned],
        at: Option<usize>,
        series: &[SeriesPoint],
    ) -> Result<Vec<ArmCurves>> {
        let training = at.and_then(|at| match planned[at].kind {
            StageKind::Train { arm, seed } => Some((arm, seed)),
            _ => None,
        });
        let mut all = Vec::new();
        for (place, arm) in settings.arms().iter().enumerate() {
            let mut curves = self.store().curves(run, &arm.key())?;
            if let Some((_, seed)) = training.filter(|(arm, _)| *arm == place) {
                let fresh = curves_of(seed, series);
                // What is on the board is whole: a resumed training shows its curve from the first epoch on.
                curves.retain(|curve| !fresh.iter().any(|new| (new.seed, &new.series) == (curve.seed, &curve.series)));
                curves.extend(fresh);
            }
            // A single point is a measurement and no curve, unless the training has just begun.
            if !curves.is_empty() {
                all.push(ArmCurves { arm: arm.key(), title: arm.title(), curves });
            }
        }
        Ok(all)
    }

    /// Seconds left in all: the stages to come at the pace of those done, and what is left of the one that goes on.
    fn remaining(
        &self,
        run: &Run,
        settings: &ExperimentSettings,
        planned: &[Planned],
        recorded: &[RunStage],
        at: Option<usize>,
        progress: &ProgressView,
    ) -> Option<f64> {
        let dataset = self.store().dataset(&run.dataset).ok()?;
        let rates = self.rates().ok()?;
        let work = Work::new(Seed(settings.data_seed));
        let estimated = self.estimated_stages(&work, settings, &dataset, &rates).ok()?;
        // Artifacts of stages that this run has made are there by now; their pace still counts.
        let expected = self.expected(settings, &dataset, &rates).ok()?;
        let at = at?;
        Some(remaining(planned, &estimated, &expected, recorded, at, progress))
    }
}

fn stage_views(planned: &[Planned], recorded: &[RunStage], status: RunStatus, at: Option<usize>) -> Vec<StageView> {
    let view = |(place, stage): (usize, &Planned)| {
        let time = recorded.iter().find(|recorded| recorded.stage == stage.name);
        let state = match (status, at) {
            (RunStatus::Finished, _) => StageState::Done,
            (RunStatus::Running, Some(at)) if place < at => StageState::Done,
            (RunStatus::Running, Some(at)) if place == at => StageState::Running,
            (RunStatus::Running, _) => StageState::Waiting,
            _ if time.is_some() => StageState::Done,
            _ => StageState::Waiting,
        };
        let time = time.filter(|_| state == StageState::Done);
        StageView {
            stage: StageTime {
                stage: stage.title.clone(),
                secs: time.map_or(0.0, |time| time.secs),
                reused: time.is_some_and(|time| time.reused),
            },
            state,
        }
    };
    planned.iter().enumerate().map(view).collect()
}

/// `estimated` has 0 where an artifact is there; `expected` has what each stage takes when it is made.
fn remaining(
    planned: &[Planned],
    estimated: &[EstimatedStage],
    expected: &[f64],
    recorded: &[RunStage],
    at: usize,
    progress: &ProgressView,
) -> f64 {
    let measured = |place: usize| {
        let name = &planned[place].name;
        recorded.iter().find(|stage| stage.stage == *name && !stage.reused).map(|stage| stage.secs)
    };
    let (mut took, mut thought) = (0.0, 0.0);
    // Only trainings: they are what takes time, and the texts left to embed are not known any more once they are embedded.
    let trains = |place: usize| matches!(planned[place].kind, StageKind::Train { .. });
    for (place, expected) in expected.iter().enumerate().take(at) {
        if let Some(secs) = measured(place).filter(|_| trains(place)) {
            took += secs;
            thought += expected;
        }
    }
    // How far the stage that goes on is, by the innermost step that knows its total.
    let outer = usize::from(progress.steps.len() > 1);
    let inner = progress.steps.iter().skip(outer).find(|step| step.total > 0 && step.done > 0);
    let share = inner.map_or(0.0, |step| (step.done as f64 / step.total as f64).clamp(0.0, 1.0));
    if let Some(step) = inner.filter(|_| share > 0.0 && trains(at)) {
        // A stage well under way says more about its pace than the plan does.
        took += step.elapsed_secs;
        thought += expected[at] * share;
    }
    // The plan counts as much as some seconds of measuring: early paces jump.
    const TRUST: f64 = 2.0;
    let pace = (took + TRUST) / (thought + TRUST);
    let here = match (planned[at].kind, progress.steps.last()) {
        (StageKind::Train { .. }, _) => expected[at] * (1.0 - share) * pace,
        (StageKind::Embed, Some(step)) => step.remaining_secs.unwrap_or(expected[at]),
        _ => expected[at],
    };
    let to_come: f64 = estimated.iter().skip(at + 1).map(|stage| stage.secs).sum();
    here + to_come * pace
}

fn elapsed(run: &Run) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let Some(from) = run.started_at else { return 0.0 };
    let to = if run.status == RunStatus::Running { now } else { run.ended_at.map_or(now, |end| end as f64) };
    (to - from as f64).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use semid_core::StepView;

    fn step(name: &str, done: u64, total: u64, elapsed_secs: f64) -> StepView {
        StepView { name: name.to_owned(), note: String::new(), done, total, elapsed_secs, remaining_secs: None }
    }

    #[test]
    fn what_is_left_falls_as_the_run_goes_and_learns_its_pace() {
        let settings = ExperimentSettings::starter("shop", 100);
        let planned = plan(&settings);
        let expected: Vec<f64> = planned.iter().map(|_| 10.0).collect();
        let estimated: Vec<EstimatedStage> = planned
            .iter()
            .map(|stage| EstimatedStage { stage: stage.title.clone(), secs: 10.0, reused: false })
            .collect();
        // Every stage takes 20 seconds and not 10.
        let mut recorded = Vec::new();
        let mut left = Vec::new();
        let first = planned.iter().position(|stage| matches!(stage.kind, StageKind::Train { .. })).unwrap_or_default();
        for (place, stage) in planned.iter().enumerate() {
            if let StageKind::Train { .. } = stage.kind {
                for quarter in 1..4 {
                    let steps = vec![
                        step("train and rank", (place - first) as u64, 30, 0.0),
                        step("train the recommender", quarter, 4, 5.0 * quarter as f64),
                    ];
                    let progress = ProgressView { steps, series: Vec::new() };
                    assert_eq!(current(&planned, &progress), Some(place), "the open steps say which stage goes on");
                    left.push(remaining(&planned, &estimated, &expected, &recorded, place, &progress));
                }
            }
            recorded.push(RunStage { stage: stage.name.clone(), fingerprint: None, secs: 20.0, reused: false });
        }
        let known = &left[3..];
        assert!(known.windows(2).all(|pair| pair[1] < pair[0] + 1.0), "after one training it only falls: {left:?}");
        assert!(known[0] < 2.0 * left[0], "what the first one taught is no more than it was slower: {left:?}");
        let (halfway, stages_left) = (left[left.len() / 2], (left.len() - left.len() / 2) as f64 / 3.0);
        assert!(
            (halfway / (stages_left * 20.0) - 1.0).abs() < 0.3,
            "at the real pace by then: {halfway} for {stages_left}"
        );
    }
}
