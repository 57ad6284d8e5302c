//! Judges the lists of any system by the same ruler: a TREC run against TREC qrels.

use std::io::Write;
use std::path::Path;

use semid_core::metrics::Metric;
use semid_core::trec::{self, Qrels, Run, Ties};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, files};

/// Bytes of the longest line that is taken for one of a TREC file.
const LONGEST_LINE: usize = 1_000_000;

/// What `semid eval` prints: a contract for scripts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct JudgedLists {
    /// Means over the users, in the order asked for.
    pub metrics: Vec<NamedValue>,
    /// Users judged: all with at least one relevant item.
    pub users: u64,
    /// Those of them for whom the run has no list; each counts 0.
    pub users_without_list: u64,
    /// Users of the qrels left out because nothing is relevant for them.
    pub users_without_relevant_item: u64,
}

/// A metric's mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct NamedValue {
    /// `ndcg@10`, as asked for.
    pub name: String,
    /// The mean over users.
    pub value: f64,
}

/// Reads both files, judges, and writes every user's values as CSV where asked to.
pub fn evaluate_lists(run: &Path, qrels: &Path, metrics: &[String], per_user: Option<&Path>) -> Result<JudgedLists> {
    let parsed: Vec<Metric> = metrics.iter().map(|metric| metric.parse()).collect::<Result<_, _>>()?;
    let (run_bytes, qrels_bytes) =
        rayon::join(|| files::read_lines(run, LONGEST_LINE), || files::read_lines(qrels, LONGEST_LINE));
    let (run_bytes, qrels_bytes) = (run_bytes?, qrels_bytes?);
    let in_file = |path: &Path, error: semid_core::Error| Error::input(format!("{}: {error}", path.display()));
    let (lists, relevance) = rayon::join(|| Run::parse(&run_bytes), || Qrels::parse(&qrels_bytes));
    let lists = lists.map_err(|error| in_file(run, error))?;
    let relevance = relevance.map_err(|error| in_file(qrels, error))?;
    // Other systems' lists are judged as trec_eval does, ties included, so that the numbers agree with theirs.
    let judged = trec::evaluate(&lists, &relevance, &parsed, Ties::TrecEval)?;
    if let Some(path) = per_user {
        files::write_atomically(path, |file| {
            write!(file, "user")?;
            metrics.iter().try_for_each(|metric| write!(file, ",{metric}"))?;
            writeln!(file)?;
            for (user, values) in judged.rows() {
                write!(file, "{}", files::csv_field(user))?;
                values.iter().try_for_each(|value| write!(file, ",{value}"))?;
                writeln!(file)?;
            }
            Ok(())
        })?;
    }
    let metrics = metrics.iter().zip(judged.means()).map(|(name, value)| NamedValue { name: name.clone(), value });
    Ok(JudgedLists {
        metrics: metrics.collect(),
        users: judged.users.len() as u64,
        users_without_list: judged.users_without_list() as u64,
        users_without_relevant_item: judged.users_without_target,
    })
}
