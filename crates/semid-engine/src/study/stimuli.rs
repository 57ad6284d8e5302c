//! The IDs of a study's arms, opened over one catalog, and the stimuli drawn out of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use semid_core::metrics::slices::popularity;
use semid_core::study::{ArmIds, Explained, StudyDesign};

use crate::opened_ids::OpenedIds;
use crate::past_run::PreparedData;
use crate::settings::Problem;
use crate::{Engine, Error, Result};

/// The arms of a study with the data they are over.
pub(super) struct StudyData {
    pub data: Arc<PreparedData>,
    /// How often each item was met in training.
    pub popularity: Vec<u32>,
    opened: Vec<OpenedArm>,
}

/// An arm with its IDs and, where it has some, its explanations by recommended item.
struct OpenedArm {
    key: String,
    ids: Arc<OpenedIds>,
    explained: Option<BTreeMap<u32, Explained>>,
}

impl StudyData {
    /// What stimuli are drawn from. Every arm's codes are described by the same procedure, so that words are no privilege
    /// of one.
    pub fn arms(&self) -> Vec<ArmIds<'_>> {
        self.opened
            .iter()
            .map(|arm| ArmIds {
                key: &arm.key,
                ids: arm.ids.ids(),
                labels: arm.ids.labels(),
                explained: arm.explained.as_ref(),
            })
            .collect()
    }

    /// Whether the codes of an arm say something.
    pub fn has_meaning(&self, key: &str) -> bool {
        self.opened.iter().any(|arm| arm.key == key && arm.ids.has_meaning)
    }
}

impl Engine {
    /// Opens the IDs of all arms.
    pub(super) fn study_data(&self, design: &StudyDesign) -> Result<StudyData> {
        let mut opened: Vec<OpenedArm> = Vec::new();
        let mut problems = Vec::new();
        for (at, arm) in design.arms.iter().enumerate() {
            match self.opened_ids(&design.dataset, &arm.ids) {
                Ok(ids) => {
                    let explained = match arm.explanations.as_deref().map(|name| self.explained(name, &ids.data)) {
                        None => None,
                        Some(Ok(explained)) => Some(explained),
                        Some(Err(error)) => {
                            problems.push(Problem {
                                field: format!("arms.{at}.explanations"),
                                sentence: error.to_string(),
                            });
                            None
                        }
                    };
                    opened.push(OpenedArm { key: arm.key.clone(), ids, explained });
                }
                Err(error @ (Error::Unknown { .. } | Error::NotHere { .. })) => {
                    problems.push(Problem { field: format!("arms.{at}.ids"), sentence: error.to_string() });
                }
                Err(other) => return Err(other),
            }
        }
        if let Some(first) = opened.first() {
            for (at, arm) in opened.iter().enumerate() {
                if arm.ids.data.fingerprint != first.ids.data.fingerprint {
                    let (one, other) = (&design.arms[0].title, &design.arms[at].title);
                    problems.push(Problem {
                        field: format!("arms.{at}.ids"),
                        sentence: format!(
                            "The IDs of {other} were made for other filters or another split than those of {one}, so \
                             they are about different items. Choose IDs that were built with the same settings."
                        ),
                    });
                }
            }
        }
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        let none = || Error::input("A study compares at least two arms.");
        let data = opened.first().map(|arm| arm.ids.data.clone()).ok_or_else(none)?;
        let popularity = popularity(&data.prepared.split.train, data.catalog.len());
        Ok(StudyData { data, popularity, opened })
    }
}
