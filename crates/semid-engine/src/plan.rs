//! The stages a run will go through, in order, known before it starts: what an estimate and the view of a run are made of.

use semid_core::ProgressView;

use crate::settings::{ExperimentSettings, RecommenderSettings};

/// A stage of a run before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The name under which it is recorded: `train and rank generative/hash, seed 1`.
    pub name: String,
    /// The same for people: "Train and rank Generative · Hash, seed 1".
    pub title: String,
    /// What it does.
    pub kind: StageKind,
}

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// Filters, orders, splits.
    Prepare,
    /// Texts become vectors.
    Embed,
    /// IDs of a scheme, by its place among the schemes, with a seed.
    AssignIds {
        /// Index into the schemes.
        scheme: usize,
        /// The seed.
        seed: u64,
    },
    /// Quality of all IDs.
    DescribeIds,
    /// Trains and ranks an arm, by its place among the arms, with a seed.
    Train {
        /// Index into the arms.
        arm: usize,
        /// The seed.
        seed: u64,
    },
    /// Judges all arms.
    Evaluate,
}

/// The stages of an experiment in the order they run.
pub fn plan(settings: &ExperimentSettings) -> Vec<Planned> {
    let stage = |name: &str, title: &str, kind| Planned { name: name.to_owned(), title: title.to_owned(), kind };
    let mut stages = vec![stage("prepare", "Filter, order and split", StageKind::Prepare)];
    if settings.reads_text() {
        stages.push(stage("embed", "Embed the item texts", StageKind::Embed));
    }
    for (scheme, ids) in settings.ids.iter().enumerate() {
        for &seed in id_seeds(settings) {
            stages.push(Planned {
                name: format!("assign IDs, {}, seed {seed}", ids.key()),
                title: format!("Assign IDs, {}, seed {seed}", ids.title()),
                kind: StageKind::AssignIds { scheme, seed },
            });
        }
    }
    stages.push(stage("describe IDs", "Describe the IDs", StageKind::DescribeIds));
    for (at, arm) in settings.arms().iter().enumerate() {
        for &seed in &settings.seeds {
            stages.push(Planned {
                name: format!("train and rank {}, seed {seed}", arm.key()),
                title: format!("Train and rank {}, seed {seed}", arm.title()),
                kind: StageKind::Train { arm: at, seed },
            });
        }
    }
    stages.push(stage("evaluate and test", "Evaluate and test", StageKind::Evaluate));
    stages
}

/// Seeds that IDs are drawn for: one where no recommender speaks in them.
pub fn id_seeds(settings: &ExperimentSettings) -> &[u64] {
    let speaks_ids = settings.recommenders.iter().any(RecommenderSettings::speaks_ids);
    if speaks_ids { &settings.seeds } else { settings.seeds.get(..1).unwrap_or_default() }
}

/// The stage that goes on, by its place in the plan, told from the open steps; none where they do not say.
pub fn current(stages: &[Planned], progress: &ProgressView) -> Option<usize> {
    let step = progress.steps.first()?;
    let first = |fits: fn(&StageKind) -> bool| stages.iter().position(|stage| fits(&stage.kind));
    let nth = |at: Option<usize>, done: u64| at.map(|at| (at + done as usize).min(stages.len() - 1));
    match step.name.as_str() {
        "prepare" => first(|kind| *kind == StageKind::Prepare),
        "assign IDs" => nth(first(|kind| matches!(kind, StageKind::AssignIds { .. })), step.done),
        "describe IDs" => first(|kind| *kind == StageKind::DescribeIds),
        "train and rank" => nth(first(|kind| matches!(kind, StageKind::Train { .. })), step.done),
        "evaluate" | "test" => first(|kind| *kind == StageKind::Evaluate),
        // The encoder's own steps.
        _ => first(|kind| *kind == StageKind::Embed),
    }
}
