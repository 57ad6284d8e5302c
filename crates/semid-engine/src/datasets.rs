//! Data sets: from files or a recipe into the workspace, whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use semid_core::{Interaction, Item, Work};
use semid_fetch::{Event, Fetch, Fetched, Home, Recipe, Silent, Watch};
use semid_import::{Format, ImportPlan, ImportSummary, ImportedItem, InteractionRow, Mapping, Sink, UnknownItems};
use semid_store::{Dataset, DatasetWriter, NewDataset, OnExisting, Problem};
use serde::{Deserialize, Serialize};

use crate::{Engine, Error, Result};

/// What to import from files, as typed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default, deny_unknown_fields)]
pub struct ImportRequest {
    /// Name in the workspace.
    pub name: String,
    /// What a person calls it; the name when empty.
    pub title: String,
    /// Licence in a sentence.
    pub licence: String,
    /// Whether the interactions are simulated.
    pub simulated: bool,
    /// The catalog; none: items are those the interactions name.
    pub items: Option<PathBuf>,
    /// Who met what when.
    pub interactions: PathBuf,
    /// Format of both files; none: seen from each.
    pub format: Option<String>,
    /// Format of the items alone, where it is another one.
    pub items_format: Option<Format>,
    /// Format of the interactions alone, where it is another one.
    pub interactions_format: Option<Format>,
    /// Columns by role, `user=reviewerID,item=asin`.
    pub map: Option<String>,
    /// Columns by role, where a person chose them; null: the role has no column. Wins over `map`.
    pub mapping: Mapping,
    /// Template of the item text.
    pub text: Option<String>,
    /// Import nothing if any row is wrong.
    pub strict: bool,
    /// Give items that only interactions name a place in the catalog.
    pub keep_unknown_items: bool,
    /// Replace a data set of the same name.
    pub replace: bool,
}

impl ImportRequest {
    /// The importer's own plan of it.
    pub(crate) fn plan(&self) -> Result<ImportPlan> {
        let mut plan = ImportPlan::new(self.items.iter().cloned().collect(), vec![self.interactions.clone()]);
        if let Some(format) = &self.format {
            let format = format.parse().map_err(Error::Core)?;
            (plan.items_format, plan.interactions_format) = (Some(format), Some(format));
        }
        plan.items_format = self.items_format.or(plan.items_format);
        plan.interactions_format = self.interactions_format.or(plan.interactions_format);
        if let Some(map) = &self.map {
            plan.mapping = map.parse::<Mapping>().map_err(Error::Core)?;
        }
        plan.mapping.extend(self.mapping.clone());
        plan.text = self.text.clone().filter(|text| !text.trim().is_empty());
        plan.strict = self.strict;
        if self.keep_unknown_items {
            plan.unknown_items = UnknownItems::Create;
        }
        Ok(plan)
    }
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ImportReport {
    /// The data set as stored.
    pub dataset: Dataset,
    /// Counts, columns, problems by kind.
    pub summary: ImportSummary,
    /// The first problems in full.
    pub problems: Vec<Problem>,
    /// Wall seconds.
    pub secs: f64,
}

/// A recipe and whether its files are here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct RecipeRow {
    /// `movielens-100k`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Licence in a sentence.
    pub licence: String,
    /// A sentence or two about it.
    pub about: String,
    /// Whether it can be imported without a download.
    pub here: bool,
    /// Bytes to download; none where its publisher does not say.
    pub bytes: Option<u64>,
}

impl Engine {
    /// Recipes at hand, the built-in sample first.
    pub fn recipes(&self) -> Result<Vec<RecipeRow>> {
        let fetch = Fetch::new(self.home(), &Silent);
        let row = |recipe: Recipe| -> Result<RecipeRow> {
            let here = recipe.is_bundled() || fetch.present(&recipe)?.is_some();
            let bytes = recipe.download_bytes();
            Ok(RecipeRow {
                name: recipe.name,
                title: recipe.title,
                licence: recipe.licence,
                about: recipe.about,
                here,
                bytes,
            })
        };
        semid_fetch::datasets()?.into_iter().map(row).collect()
    }

