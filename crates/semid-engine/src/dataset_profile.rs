//! What a data set looks like as a whole: lengths of histories, popularity of items, times. Counted once, then kept in
//! memory, since a data set never changes under its number.

use std::collections::BTreeMap;
use std::sync::Arc;

use semid_charts::numbers;
use semid_store::Dataset;

use crate::{Engine, Result};

/// A data set counted through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatasetProfile {
    /// Interactions with each item, by its index.
    pub item_counts: Vec<u32>,
    /// Interactions of each user, by its index.
    pub history_lengths: Vec<u32>,
    /// Interactions by month; the year, the month from 1 on. Months between the first and the last without any stand
    /// here too.
    pub months: Vec<((i64, i64), u64)>,
    /// Interactions by rating, as long as there are few different ones.
    pub ratings: Vec<(f32, u64)>,
    /// First and last time, unix seconds.
    pub time_span: Option<(i64, i64)>,
    /// Lowest and highest rating.
    pub rating_span: Option<(f32, f32)>,
    /// Items with a category.
    pub items_with_categories: u64,
    /// Characters of the item texts, the middle one.
    pub median_text_chars: u64,
}

/// Profiles kept in memory.
const KEPT: usize = 4;

/// Different ratings that still make a chart.
const RATINGS: usize = 50;

impl Engine {
    /// The profile of a data set, counted at the first call.
    pub fn dataset_profile(&self, dataset: &Dataset) -> Result<Arc<DatasetProfile>> {
        let kept = || self.profiles.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(profile) = kept().get(&dataset.id) {
            return Ok(profile.clone());
        }
        let profile = Arc::new(self.count_through(dataset)?);
        let mut profiles = kept();
        if profiles.len() >= KEPT {
            profiles.pop_first();
        }
        profiles.insert(dataset.id, profile.clone());
        Ok(profile)
    }

    fn count_through(&self, dataset: &Dataset) -> Result<DatasetProfile> {
        let catalog = self.store().load_catalog(dataset.id)?;
        let interactions = self.store().load_interactions(dataset.id)?;
        let mut profile = DatasetProfile {
            item_counts: vec![0; catalog.len()],
            history_lengths: vec![0; interactions.user_keys.len()],
            items_with_categories: catalog.items.iter().filter(|item| !item.categories.is_empty()).count() as u64,
            ..DatasetProfile::default()
        };
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        let mut ratings: BTreeMap<i64, (f32, u64)> = BTreeMap::new();
        for row in &interactions.rows {
            profile.item_counts[row.item as usize] += 1;
            profile.history_lengths[row.user as usize] += 1;
            if let Some(at) = row.at {
                *days.entry(at.div_euclid(86_400)).or_default() += 1;
                let (first, last) = profile.time_span.unwrap_or((at, at));
                profile.time_span = Some((first.min(at), last.max(at)));
            }
            if let Some(rating) = row.rating {
                let (low, high) = profile.rating_span.unwrap_or((rating, rating));
                profile.rating_span = Some((low.min(rating), high.max(rating)));
                if ratings.len() <= RATINGS {
                    ratings.entry((f64::from(rating) * 1e4) as i64).or_insert((rating, 0)).1 += 1;
                }
            }
        }
        if ratings.len() <= RATINGS {
            profile.ratings = ratings.into_values().collect();
        }
        profile.months = months(&days);
        profile.median_text_chars = median(catalog.items.iter().map(|item| item.text.chars().count() as u64).collect());
        Ok(profile)
    }
}

impl DatasetProfile {
    /// Interactions over users times items, 0–1.
    pub fn density(dataset: &Dataset) -> f64 {
        dataset.interactions as f64 / (dataset.users as f64 * dataset.items as f64).max(1.0)
    }

