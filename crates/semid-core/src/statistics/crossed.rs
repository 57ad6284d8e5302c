//! Two arms of an experiment in which people and stimuli are crossed: tested by participant and by item.
//!
//! Answers to one stimulus resemble each other, and so do the answers of one person; a test that pools all answers takes
//! neither into account and finds differences where there are none. Here each person's difference of means is one value,
//! and then each stimulus' difference (Clark 1973's F1 and F2, with sign flips in the place of F).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::beta::f_tail;
use super::{Interval, Resampling, mean, mean_interval, mean_sd, sign_flip};
use crate::Result;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Who gave it.
    pub participant: u32,
    /// The row of the Latin square the participant is in: those of one row saw the same stimuli in the same arms.
    pub row: u32,
    /// To what.
    pub stimulus: u32,
    /// The class of the stimulus in the Latin square: those of one class change arms together.
    pub class: u32,
    /// The arm in which it was shown.
    pub arm: u32,
    /// 0 or 1 for wrong or right; the rating otherwise.
    pub value: f64,
}

/// One arm minus another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Crossed {
    /// By participant.
    pub by_participant: Side,
    /// By item.
    pub by_item: Side,
    /// p of min F′ = F1 F2 / (F1 + F2) with (F1 + F2)² / (F1²/df2 + F2²/df1) degrees of freedom (Clark 1973): over
    /// participants and items at once, on the safe side.
    pub p_min_f: f64,
    /// The larger of the p-values by participant and by item.
    pub p_both: f64,
}

/// One of the two tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Participants, or items.
    pub n: u64,
    /// Mean difference with its 95 % bootstrap interval over them.
    pub difference: Interval,
    /// Two-sided sign-flip p.
    pub p: f64,
}

/// Tests arm `one` against `other`. None with fewer than two participants or two items that have answers in both.
///
/// In a Latin square the stimuli of one arm differ from row to row, which moves the differences of all participants of a
/// row together. As with the counterbalancing factor of Pollatsek and Well (1995), the row's mean is taken out and the
/// grand mean put back: `d* = d̄ + (d − d̄_row) √(P / (P − rows))`; the root keeps the spread of the P values unbiased.
/// Items are treated alike by their class.
pub fn crossed(answers: &[Answer], one: u32, other: u32, resampling: &Resampling) -> Result<Option<Crossed>> {
    let people = differences(answers, one, other, |answer| (answer.participant, answer.row));
    let items = differences(answers, one, other, |answer| (answer.stimulus, answer.class));
    let (Some(people), Some(items)) = (Differences::new(people), Differences::new(items)) else { return Ok(None) };
    let (by_participant, by_item) = (people.test(resampling)?, items.test(resampling)?);
    Ok(Some(Crossed {
        by_participant,
        by_item,
        p_min_f: min_f(&people, &items),
        p_both: by_participant.p.max(by_item.p),
    }))
}

/// Difference of means of each unit that has answers in both arms, with its group.
fn differences(answers: &[Answer], one: u32, other: u32, unit: impl Fn(&Answer) -> (u32, u32)) -> Vec<(u32, f64)> {
    let mut sums: BTreeMap<(u32, u32), [(f64, f64); 2]> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| answer.arm == one || answer.arm == other) {
        let (sum, count) = &mut sums.entry(unit(answer)).or_default()[usize::from(answer.arm == other)];
        (*sum, *count) = (*sum + answer.value, *count + 1.0);
    }
    let both = sums.into_iter().filter(|(_, sides)| sides.iter().all(|side| side.1 > 0.0));
    both.map(|((_, group), [a, b])| (group, a.0 / a.1 - b.0 / b.1)).collect()
}

/// Differences without what their groups share.
struct Differences {
    values: Vec<f64>,
    degrees: f64,
}

