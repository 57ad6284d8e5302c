//! Looking at files before they are imported: what each would be read as, what its items would say, what is wrong with
//! which row. Nothing here writes.

use std::path::{Path, PathBuf};

use semid_core::Work;
use semid_fetch::Import;
use semid_import::{
    FileKind, Format, ImportSummary, ImportedItem, InteractionRow, Preview, Problem, ProblemKind, Role, Sink, preview,
};
use serde::{Deserialize, Serialize};

use crate::datasets::{ImportRequest, check_name};
use crate::{Engine, Error, Result};

/// Problems of each kind that a check shows in full.
const SHOWN_PER_KIND: u64 = 200;

/// Files looked at in a dropped folder.
const FILES_LOOKED_AT: usize = 200;

/// An item's text, as it would be embedded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ItemText {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What will be embedded.
    pub text: String,
}

/// The first item texts, as they would be embedded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "TextsReply")]
pub struct Texts {
    /// The template in use.
    pub template: String,
    /// Fields a template can name.
    pub fields: Vec<String>,
    /// Key, title and text of the first items.
    pub texts: Vec<ItemText>,
    /// What is wrong with the template; none when it is fine.
    pub problem: Option<String>,
}

/// What dropped files seem to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Recognised {
    /// An import of them, filled in as far as they say it. `interactions` is empty when none of the files has any.
    pub import: ImportRequest,
    /// Files that take no part in it, each with the reason in a sentence.
    pub unused: Vec<(PathBuf, String)>,
    /// What was recognised, in a sentence.
    pub sentence: String,
}

impl Engine {
    /// The texts of the first items of an import, at most `most`; quick for files of any size.
    pub fn preview_texts(&self, work: &Work, request: &ImportRequest, most: usize) -> Result<Texts> {
        let mut plan = request.plan()?;
        plan.interactions.clear();
        plan.strict = false;
        let Some(items) = plan.items.first() else {
            return Ok(Texts::default());
        };
        let columns = preview(items, Some(FileKind::Items), plan.items_format)?.columns;
        let mut fields: Vec<String> = Role::OF_ITEMS.iter().map(|role| role.name().to_owned()).collect();
        fields.extend(columns.into_iter().filter(|column| !column.contains(['{', '}'])));
        fields.dedup();
        let read = |plan: &semid_import::ImportPlan| {
            let mut first = FirstItems { most, texts: Vec::new() };
            match semid_import::import(work, plan, &mut first) {
                // Enough was read.
                Err(_) if first.texts.len() >= most => Ok((first.texts, None)),
                Ok(summary) => Ok((first.texts, Some(summary.text))),
                Err(error) => Err(error),
            }
        };
        let written = plan.text.take();
        // Without the template everything else must be fine; what fails then is not the template's fault.
        let (texts, template) = read(&plan)?;
        let default = match template {
            Some(template) => template,
            None => preview(items, Some(FileKind::Items), plan.items_format)?.text.unwrap_or_default(),
        };
        let Some(written) = written else {
            return Ok(Texts { template: default, fields, texts, problem: None });
        };
        plan.text = Some(written.clone());
        Ok(match read(&plan) {
            Ok((texts, _)) => Texts { template: written, fields, texts, problem: None },
            Err(semid_core::Error::Cancelled) => return Err(semid_core::Error::Cancelled.into()),
            Err(error) => {
                Texts { template: written, fields, texts: Vec::new(), problem: Some(sentence(&error.to_string())) }
            }
        })
    }

    /// Reads an import's files through and keeps nothing: what it would come to, and the first problems of each kind.
    pub fn check_import(&self, work: &Work, request: &ImportRequest) -> Result<(ImportSummary, Vec<Problem>)> {
        let mut plan = request.plan()?;
        plan.strict = false;
        plan.problems_kept = SHOWN_PER_KIND;
        let mut nothing = KeepsProblems::default();
        let summary = semid_import::import(work, &plan, &mut nothing)?;
        Ok((summary, nothing.problems))
    }

