//! One recipe: is it here; if not, which source serves it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::http;
use crate::part::beside;
use crate::verified::{FirstUse, Verified};
use crate::{
    Digest, Error, Event, File, Home, Import, Kind, Place, Recipe, Result, Source, Watch, archive, pip, recipes,
};

/// How the folders begin that pip works in.
const PIP_FOLDER: &str = ".pip-";

/// Fetches recipes into a home.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    home: &'a Home,
    context: Context<'a>,
}

/// How long the network is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For finding a host and connecting to it.
    pub connect: Duration,
    /// For an answer, and for each next piece of it.
    pub silence: Duration,
}

impl Default for Patience {
    /// A machine without internet moves on after seconds; a slow server still gets through.
    fn default() -> Self {
        Patience { connect: Duration::from_secs(5), silence: Duration::from_secs(30) }
    }
}

/// What is here now.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The folder that holds all files.
    pub folder: PathBuf,
    /// The source whose files they are, as people know it.
    pub source: String,
    /// How they are read; none for a model.
    pub import: Option<Import>,
    /// Whether anything was downloaded for it just now.
    pub downloaded: bool,
}

/// What every part of a fetch carries.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub watch: &'a dyn Watch,
    pub patience: Patience,
}

/// Why a source did not serve, or why asking further sources makes no sense.
pub(crate) enum Trouble {
    /// Stop.
    Cancelled,
    /// The disk is in the way: no other source would help.
    Disk(Error),
    /// This source does not serve; the next may.
    Source(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Disk(error)
    }
}

impl<'a> Fetch<'a> {
    /// Fetches into `home` under the eyes of `watch`.
    pub fn new(home: &'a Home, watch: &'a dyn Watch) -> Self {
        Fetch { home, context: Context { watch, patience: Patience::default() } }
    }

    /// Waits more or less long for the network.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.context.patience = patience;
        self
    }

    /// Where a recipe's files go.
    pub fn folder(&self, recipe: &Recipe) -> PathBuf {
        match recipe.kind {
            Kind::Model | Kind::LanguageModel => self.home.model(&recipe.name),
            Kind::Dataset => self.home.data(&recipe.name),
        }
    }

    /// What is here of a recipe: complete and verified, or none. Never asks the network.
    pub fn present(&self, recipe: &Recipe) -> Result<Option<Fetched>> {
        let folder = self.folder(recipe);
        if !folder.is_dir() {
            return Ok(None);
        }
        let mut here = Shelf::open(self, recipe, folder)?;
        for source in &recipe.sources {
            match here.complete(source) {
                Ok(true) => return Ok(Some(here.fetched(source, false))),
                Ok(false) => {}
                Err(Trouble::Cancelled) => return Err(Error::Cancelled),
                Err(Trouble::Disk(error)) => return Err(error),
                Err(Trouble::Source(problem)) => return Err(Error::Recipe { name: recipe.name.clone(), problem }),
            }
        }
        Ok(None)
    }

    /// Makes a recipe's files be here: nothing to do when they are, else one source after the other. A file that
    /// arrived whole is never downloaded again, and one that arrived in part is continued.
    pub fn get(&self, recipe: &Recipe) -> Result<Fetched> {
        if let Some(fetched) = self.present(recipe)? {
            return Ok(fetched);
        }
        let folder = self.folder(recipe);
        fs::create_dir_all(&folder).map_err(|error| Error::disk("making a folder", &folder, error))?;
        let _lock = self.lock(&folder)?;
        // Whoever held the lock may have fetched it meanwhile.
        if let Some(fetched) = self.present(recipe)? {
            return Ok(fetched);
        }

        let mut here = Shelf::open(self, recipe, folder.clone())?;
        let mut tried = Vec::new();
        for source in &recipe.sources {
            let name = source.from.to_string();
            self.context.watch.event(Event::Trying { source: &name });
            match here.fill(source) {
                Ok(()) => return Ok(here.fetched(source, true)),
                Err(Trouble::Cancelled) => return Err(Error::Cancelled),
                Err(Trouble::Disk(error)) => return Err(error),
                Err(Trouble::Source(why)) => {
                    self.context.watch.event(Event::Failed { source: &name, why: &why });
                    tried.push((name, why));
                }
            }
        }
        let by_hand = recipe.sources.iter().map(|source| by_hand(recipe, source)).find(|list| !list.is_empty());
        Err(Error::NothingAnswered { title: recipe.title.clone(), folder, tried, by_hand: by_hand.unwrap_or_default() })
    }

    /// One process fills a folder at a time. The lock goes with the handle, also when a process is killed.
    fn lock(&self, folder: &Path) -> Result<Option<fs::File>> {
        let path = folder.join(".lock");
        let file = fs::File::create(&path).map_err(|error| Error::disk("writing", &path, error))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                // A file system without locks: digests still guard every file.
                Err(fs::TryLockError::Error(_)) => return Ok(None),
                Err(fs::TryLockError::WouldBlock) => {
                    if self.context.watch.cancelled() {
                        return Err(Error::Cancelled);
                    }
                    if !told {
                        told = true;
                        self.context.watch.event(Event::Waiting { folder });
                    }
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }
}

