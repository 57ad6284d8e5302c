//! The IDs of a study's arms, opened over one catalog, and the stimuli drawn out of them.

use std::sync::Arc;

use semid_core::metrics::slices::popularity;
use semid_core::study::{ArmIds, StudyDesign};

use crate::opened_ids::OpenedIds;
use crate::past_run::PreparedData;
use crate::settings::Problem;
use crate::{Engine, Error, Result};

/// The arms of a study with the data they are over.
pub(super) struct StudyData {
    pub data: Arc<PreparedData>,
    /// How often each item was met in training.
    pub popularity: Vec<u32>,
    opened: Vec<(String, Arc<OpenedIds>)>,
}

impl StudyData {
    /// What stimuli are drawn from. Every arm's codes are described by the same procedure, so that words are no privilege
    /// of one.
    pub fn arms(&self) -> Vec<ArmIds<'_>> {
        self.opened.iter().map(|(key, ids)| ArmIds { key, ids: ids.ids(), labels: ids.labels() }).collect()
    }

    /// Whether the codes of an arm say something.
    pub fn has_meaning(&self, key: &str) -> bool {
        self.opened.iter().any(|(of, ids)| of == key && ids.has_meaning)
    }
}

impl Engine {
    /// Opens the IDs of all arms.
    pub(super) fn study_data(&self, design: &StudyDesign) -> Result<StudyData> {
        let mut opened: Vec<(String, Arc<OpenedIds>)> = Vec::new();
        let mut problems = Vec::new();
        for (at, arm) in design.arms.iter().enumerate() {
            match self.opened_ids(&design.dataset, &arm.ids) {
                Ok(ids) => opened.push((arm.key.clone(), ids)),
                Err(error @ (Error::Unknown { .. } | Error::NotHere { .. })) => {
                    problems.push(Problem { field: format!("arms.{at}.ids"), sentence: error.to_string() });
                }
                Err(other) => return Err(other),
            }
        }
        if let Some((_, first)) = opened.first() {
            for (at, (_, ids)) in opened.iter().enumerate() {
                if ids.data.fingerprint != first.data.fingerprint {
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
        let data = opened.first().map(|(_, ids)| ids.data.clone()).ok_or_else(none)?;
        let popularity = popularity(&data.prepared.split.train, data.catalog.len());
        Ok(StudyData { data, popularity, opened })
    }
}
