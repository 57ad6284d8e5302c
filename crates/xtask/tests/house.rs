//! The rules of the house that a machine can check: who may use whom, where SQL stands, what no file may hold.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which rooms a room may use. A new room starts with a line here.
const ARROWS: [(&str, &[&str]); 16] = [
    ("semid-core", &[]),
    ("semid-models", &["semid-core"]),
    ("semid-store", &["semid-core"]),
    ("semid-charts", &["semid-core"]),
    ("semid-llm", &["semid-core"]),
    ("semid-import", &["semid-core"]),
    ("semid-bridge", &["semid-core"]),
    ("semid-fetch", &[]),
    ("semid-report", &["semid-core", "semid-charts"]),
    (
        "semid-engine",
        &[
            "semid-core",
            "semid-models",
            "semid-store",
            "semid-charts",
            "semid-llm",
            "semid-import",
            "semid-bridge",
            "semid-fetch",
            "semid-report",
        ],
    ),
    ("semid-api", &["semid-core", "semid-engine"]),
    ("semid-cli", &["semid-core", "semid-report", "semid-api"]),
    ("semid-desktop", &["semid-api"]),
    ("semid-window-tests", &[]),
    ("semid-bench", &[]),
    ("xtask", &["semid-fetch"]),
];

/// Libraries that stay inside one room, by how their names begin.
const INSIDE: [(&str, &[&str]); 8] = [
    ("candle", &["semid-models"]),
    ("rusqlite", &["semid-store"]),
    ("plotters", &["semid-charts"]),
    ("ureq", &["semid-fetch"]),
    ("async-openai", &["semid-llm"]),
    ("keyring", &["semid-llm"]),
    ("clap", &["semid-cli"]),
    ("tauri", &["semid-desktop"]),
];

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let plan = BTreeMap::from(ARROWS);
    for (room, uses) in rooms() {
        let allowed = plan.get(room.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{room} is a new room: say in ARROWS which rooms it may use"));
        for used in uses.iter().filter(|used| plan.contains_key(used.as_str())) {
            assert!(allowed.contains(&used.as_str()), "{room} uses {used}, which the plan of the house does not allow");
        }
    }
}

#[test]
fn libraries_with_a_room_of_their_own_stay_inside_it() {
    for (room, uses) in rooms() {
        for used in uses {
            for (library, home) in INSIDE {
                let stays = !used.starts_with(library) || home.contains(&room.as_str());
                assert!(stays, "{room} uses {used}, which belongs inside {home:?} only");
            }
        }
    }
}

#[test]
fn sql_stands_in_the_store_only() {
    let statements = ["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "ALTER TABLE", "PRAGMA "];
    for (path, text) in source_files() {
        if path.starts_with("crates/semid-store") || path == Path::new("crates/xtask/tests/house.rs") {
            continue;
        }
        for statement in statements {
            assert!(!text.contains(statement), "{} holds “{statement}”: SQL belongs in semid-store", path.display());
        }
    }
}

#[test]
fn the_core_touches_no_file_process_or_network() {
    for (path, text) in source_files().into_iter().filter(|(path, _)| path.starts_with("crates/semid-core/src")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for module in ["std::fs", "std::net", "std::process", "std::env"] {
            assert!(!code.contains(module), "{} uses {module}: semid-core does no I/O", path.display());
        }
    }
}

#[test]
fn every_source_file_opens_by_saying_what_it_is_for() {
    for (path, text) in source_files() {
        assert!(text.starts_with("//! "), "{} starts without a line of //!", path.display());
    }
}

#[test]
fn every_dependency_stands_once_with_its_reason_and_is_no_preview() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).and_then(|rest| rest.split("\n[").next());
    let third_party = section.unwrap().lines().filter(|line| line.contains(" = ") && !line.contains("path = "));
    for line in third_party {
        assert!(line.contains(" # "), "say after # why it is needed: {line}");
        let version = line.split('"').nth(1).unwrap_or_default();
        assert!(!version.contains('-'), "a preview is not built upon: {line}");
    }
    for manifest in files().into_iter().filter(|path| path.ends_with("Cargo.toml") && path.components().count() > 1) {
        let text = fs::read_to_string(root().join(&manifest)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{} keeps the lints of the house", manifest.display());
        let table: toml::Table = text.parse().unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, entry) in table.get(section).and_then(|entries| entries.as_table()).into_iter().flatten() {
                let shared = entry.get("workspace").and_then(|value| value.as_bool()) == Some(true);
                let own = entry.get("path").is_some();
                assert!(shared || own, "{name} in {} takes its version from the workspace", manifest.display());
            }
        }
    }
}

