//! Files are read and written only where the person chose: in a dialog, or by dropping them on the window.
//!
//! The page asks by path. [`FIELDS`] says which fields of which requests are paths; a request with a path that was not
//! chosen is refused before it reaches the engine. A test holds the table against the sources of the requests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use semid_api::{ApiError, Code};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::Use::{Model, Read, Write};

/// A field that names a file or a folder.
struct Field {
    command: &'static str,
    /// Where it is in the request; every entry of a list on the way is meant.
    at: &'static str,
    used_to: Use,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Use {
    Read,
    Write,
    /// A name among the models, or a folder to read.
    Model,
}

const fn field(command: &'static str, at: &'static str, used_to: Use) -> Field {
    Field { command, at, used_to }
}

/// Every field of every request that is a path.
const FIELDS: &[Field] = &[
    field("preview_file", "path", Read),
    field("recognise_files", "paths", Read),
    field("preview_texts", "import.items", Read),
    field("preview_texts", "import.interactions", Read),
    field("check_import", "import.items", Read),
    field("check_import", "import.interactions", Read),
    field("import", "items", Read),
    field("import", "interactions", Read),
    field("embed", "texts", Read),
    field("embed", "output", Write),
    field("embed", "model", Model),
    field("fields", "settings.ids.file", Read),
    field("fields", "settings.recommenders.files", Read),
    field("fields", "settings.text.encoder", Model),
    field("check", "settings.ids.file", Read),
    field("check", "settings.recommenders.files", Read),
    field("check", "settings.text.encoder", Model),
    field("estimate", "settings.ids.file", Read),
    field("estimate", "settings.recommenders.files", Read),
    field("estimate", "settings.text.encoder", Model),
    field("start_run", "settings.ids.file", Read),
    field("start_run", "settings.recommenders.files", Read),
    field("start_run", "settings.text.encoder", Model),
    field("start_run", "output", Write),
    field("save", "output", Write),
    field("open_bundle", "path", Read),
    field("export", "output", Write),
    field("eval", "run", Read),
    field("eval", "qrels", Read),
    field("eval", "per_user", Write),
    field("ids", "settings.ids.file", Read),
    field("ids", "settings.recommenders.files", Read),
    field("ids", "settings.text.encoder", Model),
    field("ids", "output", Write),
    field("bridge_export", "settings.ids.file", Read),
    field("bridge_export", "settings.recommenders.files", Read),
    field("bridge_export", "settings.text.encoder", Model),
    field("bridge_export", "output", Write),
    field("look_at_lists", "settings.ids.file", Read),
    field("look_at_lists", "settings.recommenders.files", Read),
    field("look_at_lists", "settings.text.encoder", Model),
    field("look_at_lists", "file", Read),
    field("export_adapters", "output", Write),
    field("study_check", "texts", Read),
    field("study_save", "texts", Read),
    field("study_sessions", "output", Write),
    field("study_export_session", "output", Write),
    field("study_import_answers", "path", Read),
    field("study_export", "output", Write),
    field("set_preferences", "data_folder", Write),
    field("set_preferences", "model_folders", Read),
];

/// What the program that the system has for it shows, and what can do nothing.
const SHOWN: [&str; 8] = ["html", "svg", "png", "csv", "md", "tex", "json", "txt"];

/// The files and folders the person chose, as the file system calls them.
#[derive(Debug, Default)]
pub struct Chosen {
    to_read: Kept,
    targets: BTreeSet<PathBuf>,
    kept_in: Option<PathBuf>,
}

/// What is remembered beyond the end of the window: an experiment may be run again tomorrow on the same files, and a
/// folder of models stays one. Where to write is asked every time.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Chosen {
    /// Remembers what is chosen in a file, and what that file holds from earlier.
    pub fn remember_in(&mut self, file: PathBuf) {
        let earlier = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        let Kept { files, folders } = earlier.unwrap_or_default();
        self.to_read.files.extend(files);
        self.to_read.folders.extend(folders);
        self.kept_in = Some(file);
    }