    /// Imports files: all good rows, or nothing at all.
    pub fn import(&self, work: &Work, request: &ImportRequest) -> Result<ImportReport> {
        let start = Instant::now();
        check_name(&request.name)?;
        let plan = request.plan()?;
        let new = NewDataset {
            name: request.name.clone(),
            title: if request.title.is_empty() { request.name.clone() } else { request.title.clone() },
            licence: request.licence.clone(),
            simulated: request.simulated,
            source: plan
                .items
                .iter()
                .chain(&plan.interactions)
                .map(|path| file_name(path))
                .collect::<Vec<_>>()
                .join(", "),
            text_template: request.text.clone().unwrap_or_default(),
            settings: serde_json::to_value(&plan).unwrap_or_default(),
        };
        let existing = if request.replace { OnExisting::Replace } else { OnExisting::Refuse };
        let mut sink = StoreSink::new(self.store().write_dataset(&new, existing)?);
        let summary = match semid_import::import(work, &plan, &mut sink) {
            Ok(summary) => summary,
            // What the workspace said is what matters; the import only passed it on.
            Err(error) => return Err(sink.refused.map_or(Error::Core(error), Error::Store)),
        };
        let dataset = sink.finish(&summary)?;
        let problems = self.store().problems(dataset.id, 100)?;
        Ok(ImportReport { dataset, summary, problems, secs: start.elapsed().as_secs_f64() })
    }

    /// Imports a recipe's data set. Files that are not here are fetched only when `download` says so.
    pub fn import_recipe(&self, work: &Work, name: &str, download: bool, replace: bool) -> Result<ImportReport> {
        let recipe = self.recipe(name)?;
        let fetched = if download || recipe.is_bundled() {
            fetch(work, self.home(), &recipe)?
        } else {
            Fetch::new(self.home(), &Silent).present(&recipe)?.ok_or_else(|| Error::NotHere {
                what: recipe.title.clone(),
                advice: format!(
                    "`semid import {name} --download` fetches it. Its licence: {} Or import your own copy with --items \
                     and --interactions.",
                    recipe.licence
                ),
            })?
        };
        self.import_fetched(work, &recipe, &fetched, replace)
    }

    /// A data set of the workspace; the sample, and recipes whose files are here, are imported when first named.
    pub fn dataset_or_recipe(&self, work: &Work, name: &str) -> Result<Dataset> {
        match self.store().dataset(name) {
            Err(semid_store::Error::NotFound { .. }) if self.recipe(name).is_ok() => {
                Ok(self.import_recipe(work, name, false, false)?.dataset)
            }
            other => Ok(other?),
        }
    }

    fn recipe(&self, name: &str) -> Result<Recipe> {
        let known = semid_fetch::datasets()?;
        let names: Vec<&str> = known.iter().map(|recipe| recipe.name.as_str()).collect();
        let unknown = || Error::Unknown {
            kind: "recipe",
            name: name.to_owned(),
            known: format!("There are: {}. Your own files come in with --items and --interactions.", names.join(", ")),
        };
        known.iter().find(|recipe| recipe.name == name).cloned().ok_or_else(unknown)
    }

    fn import_fetched(&self, work: &Work, recipe: &Recipe, fetched: &Fetched, replace: bool) -> Result<ImportReport> {
        let import = &fetched.import;
        let import = import.as_ref().ok_or_else(|| Error::input(format!("{} is no data set.", recipe.title)))?;
        let map: Vec<String> = import.map.iter().map(|(role, column)| format!("{role}={column}")).collect();
        self.import(
            work,
            &ImportRequest {
                name: recipe.name.clone(),
                title: recipe.title.clone(),
                licence: recipe.licence.clone(),
                simulated: recipe.simulated,
                items: Some(fetched.folder.join(&import.items)),
                interactions: fetched.folder.join(&import.interactions),
                format: import.format.clone(),
                map: (!map.is_empty()).then(|| map.join(",")),
                text: import.text.clone(),
                replace,
                ..ImportRequest::default()
            },
        )
    }
}

/// Fetches a recipe's files under the eyes of `work`.
pub fn fetch(work: &Work, home: &Home, recipe: &Recipe) -> Result<Fetched> {
    let total = recipe.download_bytes().unwrap_or(0);
    let watch = StepWatch { work, step: work.step("fetch", total as usize), total, arrived: Mutex::default() };
    Ok(Fetch::new(home, &watch).get(recipe)?)
}

/// Settings an experiment on a recipe's data set starts from.
pub fn recipe_prepare(name: &str) -> Result<Option<semid_fetch::Prepare>> {
    let Some(recipe) = semid_fetch::find(name)? else { return Ok(None) };
    let imports = recipe.import.iter().chain(recipe.sources.iter().filter_map(|source| source.import.as_ref()));
    Ok(imports.map(|import| import.prepare.clone()).next())
}