impl Differences {
    fn new(by_group: Vec<(u32, f64)>) -> Option<Self> {
        let n = by_group.len();
        if n < 2 {
            return None;
        }
        let raw: Vec<f64> = by_group.iter().map(|(_, value)| *value).collect();
        let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        by_group.iter().for_each(|(group, value)| groups.entry(*group).or_default().push(*value));
        // With hardly more units than groups nothing would be left; the raw differences then err on the safe side.
        if n < 2 * groups.len() {
            return Some(Differences { values: raw, degrees: (n - 1) as f64 });
        }
        let means: BTreeMap<u32, f64> = groups.iter().map(|(&group, values)| (group, mean(values))).collect();
        let grand = mean(&raw);
        let degrees = (n - groups.len()) as f64;
        let root = (n as f64 / degrees).sqrt();
        let values = by_group.iter().map(|(group, value)| grand + (value - means[group]) * root).collect();
        Some(Differences { values, degrees })
    }

    fn test(&self, resampling: &Resampling) -> Result<Side> {
        Ok(Side {
            n: self.values.len() as u64,
            difference: mean_interval(&self.values, resampling)?,
            p: sign_flip(&self.values, resampling)?,
        })
    }

    /// F of the mean against 0; infinite without spread.
    fn f(&self) -> f64 {
        let (mean, sd) = mean_sd(&self.values);
        let spread = sd.unwrap_or(0.0).powi(2) / self.values.len() as f64;
        match (mean == 0.0, spread > 0.0) {
            (true, _) => 0.0,
            (false, true) => mean * mean / spread,
            (false, false) => f64::INFINITY,
        }
    }
}

fn min_f(people: &Differences, items: &Differences) -> f64 {
    let (f1, f2) = (people.f(), items.f());
    match (f1.is_finite(), f2.is_finite()) {
        _ if f1 == 0.0 || f2 == 0.0 => 1.0,
        (true, true) => {
            let degrees = (f1 + f2).powi(2) / (f1 * f1 / items.degrees + f2 * f2 / people.degrees);
            f_tail(f1 * f2 / (f1 + f2), 1.0, degrees)
        }
        (true, false) => f_tail(f1, 1.0, people.degrees),
        (false, true) => f_tail(f2, 1.0, items.degrees),
        (false, false) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Seed;

    fn square(people: u32, stimuli: u32, value: impl Fn(u32, u32, u32) -> f64) -> Vec<Answer> {
        let all = (0..people).flat_map(|participant| (0..stimuli).map(move |stimulus| (participant, stimulus)));
        all.map(|(participant, stimulus)| {
            let (row, class) = (participant % 2, stimulus % 2);
            let arm = (row + class) % 2;
            Answer { participant, row, stimulus, class, arm, value: value(participant, stimulus, arm) }
        })
        .collect()
    }

    #[test]
    fn what_all_of_a_row_share_is_taken_out() {
        // Stimuli differ a lot, arms by exactly one: without the correction the rows would hide it.
        let answers = square(8, 8, |_, stimulus, arm| f64::from(stimulus % 2) * 5.0 - f64::from(arm));
        let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 10_000 };
        let tested = crossed(&answers, 0, 1, &resampling).unwrap().unwrap();
        assert_eq!(tested.by_participant.difference.mean, 1.0, "the mean over a full block is unbiased");
        assert_eq!(tested.by_participant.p, 2.0 / 256.0, "all eight people agree once the rows are level");
        assert_eq!(tested.by_item.n, 8, "every stimulus was seen in both arms");
        assert_eq!(tested.p_both, tested.by_participant.p.max(tested.by_item.p), "both must hold");
    }

    #[test]
    fn one_person_or_one_stimulus_is_no_test() {
        let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 1000 };
        assert_eq!(crossed(&square(1, 8, |_, _, _| 1.0), 0, 1, &resampling).unwrap(), None, "one person");
        assert_eq!(crossed(&[], 0, 1, &resampling).unwrap(), None, "nobody");
    }
}
