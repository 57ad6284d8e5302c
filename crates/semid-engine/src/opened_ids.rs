//! IDs opened to be shown: codes with their labels beside the items they name.

use std::sync::{Arc, OnceLock};

use semid_core::labels::{LabelSettings, PrefixLabels, label_prefixes};
use semid_core::{SemanticIds, TokenTrie};
use serde::{Deserialize, Serialize};

use crate::envelope::open_envelope;
use crate::past_run::{PastRun, PreparedData};
use crate::stages::AssignedIds;
use crate::{Engine, Result};

/// An item with its ID.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct NamedItem {
    /// Index in the catalog that takes part.
    pub item: u32,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Coarse to fine.
    pub categories: Vec<String>,
    /// Codes and digit; empty where there are no IDs.
    pub codes: Vec<u32>,
    /// One label a code, without the digit, an empty one where nothing sets the code apart; empty where codes mean
    /// nothing.
    pub labels: Vec<String>,
}

/// The IDs of a catalog.
pub struct OpenedIds {
    /// As made.
    pub assigned: AssignedIds,
    /// The data they were made for.
    pub data: Arc<PreparedData>,
    /// Whether codes say something about the item, so that labels are shown.
    pub has_meaning: bool,
    labels: OnceLock<PrefixLabels>,
    trie: OnceLock<TokenTrie>,
}

impl OpenedIds {
    /// One ID per item.
    pub fn ids(&self) -> &SemanticIds {
        &self.assigned.ids
    }

    /// The labels of all prefixes; made at the first call.
    pub fn labels(&self) -> &PrefixLabels {
        self.labels.get_or_init(|| label_prefixes(&self.data.catalog, self.ids(), LabelSettings::starter()))
    }

    /// The label of a prefix; empty where codes mean nothing, or nothing sets it apart.
    pub fn label(&self, prefix: &[u32]) -> String {
        if !self.has_meaning {
            return String::new();
        }
        self.labels().get(prefix).map(|entry| entry.label.clone()).unwrap_or_default()
    }

    /// The tree of codes.
    pub fn trie(&self) -> &TokenTrie {
        self.trie.get_or_init(|| TokenTrie::new(self.ids()))
    }

    /// An item with its ID and labels.
    pub fn named(&self, item: u32) -> NamedItem {
        let mut named = self.data.named(item);
        named.codes = self.ids().row(item as usize).collect();
        if self.has_meaning {
            let codes = &self.ids().ids[item as usize].codes;
            named.labels = (1..=codes.len()).map(|length| self.label(&codes[..length])).collect();
        }
        named
    }
}

impl PreparedData {
    /// An item without an ID.
    pub fn named(&self, item: u32) -> NamedItem {
        let of = &self.catalog.items[item as usize];
        NamedItem {
            item,
            key: of.key.clone(),
            title: of.title.clone(),
            categories: of.categories.clone(),
            codes: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// An item with its ID where there are IDs.
    pub fn named_under(&self, item: u32, ids: Option<&OpenedIds>) -> NamedItem {
        ids.map_or_else(|| self.named(item), |ids| ids.named(item))
    }
}

impl Engine {
    /// The IDs that an arm of a run spoke in; none for an arm without IDs, or when their artifact is gone.
    pub fn ids_of_arm(&self, run: &PastRun, arm: &str, seed: u64) -> Result<Option<Arc<OpenedIds>>> {
        let Some(scheme) = &run.arm(arm)?.ids else { return Ok(None) };
        let name = format!("assign IDs, {scheme}, seed {seed}");
        let stages = self.store().stages(run.run.id)?;
        let Some(fingerprint) =
            stages.into_iter().find(|stage| stage.stage == name).and_then(|stage| stage.fingerprint)
        else {
            return Ok(None);
        };
        let has_meaning = run.scheme(scheme).is_some_and(|scheme| scheme.has_meaning());
        self.open_ids(&fingerprint, self.data_of(run)?, has_meaning)
    }

    /// IDs by the fingerprint of their artifact; none when it is gone.
    pub fn open_ids(
        &self,
        fingerprint: &str,
        data: Arc<PreparedData>,
        has_meaning: bool,
    ) -> Result<Option<Arc<OpenedIds>>> {
        let opened = self.cache().get_or_make(&format!("ids {fingerprint}"), || {
            let stored = self.store().artifacts().read(fingerprint, "ids")?;
            let opened = stored.as_deref().and_then(open_envelope::<AssignedIds>);
            let opened = opened.filter(|(assigned, _)| assigned.ids.len() == data.catalog.len());
            let opened = opened.map(|(mut assigned, codebooks)| {
                assigned.codebooks = codebooks.to_vec();
                let (labels, trie) = (OnceLock::new(), OnceLock::new());
                Arc::new(OpenedIds { assigned, data: data.clone(), has_meaning, labels, trie })
            });
            // What is gone may come back, with a bundle for instance: nothing is kept of it.
            let bytes = opened.as_ref().map_or(usize::MAX, |ids| ids.ids().len() * 600 + ids.assigned.codebooks.len());
            Ok((opened, bytes))
        })?;
        Ok((*opened).clone())
    }
}
