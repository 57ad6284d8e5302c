//! The table of ranking metrics. A new metric is one function and one entry in [`METRICS`].
//!
//! A function sees one user ([`Judged`]) and returns the exact expectation of the metric when the items of each tied
//! group stand in a uniformly random order. Without ties that is the metric itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::comparison::MetricFacts;
use crate::{Error, Result};

/// Every metric there is.
pub const METRICS: &[Definition] = &[
    Definition {
        name: "precision",
        also: "p",
        title: "Precision",
        formula: "Relevant items among the first K, divided by K; a list shorter than K is padded with misses.",
        value: precision,
    },
    Definition {
        name: "recall",
        also: "r",
        title: "Recall",
        formula: "Relevant items among the first K, divided by the number of the user's relevant items.",
        value: recall,
    },
    Definition {
        name: "hit_rate",
        also: "success",
        title: "HitRate",
        formula: "1 if at least one of the first K items is relevant, else 0.",
        value: hit_rate,
    },
    Definition {
        name: "ndcg",
        also: "ndcg_binary",
        title: "NDCG",
        formula: "Sum over the relevant items among the first K of 1 / log2(rank + 1), divided by that sum for an ideal \
                  list, which has min(relevant items, K) hits on top.",
        value: ndcg,
    },
    Definition {
        name: "mrr",
        also: "recip_rank",
        title: "MRR",
        formula: "1 / rank of the first relevant item if it is among the first K, else 0.",
        value: mrr,
    },
    Definition {
        name: "map",
        also: "map_cut",
        title: "MAP",
        formula: "Sum over the relevant items among the first K of the precision at their rank, divided by the number \
                  of the user's relevant items.",
        value: map,
    },
    Definition {
        name: "ndcg_linear",
        also: "ndcg_cut",
        title: "NDCG (linear gain)",
        formula: "Sum over the first K of relevance / log2(rank + 1), divided by that sum for the list sorted by \
                  relevance.",
        value: ndcg_linear,
    },
    Definition {
        name: "ndcg_exponential",
        also: "ndcg_burges",
        title: "NDCG (exponential gain)",
        formula: "Sum over the first K of (2^relevance − 1) / log2(rank + 1), divided by that sum for the list sorted \
                  by relevance.",
        value: ndcg_exponential,
    },
];

/// One family of metrics, without its cut-off.
#[derive(Debug)]
pub struct Definition {
    /// `ndcg`, as in `ndcg@10`.
    pub name: &'static str,
    /// A name other tools use for the same number; accepted when parsing.
    pub also: &'static str,
    /// For people: "NDCG".
    pub title: &'static str,
    /// The formula in a sentence.
    pub formula: &'static str,
    /// The value of one user at the cut-off K ≥ 1.
    pub value: fn(&Judged<'_>, usize) -> f64,
}

/// What a metric sees of one user.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The relevant items of the list, best rank first; those of one tied group stand together.
    pub hits: &'a [Hit],
    /// Gains of all relevant items of the user, highest first; all are positive, and there is at least one.
    pub gains: &'a [f64],
}

/// A relevant item of the list. Its rank is one of the `size` ranks of its tied group, each as likely as the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Ranks above the group: 0 for the top.
    pub above: usize,
    /// Items in the group; 1 when the item's rank is its own.
    pub size: usize,
    /// How relevant the item is; 1 where relevance is yes or no.
    pub gain: f64,
}

impl Hit {
    /// How many of the group's ranks are within the first `k`.
    fn within(&self, k: usize) -> usize {
        k.saturating_sub(self.above).min(self.size)
    }

    /// The probability of a rank within the first `k`.
    fn chance(&self, k: usize) -> f64 {
        self.within(k) as f64 / self.size as f64
    }

    /// The expected discount, where ranks beyond `k` count nothing.
    fn discount(&self, k: usize) -> f64 {
        let sum: f64 = (self.above..self.above + self.within(k)).map(discount).sum();
        sum / self.size as f64
    }
}

/// A metric with its cut-off: `ndcg@10`. Parsed from and shown as that text.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Metric {
    definition: &'static Definition,
    k: usize,
}

impl Metric {
    /// `ndcg@10`.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// `NDCG@10`.
    pub fn title(&self) -> String {
        format!("{}@{}", self.definition.title, self.k)
    }

    /// The formula in a sentence.
    pub fn formula(&self) -> &'static str {
        self.definition.formula
    }

    /// The cut-off.
    pub fn k(&self) -> usize {
        self.k
    }

    /// What stands beside its numbers.
    pub fn facts(&self) -> MetricFacts {
        MetricFacts { key: self.key(), title: self.title(), formula: self.formula().to_owned(), higher_is_better: true }
    }

    /// The value of one user.
    pub fn value(&self, user: &Judged<'_>) -> f64 {
        // An empty sum is −0, and a person or a script should read 0.
        (self.definition.value)(user, self.k) + 0.0
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some((name, cut)) = text.split_once('@') else {
            return Err(unknown(text, "has no cut-off"));
        };
        let name = name.to_ascii_lowercase();
        let Some(definition) = METRICS.iter().find(|metric| metric.name == name || metric.also == name) else {
            return Err(unknown(text, "is not known"));
        };
        match cut.parse() {
            Ok(k) if k > 0 => Ok(Metric { definition, k }),
            _ => Err(unknown(text, "has no whole number above 0 after the @")),
        }
    }
}

fn unknown(text: &str, trouble: &str) -> Error {
    let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    Error::input(format!(
        "The metric `{text}` {trouble}. Write a name and a cut-off such as `ndcg@10`; the names are {}.",
        names.join(", ")
    ))
}