    /// A name for a data set made from a file's name that is not taken yet.
    pub fn free_name(&self, path: &Path) -> Result<String> {
        let whole = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = whole.split('.').find(|part| !part.is_empty()).unwrap_or_default();
        let plain: String =
            stem.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).take(60).collect();
        let plain = plain.trim_matches('-').to_lowercase();
        let plain = if check_name(&plain).is_ok() { plain } else { "data".to_owned() };
        let taken = self.store().datasets()?;
        let free = |name: &String| !taken.iter().any(|dataset| dataset.name == *name);
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        Ok(std::iter::once(plain.clone()).chain(numbered).find(free).unwrap_or(plain))
    }

    /// Tells items from interactions among dropped files; a folder stands for the files in it.
    pub fn recognise_files(&self, paths: &[PathBuf]) -> Result<Recognised> {
        let files = gather(paths)?;
        let named = paths.iter().find(|path| path.is_dir());
        if let Some((import, items, interactions)) = known_set(&files)? {
            let name = self.free_name(named.unwrap_or(&interactions))?;
            let format = import.format.clone();
            let request = ImportRequest {
                name,
                items: Some(items.clone()),
                interactions: interactions.clone(),
                format: format.clone(),
                mapping: mapping_of(&import)?,
                text: import.text.clone(),
                ..ImportRequest::default()
            };
            let title = format.and_then(|format| format.parse::<Format>().ok()).map_or("", Format::title);
            let unused = files.into_iter().filter(|file| *file != items && *file != interactions);
            return Ok(Recognised {
                import: request,
                unused: unused.map(|file| (file, "Semid needs only ratings and items.".to_owned())).collect(),
                sentence: format!("These are files of {title}: {} and {}.", name_of(&items), name_of(&interactions)),
            });
        }
        let mut unused = Vec::new();
        let mut looked: Vec<(PathBuf, Preview)> = Vec::new();
        for file in files {
            match preview(&file, None, None) {
                Ok(preview) => looked.push((file, preview)),
                Err(error) => unused.push((file, sentence(&error.to_string()))),
            }
        }
        // Among several of a kind the largest is the one meant; a data set has more interactions than items.
        looked.sort_by_key(|(_, preview)| std::cmp::Reverse(preview.bytes));
        let mut take = |kind: FileKind| -> Option<PathBuf> {
            let at = looked.iter().position(|(_, preview)| preview.kind == kind && !preview.mapping.is_empty())?;
            Some(looked.remove(at).0)
        };
        let interactions = take(FileKind::Interactions);
        let items = take(FileKind::Items);
        unused.extend(looked.into_iter().map(|(path, preview)| {
            let taken = match preview.kind {
                FileKind::Items => "It seems to hold items, and a larger file of items was taken.",
                FileKind::Interactions => "It seems to hold interactions, and a larger file of them was taken.",
            };
            (path, taken.to_owned())
        }));
        let sentence = match (&items, &interactions) {
            (Some(items), Some(interactions)) => {
                format!("{} has the items, {} the interactions.", name_of(items), name_of(interactions))
            }
            (None, Some(interactions)) => {
                format!(
                    "{} has the interactions. There is no file of items, so items have no text.",
                    name_of(interactions)
                )
            }
            (Some(items), None) => format!("{} has items. Interactions are still to be chosen.", name_of(items)),
            (None, None) => "None of the files holds rows that Semid can read.".to_owned(),
        };
        let names = named.or(interactions.as_ref()).or(items.as_ref());
        let name = names.map(|path| self.free_name(path)).transpose()?.unwrap_or_default();
        let interactions = interactions.unwrap_or_default();
        Ok(Recognised {
            import: ImportRequest { name, items, interactions, ..ImportRequest::default() },
            unused,
            sentence,
        })
    }
}

/// Every kind of problem that occurred, as a sentence a count can stand before.
pub fn kind_sentence(kind: ProblemKind) -> &'static str {
    kind.title()
}

