//! A finished run opened again: its settings, the data it ran on prepared as then, its comparison.

use std::collections::HashMap;
use std::sync::Arc;

use semid_core::comparison::{ArmResult, Comparison, MetricFacts};
use semid_core::prepare::{PrepareSettings, Prepared};
use semid_core::{Case, Catalog, Seed, Work};
use semid_store::{Dataset, Run};

use crate::settings::{ExperimentSettings, IdSettings};
use crate::stages::{data_fingerprint, prepare_data};
use crate::{Engine, Error, Result};

/// A data set filtered, ordered and split, as one or more runs did.
pub struct PreparedData {
    /// The items that take part.
    pub catalog: Catalog,
    /// Sequences and split.
    pub prepared: Prepared,
    /// Digest of data set, filters, split and data seed.
    pub fingerprint: String,
    case_of: HashMap<u32, usize>,
}

impl PreparedData {
    /// The test case of a user, and its place among the cases, which is the place of its list.
    pub fn case(&self, user: u32) -> Option<(usize, &Case)> {
        let at = *self.case_of.get(&user)?;
        Some((at, &self.prepared.split.test[at]))
    }

    fn bytes(&self) -> usize {
        let texts = |item: &semid_core::Item| {
            let categories: usize = item.categories.iter().map(|category| category.len() + 24).sum();
            item.key.len() + item.title.len() + item.text.len() + categories + 96
        };
        // Items of the sequences stand in train, history and targets too.
        self.catalog.items.iter().map(texts).sum::<usize>() + self.prepared.sequences.interactions() * 40
    }
}

/// A finished run.
pub struct PastRun {
    /// As stored.
    pub run: Run,
    /// What was asked for.
    pub settings: ExperimentSettings,
    /// What came of it.
    pub comparison: Arc<Comparison>,
}

impl PastRun {
    /// The arm of this key.
    pub fn arm(&self, key: &str) -> Result<&ArmResult> {
        let arms = &self.comparison.arms;
        arms.iter().find(|arm| arm.key == key).ok_or_else(|| Error::Unknown {
            kind: "arm",
            name: key.to_owned(),
            known: format!("There are: {}.", arms.iter().map(|arm| arm.key.as_str()).collect::<Vec<_>>().join(", ")),
        })
    }

    /// The arm of this key; the baseline where none is named.
    pub fn arm_or_baseline(&self, key: Option<&str>) -> Result<&ArmResult> {
        match key {
            Some(key) => self.arm(key),
            None => {
                let none = || Error::input("The run has no arm to compare with.");
                self.comparison.arms.get(self.comparison.baseline).ok_or_else(none)
            }
        }
    }

    /// The definition of a metric of the run.
    pub fn metric(&self, key: &str) -> Result<&MetricFacts> {
        let metrics = &self.comparison.metrics;
        metrics.iter().find(|metric| metric.key == key).ok_or_else(|| Error::Unknown {
            kind: "metric",
            name: key.to_owned(),
            known: format!("There are: {}.", metrics.iter().map(|m| m.key.as_str()).collect::<Vec<_>>().join(", ")),
        })
    }

    /// A seed of the run.
    pub fn seed(&self, seed: u64) -> Result<u64> {
        let seeds = &self.comparison.seeds;
        seeds.iter().copied().find(|&known| known == seed).ok_or_else(|| Error::Unknown {
            kind: "seed",
            name: seed.to_string(),
            known: format!("There are: {}.", seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        })
    }

    /// The settings of the ID scheme of this key.
    pub fn scheme(&self, key: &str) -> Option<&IdSettings> {
        self.settings.ids.iter().find(|scheme| scheme.key() == key)
    }
}

impl Engine {
    /// A finished run with its settings and results.
    pub fn past_run(&self, id: i64) -> Result<PastRun> {
        // Asked for even when the rest is kept: a run that was removed is no longer there.
        let run = self.store().run(id)?;
        let comparison = self.cache().get_or_make(&format!("comparison {id}"), || {
            let (_, comparison) = self.comparison(Some(id))?;
            Ok((comparison, 1 << 20))
        })?;
        let starter = ExperimentSettings::starter(&run.dataset, comparison.dataset.items);
        let settings = ExperimentSettings::from_toml(&run.settings, &starter)?;
        Ok(PastRun { run, settings, comparison })
    }

    /// The data a run worked on, prepared as then; kept, so that asking again is quick.
    pub fn data_of(&self, run: &PastRun) -> Result<Arc<PreparedData>> {
        let dataset = self.dataset_of_digest(&run.run.dataset_digest)?.ok_or_else(|| {
            let (id, name) = (run.run.id, &run.run.dataset);
            let here = self.store().dataset(name).is_ok();
            let advice = if here {
                format!(
                    "The data set named {name} was imported again since and is another one. Import the files that the \
                     run used to look at its users and items."
                )
            } else {
                format!("Import {name} to look at the users and items of the run; its numbers are all here.")
            };
            Error::NotHere {
                what: format!("The data set that run {id} used ({})", run.comparison.dataset.title),
                advice,
            }
        })?;
        self.prepared(&dataset, &run.settings.prepare, run.settings.data_seed)
    }

    /// A data set prepared; kept, so that asking again is quick.
    pub fn prepared(&self, dataset: &Dataset, prepare: &PrepareSettings, data_seed: u64) -> Result<Arc<PreparedData>> {
        let fingerprint = data_fingerprint(&dataset.digest, prepare, data_seed);
        self.cache().get_or_make(&format!("data {fingerprint}"), || {
            let catalog = self.store().load_catalog(dataset.id)?;
            let interactions = self.store().load_interactions(dataset.id)?;
            let mut settings = ExperimentSettings::starter(&dataset.name, dataset.items);
            (settings.prepare, settings.data_seed) = (prepare.clone(), data_seed);
            let work = Work::new(Seed(data_seed));
            let (catalog, prepared, fingerprint) =
                prepare_data(&work, &settings, &dataset.digest, &catalog, &interactions)?;
            let case_of = prepared.split.test.iter().enumerate().map(|(at, case)| (case.user, at)).collect();
            let data = PreparedData { catalog, prepared, fingerprint, case_of };
            let bytes = data.bytes();
            Ok((data, bytes))
        })
    }

    /// The data set of this digest, whatever its name is now.
    pub fn dataset_of_digest(&self, digest: &str) -> Result<Option<Dataset>> {
        Ok(self.store().datasets()?.into_iter().find(|dataset| dataset.digest == digest))
    }
}