    /// Charts that can be drawn of it.
    pub fn charts(&self) -> Vec<&'static str> {
        let mut charts = vec!["history-lengths", "popularity"];
        if self.months.len() > 1 {
            charts.push("interactions-over-time");
        }
        if self.ratings.len() > 1 {
            charts.push("ratings");
        }
        charts
    }

    /// The data set as label and value, for people.
    pub fn facts(&self, dataset: &Dataset) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut fact = |label: &str, value: String| facts.push((label.to_owned(), value));
        let count = |value: u32| numbers::count(u64::from(value));
        fact("Users", numbers::count(dataset.users));
        fact("Items", numbers::count(dataset.items));
        fact("Interactions", numbers::count(dataset.interactions));
        fact("Density", small_percent(Self::density(dataset)));
        let middle = median(self.history_lengths.iter().map(|&length| u64::from(length)).collect());
        fact("Median history", numbers::count(middle));
        fact("Longest history", count(self.history_lengths.iter().copied().max().unwrap_or(0)));
        let short = self.history_lengths.iter().filter(|&&length| length < 3).count() as u64;
        fact("Users with fewer than 3 interactions", numbers::count(short));
        let never = self.item_counts.iter().filter(|&&met| met == 0).count() as u64;
        fact("Items nobody met", numbers::count(never));
        fact("Interactions with the most popular 1 % of items", numbers::percent(self.top_share(0.01)));
        fact("Gini of item popularity", numbers::decimals(self.gini(), 3));
        if let Some((first, last)) = self.time_span {
            fact("First interaction", numbers::day(first));
            fact("Last interaction", numbers::day(last));
        }
        if let Some((low, high)) = self.rating_span {
            fact("Ratings", format!("{low} to {high}"));
        }
        fact("Items with categories", numbers::count(self.items_with_categories));
        fact("Median item text", format!("{} characters", numbers::count(self.median_text_chars)));
        facts
    }

    /// Share of the interactions that the most popular `share` of the items have; at least one item.
    pub fn top_share(&self, share: f64) -> f64 {
        let counts = self.by_popularity();
        let top = ((counts.len() as f64 * share).round() as usize).max(1).min(counts.len());
        let all: u64 = counts.iter().sum();
        counts[..top].iter().sum::<u64>() as f64 / (all as f64).max(1.0)
    }

    /// Gini coefficient of the items' popularity: 0 when all are met alike, near 1 when one has it all.
    pub fn gini(&self) -> f64 {
        let counts = self.by_popularity();
        let (n, all) = (counts.len() as f64, counts.iter().sum::<u64>() as f64);
        if all == 0.0 {
            return 0.0;
        }
        let weighted: f64 = counts.iter().enumerate().map(|(rank, &met)| (n - rank as f64) * met as f64).sum();
        (2.0 * weighted / (n * all) - (n + 1.0) / n).clamp(0.0, 1.0)
    }

    /// Interactions with each item, most first.
    pub fn by_popularity(&self) -> Vec<u64> {
        let mut counts: Vec<u64> = self.item_counts.iter().map(|&met| u64::from(met)).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts
    }
}

fn months(days: &BTreeMap<i64, u64>) -> Vec<((i64, i64), u64)> {
    let mut counted: BTreeMap<(i64, i64), u64> = BTreeMap::new();
    for (&day, &met) in days {
        let (year, month, _) = numbers::date(day.saturating_mul(86_400));
        *counted.entry((year, month)).or_default() += met;
    }
    let (Some((&first, _)), Some((&last, _))) = (counted.first_key_value(), counted.last_key_value()) else {
        return Vec::new();
    };
    // A broken time may stand a million years away; then only months with interactions are kept.
    if (last.0 - first.0) > 200 {
        return counted.into_iter().collect();
    }
    let mut all = Vec::new();
    let mut month = first;
    while month <= last {
        all.push((month, counted.get(&month).copied().unwrap_or(0)));
        month = if month.1 == 12 { (month.0 + 1, 1) } else { (month.0, month.1 + 1) };
    }
    all
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// Densities are mostly far below a tenth of a per cent.
fn small_percent(share: f64) -> String {
    if share >= 0.01 || share == 0.0 {
        return numbers::percent(share);
    }
    let places = (-(share * 100.0).log10()).ceil().clamp(1.0, 8.0) as usize + 1;
    format!("{:.places$}\u{202f}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[u32]) -> DatasetProfile {
        DatasetProfile { item_counts: counts.to_vec(), ..DatasetProfile::default() }
    }

    #[test]
    fn gini_and_top_share_say_how_unevenly_items_are_met() {
        assert!(of(&[5, 5, 5, 5]).gini().abs() < 1e-12, "all alike");
        assert!((of(&[0, 0, 0, 8]).gini() - 0.75).abs() < 1e-12, "one has it all: 1 − 1/n");
        assert!((of(&[1, 2, 3]).gini() - 2.0 / 9.0).abs() < 1e-12, "as the definition over all pairs gives");
        assert!((of(&[1, 1, 8]).top_share(0.01) - 0.8).abs() < 1e-12, "at least one item is the top");
        assert!(of(&[]).gini().abs() < 1e-12, "no item, no inequality");
    }

    #[test]
    fn months_without_interactions_stand_between_those_with() {
        let days = BTreeMap::from([(0, 2), (95, 1)]);
        let expected = [((1970, 1), 2), ((1970, 2), 0), ((1970, 3), 0), ((1970, 4), 1)];
        assert_eq!(months(&days), expected, "a gap is a gap in the chart, too");
    }
}