    /// Files to read.
    pub fn files(&mut self, paths: &[PathBuf]) {
        self.to_read.files.extend(paths.iter().filter_map(|path| real(path)));
        self.keep();
    }

    /// A folder to read from and to write to, all that is below it included.
    pub fn folder(&mut self, path: &Path) {
        self.to_read.folders.extend(real(path));
        self.keep();
    }

    /// A file to write.
    pub fn target(&mut self, path: &Path) {
        self.targets.extend(real(path));
    }

    /// What was dropped on the window: files to read, folders to read and write.
    pub fn dropped(&mut self, paths: &[PathBuf]) {
        for path in paths {
            match path.is_dir() {
                true => self.folder(path),
                false => self.files(std::slice::from_ref(path)),
            }
        }
    }

    /// Refuses a request that names a file which nobody chose.
    pub fn check(&self, command: &str, payload: &Value) -> Result<(), ApiError> {
        for field in FIELDS.iter().filter(|field| field.command == command) {
            let mut named = Vec::new();
            texts_at(payload, field.at, &mut named);
            for text in named {
                let path = Path::new(text);
                let fine = match field.used_to {
                    Read => self.may_read(path),
                    Write => self.may_write(path),
                    Model => is_plain_name(text) || self.may_read(path),
                };
                if !fine {
                    return Err(refused(text));
                }
            }
        }
        Ok(())
    }

    /// Refuses to show what Semid did not write: neither below its home nor where the person let it write.
    pub fn check_shown(&self, path: &Path, home: Option<&Path>) -> Result<(), ApiError> {
        let harmless =
            path.is_dir() || path.extension().is_some_and(|ending| SHOWN.iter().any(|shown| ending == *shown));
        let ours = home.and_then(real).zip(real(path)).is_some_and(|(home, path)| path.starts_with(home));
        let beside = path.is_dir()
            && real(path).is_some_and(|folder| self.targets.iter().any(|target| target.parent() == Some(&folder)));
        match harmless && path.exists() && (ours || beside || self.may_write(path)) {
            true => Ok(()),
            false => Err(refused(&path.to_string_lossy())),
        }
    }

    /// Best effort: what cannot be remembered is asked for again.
    fn keep(&self) {
        if let (Some(file), Ok(text)) = (&self.kept_in, serde_json::to_vec(&self.to_read)) {
            let fresh = file.with_extension("new");
            if fs::write(&fresh, text).is_ok() {
                let _ = fs::rename(&fresh, file);
            }
        }
    }

    fn may_read(&self, path: &Path) -> bool {
        real(path).is_some_and(|path| self.to_read.files.contains(&path) || self.below_a_folder(&path))
    }

    fn may_write(&self, path: &Path) -> bool {
        real(path).is_some_and(|path| self.targets.contains(&path) || self.below_a_folder(&path))
    }

    fn below_a_folder(&self, path: &Path) -> bool {
        self.to_read.folders.iter().any(|folder| path.starts_with(folder))
    }
}

/// Where a path leads once links and dots are followed, also where its last part or parts do not exist yet.
fn real(path: &Path) -> Option<PathBuf> {
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    match path.canonicalize() {
        Ok(real) => Some(real),
        // A link that leads nowhere would be written through.
        Err(_) if path.is_symlink() => None,
        Err(_) => Some(real(path.parent()?)?.join(path.file_name()?)),
    }
}

/// A name, and no way to anywhere.
fn is_plain_name(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !text.contains(['/', '\\'])
}

/// The texts at a place of a request. Lists are walked into wherever they stand.
fn texts_at<'a>(value: &'a Value, at: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| texts_at(entry, at, found)),
        Value::Object(fields) if !at.is_empty() => {
            let (name, rest) = at.split_once('.').unwrap_or((at, ""));
            if let Some(value) = fields.get(name) {
                texts_at(value, rest, found);
            }
        }
        Value::String(text) if at.is_empty() => found.push(text),
        _ => {}
    }
}