/// What a role means, in a sentence, and whether an import needs it.
pub fn role_facts(role: Role) -> (&'static str, bool) {
    match role {
        Role::User => ("Who: the user's key.", true),
        Role::Item => ("What: the item's key, as the items file has it.", true),
        Role::Rating => ("How much it was liked: a number.", false),
        Role::Timestamp => ("When: a unix time or a date; without it the order of the file counts.", false),
        Role::Key => ("The key that interactions name the item by.", true),
        Role::Title => ("What a person calls the item.", false),
        Role::Description => ("A longer text about the item.", false),
        Role::Categories => ("Category path, coarse to fine, or genres.", false),
        Role::Year => ("Year of release.", false),
    }
}

/// The files behind dropped paths: of a folder those in it and one folder below.
fn gather(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in listed(path)? {
            if entry.is_dir() {
                files.extend(listed(&entry)?.into_iter().filter(|below| below.is_file()));
            } else {
                files.push(entry);
            }
        }
    }
    files.retain(|file| !name_of(file).starts_with('.'));
    if files.len() > FILES_LOOKED_AT {
        return Err(Error::input(format!(
            "There are {} files, more than Semid looks through ({FILES_LOOKED_AT}). Choose the file of items and the file \
             of interactions.",
            files.len()
        )));
    }
    Ok(files)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("read", folder, error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// A known data set among the files, by the names its publisher gives them.
fn known_set(files: &[PathBuf]) -> Result<Option<(Import, PathBuf, PathBuf)>> {
    let find = |name: &str| files.iter().find(|file| name_of(file) == name).cloned();
    for recipe in semid_fetch::datasets()?.iter().filter(|recipe| !recipe.is_bundled()) {
        for source in &recipe.sources {
            let Some(import) = recipe.import_of(source) else { continue };
            if let (Some(items), Some(interactions)) = (find(&import.items), find(&import.interactions)) {
                return Ok(Some((import.clone(), items, interactions)));
            }
        }
    }
    Ok(None)
}

fn mapping_of(import: &Import) -> Result<semid_import::Mapping> {
    let pairs: Vec<String> = import.map.iter().map(|(role, column)| format!("{role}={column}")).collect();
    Ok(pairs.join(",").parse()?)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The importer's sentences begin small and end open, to stand inside others.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Takes the first items and then stops the import.
struct FirstItems {
    most: usize,
    texts: Vec<ItemText>,
}

impl Sink for FirstItems {
    fn item(&mut self, item: ImportedItem<'_>) -> semid_core::Result<()> {
        if self.texts.len() >= self.most {
            return Err(semid_core::Error::input("enough was read"));
        }
        let ImportedItem { key, title, text, .. } = item;
        self.texts.push(ItemText { key: key.to_owned(), title: title.to_owned(), text: text.to_owned() });
        Ok(())
    }

    fn user(&mut self, _: u32, _: &str) -> semid_core::Result<()> {
        Ok(())
    }

    fn interactions(&mut self, _: &[InteractionRow]) -> semid_core::Result<()> {
        Ok(())
    }

    fn problem(&mut self, _: &Problem) -> semid_core::Result<()> {
        Ok(())
    }
}

/// Keeps what was wrong and nothing else.
#[derive(Default)]
struct KeepsProblems {
    problems: Vec<Problem>,
}

impl Sink for KeepsProblems {
    fn item(&mut self, _: ImportedItem<'_>) -> semid_core::Result<()> {
        Ok(())
    }

    fn user(&mut self, _: u32, _: &str) -> semid_core::Result<()> {
        Ok(())
    }

    fn interactions(&mut self, _: &[InteractionRow]) -> semid_core::Result<()> {
        Ok(())
    }

    fn problem(&mut self, problem: &Problem) -> semid_core::Result<()> {
        self.problems.push(problem.clone());
        Ok(())
    }
}
