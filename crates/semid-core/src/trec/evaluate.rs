//! Judging a run by qrels.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::parse::{Row, compare_keys};
use super::{Qrels, Run};
use crate::metrics::{Hit, Judged, Metric};
use crate::{Error, Result, statistics};

/// How documents with equal scores are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// As trec_eval does: by document key, the greater one first. Values agree with trec_eval and pytrec_eval, but how
    /// keys are spelled plays a part.
    #[default]
    TrecEval,
    /// Not at all: the value is the expectation under a random order.
    Expected,
}

/// What came out of judging a run.
#[derive(Clone, Debug, PartialEq)]
pub struct TrecEvaluation {
    /// The metrics, in the order asked for.
    pub metrics: Vec<Metric>,
    /// Keys of the judged users: those of the qrels with a relevant document, sorted by key.
    pub users: Vec<String>,
    /// One vector per metric with one value per judged user.
    pub per_user: Vec<Vec<f64>>,
    /// For each judged user whether the run has documents; who has none counts 0.
    pub listed: Vec<bool>,
    /// Users of the qrels left out because nothing is relevant for them. pytrec_eval lists them with 0.
    pub users_without_target: u64,
    /// Users of the run without any judgement, which nothing is said about.
    pub users_only_in_run: u64,
    /// Judged users with fewer documents than the largest K, those without any among them.
    pub short_lists: u64,
    /// Share of neighbouring ranks with equal scores, over the judged users.
    pub tie_rate: f64,
}

impl TrecEvaluation {
    /// The mean of each metric over all judged users.
    pub fn means(&self) -> Vec<f64> {
        self.per_user.iter().map(|values| statistics::mean(values)).collect()
    }

    /// The mean of each metric over the judged users that have documents in the run, which is how pytrec_eval is usually
    /// averaged. Where users are missing from the run it flatters the run.
    pub fn means_over_listed(&self) -> Vec<f64> {
        let listed = self.users_listed().max(1) as f64;
        self.per_user.iter().map(|values| values.iter().sum::<f64>() / listed).collect()
    }

    /// Judged users that have documents in the run.
    pub fn users_listed(&self) -> usize {
        self.listed.iter().filter(|&&listed| listed).count()
    }

    /// Judged users without a document in the run; each counts 0.
    pub fn users_without_list(&self) -> usize {
        self.listed.len() - self.users_listed()
    }

    /// Each user's key with one value per metric, sorted by key.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&str, Vec<f64>)> {
        let row = |user| self.per_user.iter().map(|values| values[user]).collect();
        self.users.iter().enumerate().map(move |(user, key)| (key.as_str(), row(user)))
    }
}

/// Judges a run: one value per metric and user of the qrels that has a relevant document (relevance above 0).
pub fn evaluate(run: &Run<'_>, qrels: &Qrels<'_>, metrics: &[Metric], ties: Ties) -> Result<TrecEvaluation> {
    let Some(deepest) = metrics.iter().map(Metric::k).max() else {
        return Err(Error::input("No metric was asked for; name at least one, such as ndcg@10."));
    };
    let (pairs, only_in_run) = pair_users(run, qrels);
    if pairs.iter().all(|pair| pair.documents.is_none()) {
        let (in_run, in_qrels) = (run.users(), qrels.users());
        return Err(Error::input(format!(
            "No user of the run ({in_run}) is in the qrels ({in_qrels}). The first field of both must be the same keys."
        )));
    }
    let judged: Vec<Option<JudgedUser>> = pairs
        .par_chunks(64)
        .flat_map_iter(|pairs| {
            let mut scratch = Scratch::default();
            let judged = pairs.iter().map(|pair| judge(pair, metrics, deepest, ties, &mut scratch));
            judged.collect::<Vec<_>>()
        })
        .collect();

    let mut result = TrecEvaluation {
        metrics: metrics.to_vec(),
        users: Vec::with_capacity(pairs.len()),
        per_user: vec![Vec::with_capacity(pairs.len()); metrics.len()],
        listed: Vec::with_capacity(pairs.len()),
        users_without_target: 0,
        users_only_in_run: only_in_run,
        short_lists: 0,
        tie_rate: 0.0,
    };
    let (mut neighbours, mut tied) = (0, 0);
    for (pair, judged) in pairs.iter().zip(judged) {
        let Some(judged) = judged else {
            result.users_without_target += 1;
            continue;
        };
        result.users.push(String::from_utf8_lossy(pair.key).into_owned());
        for (values, value) in result.per_user.iter_mut().zip(judged.values) {
            values.push(value);
        }
        result.listed.push(pair.documents.is_some());
        result.short_lists += u64::from(judged.documents < deepest);
        neighbours += judged.documents.saturating_sub(1);
        tied += judged.tied;
    }
    if neighbours > 0 {
        result.tie_rate = tied as f64 / neighbours as f64;
    }
    Ok(result)
}