impl TryFrom<String> for Metric {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> String {
        metric.to_string()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.definition.name, self.k)
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name && self.k == other.k
    }
}

impl Eq for Metric {}

fn precision(user: &Judged<'_>, k: usize) -> f64 {
    expected_hits(user, k) / k as f64
}

fn recall(user: &Judged<'_>, k: usize) -> f64 {
    expected_hits(user, k) / user.gains.len() as f64
}

fn expected_hits(user: &Judged<'_>, k: usize) -> f64 {
    user.hits.iter().map(|hit| hit.chance(k)).sum()
}

/// The first hit of the list is in the first group that has one, so the other groups do not matter.
fn hit_rate(user: &Judged<'_>, k: usize) -> f64 {
    let Some((first, relevant)) = first_group(user) else { return 0.0 };
    1.0 - none_on_top(first.size, relevant, first.within(k))
}

fn mrr(user: &Judged<'_>, k: usize) -> f64 {
    let Some((first, relevant)) = first_group(user) else { return 0.0 };
    (0..first.within(k))
        .map(|place| {
            let hit_here = relevant as f64 / (first.size - place) as f64;
            none_on_top(first.size, relevant, place) * hit_here.min(1.0) / (first.above + place + 1) as f64
        })
        .sum()
}

/// By linearity: the item at a place of its group is relevant with probability m/s, and then (m − 1)/(s − 1) of the
/// places before it in the group are.
fn map(user: &Judged<'_>, k: usize) -> f64 {
    let mut found = 0;
    let mut sum = 0.0;
    for group in user.hits.chunk_by(|a, b| a.above == b.above) {
        let (hit, relevant) = (group[0], group.len());
        let share = relevant as f64 / hit.size as f64;
        let others = if hit.size > 1 { (relevant - 1) as f64 / (hit.size - 1) as f64 } else { 0.0 };
        for place in 0..hit.within(k) {
            let rank = (hit.above + place + 1) as f64;
            sum += share * (found as f64 + 1.0 + others * place as f64) / rank;
        }
        found += relevant;
    }
    sum / user.gains.len() as f64
}

fn ndcg(user: &Judged<'_>, k: usize) -> f64 {
    normalised_gain(user, k, |_| 1.0)
}

fn ndcg_linear(user: &Judged<'_>, k: usize) -> f64 {
    normalised_gain(user, k, |gain| gain)
}

/// Both sums are divided by 2^(highest gain), which leaves the quotient as it is and cannot overflow.
fn ndcg_exponential(user: &Judged<'_>, k: usize) -> f64 {
    let highest = user.gains[0];
    normalised_gain(user, k, |gain| (gain - highest).exp2() - (-highest).exp2())
}

fn normalised_gain(user: &Judged<'_>, k: usize, gain: impl Fn(f64) -> f64) -> f64 {
    let found: f64 = user.hits.iter().map(|hit| gain(hit.gain) * hit.discount(k)).sum();
    let ideal: f64 = user.gains.iter().take(k).enumerate().map(|(rank, &g)| gain(g) * discount(rank)).sum();
    found / ideal
}

/// 1 / log2(rank + 1) for a rank that counts from 0 here.
fn discount(rank: usize) -> f64 {
    1.0 / ((rank + 2) as f64).log2()
}

/// The first group with a hit, and how many hits it has.
fn first_group(user: &Judged<'_>) -> Option<(Hit, usize)> {
    let group = user.hits.chunk_by(|a, b| a.above == b.above).next()?;
    Some((group[0], group.len()))
}

/// The probability that none of `relevant` items is on the first `places` of `size`: C(size − places, relevant) /
/// C(size, relevant).
fn none_on_top(size: usize, relevant: usize, places: usize) -> f64 {
    if places + relevant > size {
        return 0.0;
    }
    // The shorter of the two equal products.
    let (long, short) = if places < relevant { (relevant, places) } else { (places, relevant) };
    (0..short).map(|i| (size - long - i) as f64 / (size - i) as f64).product()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_of_other_tools_are_understood_and_shown_under_our_own() {
        let metric: Metric = "Success@5".parse().unwrap();
        assert_eq!(metric.key(), "hit_rate@5", "success is trec_eval's name for the hit rate");
        assert_eq!(metric.title(), "HitRate@5", "people read the title");
        assert_eq!(metric.k(), 5, "the cut-off is part of the name");
    }

    #[test]
    fn every_listed_name_parses_to_itself() {
        for definition in METRICS {
            let key = format!("{}@10", definition.name);
            assert_eq!(key.parse::<Metric>().unwrap().key(), key, "a listed metric can be asked for");
            let also = format!("{}@10", definition.also);
            assert_eq!(also.parse::<Metric>().unwrap().key(), key, "its other name means the same");
        }
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_names_there_are() {
        for wrong in ["ndcg", "ncdg@10", "ndcg@0", "ndcg@ten", "@10", ""] {
            let message = wrong.parse::<Metric>().unwrap_err().to_string();
            assert!(message.contains(wrong) && message.contains("hit_rate"), "`{wrong}` got: {message}");
        }
    }

    #[test]
    fn exponential_gain_survives_huge_relevance() {
        let gains = [2000.0, 1999.0];
        let hits = [Hit { above: 1, size: 1, gain: 2000.0 }];
        let value = ndcg_exponential(&Judged { hits: &hits, gains: &gains }, 10);
        assert!(value.is_finite() && value > 0.4 && value < 0.7, "2^2000 would overflow; the quotient is {value}");
    }
}
