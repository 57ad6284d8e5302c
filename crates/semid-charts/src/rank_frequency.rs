//! Popularity by rank, both axes logarithmic: a straight line is a power law, and its tail shows how many items hardly
//! anybody met.

use serde::{Deserialize, Serialize};

use crate::canvas::{Align, Sheet, Svg};
use crate::heading::{EDGE, Heading, SMALL, WIDTH, empty};
use crate::theme::Ink;
use crate::{Result, Theme, numbers, text};

/// Counts by rank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankFrequency {
    /// What the picture shows.
    pub title: String,
    /// How to read it, in a sentence.
    pub note: String,
    /// What is ranked: "item".
    pub ranked: String,
    /// What is counted: "interactions".
    pub counted: String,
    /// Counts, most first. Those of 0 have no place on the axis and are told in the note.
    pub counts: Vec<u64>,
}

const PANEL: f64 = 300.0;
const TICKS: f64 = 62.0;
/// Points drawn at most for each factor of ten in rank: more cannot be told apart.
const POINTS: f64 = 60.0;
const REACH: f64 = 6.0;

impl RankFrequency {
    /// Ranks that are drawn, from 1 on: all of the first, then ever fewer, and the last.
    pub fn ranks(&self) -> Vec<usize> {
        let met = self.counts.iter().take_while(|&&count| count > 0).count();
        let mut ranks: Vec<usize> = Vec::new();
        let mut rank = 1.0;
        while (rank as usize) < met {
            ranks.push(rank as usize);
            rank = (rank * 10f64.powf(1.0 / POINTS)).max(rank + 1.0).floor();
        }
        ranks.extend((met > 0).then_some(met));
        ranks
    }
}

pub(crate) fn draw(chart: &RankFrequency, theme: Theme) -> Result<Svg> {
    let ranks = chart.ranks();
    let (Some(&last), Some(&most)) = (ranks.last(), chart.counts.first()) else {
        return empty(&chart.title, &chart.note, theme);
    };
    let heading = Heading::new(&chart.title, &chart.note);
    let top = heading.height() + 22.0;
    let bottom = top + PANEL;
    let height = bottom + 42.0 + EDGE;
    let (left, right) = (EDGE + TICKS, WIDTH - EDGE - 12.0);
    let place =
        |value: f64, high: f64, (from, to): (f64, f64)| from + value.log10() / high.log10().max(1e-9) * (to - from);
    let (widest, highest) = ((last as f64).max(10.0), (most as f64).max(10.0));
    let x = |rank: usize| place(rank as f64, widest, (left, right));
    let y = |count: u64| place(count as f64, highest, (bottom, top));
    let powers = |high: f64| (0..=high.log10().floor() as u32).map(|power| 10u64.pow(power));

    let middle = chart.counts[ranks[ranks.len() / 2] - 1];
    let description = format!(
        "Rank 1 has {} {}, rank {} has {}, rank {} has {}.",
        numbers::count(most),
        chart.counted,
        numbers::count(ranks[ranks.len() / 2] as u64),
        numbers::count(middle),
        numbers::count(last as u64),
        numbers::count(chart.counts[last - 1]),
    );
    Sheet { title: &chart.title, description, width: WIDTH, height }.paint(theme, |canvas| {
        heading.draw(canvas)?;
        canvas.text((EDGE, top - 14.0), Align::Left, SMALL, Ink::Muted, &text::clean(&chart.counted))?;
        for value in powers(highest) {
            canvas.line((left, y(value)), (right, y(value)), Ink::Grid, 1.0)?;
            canvas.text((left - 8.0, y(value)), Align::Right, SMALL, Ink::Muted, &numbers::count(value))?;
        }
        for value in powers(widest) {
            let at = x(value as usize);
            canvas.line((at, top), (at, bottom), Ink::Grid, 1.0)?;
            canvas.text((at, bottom + 14.0), Align::Middle, SMALL, Ink::Muted, &numbers::count(value))?;
        }
        canvas.line((left, bottom), (right, bottom), Ink::Axis, 1.0)?;
        let path: Vec<(f64, f64)> = ranks.iter().map(|&rank| (x(rank), y(chart.counts[rank - 1]))).collect();
        if path.len() > 1 {
            canvas.dashed(&path, &[], Ink::Accent, 1.5)?;
        }
        for (&at, &rank) in path.iter().zip(&ranks) {
            canvas.dot(at, 2.0, Ink::Accent)?;
            let said = [
                format!("{} at rank {}", chart.ranked, numbers::count(rank as u64)),
                format!("{} {}", numbers::count(chart.counts[rank - 1]), chart.counted),
            ];
            canvas.mark((at.0 - REACH, at.1 - REACH, 2.0 * REACH, 2.0 * REACH), said);
        }
        let along = format!("rank of the {}, logarithmic", text::clean(&chart.ranked));
        canvas.text(((left + right) / 2.0, bottom + 34.0), Align::Middle, SMALL, Ink::Muted, &along)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_ranks_are_drawn_as_a_few_hundred_with_the_first_and_the_last() {
        let chart = RankFrequency {
            counts: (0..1_000_000).map(|rank| 1 + 1_000_000 / (rank + 1)).collect(),
            ..Default::default()
        };
        let ranks = chart.ranks();
        assert!(ranks.len() < 500, "no more points than can be told apart: {}", ranks.len());
        assert_eq!((ranks[0], ranks[ranks.len() - 1]), (1, 1_000_000), "with both ends");
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "each once");
        let unmet = RankFrequency { counts: vec![3, 1, 0, 0], ..Default::default() };
        assert_eq!(unmet.ranks(), [1, 2], "what nobody met has no place on a logarithmic axis");
    }
}
