//! Fetching against a server, a pip and a disk that misbehave. Nothing here leaves this machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod disk;
mod over_http;
mod recipes;
mod server;
mod through_pip;

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use crate::{Digest, Event, Fetch, Fetched, Home, Patience, Recipe, Result, Watch};

/// A home of its own that goes away with the test.
struct Place {
    root: tempfile::TempDir,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"));
        Place { root, home }
    }

    fn get(&self, recipe: &Recipe) -> Result<Fetched> {
        self.get_watched(recipe, &Log::default())
    }

    fn get_watched(&self, recipe: &Recipe, log: &Log) -> Result<Fetched> {
        let patience = Patience { connect: Duration::from_secs(5), silence: Duration::from_millis(400) };
        Fetch::new(&self.home, log).with_patience(patience).get(recipe)
    }

    fn present(&self, recipe: &Recipe) -> Option<Fetched> {
        Fetch::new(&self.home, &Log::default()).present(recipe).unwrap()
    }

    fn read(&self, recipe: &Recipe, path: &str) -> Vec<u8> {
        std::fs::read(self.home.data(&recipe.name).join(path)).unwrap()
    }

    fn path(&self) -> &Path {
        self.root.path()
    }
}

/// Keeps what a person would have read, and cancels after so many bytes.
#[derive(Default)]
struct Log {
    lines: RefCell<Vec<String>>,
    first_bytes: Cell<Option<u64>>,
    cancel_after: Option<u64>,
    cancelled: Cell<bool>,
}

impl Log {
    fn text(&self) -> String {
        self.lines.borrow().join("\n")
    }
}

impl Watch for Log {
    fn event(&self, event: Event<'_>) {
        if let Event::Bytes { done, .. } = event {
            self.first_bytes.set(self.first_bytes.get().or(Some(done)));
            if self.cancel_after.is_some_and(|after| done >= after) {
                self.cancelled.set(true);
            }
            return;
        }
        self.lines.borrow_mut().push(format!("{event:?}"));
    }

    fn cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

/// A recipe with one file from each of these places, tried in order.
fn recipe(sources: &[String], bytes: &[u8]) -> Recipe {
    let sources: String = sources.iter().map(|base| source(base)).collect();
    let text = format!(
        "{HEAD}files = [{{ path = \"file.csv\", bytes = {}, sha256 = \"{}\" }}]\n{sources}\n{IMPORT}",
        bytes.len(),
        Digest::of(bytes)
    );
    Recipe::parse("test", &text).unwrap()
}

fn source(base: &str) -> String {
    format!("[[sources]]\nfrom.web = {{ base = \"{base}\" }}\n")
}

const HEAD: &str = "name = \"test\"\ntitle = \"Test data\"\nkind = \"dataset\"\nlicence = \"none\"\n";
const IMPORT: &str = "[import]\nformat = \"csv\"\nitems = \"file.csv\"\ninteractions = \"file.csv\"\n";

/// Bytes that look like nothing in particular and are the same every time.
fn bytes(len: usize) -> Vec<u8> {
    (0..len as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}