struct StepWatch<'a> {
    work: &'a Work,
    step: semid_core::Step<'a>,
    /// Bytes in all; 0 when unknown.
    total: u64,
    /// Bytes so far, by file.
    arrived: Mutex<BTreeMap<String, u64>>,
}

impl StepWatch<'_> {
    /// Bytes so far in all. What is unpacked behind the download no longer counts.
    fn count(&self, file: &str, done: u64) {
        let mut arrived = self.arrived.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        arrived.insert(file.to_owned(), done);
        let sum: u64 = arrived.values().sum();
        self.step.set(if self.total > 0 { sum.min(self.total) } else { sum } as usize);
    }
}

impl Watch for StepWatch<'_> {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Trying { source } => self.step.note(format!("asking {source}")),
            Event::Failed { source, why } => self.step.note(format!("{source}: {why}")),
            Event::Bytes { file, done, total } => {
                self.count(file, done);
                let of = total.map(|total| format!(" of {} MB", total / 1_000_000)).unwrap_or_default();
                self.step.note(format!("{file}: {} MB{of}", done / 1_000_000));
            }
            Event::Verified { file } => self.step.note(format!("{file}: digest verified")),
            Event::FirstUse { file, sha256 } => {
                self.step.note(format!("{file}: trusted on first use, SHA-256 {sha256} remembered"));
            }
            Event::Waiting { folder } => self.step.note(format!("another process is filling {}", folder.display())),
        }
    }

    fn cancelled(&self) -> bool {
        self.work.check().is_err()
    }
}

/// Passes what is imported on to the workspace, in batches.
struct StoreSink {
    writer: DatasetWriter,
    items: Vec<Item>,
    users: Vec<String>,
    /// Problems passed on one by one, by kind.
    passed: BTreeMap<&'static str, u64>,
    /// What the workspace said when it refused.
    refused: Option<semid_store::Error>,
}

const BATCH: usize = 8192;

impl StoreSink {
    fn new(writer: DatasetWriter) -> Self {
        StoreSink { writer, items: Vec::new(), users: Vec::new(), passed: BTreeMap::new(), refused: None }
    }

    fn finish(mut self, summary: &ImportSummary) -> Result<Dataset> {
        self.flush().map_err(|error| self.refused.take().map_or(Error::Core(error), Error::Store))?;
        // Problems that came one by one are counted already; the rest are known by number only.
        for (kind, count) in &summary.problems {
            let passed = self.passed.get(kind.key()).copied().unwrap_or_default();
            self.writer.count_problems(kind.key(), count.saturating_sub(passed));
        }
        Ok(self.writer.finish()?)
    }

    fn flush(&mut self) -> semid_core::Result<()> {
        let written = self.writer.add_items(&self.items).and_then(|()| self.writer.add_users(&self.users));
        self.items.clear();
        self.users.clear();
        self.pass(written)
    }

    fn pass(&mut self, written: semid_store::Result<()>) -> semid_core::Result<()> {
        written.map_err(|error| {
            let told = semid_core::Error::input(error.to_string());
            self.refused = Some(error);
            told
        })
    }
}

impl Sink for StoreSink {
    fn item(&mut self, item: ImportedItem<'_>) -> semid_core::Result<()> {
        self.items.push(Item {
            key: item.key.to_owned(),
            title: item.title.to_owned(),
            text: item.text.to_owned(),
            categories: item.categories.to_vec(),
        });
        if self.items.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn user(&mut self, _index: u32, key: &str) -> semid_core::Result<()> {
        self.users.push(key.to_owned());
        if self.users.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn interactions(&mut self, rows: &[InteractionRow]) -> semid_core::Result<()> {
        let rows: Vec<Interaction> = rows
            .iter()
            .map(|row| Interaction { user: row.user, item: row.item, rating: row.rating, at: row.at })
            .collect();
        let written = self.writer.add_interactions(&rows);
        self.pass(written)
    }

    fn problem(&mut self, problem: &semid_import::Problem) -> semid_core::Result<()> {
        *self.passed.entry(problem.kind.key()).or_default() += 1;
        let problem = Problem {
            file: problem.file.clone(),
            line: Some(problem.line),
            kind: problem.kind.key().to_owned(),
            reason: problem.reason.clone(),
            snippet: problem.snippet.clone(),
        };
        let written = self.writer.add_problem(&problem);
        self.pass(written)
    }
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if fits {
        return Ok(());
    }
    Err(Error::input(format!(
        "“{name}” cannot be the name of a data set: use up to 100 letters, digits, “-”, “_” and “.”, not starting with \
         a dot."
    )))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
