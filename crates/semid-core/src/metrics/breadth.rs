//! How much of the catalog the lists show, and how different what they show is.
//!
//! Tied groups that straddle rank K count in expectation: an item is shown with the probability that it is among the
//! first K. An entry that is no item shows nothing.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ranking::{chances_on_top, distinct_on_top};
use crate::comparison::MetricFacts;
use crate::{Embeddings, Error, RankedList, Result, statistics};

/// The breadth of a set of lists at one cut-off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breadth {
    /// The cut-off.
    pub k: usize,
    /// Share of the catalog that is among the first K of at least one user.
    pub coverage: f64,
    /// Gini index of how often each item of the catalog is shown: 0 when all are shown alike.
    pub gini: f64,
    /// Mean self-information of what is shown, in bits; none without training counts.
    pub novelty: Option<f64>,
    /// Mean cosine distance between the items of a list; none without embeddings, or where no list has two items.
    pub diversity: Option<f64>,
}

impl Breadth {
    /// Each number with its definition.
    pub fn values(&self) -> Vec<(MetricFacts, f64)> {
        let k = self.k;
        let fact = |name: &str, title: &str, formula: &str, higher_is_better| MetricFacts {
            key: format!("{name}@{k}"),
            title: format!("{title}@{k}"),
            formula: formula.to_owned(),
            higher_is_better,
        };
        let mut values = vec![
            (
                fact(
                    "coverage",
                    "Coverage",
                    "Items that are among the first K of at least one user, divided by the items of the catalog.",
                    true,
                ),
                self.coverage,
            ),
            (
                fact(
                    "gini",
                    "Gini of exposure",
                    "Gini index over all items of the catalog of how often each is among the first K: 0 when all are \
                     shown alike, near 1 when few are shown to everybody.",
                    false,
                ),
                self.gini,
            ),
        ];
        if let Some(novelty) = self.novelty {
            let formula = "Mean over users of the mean over the first K items of −log2 of the item's share of the \
                           training interactions, (count + 1) / (interactions + items), in bits.";
            values.push((fact("novelty", "Novelty", formula, true), novelty));
        }
        if let Some(diversity) = self.diversity {
            let formula = "Mean over users of the mean over all pairs of the first K items of 1 − cosine of their \
                           embeddings.";
            values.push((fact("diversity", "Intra-list diversity", formula, true), diversity));
        }
        values
    }
}

/// Measures breadth at `k`. `popularity` is how often each item was met in training (see [`super::slices::popularity`]);
/// `embeddings` has one row per item. Users for whom a number cannot be formed (no item; fewer than two for diversity)
/// do not take part in its mean.
pub fn breadth(
    lists: &[RankedList],
    k: usize,
    catalog_items: usize,
    popularity: Option<&[u32]>,
    embeddings: Option<&Embeddings>,
) -> Result<Breadth> {
    refuse_unsound(lists, k, catalog_items, popularity, embeddings)?;
    let mut exposure = vec![0.0f64; catalog_items];
    for (item, chance) in lists.iter().flat_map(|list| chances_on_top(list, k)) {
        exposure[item as usize] += chance;
    }
    Ok(Breadth {
        k,
        coverage: distinct_on_top(lists.iter(), k, catalog_items) / catalog_items as f64,
        gini: gini(&mut exposure),
        novelty: popularity.map(|counts| novelty(lists, k, counts)),
        diversity: embeddings.and_then(|embeddings| diversity(lists, k, embeddings)),
    })
}

/// Σ (2i − n − 1) · xᵢ / (n · Σ xᵢ) over the ascending values, i from 1; 0 when nothing was shown.
fn gini(exposure: &mut [f64]) -> f64 {
    exposure.sort_unstable_by(f64::total_cmp);
    let n = exposure.len() as f64;
    let total: f64 = exposure.iter().sum();
    if total == 0.0 {
        return 0.0;
    }
    let weighted: f64 = exposure.iter().enumerate().map(|(i, x)| (2.0 * (i as f64 + 1.0) - n - 1.0) * x).sum();
    weighted / (n * total)
}