fn refused(path: &str) -> ApiError {
    ApiError {
        code: Code::Input,
        message: format!("{path} was not chosen in this window, so Semid does not touch it."),
        hint: "Choose the file or folder again, or drop it on the window.".to_owned(),
        problems: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_is_read_only_if_it_was_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.csv"), folder.path().join("other.csv"));
        fs::write(&one, "").unwrap();
        fs::write(&other, "").unwrap();
        let mut chosen = Chosen::default();
        let request = |path: &Path| json!({ "name": "shop", "items": null, "interactions": path });
        assert!(chosen.check("import", &request(&one)).is_err(), "nothing was chosen yet");
        chosen.files(std::slice::from_ref(&one));
        assert_eq!(chosen.check("import", &request(&one)), Ok(()), "the person chose it");
        let refused = chosen.check("import", &request(&other)).unwrap_err();
        assert!(refused.message.contains("other.csv"), "it says which: {refused:?}");
        let write = json!({ "settings": {}, "output": one });
        assert!(chosen.check("start_run", &write).is_err(), "to be read is not to be written");
    }

    #[test]
    fn a_chosen_folder_is_open_below_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("reports");
        fs::create_dir(&inside).unwrap();
        let mut chosen = Chosen::default();
        chosen.dropped(std::slice::from_ref(&inside));
        let check = |path: PathBuf| chosen.check("export", &json!({ "output": path }));
        assert_eq!(check(inside.clone()), Ok(()), "the folder itself");
        assert_eq!(check(inside.join("new/deep")), Ok(()), "folders that do not exist yet");
        assert!(check(folder.path().to_owned()).is_err(), "the folder above");
        assert!(check(inside.join("../elsewhere")).is_err(), "a way out by dots");
        assert!(check(folder.path().join("reports-2")).is_err(), "a name that only begins alike");
        assert!(check(PathBuf::from("reports")).is_err(), "a relative path means another place in every process");
    }

    #[test]
    fn files_and_folders_chosen_earlier_are_known_again_and_places_to_write_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, target) = (folder.path().join("one.csv"), folder.path().join("chart.svg"));
        fs::write(&file, "").unwrap();
        let mut yesterday = Chosen::default();
        yesterday.remember_in(folder.path().join("chosen.json"));
        yesterday.files(std::slice::from_ref(&file));
        yesterday.target(&target);
        let mut today = Chosen::default();
        today.remember_in(folder.path().join("chosen.json"));
        assert_eq!(today.check("preview_file", &json!({ "path": file })), Ok(()), "chosen yesterday");
        assert!(today.check("save", &json!({ "output": target })).is_err(), "to be asked for again");
        fs::write(folder.path().join("chosen.json"), "{").unwrap();
        Chosen::default().remember_in(folder.path().join("chosen.json"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_before_anything_is_compared() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        fs::write(folder.path().join("secret"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), inside.join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("new"), inside.join("dangling")).unwrap();
        let mut chosen = Chosen::default();
        chosen.folder(&inside);
        for link in ["link", "dangling"] {
            let request = json!({ "output": inside.join(link) });
            assert!(chosen.check("export", &request).is_err(), "{link} leads out of the folder");
        }
    }

    #[test]
    fn paths_inside_settings_and_models_by_path_are_seen() {
        let chosen = Chosen::default();
        let with = |settings: Value| chosen.check("start_run", &json!({ "settings": settings, "output": null }));
        assert_eq!(with(json!({ "text": { "encoder": "all-MiniLM-L6-v2" } })), Ok(()), "a name is no path");
        for encoder in ["/etc", "..", "models/mine", "."] {
            assert!(with(json!({ "text": { "encoder": encoder } })).is_err(), "{encoder} was not chosen");
        }
        let ids = json!([{ "scheme": "hash" }, { "scheme": "imported", "file": "/etc/passwd" }]);
        assert!(with(json!({ "ids": ids })).is_err(), "the second scheme reads a file");
    }

    #[test]
    fn only_what_semid_wrote_is_shown_and_nothing_that_could_run() {
        let folder = tempfile::tempdir().unwrap();
        let (home, elsewhere) = (folder.path().join("home"), folder.path().join("elsewhere"));
        for path in [&home, &elsewhere] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("report.html"), "").unwrap();
            fs::write(path.join("program.desktop"), "").unwrap();
        }
        let mut chosen = Chosen::default();
        chosen.target(&folder.path().join("saved/chart.svg"));
        let shown = |chosen: &Chosen, path: PathBuf| chosen.check_shown(&path, Some(&home)).is_ok();
        assert!(shown(&chosen, home.join("report.html")), "Semid's own");
        assert!(!shown(&chosen, home.join("program.desktop")), "it could run");
        assert!(!shown(&chosen, home.join("missing.html")), "it is not there");
        assert!(!shown(&chosen, elsewhere.join("report.html")), "not ours");
        chosen.target(&elsewhere.join("report.html"));
        assert!(shown(&chosen, elsewhere.join("report.html")), "written where the person chose");
        assert!(shown(&chosen, elsewhere.clone()), "the folder it lies in");
    }

    /// A path that is added to a request without a line in the table must not go unseen. What is a path is read in the
    /// Rust sources, how requests are put together in the types that are written from them.
    #[test]
    fn every_path_in_every_request_stands_in_the_table() {
        let mut paths: Vec<(String, String)> = Vec::new();
        for place in ["semid-api/src", "semid-engine/src", "semid-core/src", "semid-import/src"] {
            let mut sources = Vec::new();
            rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(place), &mut sources);
            paths.extend(sources.iter().flat_map(|source| path_fields(&fs::read_to_string(source).unwrap())));
        }
        // Paths that are typed as text because they may also be names.
        for (owner, name) in [("TextSettings", "encoder"), ("EmbedRequest", "model")] {
            paths.push((owner.to_owned(), name.to_owned()));
        }
        let types = semid_api::typescript();
        let mut needed = Vec::new();
        for line in types.split("export interface Commands {").nth(1).unwrap().lines() {
            if let Some((command, rest)) = line.trim().split_once(": { request: ") {
                let request = rest.split(';').next().unwrap();
                walk(&types, request, "", &paths, &mut |at| needed.push((command.to_owned(), at)));
            }
        }
        assert!(needed.len() >= 20, "the sources were read: {needed:?}");
        for (command, at) in &needed {
            let known = FIELDS.iter().any(|field| field.command == command && field.at == at);
            assert!(known, "{at} of {command} is a path: say in FIELDS what it is used for");
        }
        for field in FIELDS {
            let there = needed.iter().any(|(command, at)| field.command == command && field.at == at);
            assert!(there, "{} has no path {}", field.command, field.at);
        }
    }

    /// Every field below a type that is a path.
    fn walk(types: &str, owner: &str, at: &str, paths: &[(String, String)], found: &mut dyn FnMut(String)) {
        let Some(rest) = types.split(&format!("export type {owner} = ")).nth(1) else { return };
        // A declaration ends where the next documented one begins.
        for line in rest.split("\n\n").next().unwrap().lines() {
            let Some((name, kind)) = line.trim().trim_start_matches("export ").split_once(": ") else { continue };
            let name = name.trim_end_matches('?');
            let at = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            if paths.iter().any(|(known, field)| known == owner && field == name) {
                found(at);
                continue;
            }
            for part in kind.split(|c: char| !c.is_alphanumeric()).filter(|part| *part != owner && !part.is_empty()) {
                walk(types, part, &at, paths, found);
            }
        }
    }

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => rust_files(&path, found),
                path if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
                _ => {}
            }
        }
    }

    /// `(type, field)` of every field of a type at the left margin that holds a path.
    fn path_fields(source: &str) -> Vec<(String, String)> {
        let mut owner = String::new();
        let mut fields = Vec::new();
        for line in source.lines() {
            if let Some(rest) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")) {
                owner = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            } else if line.starts_with('}') {
                owner.clear();
            } else if let Some((name, kind)) = line.trim().trim_start_matches("pub ").split_once(": ")
                && !owner.is_empty()
                && kind.contains("PathBuf")
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            {
                fields.push((owner.clone(), name.to_owned()));
            }
        }
        fields
    }
}
