//! Bridges out: a data set as an experiment prepares and splits it, with the IDs of a scheme, in the forms that other systems
//! read.

use std::path::{Path, PathBuf};

use semid_bridge::{Export, Format};
use semid_core::{Seed, Work};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::imported_lists::{self, ListsFound};
use crate::settings::{ExperimentSettings, IdSettings, ListNames, RecommenderSettings};
use crate::stages::{assign_ids, data_fingerprint};
use crate::{Engine, Error, Result, files};

pub use semid_bridge::Format as BridgeFormat;

/// What to export.
#[derive(Clone, Debug)]
pub struct BridgeExport {
    /// Data set, filters, split, text, shape of the codes, schemes.
    pub settings: ExperimentSettings,
    /// Key of the scheme whose IDs go along.
    pub ids: Option<String>,
    /// Seed of the IDs.
    pub seed: u64,
    /// Whose forms.
    pub format: Format,
    /// Whether the vectors of the items go along.
    pub embeddings: bool,
    /// The folder.
    pub output: PathBuf,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct BridgeExported {
    /// Whose forms.
    pub format: Format,
    /// The folder.
    pub folder: PathBuf,
    /// Its files and what each holds.
    pub files: Vec<(String, String)>,
    /// Users with at least one interaction.
    pub users: u64,
    /// Items that take part.
    pub items: u64,
    /// Interactions that take part.
    pub interactions: u64,
    /// Users to be judged.
    pub test_cases: u64,
    /// "keys" or "indices": what stands for users and items in the files.
    pub names: String,
    /// What was left out or renamed, in sentences; empty when nothing.
    pub notes: Vec<String>,
}

impl Engine {
    /// Writes a data set and its IDs for another system, each file whole or not at all, `bridge.json` last.
    pub fn bridge_export(&self, work: &Work, request: &BridgeExport) -> Result<BridgeExported> {
        let settings = narrowed(request)?;
        let dataset = self.dataset_or_recipe(work, &settings.dataset)?;
        let shared = self.share(work, &settings, &dataset, &mut Vec::new())?;
        let assigned = match settings.ids.first() {
            Some(scheme) => Some(assign_ids(&work.with_seed(Seed(request.seed)), &shared, scheme)?.0),
            None => None,
        };
        let name = file_stem(&dataset.name);
        let export = Export {
            name: &name,
            catalog: &shared.catalog,
            prepared: &shared.prepared,
            ids: assigned.as_ref().map(|assigned| &assigned.ids),
            embeddings: if request.embeddings { shared.embeddings.as_ref() } else { None },
        };
        let plan = export.plan(request.format)?;
        let step = work.step("write files", plan.files.len());
        for file in &plan.files {
            step.note(file.name.clone());
            files::write_atomically(&request.output.join(&file.name), |writer| file.write(writer))?;
            step.advance(1)?;
        }
        let exported = BridgeExported {
            format: request.format,
            folder: request.output.clone(),
            files: plan.files.iter().map(|file| (file.name.clone(), file.about.to_owned())).collect(),
            users: shared.prepared.sequences.users() as u64,
            items: shared.catalog.len() as u64,
            interactions: shared.prepared.sequences.interactions() as u64,
            test_cases: shared.prepared.split.test.len() as u64,
            names: request.format.names().to_owned(),
            notes: plan.notes,
        };
        let about = json!({
            "semid": env!("CARGO_PKG_VERSION"),
            "format": exported.format,
            "dataset": dataset.name,
            "licence": dataset.licence,
            "simulated": dataset.simulated,
            "data": data_fingerprint(&dataset.digest, &settings.prepare, settings.data_seed),
            "prepare": settings.prepare,
            "data_seed": settings.data_seed,
            "ids": settings.ids.first().map(IdSettings::key),
            "seed": request.seed,
            "users": exported.users,
            "items": exported.items,
            "interactions": exported.interactions,
            "test_cases": exported.test_cases,
            "names": exported.names,
            "files": exported.files.iter().map(|(name, about)| json!({ "name": name, "holds": about })).collect::<Vec<_>>(),
            "notes": exported.notes,
        });
        files::write_atomically(&request.output.join("bridge.json"), |writer| {
            serde_json::to_writer_pretty(&mut *writer, &about)?;
            std::io::Write::write_all(writer, b"\n")
        })?;
        Ok(exported)
    }

    /// What a file of another system's lists holds for the users and items of an experiment.
    pub fn look_at_lists(
        &self,
        work: &Work,
        settings: &ExperimentSettings,
        path: &Path,
        names: ListNames,
    ) -> Result<ListsFound> {
        let dataset = self.dataset_or_recipe(work, &settings.dataset)?;
        let data = self.prepared(&dataset, &settings.prepare, settings.data_seed)?;
        imported_lists::look(work, path, names, &data.catalog, &data.prepared, settings.list_length())
    }
}

/// The settings with the scheme that is asked for alone, and a reader of text where vectors are asked for.
fn narrowed(request: &BridgeExport) -> Result<ExperimentSettings> {
    let mut settings = request.settings.clone();
    let ids = match &request.ids {
        Some(key) => chosen(&settings, key)?,
        None => Vec::new(),
    };
    settings.ids = ids;
    settings.recommenders.clear();
    if request.embeddings && !settings.reads_text() {
        settings.recommenders.extend(RecommenderSettings::starter("text-knn"));
    }
    Ok(settings)
}

/// The scheme of a key, and behind it the one it deals from.
fn chosen(settings: &ExperimentSettings, key: &str) -> Result<Vec<IdSettings>> {
    let find = |key: &str| settings.ids.iter().find(|scheme| scheme.key() == key).cloned();
    let unknown = || Error::Unknown {
        kind: "ID scheme",
        name: key.to_owned(),
        known: format!(
            "The experiment has: {}.",
            settings.ids.iter().map(IdSettings::key).collect::<Vec<_>>().join(", ")
        ),
    };
    let scheme = find(key).ok_or_else(unknown)?;
    let of = match &scheme {
        IdSettings::Permuted { of } => find(of),
        _ => None,
    };
    Ok(std::iter::once(scheme).chain(of).collect())
}

/// A name that begins names of files everywhere.
fn file_stem(name: &str) -> String {
    name.chars().map(|char| if char.is_alphanumeric() || "-_".contains(char) { char } else { '_' }).collect()
}
