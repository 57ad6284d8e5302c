//! The sample with a finished comparison: what a first look opens, without a download.

use semid_core::Work;
use semid_store::{RunOrder, RunStatus, RunsRequest};

use crate::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use crate::{Engine, Result};

/// The built-in data set.
pub const SAMPLE: &str = "sample-films";

impl Engine {
    /// The number of a finished comparison on the sample: the newest there is, else one that is made now. It needs no text
    /// encoder and takes well under a minute.
    pub fn open_sample(&self, work: &Work) -> Result<i64> {
        let dataset = self.dataset_or_recipe(work, SAMPLE)?;
        let finished = RunsRequest {
            dataset: Some(dataset.name.clone()),
            status: Some(RunStatus::Finished),
            order: RunOrder::Newest,
            ..RunsRequest::default()
        };
        let (_, runs) = self.store().run_page(&finished)?;
        for run in runs.iter().filter(|run| run.dataset_digest == dataset.digest) {
            if self.store().glance(run.id)?.is_some() {
                return Ok(run.id);
            }
        }
        Ok(self.run(work, &sample_settings(dataset.items))?.id)
    }
}

/// A small comparison that shows everything there is to see: IDs with meaning, the same dealt out anew, IDs by chance, and
/// two baselines. The films' genres are the meaning, so that no text has to be embedded.
fn sample_settings(items: u64) -> ExperimentSettings {
    let mut settings = ExperimentSettings::starter(SAMPLE, items);
    settings.name = "Do genres as IDs help? A first look".to_owned();
    settings.seeds = vec![1];
    settings.prepare.k_core = 5;
    settings.ids =
        vec![IdSettings::Hash {}, IdSettings::Permuted { of: "category-path".to_owned() }, IdSettings::CategoryPath {}];
    settings.recommenders =
        ["popularity", "item-knn", "generative"].iter().filter_map(|key| RecommenderSettings::starter(key)).collect();
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_can_start_and_needs_no_text_encoder() {
        let settings = sample_settings(413);
        assert!(settings.check().is_empty(), "{:?}", settings.check());
        assert!(!settings.reads_text(), "nothing has to be fetched for it");
    }
}
