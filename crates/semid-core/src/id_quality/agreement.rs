//! How well groups agree with categories: purity, normalised and adjusted mutual information, beside what random
//! permutations give.

use std::collections::HashMap;

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::codes;
use crate::comparison::CategoryAgreement;
use crate::{Catalog, Result, SemanticIds, Work};

/// Random permutations behind the values by chance.
const PERMUTATIONS: u64 = 100;

/// A category level that puts more than this share of the items into one group tells nothing.
const NEARLY_CONSTANT: f64 = 0.95;

/// The depth of the category paths that IDs are judged by: the coarsest at which the largest group holds at most 95 % of
/// the items that have a category (the first level of a path is often the same for all: "Beauty"). Where there is none,
/// the coarsest with more than one group; where everything is one group, none. 1 means the first name of the path.
pub fn category_depth(catalog: &Catalog) -> Option<usize> {
    let deepest = catalog.items.iter().map(|item| item.categories.len()).max()?;
    let mut fallback = None;
    for depth in 1..=deepest {
        let labels = labels_at(catalog, depth);
        let mut counts = HashMap::new();
        for label in labels.iter().flatten() {
            *counts.entry(label).or_insert(0usize) += 1;
        }
        let (all, largest) = (counts.values().sum::<usize>(), counts.values().max().copied().unwrap_or(0));
        if largest as f64 <= NEARLY_CONSTANT * all as f64 {
            return Some(depth);
        }
        if counts.len() > 1 && fallback.is_none() {
            fallback = Some(depth);
        }
    }
    fallback
}

/// For each item the number of its category path cut at `depth` (a shorter path is a group of its own); none without a
/// category. Numbers count from 0 in the order of the catalog.
fn labels_at(catalog: &Catalog, depth: usize) -> Vec<Option<u32>> {
    let mut numbers: HashMap<&[String], u32> = HashMap::new();
    catalog
        .items
        .iter()
        .map(|item| {
            let path = &item.categories[..depth.min(item.categories.len())];
            let next = numbers.len() as u32;
            (!path.is_empty()).then(|| *numbers.entry(path).or_insert(next))
        })
        .collect()
}

/// One entry per level for the prefixes up to it; nothing where the catalog has no telling categories. `by_code` is the
/// items sorted by their codes.
pub(super) fn by_level(
    work: &Work,
    ids: &SemanticIds,
    catalog: &Catalog,
    by_code: &[u32],
) -> Result<Vec<CategoryAgreement>> {
    let Some(depth) = category_depth(catalog) else { return Ok(Vec::new()) };
    let labels = labels_at(catalog, depth);
    let labelled: Vec<u32> = by_code.iter().copied().filter(|&item| labels[item as usize].is_some()).collect();
    let labels: Vec<u32> = labelled.iter().filter_map(|&item| labels[item as usize]).collect();
    // Sorted by codes, the items of a prefix stand together on every level.
    let groups: Vec<Vec<usize>> = (1..=ids.shape.levels())
        .map(|length| {
            labelled.chunk_by(|&a, &b| codes(ids, a)[..length] == codes(ids, b)[..length]).map(<[u32]>::len).collect()
        })
        .collect();

    let table = Table::new(&labels);
    let step = work.step("compare codes with categories", PERMUTATIONS as usize);
    let rng = work.rng("category permutations");
    let by_chance = (0..PERMUTATIONS)
        .into_par_iter()
        .map(|permutation| {
            let mut rng = rng.clone();
            rng.set_stream(permutation);
            let mut shuffled = labels.clone();
            shuffled.shuffle(&mut rng);
            step.advance(1)?;
            Ok(groups.iter().map(|groups| table.agreement(groups, &shuffled)).collect())
        })
        .collect::<Result<Vec<Vec<Agreement>>>>()?;

    let level = |(level, groups): (usize, &Vec<usize>)| {
        let real = table.agreement(groups, &labels);
        let mean = |value: fn(&Agreement) -> f64| {
            by_chance.iter().map(|levels| value(&levels[level])).sum::<f64>() / PERMUTATIONS as f64
        };
        CategoryAgreement {
            purity: real.purity,
            purity_by_chance: mean(|agreement| agreement.purity),
            nmi: real.nmi,
            nmi_by_chance: mean(|agreement| agreement.nmi),
            ami: table.adjusted(groups, real),
        }
    };
    Ok(groups.iter().enumerate().map(level).collect())
}

/// How well a grouping agrees with labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Share of the members that have the most frequent label of their group.
    pub purity: f64,
    /// Mutual information over the mean of the two entropies; 1 where neither splits anything.
    pub nmi: f64,
    mutual_information: f64,
    mean_entropy: f64,
}

/// Purity and NMI of a grouping: `groups[i]` and `labels[i]` are the group and the label of member i.
pub fn agreement(groups: &[u32], labels: &[u32]) -> Agreement {
    let (sizes, labels) = sorted_by_group(groups, labels);
    Table::new(&labels).agreement(&sizes, &labels)
}

/// Adjusted mutual information (arithmetic mean): 0 is what random groups of the same sizes give, 1 is perfect. Vinh, Epps
/// and Bailey, "Information theoretic measures for clusterings comparison", 2010.
pub fn adjusted_mutual_information(groups: &[u32], labels: &[u32]) -> f64 {
    let (sizes, labels) = sorted_by_group(groups, labels);
    let table = Table::new(&labels);
    table.adjusted(&sizes, table.agreement(&sizes, &labels))
}