struct JudgedUser {
    values: Vec<f64>,
    documents: usize,
    tied: usize,
}

#[derive(Default)]
struct Scratch<'a> {
    relevant: Vec<Row<'a>>,
    gains: Vec<f64>,
    scores: Vec<f64>,
    top: Vec<Row<'a>>,
    hits: Vec<Hit>,
}

/// A user of the qrels, with its rows in the run if there are any.
struct Pair<'a> {
    key: &'a [u8],
    judgements: &'a [Row<'a>],
    documents: Option<&'a [Row<'a>]>,
}

/// Every user of the qrels, and how many users only the run has. Both files are sorted by key.
fn pair_users<'a>(run: &'a Run<'_>, qrels: &'a Qrels<'_>) -> (Vec<Pair<'a>>, u64) {
    let mut lists = run.lists.iter().peekable();
    let mut only_in_run = 0;
    let mut pairs = Vec::with_capacity(qrels.users());
    for (key, judgements) in qrels.judgements.iter() {
        while lists.next_if(|list| list.0 < key).is_some() {
            only_in_run += 1;
        }
        let documents = lists.next_if(|list| list.0 == key).map(|list| list.1);
        pairs.push(Pair { key, judgements, documents });
    }
    (pairs, only_in_run + lists.count() as u64)
}

/// None when nothing is relevant for the user.
fn judge<'a>(
    pair: &Pair<'a>,
    metrics: &[Metric],
    deepest: usize,
    ties: Ties,
    scratch: &mut Scratch<'a>,
) -> Option<JudgedUser> {
    let documents = pair.documents.unwrap_or(&[]);
    let Scratch { relevant, gains, scores, top, hits } = scratch;
    relevant.clear();
    relevant.extend(pair.judgements.iter().filter(|judgement| judgement.number > 0.0));
    if relevant.is_empty() {
        return None;
    }
    relevant.sort_unstable_by(|a, b| compare_keys(a.document, b.document));
    gains.clear();
    gains.extend(relevant.iter().map(|judgement| judgement.number));
    gains.sort_unstable_by(|a, b| b.total_cmp(a));

    // Scores alone decide how deep to look; most runs come sorted.
    scores.clear();
    scores.extend(documents.iter().map(|row| row.number));
    if !scores.is_sorted_by(|a, b| a >= b) {
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
    }
    let tied = scores.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let lowest = scores.get(deepest - 1).copied().unwrap_or(f64::NEG_INFINITY);
    top.clear();
    top.extend(documents.iter().filter(|row| row.number >= lowest));
    top.sort_unstable_by(|a, b| match b.number.total_cmp(&a.number) {
        Ordering::Equal => compare_keys(b.document, a.document),
        order => order,
    });

    hits.clear();
    let mut above = 0;
    for group in top.chunk_by(|a, b| ties == Ties::Expected && a.number == b.number) {
        for row in group {
            let found = relevant.binary_search_by(|judgement| compare_keys(judgement.document, row.document));
            if let Ok(found) = found {
                hits.push(Hit { above, size: group.len(), gain: relevant[found].number });
            }
        }
        above += group.len();
    }
    let user = Judged { hits, gains };
    let values = metrics.iter().map(|metric| metric.value(&user)).collect();
    Some(JudgedUser { values, documents: documents.len(), tied })
}
