//! Charts of a data set: lengths of histories, popularity of items, times, ratings.

use semid_charts::{Chart, Histogram, RankFrequency, Theme, numbers};
use semid_store::Dataset;

use crate::dataset_profile::DatasetProfile;
use crate::export::{Drawn, drawn};
use crate::{Engine, Error, Result};

/// Columns of a chart at most.
const COLUMNS: u32 = 40;

impl Engine {
    /// One chart of a data set, by its name in [`DatasetProfile::charts`].
    pub fn dataset_chart(&self, dataset: &Dataset, name: &str, theme: Theme) -> Result<Drawn> {
        let profile = self.dataset_profile(dataset)?;
        let known = profile.charts();
        let unknown = || Error::Unknown {
            kind: "chart of this data set",
            name: name.to_owned(),
            known: format!("There are: {}.", known.join(", ")),
        };
        if !known.contains(&name) {
            return Err(unknown());
        }
        drawn(name, &profile.chart(name).ok_or_else(unknown)?, theme)
    }
}

impl DatasetProfile {
    fn chart(&self, name: &str) -> Option<Chart> {
        Some(match name {
            "history-lengths" => Chart::Histogram(self.history_chart()),
            "popularity" => Chart::RankFrequency(self.popularity_chart()),
            "interactions-over-time" => Chart::Histogram(self.time_chart()),
            "ratings" => Chart::Histogram(Histogram {
                title: "Ratings".to_owned(),
                note: String::new(),
                along: "rating".to_owned(),
                counted: "interactions".to_owned(),
                columns: self.ratings.iter().map(|(rating, rows)| (rating.to_string(), *rows)).collect(),
            }),
            _ => return None,
        })
    }

    fn history_chart(&self) -> Histogram {
        let longest = self.history_lengths.iter().copied().max().unwrap_or(0);
        // The last column takes the longest hundredth, or a few long histories would press all others together.
        let mut sorted = self.history_lengths.clone();
        sorted.sort_unstable();
        let most = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or(longest).max(1);
        let width = most.div_ceil(COLUMNS).max(1);
        let edges: Vec<u32> = (0..most.div_ceil(width)).map(|column| column * width + 1).collect();
        let mut columns: Vec<(String, u64)> = edges
            .iter()
            .enumerate()
            .map(|(at, &first)| {
                let last = if at + 1 == edges.len() { longest.max(first) } else { first + width - 1 };
                let users = self.history_lengths.iter().filter(|&&length| (first..=last).contains(&length)).count();
                let [from, to] = [first, last].map(|length| numbers::count(u64::from(length)));
                (if first == last { from } else { format!("{from}–{to}") }, users as u64)
            })
            .collect();
        let without = self.history_lengths.iter().filter(|&&length| length == 0).count() as u64;
        if without > 0 {
            columns.insert(0, ("0".to_owned(), without));
        }
        Histogram {
            title: "How long histories are".to_owned(),
            note:
                "Users by the number of their interactions, before any filter. The last column holds all longer ones."
                    .to_owned(),
            along: "interactions of a user".to_owned(),
            counted: "users".to_owned(),
            columns,
        }
    }

    fn popularity_chart(&self) -> RankFrequency {
        let counts = self.by_popularity();
        let never = counts.iter().filter(|&&count| count == 0).count() as u64;
        let unmet = match never {
            0 => String::new(),
            1 => " 1 item was met by nobody and is not drawn.".to_owned(),
            never => format!(" {} items were met by nobody and are not drawn.", numbers::count(never)),
        };
        RankFrequency {
            title: "How popular items are".to_owned(),
            note: format!(
                "Interactions of each item by its rank, both axes logarithmic. The most popular 1 % of items have {} of the \
                 interactions; the Gini coefficient is {}.{unmet}",
                numbers::percent(self.top_share(0.01)),
                numbers::decimals(self.gini(), 3)
            ),
            ranked: "item".to_owned(),
            counted: "interactions".to_owned(),
            counts,
        }
    }

    fn time_chart(&self) -> Histogram {
        // Years where months would be too many to tell apart.
        let by_year = self.months.len() > 4 * COLUMNS as usize;
        let mut columns: Vec<(String, u64)> = Vec::new();
        for ((year, month), rows) in &self.months {
            let label = if by_year { year.to_string() } else { format!("{year}-{month:02}") };
            match columns.last_mut().filter(|(last, _)| *last == label) {
                Some((_, counted)) => *counted += rows,
                None => columns.push((label, *rows)),
            }
        }
        Histogram {
            title: "When interactions happened".to_owned(),
            note: format!("Interactions by {} in UTC.", if by_year { "year" } else { "month" }),
            along: if by_year { "year" } else { "month" }.to_owned(),
            counted: "interactions".to_owned(),
            columns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_stands_in_one_column_whatever_the_lengths() {
        for lengths in [vec![0, 1, 2, 3], vec![5; 7], (1..=1_000).collect(), vec![1, 1, 1, 90_000], vec![]] {
            let profile = DatasetProfile { history_lengths: lengths.clone(), ..DatasetProfile::default() };
            let chart = profile.history_chart();
            let counted: u64 = chart.columns.iter().map(|column| column.1).sum();
            assert_eq!(counted, lengths.len() as u64, "all users of {lengths:?}, each once");
            assert!(chart.columns.len() <= COLUMNS as usize + 1, "few enough to tell apart: {}", chart.columns.len());
        }
    }
}