fn sorted_by_group(groups: &[u32], labels: &[u32]) -> (Vec<usize>, Vec<u32>) {
    let mut pairs: Vec<(u32, u32)> = groups.iter().copied().zip(labels.iter().copied()).collect();
    pairs.sort_unstable();
    let sizes = pairs.chunk_by(|a, b| a.0 == b.0).map(<[(u32, u32)]>::len).collect();
    // Labels become numbers from 0.
    let mut numbers = HashMap::new();
    let labels = pairs
        .into_iter()
        .map(|(_, label)| {
            let next = numbers.len() as u32;
            *numbers.entry(label).or_insert(next)
        })
        .collect();
    (sizes, labels)
}

/// What does not change when labels are permuted.
struct Table {
    members: usize,
    label_sizes: Vec<usize>,
    label_entropy: f64,
    /// n · ln n for every possible n.
    n_ln_n: Vec<f64>,
}

impl Table {
    /// Labels are numbers from 0.
    fn new(labels: &[u32]) -> Self {
        let mut label_sizes = vec![0; labels.iter().max().map_or(0, |&highest| highest as usize + 1)];
        for &label in labels {
            label_sizes[label as usize] += 1;
        }
        let n_ln_n = (0..=labels.len()).map(|n| if n == 0 { 0.0 } else { n as f64 * (n as f64).ln() }).collect();
        let mut table = Table { members: labels.len(), label_sizes, label_entropy: 0.0, n_ln_n };
        table.label_entropy = table.entropy(&table.label_sizes);
        table
    }

    /// In nats.
    fn entropy(&self, sizes: &[usize]) -> f64 {
        let n = self.members as f64;
        n.ln() - sizes.iter().map(|&size| self.n_ln_n[size]).sum::<f64>() / n
    }

    /// `labels` stand group after group, `groups` are the sizes.
    fn agreement(&self, groups: &[usize], labels: &[u32]) -> Agreement {
        if self.members == 0 || (groups.len() == 1 && self.label_sizes.len() == 1) {
            return Agreement { purity: 1.0, nmi: 1.0, mutual_information: 0.0, mean_entropy: 0.0 };
        }
        let mut counts = vec![0usize; self.label_sizes.len()];
        let (mut most_frequent, mut joint) = (0, 0.0);
        let mut rest = labels;
        for &size in groups {
            let (group, others) = rest.split_at(size);
            rest = others;
            let mut most = 0;
            for &label in group {
                counts[label as usize] += 1;
                most = most.max(counts[label as usize]);
            }
            most_frequent += most;
            for &label in group {
                joint += self.n_ln_n[std::mem::take(&mut counts[label as usize])];
            }
        }
        let n = self.members as f64;
        let group_entropy = self.entropy(groups);
        let mutual_information = (group_entropy + self.label_entropy - (n.ln() - joint / n)).max(0.0);
        let mean_entropy = (group_entropy + self.label_entropy) / 2.0;
        // Rounding leaves a few units in the last place where there is no information.
        let nmi = if mutual_information <= 1e-14 * n.ln() { 0.0 } else { mutual_information / mean_entropy };
        Agreement { purity: most_frequent as f64 / n, nmi, mutual_information, mean_entropy }
    }

    fn adjusted(&self, groups: &[usize], agreement: Agreement) -> f64 {
        if self.members == 0 || (groups.len() == 1 && self.label_sizes.len() == 1) {
            return 1.0;
        }
        let expected = self.expected_mutual_information(groups);
        let room = agreement.mean_entropy - expected;
        // Where chance already gives all there is to give, the quotient of two zeros is kept finite.
        let room = if room < 0.0 { room.min(-f64::EPSILON) } else { room.max(f64::EPSILON) };
        (agreement.mutual_information - expected) / room
    }

    /// The expectation of the mutual information over all permutations, by the hypergeometric distribution of each cell.
    /// Cells with equal margins are computed once.
    fn expected_mutual_information(&self, groups: &[usize]) -> f64 {
        let n = self.members;
        let mut ln_factorial = vec![0.0f64; n + 1];
        for i in 1..=n {
            ln_factorial[i] = ln_factorial[i - 1] + (i as f64).ln();
        }
        let (groups, labels) = (with_multiplicity(groups), with_multiplicity(&self.label_sizes));
        let cells: Vec<((usize, f64), (usize, f64))> =
            groups.iter().flat_map(|&group| labels.iter().map(move |&label| (group, label))).collect();
        let terms: Vec<f64> = cells
            .par_iter()
            .map(|&((a, times_a), (b, times_b))| {
                let margins =
                    ln_factorial[a] + ln_factorial[b] + ln_factorial[n - a] + ln_factorial[n - b] - ln_factorial[n];
                let (first, last) = ((a + b).saturating_sub(n).max(1), a.min(b));
                let sum: f64 = (first..=last)
                    .map(|both| {
                        let ways = ln_factorial[both]
                            + ln_factorial[a - both]
                            + ln_factorial[b - both]
                            + ln_factorial[n + both - a - b];
                        let information = (n as f64 * both as f64 / (a as f64 * b as f64)).ln();
                        both as f64 / n as f64 * information * (margins - ways).exp()
                    })
                    .sum();
                times_a * times_b * sum
            })
            .collect();
        terms.iter().sum()
    }
}

/// Each different size with how often it occurs.
fn with_multiplicity(sizes: &[usize]) -> Vec<(usize, f64)> {
    let mut sorted: Vec<usize> = sizes.iter().copied().filter(|&size| size > 0).collect();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64)).collect()
}
