//! How much it mattered in which order candidates were shown. A model that reads what it ranks does not care.

use semid_core::Result;
use semid_core::statistics::{Interval, Resampling, Share, mean_interval, share, spearman};
use serde::Serialize;

/// What shown positions and given ranks have to do with each other, over the answers that could be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PositionBias {
    /// Answers that named at least one candidate.
    pub answers: u64,
    /// One row a shown position, the first shown first.
    pub positions: Vec<PositionRow>,
    /// Spearman's correlation of shown position and given rank, the mean over answers that named three or more, with its
    /// 95 % interval. 0: the order did not matter; 1: the answer repeats it. None when no answer named three.
    pub correlation: Option<Interval>,
    /// How often the candidate shown first was ranked first, against what chance gives. None when nothing was answered.
    pub first_shown_first: Option<Share>,
}

/// What became of the candidates that were shown at one position.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PositionRow {
    /// Answers in which something was shown there.
    pub shown: u64,
    /// How often it was given each rank, the best first.
    pub ranks: Vec<u64>,
    /// How often it was not named.
    pub not_named: u64,
    /// The mean of the ranks it was given, counted from 1; none when it was never named.
    pub mean_rank: Option<f64>,
}

/// Measures it. One row an answer; in it, for each shown position, the rank that was given, 0 the best, none when it was not
/// named ([`crate::Grounded::ranks`] of choices in shown order). Ranks that misses took count as ranks. Answers that named
/// nothing are left out: they say nothing about order. Chance for "first" is the mean of 1/k over the answers.
pub fn position_bias(answers: &[Vec<Option<usize>>], resampling: &Resampling) -> Result<PositionBias> {
    let read: Vec<&Vec<Option<usize>>> = answers.iter().filter(|row| row.iter().any(Option::is_some)).collect();
    let longest = read.iter().map(|row| row.len()).max().unwrap_or(0);
    let mut positions = vec![PositionRow::default(); longest];
    let mut correlations = Vec::new();
    let (mut first, mut chance) = (0, 0.0);
    for row in &read {
        let (mut shown, mut given) = (Vec::new(), Vec::new());
        for (position, rank) in row.iter().enumerate() {
            let place = &mut positions[position];
            place.shown += 1;
            let Some(rank) = *rank else {
                place.not_named += 1;
                continue;
            };
            if place.ranks.len() <= rank {
                place.ranks.resize(rank + 1, 0);
            }
            place.ranks[rank] += 1;
            shown.push(position as f64);
            given.push(rank as f64);
        }
        correlations.extend(spearman(&shown, &given));
        first += u64::from(row.first() == Some(&Some(0)));
        chance += 1.0 / row.len() as f64;
    }
    for place in &mut positions {
        let named: u64 = place.ranks.iter().sum();
        let sum: f64 = place.ranks.iter().enumerate().map(|(rank, &count)| (rank + 1) as f64 * count as f64).sum();
        place.mean_rank = (named > 0).then(|| sum / named as f64);
    }
    let answers = read.len() as u64;
    Ok(PositionBias {
        answers,
        positions,
        correlation: match correlations.is_empty() {
            true => None,
            false => Some(mean_interval(&correlations, resampling)?),
        },
        first_shown_first: match answers {
            0 => None,
            _ => Some(share(first, answers, (chance / answers as f64).min(1.0))?),
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rand::seq::SliceRandom;
    use semid_core::Seed;

    const RESAMPLING: Resampling = Resampling { seed: Seed(1), resamples: 1_000, flips: 1_000 };

    #[test]
    fn a_model_that_repeats_the_order_is_found_out() {
        let bias = position_bias(&vec![(0..5).map(Some).collect(); 20], &RESAMPLING).unwrap();
        assert_eq!(bias.correlation.unwrap().mean, 1.0, "rank follows position");
        let first = bias.first_shown_first.unwrap();
        assert_eq!(first.share, 1.0, "the first shown is always ranked first");
        assert!((first.chance - 0.2).abs() < 1e-12, "by chance it would be one time in five");
        assert!(first.p < 1e-9, "that is no chance");
        let means: Vec<f64> = bias.positions.iter().filter_map(|place| place.mean_rank).collect();
        assert_eq!(means, [1.0, 2.0, 3.0, 4.0, 5.0], "each position has its own rank");
    }

    #[test]
    fn a_model_that_does_not_care_shows_nothing() {
        let mut rng = Seed(2).rng("ranks");
        let answers: Vec<Vec<Option<usize>>> = (0..400)
            .map(|_| {
                let mut ranks: Vec<Option<usize>> = (0..10).map(Some).collect();
                ranks.shuffle(&mut rng);
                ranks
            })
            .collect();
        let bias = position_bias(&answers, &RESAMPLING).unwrap();
        let correlation = bias.correlation.unwrap();
        assert!(correlation.low < 0.0 && correlation.high > 0.0, "0 lies inside {correlation:?}");
        assert!(bias.first_shown_first.unwrap().p > 0.01, "first as often as chance has it");
    }

    #[test]
    fn what_was_not_named_is_counted_apart_and_unread_answers_are_left_out() {
        let answers = [vec![Some(1), None, Some(0)], vec![None; 3], vec![], vec![Some(0), None]];
        let bias = position_bias(&answers, &RESAMPLING).unwrap();
        assert_eq!(bias.answers, 2, "two named nothing");
        let row = |shown, ranks: &[u64], not_named, mean_rank| PositionRow {
            shown,
            ranks: ranks.into(),
            not_named,
            mean_rank,
        };
        let expected = [row(2, &[1, 1], 0, Some(1.5)), row(2, &[], 2, None), row(1, &[1], 0, Some(1.0))];
        assert_eq!(bias.positions, expected, "place by place");
        assert_eq!(bias.correlation, None, "nobody named three");
        let first = bias.first_shown_first.unwrap();
        assert_eq!((first.hits, first.chance), (1, (1.0 / 3.0 + 1.0 / 2.0) / 2.0), "chance is that of these answers");
        let nothing = position_bias(&[], &RESAMPLING).unwrap();
        assert!(nothing.first_shown_first.is_none() && nothing.positions.is_empty(), "nothing was asked");
    }
}