fn novelty(lists: &[RankedList], k: usize, counts: &[u32]) -> f64 {
    let all = counts.iter().map(|&count| f64::from(count)).sum::<f64>() + counts.len() as f64;
    let information: Vec<f64> = counts.iter().map(|&count| -((f64::from(count) + 1.0) / all).log2()).collect();
    let by_user: Vec<f64> = lists
        .iter()
        .filter_map(|list| {
            let (mut sum, mut shown) = (0.0, 0.0);
            for (item, chance) in chances_on_top(list, k) {
                sum += chance * information[item as usize];
                shown += chance;
            }
            (shown > 0.0).then(|| sum / shown)
        })
        .collect();
    statistics::mean(&by_user)
}

fn diversity(lists: &[RankedList], k: usize, embeddings: &Embeddings) -> Option<f64> {
    let by_user: Vec<Option<f64>> = lists.par_iter().map(|list| diversity_of(list, k, embeddings)).collect();
    let by_user: Vec<f64> = by_user.into_iter().flatten().collect();
    (!by_user.is_empty()).then(|| statistics::mean(&by_user))
}

/// The expected mean of 1 − cosine over the pairs of shown items. Sums of unit vectors stand for groups, so that a group
/// of thousands costs no pairs: Σ over pairs of cosines = (|Σ v|² − Σ |v|²) / 2.
fn diversity_of(list: &RankedList, k: usize, embeddings: &Embeddings) -> Option<f64> {
    let mut above_sum = vec![0.0f64; embeddings.dim()];
    let (mut above, mut shown, mut cosines) = (0, 0.0, 0.0);
    for entry in &list.entries {
        let size = entry.items.len();
        let within = (k.saturating_sub(above)).min(size.max(1));
        above += size.max(1);
        if size == 0 || within == 0 {
            continue;
        }
        let mut sum = vec![0.0f64; embeddings.dim()];
        let mut unit_vectors = 0.0;
        for &item in &entry.items {
            let row = embeddings.row(item as usize);
            let length = dot(row.iter().map(|&x| f64::from(x)), row.iter().map(|&x| f64::from(x))).sqrt();
            if length > 0.0 {
                unit_vectors += 1.0;
                sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x) / length);
            }
        }
        let (size, within) = (size as f64, within as f64);
        let chance = within / size;
        // Pairs with items of earlier entries, which are shown for certain since only the last entry can straddle K;
        // then pairs inside the group.
        cosines += chance * dot(above_sum.iter().copied(), sum.iter().copied());
        if size > 1.0 {
            let both = within * (within - 1.0) / (size * (size - 1.0));
            cosines += both * (dot(sum.iter().copied(), sum.iter().copied()) - unit_vectors) / 2.0;
        }
        shown += within;
        above_sum.iter_mut().zip(&sum).for_each(|(above, x)| *above += x);
    }
    let pairs = shown * (shown - 1.0) / 2.0;
    (pairs > 0.0).then(|| 1.0 - cosines / pairs)
}

fn dot(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    a.zip(b).map(|(a, b)| a * b).sum()
}

