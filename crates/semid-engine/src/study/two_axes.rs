//! Each ID scheme by how well recommendations with it are, and by how well people see what its codes say.

use semid_core::study::{Analysis, Axis, StudyDesign, TaskKind, TwoAxesRow};
use semid_store::{RunOrder, RunStatus, RunsRequest};

use crate::past_run::PastRun;
use crate::{Engine, Result};

/// The metric of the axis of accuracy; a run without it gives its own first metric.
const METRIC: &str = "ndcg@10";

/// An arm of a run that spoke in the IDs of an arm of the study.
pub(super) struct AccuracyOfIds {
    arm: String,
    accuracy: Axis,
    metric: String,
    run: i64,
    run_arm: String,
    run_arm_title: String,
}

impl Engine {
    /// The accuracy of the study's IDs in a run; none chosen: the newest finished run that used most of them.
    pub(super) fn accuracy_of_ids(&self, design: &StudyDesign, run: Option<i64>) -> Result<Vec<AccuracyOfIds>> {
        if let Some(run) = run {
            return self.accuracies_in(&self.past_run(run)?, design);
        }
        let finished = RunsRequest {
            dataset: Some(design.dataset.clone()),
            status: Some(RunStatus::Finished),
            order: RunOrder::Newest,
            ..RunsRequest::default()
        };
        let mut best: Vec<AccuracyOfIds> = Vec::new();
        for run in self.store().run_page(&finished)?.1 {
            // A run whose results are not here says nothing.
            let Ok(past) = self.past_run(run.id) else { continue };
            let found = self.accuracies_in(&past, design)?;
            let arms = |rows: &[AccuracyOfIds]| {
                rows.iter().map(|row| row.arm.clone()).collect::<std::collections::BTreeSet<String>>().len()
            };
            if arms(&found) > arms(&best) {
                best = found;
            }
        }
        Ok(best)
    }

    fn accuracies_in(&self, past: &PastRun, design: &StudyDesign) -> Result<Vec<AccuracyOfIds>> {
        let stages = self.store().stages(past.run.id)?;
        let comparison = &past.comparison;
        let mut rows = Vec::new();
        for arm in &design.arms {
            for result in &comparison.arms {
                let Some(scheme) = &result.ids else { continue };
                let begins = format!("assign IDs, {scheme}, seed ");
                let same = stages
                    .iter()
                    .any(|stage| stage.stage.starts_with(&begins) && stage.fingerprint.as_ref() == Some(&arm.ids));
                let value = result.values.iter().find(|value| value.metric == METRIC).or(result.values.first());
                let Some(value) = value.filter(|_| same) else { continue };
                let facts = comparison.metrics.iter().find(|metric| metric.key == value.metric);
                rows.push(AccuracyOfIds {
                    arm: arm.key.clone(),
                    accuracy: Axis {
                        value: value.mean,
                        low: value.low,
                        high: value.high,
                        n: comparison.protocol.users,
                    },
                    metric: facts.map_or_else(|| value.metric.clone(), |facts| facts.title.clone()),
                    run: past.run.id,
                    run_arm: result.key.clone(),
                    run_arm_title: result.title.clone(),
                });
            }
        }
        Ok(rows)
    }
}

/// Both axes: one row an intrusion task, arm, and arm of the run.
pub(super) fn two_axes(design: &StudyDesign, accuracies: &[AccuracyOfIds], analysis: &Analysis) -> Vec<TwoAxesRow> {
    let mut rows = Vec::new();
    for task in design.tasks.iter().filter(|task| matches!(task.kind, TaskKind::Intrusion { .. })) {
        for right in analysis.accuracy.iter().filter(|row| row.task == task.key) {
            let title = design.arms.iter().find(|arm| arm.key == right.arm).map_or("", |arm| arm.title.as_str());
            for of_run in accuracies.iter().filter(|accuracy| accuracy.arm == right.arm) {
                rows.push(TwoAxesRow {
                    arm: right.arm.clone(),
                    title: title.to_owned(),
                    task: task.key.clone(),
                    chance: task.chance().unwrap_or_default(),
                    right: Axis { value: right.mean, low: right.low, high: right.high, n: right.participants },
                    accuracy: of_run.accuracy,
                    metric: of_run.metric.clone(),
                    run: of_run.run,
                    run_arm: of_run.run_arm.clone(),
                    run_arm_title: of_run.run_arm_title.clone(),
                });
            }
        }
    }
    rows
}