/// The folder of one recipe with what is known about the files in it.
struct Shelf<'a> {
    context: Context<'a>,
    recipe: &'a Recipe,
    folder: PathBuf,
    verified: Verified,
    first_use: FirstUse,
}

impl<'a> Shelf<'a> {
    fn open(fetch: &Fetch<'a>, recipe: &'a Recipe, folder: PathBuf) -> Result<Self> {
        Ok(Shelf {
            context: fetch.context,
            recipe,
            verified: Verified::of(&folder),
            first_use: FirstUse::of(fetch.home.root())?,
            folder,
        })
    }

    fn fetched(&self, source: &Source, downloaded: bool) -> Fetched {
        Fetched {
            folder: self.folder.clone(),
            source: source.from.to_string(),
            import: self.recipe.import_of(source).cloned(),
            downloaded,
        }
    }

    /// Whether all files of a source are here.
    fn complete(&mut self, source: &Source) -> Result<bool, Trouble> {
        for file in self.recipe.files_of(source) {
            if !self.has(source, file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a file is here and is what it should be.
    fn has(&mut self, source: &Source, file: &File) -> Result<bool, Trouble> {
        let path = self.folder.join(&file.path);
        if !path.is_file() {
            return Ok(false);
        }
        let stamp = self.verified.stamp(&file.path).copied();
        let archive = archive_digest(source);
        let built_in = match source.from {
            Place::Bundled {} => recipes::bundled(&self.recipe.name, file.at_source()).map(Digest::of),
            _ => None,
        };
        let expected = self.expected(file).or(built_in).or_else(|| {
            // A member without a digest of its own is known only through the archive it came out of.
            stamp.filter(|stamp| archive.is_some() && stamp.archive == archive).map(|stamp| stamp.sha256)
        });
        let Some(expected) = expected else { return Ok(false) };
        if let Some(stamp) = stamp.filter(|stamp| stamp.fits(&path)) {
            return Ok(stamp.sha256 == expected);
        }
        let found = self.digest(&path)?;
        if found == expected {
            // Saves hashing the next time. A home that may only be read from works too, just slower.
            let _ = self.verified.remember(&self.folder, &file.path, found, stamp.and_then(|stamp| stamp.archive));
            let _ = self.verified.save(&self.folder);
        }
        Ok(found == expected)
    }

    /// Gets what is missing from one source.
    fn fill(&mut self, source: &Source) -> Result<(), Trouble> {
        let recipe = self.recipe;
        let mut missing = Vec::new();
        for file in recipe.files_of(source) {
            if !self.has(source, file)? {
                let parent = self.folder.join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
                fs::create_dir_all(&parent).map_err(|error| Error::disk("making a folder", &parent, error))?;
                missing.push(file);
            }
        }
        match &source.from {
            Place::Web { .. } | Place::Hub { .. } => {
                for file in missing {
                    let target = self.folder.join(&file.path);
                    let expected = self.expected(file);
                    let url = address(&source.from, file);
                    let found = self.download(&url, &target, &file.path, file.bytes, expected)?;
                    self.record(file, found, None)?;
                }
                Ok(())
            }
            Place::Zip { url, bytes, sha256 } => {
                let archive = self.folder.join(url.rsplit('/').next().unwrap_or("archive.zip"));
                // A person may have put the archive here by hand.
                let by_hand = archive.is_file() && sha256.is_some() && Some(self.digest(&archive)?) == *sha256;
                if !by_hand {
                    let label = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    self.download(url, &archive, &label, *bytes, *sha256)?;
                }
                self.unpack(&archive, "", &missing, *sha256)?;
                if !by_hand {
                    let _ = fs::remove_file(&archive);
                }
                Ok(())
            }
            Place::Bundled {} => {
                for file in missing {
                    let bytes = recipes::bundled(&recipe.name, file.at_source())
                        .ok_or_else(|| Trouble::Source(format!("{} is not built into this program", file.path)))?;
                    let target = self.folder.join(&file.path);
                    let part = beside(&target, "part");
                    fs::write(&part, bytes).map_err(|error| Error::disk("writing a file", &part, error))?;
                    let found = self.accept(&part, &target, Some(Digest::of(bytes)))?;
                    self.record(file, found, None)?;
                }
                Ok(())
            }
            Place::Pip { package, version, folder, bytes } => {
                self.sweep();
                let temporary = tempfile::Builder::new()
                    .prefix(PIP_FOLDER)
                    .tempdir_in(&self.folder)
                    .map_err(|error| Error::disk("making a folder", &self.folder, error))?;
                let wheel = pip::download(&self.context, package, version, *bytes, temporary.path())?;
                self.unpack(&wheel, folder, &missing, None)
            }
        }
    }

    /// Removes what a killed process left of pip's; we hold the lock, so nobody uses it.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(PIP_FOLDER) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// One whole file over HTTP, under its own name and with the digest it should have.
    fn download(
        &self,
        url: &str,
        target: &Path,
        label: &str,
        bytes: Option<u64>,
        expected: Option<Digest>,
    ) -> Result<Digest, Trouble> {
        let resumed = beside(target, "part").exists();
        let part = http::download(&self.context, url, target, label, bytes)?;
        match self.accept(&part, target, expected) {
            // An old part may be to blame, not the source: once more from the start.
            Err(Trouble::Source(_)) if resumed => {
                let part = http::download(&self.context, url, target, label, bytes)?;
                self.accept(&part, target, expected)
            }
            accepted => accepted,
        }
    }

    /// Files out of an archive with the digest `archive`. Their names inside start with `folder`.
    fn unpack(&mut self, path: &Path, folder: &str, files: &[&File], archive: Option<Digest>) -> Result<(), Trouble> {
        for file in files {
            let target = self.folder.join(&file.path);
            archive::extract(&self.context, path, &format!("{folder}{}", file.at_source()), &target, &file.path)?;
            let found = self.accept(&beside(&target, "part"), &target, self.expected(file))?;
            self.record(file, found, archive)?;
        }
        Ok(())
    }

    /// The digest a file must have, where one is known.
    fn expected(&self, file: &File) -> Option<Digest> {
        file.sha256.or_else(|| file.trust.and_then(|_| self.first_use.digest(&self.recipe.name, &file.path)))
    }

    /// Remembers a file that was accepted.
    fn record(&mut self, file: &File, found: Digest, archive: Option<Digest>) -> Result<(), Trouble> {
        if file.trust.is_some() && self.expected(file).is_none() {
            self.first_use.remember(&self.recipe.name, &file.path, found)?;
            self.context.watch.event(Event::FirstUse { file: &file.path, sha256: &found.to_string() });
        }
        self.verified
            .remember(&self.folder, &file.path, found, archive)
            .map_err(|error| Error::disk("reading", &self.folder.join(&file.path), error))?;
        self.verified.save(&self.folder)?;
        self.context.watch.event(Event::Verified { file: &file.path });
        Ok(())
    }

    /// Renames a part to its name if it has the digest it should have; else it is deleted.
    fn accept(&self, part: &Path, target: &Path, expected: Option<Digest>) -> Result<Digest, Trouble> {
        let found = self.digest(part)?;
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            let _ = fs::remove_file(part);
            return Err(Trouble::Source(format!(
                "its {} is not the file expected (SHA-256 {}…, not {}…): the publisher has replaced it, or it was \
                 changed on the way; it was thrown away",
                target.file_name().unwrap_or_default().display(),
                found.short(),
                expected.short()
            )));
        }
        fs::rename(part, target).map_err(|error| Error::disk("renaming a download", target, error))?;
        Ok(found)
    }

    fn digest(&self, path: &Path) -> Result<Digest, Trouble> {
        let watch = self.context.watch;
        let go_on = || if watch.cancelled() { Err(io::Error::from(io::ErrorKind::Interrupted)) } else { Ok(()) };
        Digest::of_file(path, go_on).map_err(|error| {
            if watch.cancelled() { Trouble::Cancelled } else { Trouble::Disk(Error::disk("reading", path, error)) }
        })
    }
}

fn archive_digest(source: &Source) -> Option<Digest> {
    match source.from {
        Place::Zip { sha256, .. } => sha256,
        _ => None,
    }
}

fn address(place: &Place, file: &File) -> String {
    match place {
        Place::Web { base } => format!("{base}{}", file.at_source()),
        Place::Hub { repo, revision } => {
            format!("{}/{repo}/resolve/{revision}/{}", http::hub_endpoint(), file.at_source())
        }
        Place::Zip { url, .. } => url.clone(),
        Place::Pip { .. } | Place::Bundled {} => file.path.clone(),
    }
}

/// What a person could download in a browser, and under which name to keep it.
fn by_hand(recipe: &Recipe, source: &Source) -> Vec<String> {
    match &source.from {
        Place::Zip { url, .. } => vec![url.clone()],
        Place::Pip { .. } | Place::Bundled {} => Vec::new(),
        place => recipe
            .files_of(source)
            .iter()
            .map(|file| {
                let address = address(place, file);
                if file.path.contains('/') { format!("{address} (as {})", file.path) } else { address }
            })
            .collect(),
    }
}
