//! A sink that keeps everything, and short ways to import.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::path::{Path, PathBuf};

use semid_core::{Catalog, Item, Result, Seed, Work};
use semid_import::{ImportPlan, ImportSummary, ImportedItem, InteractionRow, Problem, ProblemKind, Sink, import};

#[derive(Default, Debug)]
pub struct Kept {
    pub catalog: Catalog,
    pub users: Vec<String>,
    pub rows: Vec<InteractionRow>,
    pub problems: Vec<Problem>,
}

impl Sink for Kept {
    fn item(&mut self, item: ImportedItem<'_>) -> Result<()> {
        assert_eq!(item.index as usize, self.catalog.len(), "indices are dense and in order");
        self.catalog.items.push(Item {
            key: item.key.to_owned(),
            title: item.title.to_owned(),
            text: item.text.to_owned(),
            categories: item.categories.to_vec(),
        });
        Ok(())
    }

    fn user(&mut self, index: u32, key: &str) -> Result<()> {
        assert_eq!(index as usize, self.users.len(), "indices are dense and in order");
        self.users.push(key.to_owned());
        Ok(())
    }

    fn interactions(&mut self, rows: &[InteractionRow]) -> Result<()> {
        for row in rows {
            assert!((row.user as usize) < self.users.len(), "a user comes before its first interaction");
            assert!((row.item as usize) < self.catalog.len(), "an item comes before its first interaction");
        }
        self.rows.extend_from_slice(rows);
        Ok(())
    }

    fn problem(&mut self, problem: &Problem) -> Result<()> {
        assert!(problem.snippet.len() <= 200, "snippets are capped");
        self.problems.push(problem.clone());
        Ok(())
    }
}

impl Kept {
    /// `key | title | text | category > category` of every item.
    pub fn items(&self) -> Vec<String> {
        let line =
            |item: &Item| format!("{} | {} | {} | {}", item.key, item.title, item.text, item.categories.join(" > "));
        self.catalog.items.iter().map(line).collect()
    }

    /// `user item rating time` of every interaction, `-` for what is not there.
    pub fn lines(&self) -> Vec<String> {
        let line = |row: &InteractionRow| {
            let rating = row.rating.map_or("-".to_owned(), |rating| rating.to_string());
            let at = row.at.map_or("-".to_owned(), |at| at.to_string());
            format!("{} {} {rating} {at}", self.users[row.user as usize], self.catalog.items[row.item as usize].key)
        };
        self.rows.iter().map(line).collect()
    }

    /// `line:kind` of every problem.
    pub fn troubles(&self) -> Vec<String> {
        self.problems.iter().map(|problem| format!("{}:{}", problem.line, problem.kind.key())).collect()
    }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub fn plan(items: &[&str], interactions: &[&str]) -> ImportPlan {
    let paths = |names: &[&str]| names.iter().map(|name| fixture(name)).collect();
    ImportPlan::new(paths(items), paths(interactions))
}

pub fn run(plan: &ImportPlan) -> (Kept, ImportSummary) {
    try_run(plan).unwrap()
}

pub fn try_run(plan: &ImportPlan) -> Result<(Kept, ImportSummary)> {
    let mut kept = Kept::default();
    let summary = import(&Work::new(Seed(1)), plan, &mut kept)?;
    assert_eq!(summary.items as usize, kept.catalog.len(), "the summary counts what was delivered");
    assert_eq!(summary.users as usize, kept.users.len(), "the summary counts what was delivered");
    assert_eq!(summary.interactions as usize, kept.rows.len(), "the summary counts what was delivered");
    Ok((kept, summary))
}

/// Imports interactions written for the occasion.
pub fn of_bytes(name: &str, bytes: &[u8]) -> Result<(Kept, ImportSummary)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    try_run(&ImportPlan::new(Vec::new(), vec![path]))
}

pub fn count(summary: &ImportSummary, kind: ProblemKind) -> u64 {
    summary.problems.iter().find(|(other, _)| *other == kind).map_or(0, |(_, count)| *count)
}