fn refuse_unsound(
    lists: &[RankedList],
    k: usize,
    catalog_items: usize,
    popularity: Option<&[u32]>,
    embeddings: Option<&Embeddings>,
) -> Result<()> {
    if k == 0 || catalog_items == 0 {
        return Err(Error::input("Breadth needs a cut-off above 0 and a catalog with at least one item."));
    }
    let items = lists.iter().flat_map(|list| &list.entries).flat_map(|entry| &entry.items);
    if let Some(item) = items.max().filter(|&&item| item as usize >= catalog_items) {
        return Err(Error::input(format!("A list names item {item}, but the catalog has {catalog_items} items.")));
    }
    for (what, rows) in
        [("training counts", popularity.map(<[u32]>::len)), ("embeddings", embeddings.map(Embeddings::rows))]
    {
        if let Some(rows) = rows.filter(|&rows| rows != catalog_items) {
            return Err(Error::input(format!(
                "There are {what} for {rows} items, but the catalog has {catalog_items}."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::RankedEntry;

    fn list(entries: &[&[u32]]) -> RankedList {
        let entry = |(rank, items): (usize, &&[u32])| RankedEntry { items: items.to_vec(), score: -(rank as f64) };
        RankedList { entries: entries.iter().enumerate().map(entry).collect() }
    }

    fn close(value: f64, truth: f64) -> bool {
        (value - truth).abs() < 1e-12
    }

    #[test]
    fn coverage_and_gini_of_a_hand_made_case() {
        // Shown in the top 2: item 0 three times, item 1 twice, item 2 once; item 3 never.
        let lists = [list(&[&[0], &[1], &[3]]), list(&[&[0], &[1]]), list(&[&[0], &[2]])];
        let result = breadth(&lists, 2, 4, None, None).unwrap();
        assert!(close(result.coverage, 0.75), "three of four items are shown");
        // Ascending 0 1 2 3: (−3·0 − 1·1 + 1·2 + 3·3) / (4 · 6).
        assert!(close(result.gini, 10.0 / 24.0), "by the formula, not {}", result.gini);
        assert_eq!((result.novelty, result.diversity), (None, None), "nothing to compute them from");
        assert_eq!(result.values().len(), 2, "only what was computed is listed");
    }

    #[test]
    fn showing_all_items_alike_has_no_inequality() {
        let lists = [list(&[&[0], &[1]]), list(&[&[2], &[3]])];
        assert!(close(breadth(&lists, 2, 4, None, None).unwrap().gini, 0.0), "each item is shown once");
        assert!(close(breadth(&[], 2, 4, None, None).unwrap().gini, 0.0), "nothing shown is no inequality");
    }

    #[test]
    fn a_group_across_the_cut_is_shown_in_expectation() {
        // One place is left for two items, and a second user sees the same: 1 − (1/2)² each.
        let lists = [list(&[&[0], &[1, 2]]), list(&[&[0], &[1, 2]])];
        let result = breadth(&lists, 2, 4, None, None).unwrap();
        assert!(close(result.coverage, (1.0 + 0.75 + 0.75) / 4.0), "chances of being seen by anybody");
    }

    #[test]
    fn novelty_is_self_information_in_bits() {
        // Counts 6, 0, 0, 0 + 1 each: shares 7/10, 1/10.
        let result = breadth(&[list(&[&[0], &[1]])], 2, 4, Some(&[6, 0, 0, 0]), None).unwrap();
        let truth = (-(0.7f64.log2()) - 0.1f64.log2()) / 2.0;
        assert!(close(result.novelty.unwrap(), truth), "mean over the two items");
    }

    #[test]
    fn diversity_is_the_mean_cosine_distance_of_pairs() {
        let embeddings = Embeddings::new(2, vec![1.0, 0.0, 0.0, 2.0, -3.0, 0.0, 1.0, 1.0]).unwrap();
        let of = |list| breadth(&[list], 3, 4, None, Some(&embeddings)).unwrap().diversity;
        // Distances 0–1: 1, 0–2: 2, 1–2: 1.
        assert!(close(of(list(&[&[0], &[1], &[2]])).unwrap(), 4.0 / 3.0), "three pairs");
        assert!(close(of(list(&[&[0, 1, 2]])).unwrap(), 4.0 / 3.0), "a group that fits is no different");
        // One of 1, 2, 3 stands beside 0 and … two of three, each pair as likely.
        let d = |a: usize, b: usize| {
            let (x, y) = (embeddings.row(a), embeddings.row(b));
            let length = |v: &[f32]| f64::from(v[0]).hypot(f64::from(v[1]));
            1.0 - f64::from(x[0] * y[0] + x[1] * y[1]) / (length(x) * length(y))
        };
        let of_pair = |a, b| (d(0, a) + d(0, b) + d(a, b)) / 3.0;
        let truth = (of_pair(1, 2) + of_pair(1, 3) + of_pair(2, 3)) / 3.0;
        let value = of(list(&[&[0], &[1, 2, 3]])).unwrap();
        assert!(close(value, truth), "the expectation over the three lists is {truth}, not {value}");
        assert_eq!(of(list(&[&[0]])), None, "one item has no pair");
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert!(breadth(&[list(&[&[4]])], 2, 4, None, None).is_err(), "item 4 is not in a catalog of four");
        assert!(breadth(&[], 2, 4, Some(&[1]), None).is_err(), "counts for one of four items");
        assert!(breadth(&[], 0, 4, None, None).is_err(), "the first 0 items");
    }
}
