//! What was wrong with the rows of an import: the first of each kind in full, all of them counted.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::{Result, Store};

/// Problems of one kind kept in full; the rest is counted.
pub(crate) const KEPT_PER_KIND: u64 = 1_000;

/// Characters of the offending row that are kept.
const SNIPPET_CHARS: usize = 200;

/// One row that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "ImportProblem")]
pub struct Problem {
    /// The file it is in.
    pub file: String,
    /// Line, counted from 1; none where the format has no lines.
    pub line: Option<u64>,
    /// Short and the same for all alike: "duplicate item", "bad rating".
    pub kind: String,
    /// Why, in a sentence.
    pub reason: String,
    /// The beginning of the row.
    pub snippet: String,
}

/// How many rows had one kind of problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ProblemCount {
    /// The kind.
    pub kind: String,
    /// Rows.
    pub rows: u64,
}

impl Store {
    /// The kept problems of a data set in the order they were met, at most `limit`.
    pub fn problems(&self, dataset: i64, limit: usize) -> Result<Vec<Problem>> {
        Ok(self.problem_page(dataset, "", 0, limit as u64)?.1)
    }

    /// How many kept problems have `word` in their kind, reason or snippet, and a page of them in the order they were
    /// met; an empty word is in all.
    pub fn problem_page(&self, dataset: i64, word: &str, offset: u64, limit: u64) -> Result<(u64, Vec<Problem>)> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.read("reading the import's problems", |connection| {
            let holds = "dataset = ?1 AND (?2 = '' OR instr(lower(kind || ' ' || reason || ' ' || snippet), ?2) > 0)";
            let word = word.to_ascii_lowercase();
            let kept: i64 = connection
                .prepare_cached(&format!("SELECT count(*) FROM import_problem WHERE {holds}"))?
                .query_row((dataset, &word), |row| row.get(0))?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT file, line, kind, reason, snippet FROM import_problem WHERE {holds} \
                 ORDER BY idx LIMIT ?4 OFFSET ?3"
            ))?;
            let rows = statement.query_map((dataset, &word, number(offset), number(limit)), |row| {
                Ok(Problem {
                    file: row.get(0)?,
                    line: row.get::<_, Option<i64>>(1)?.map(|line| line as u64),
                    kind: row.get(2)?,
                    reason: row.get(3)?,
                    snippet: row.get(4)?,
                })
            })?;
            Ok((kept as u64, rows.collect::<rusqlite::Result<_>>()?))
        })
    }

    /// How many rows had which problem, most frequent first.
    pub fn problem_counts(&self, dataset: i64) -> Result<Vec<ProblemCount>> {
        self.read("reading the import's problems", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, rows FROM import_problem_count WHERE dataset = ?1 ORDER BY rows DESC, kind",
            )?;
            let rows = statement.query_map([dataset], |row| {
                Ok(ProblemCount { kind: row.get(0)?, rows: row.get::<_, i64>(1)? as u64 })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Keeps one problem in full.
pub(crate) fn insert(connection: &Connection, dataset: i64, idx: u64, problem: &Problem) -> Result<()> {
    let snippet: String = problem.snippet.chars().take(SNIPPET_CHARS).collect();
    connection
        .prepare_cached(
            "INSERT INTO import_problem (dataset, idx, file, line, kind, reason, snippet) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            dataset,
            idx as i64,
            &problem.file,
            problem.line.map(|line| line as i64),
            &problem.kind,
            &problem.reason,
            snippet,
        ))?;
    Ok(())
}

/// Writes the count of one kind.
pub(crate) fn insert_count(connection: &Connection, dataset: i64, kind: &str, rows: u64) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO import_problem_count (dataset, kind, rows) VALUES (?1, ?2, ?3)")?
        .execute((dataset, kind, rows as i64))?;
    Ok(())
}