#[test]
fn no_file_names_a_package_registry_or_a_path_of_one_machine() {
    // In two pieces, so that this file may stand in the tree itself.
    let never = [
        ("pypi", ".org"),
        ("files.python", "hosted"),
        ("registry.npm", "js"),
        ("index.crates", ".io"),
        ("static.crates", ".io"),
        ("proxy.golang", ".org"),
        ("deb.debian", ".org"),
        ("archive.ubuntu", ".com"),
        ("/work/", "main"),
        ("/work/", "wt"),
        ("/work/", "shared"),
        ("../", "shared/"),
        ("/ro", "ot/"),
        ("/opt/", "peers"),
        ("/tmp/", "models"),
    ]
    .map(|(one, two)| format!("{one}{two}"));
    for (path, text) in texts() {
        for word in &never {
            assert!(
                !text.contains(word.as_str()),
                "{} holds “{word}”, which is no part of the project",
                path.display()
            );
        }
    }
}

#[test]
fn text_files_end_with_one_newline_and_hold_no_stray_white_space() {
    for (path, text) in texts() {
        let name = path.display();
        if text.is_empty() {
            continue;
        }
        assert!(!text.contains('\r'), "{name} has line ends of another system");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name} ends with exactly one newline");
        let code =
            ["rs", "toml", "sql", "sh", "py"].iter().any(|ending| path.extension().is_some_and(|it| it == *ending));
        for (number, line) in text.lines().enumerate().filter(|_| code) {
            assert!(line.trim_end() == line, "{name}:{} ends with blanks", number + 1);
        }
    }
}

#[test]
fn every_recipe_file_is_built_in() {
    let known: Vec<String> = semid_fetch::datasets().unwrap().into_iter().map(|recipe| recipe.name).collect();
    for path in files().into_iter().filter(|path| path.starts_with("datasets") && path.components().count() == 2) {
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(known.contains(&name), "{} is a recipe that no program has", path.display());
        }
    }
}

/// The rooms and what they are built from, tests aside.
fn rooms() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter();
            (name(package), uses.filter(|used| used["kind"] != "dev").map(name).collect())
        })
        .collect()
}

fn source_files() -> Vec<(PathBuf, String)> {
    texts().into_iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// Every file of the project that is text and written by a person.
fn texts() -> Vec<(PathBuf, String)> {
    const WRITTEN: [&str; 16] = [
        "rs", "toml", "md", "sql", "sh", "py", "html", "css", "js", "ts", "svelte", "json", "csv", "tsv", "jsonl",
        "yml",
    ];
    let written = |path: &PathBuf| match path.extension() {
        Some(ending) => WRITTEN.iter().any(|known| ending == *known),
        None => true,
    };
    files()
        .into_iter()
        .filter(|path| written(path) && !path.components().any(|part| part.as_os_str() == "fixtures"))
        .filter_map(|path| fs::read_to_string(root().join(&path)).ok().map(|text| (path, text)))
        .collect()
}

/// Every file of the tree, by path below its root; what builds and tools leave behind aside.
fn files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap_or_default());
            let hidden = name.starts_with('.') && ![".ci", ".cargo", ".gitignore"].contains(&name.as_str());
            if hidden
                || ["target", "node_modules", "reports", "dist", "__pycache__", "gen", "autogenerated"]
                    .contains(&name.as_str())
            {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                walk(&path, found);
            } else {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    assert!(found.len() > 50, "the tree was found");
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
