//! How sure a study of some size is to find a difference, by simulation; and the null studies that the tests are held to.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::statistics::{Answer, Resampling, crossed};
use crate::{Error, Result, Seed, Work};

/// What answers are taken to vary with. All are standard deviations on the scale of the outcome: points of a 5-point
/// scale, or logits of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct PowerAssumptions {
    /// Difference between two arms to be found: points of the scale.
    pub difference: f64,
    /// Between participants, in all arms alike.
    pub participants: f64,
    /// Between participants, in how much they gain by an arm.
    pub participant_by_arm: f64,
    /// Between stimuli, in all arms alike.
    pub stimuli: f64,
    /// Between stimuli, in how much they gain by an arm.
    pub stimulus_by_arm: f64,
    /// From answer to answer.
    pub answers: f64,
    /// Points of the scale; ratings are rounded to it and cut at its ends.
    pub points: u32,
}

impl PowerAssumptions {
    /// A difference of .3 points of five; spreads as usual for ratings of short texts.
    pub fn starter() -> Self {
        PowerAssumptions {
            difference: 0.3,
            participants: 0.5,
            participant_by_arm: 0.25,
            stimuli: 0.4,
            stimulus_by_arm: 0.3,
            answers: 0.9,
            points: 5,
        }
    }
}

/// How often a study finds the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct PowerEstimate {
    /// Participants.
    pub participants: u32,
    /// Stimuli in each arm that a participant sees.
    pub per_arm: u32,
    /// Arms.
    pub arms: u32,
    /// Studies simulated.
    pub studies: u32,
    /// Share in which p by participant is below .05.
    pub by_participant: f64,
    /// Share in which p by item is.
    pub by_item: f64,
    /// Share in which both are.
    pub both: f64,
    /// Share in which p of min F′ is.
    pub min_f: f64,
    /// Half the width of the 95 % interval of these shares.
    pub give_or_take: f64,
}

/// Simulates `studies` studies; each has a Latin square over the arms, and the first two arms are compared.
pub fn power(
    work: &Work,
    participants: u32,
    per_arm: u32,
    arms: u32,
    studies: u32,
    assumptions: &PowerAssumptions,
) -> Result<PowerEstimate> {
    let spreads = [
        assumptions.participants,
        assumptions.participant_by_arm,
        assumptions.stimuli,
        assumptions.stimulus_by_arm,
        assumptions.answers,
    ];
    if spreads.iter().any(|spread| !spread.is_finite() || *spread < 0.0) || !assumptions.difference.is_finite() {
        return Err(Error::input("Spreads are numbers of 0 or more, and the difference is a number."));
    }
    if !(2..=2_000).contains(&participants) || !(1..=200).contains(&per_arm) || !(2..=9).contains(&arms) {
        return Err(Error::input("Ask for 2 to 2,000 participants, 1 to 200 stimuli in each of 2 to 9 arms."));
    }
    let studies = studies.clamp(1, 10_000);
    let step = work.step("simulate", studies as usize);
    let found: Vec<[bool; 4]> = (0..studies)
        .into_par_iter()
        .map(|study| {
            let mut rng = work.rng("study power");
            rng.set_stream(u64::from(study));
            let answers = simulate_ratings(&mut rng, participants, per_arm, arms, assumptions);
            let resampling = Resampling { seed: Seed(u64::from(study)), resamples: 1000, flips: 999 };
            let tested = crossed(&answers, 0, 1, &resampling)?;
            step.advance(1)?;
            Ok(tested.map_or([false; 4], |tested| {
                [tested.by_participant.p, tested.by_item.p, tested.p_both, tested.p_min_f].map(|p| p <= 0.05)
            }))
        })
        .collect::<Result<_>>()?;
    let share = |at: usize| found.iter().filter(|found| found[at]).count() as f64 / f64::from(studies);
    let both = share(2);
    Ok(PowerEstimate {
        participants,
        per_arm,
        arms,
        studies,
        by_participant: share(0),
        by_item: share(1),
        both,
        min_f: share(3),
        give_or_take: 1.96 * (both * (1.0 - both) / f64::from(studies)).sqrt(),
    })
}

/// One simulated study: every participant rates every stimulus once, in the arm of the Latin square.
pub fn simulate_ratings(
    rng: &mut ChaCha8Rng,
    participants: u32,
    per_arm: u32,
    arms: u32,
    assumptions: &PowerAssumptions,
) -> Vec<Answer> {
    let normal = Normal::standard();
    let mut draw = |sd: f64| sd * normal.inverse_cdf(rng.random_range(f64::EPSILON..1.0));
    let stimuli = per_arm * arms;
    let mut table = |rows: u32, sd: f64, by_arm: f64| -> Vec<(f64, Vec<f64>)> {
        // An arm's effect is a difference from the mean over arms, so that the spreads stay apart.
        (0..rows).map(|_| (draw(sd), (0..arms).map(|_| draw(by_arm)).collect())).collect()
    };
    let people = table(participants, assumptions.participants, assumptions.participant_by_arm);
    let items = table(stimuli, assumptions.stimuli, assumptions.stimulus_by_arm);
    let middle = f64::from(assumptions.points + 1) / 2.0;
    let mut answers = Vec::with_capacity((participants * stimuli) as usize);
    for (participant, (person, gains)) in people.iter().enumerate() {
        for (stimulus, (item, item_gains)) in items.iter().enumerate() {
            let (row, class) = (participant as u32 % arms, stimulus as u32 % arms);
            let arm = (class + row) % arms;
            let effect = match arm {
                0 => assumptions.difference / 2.0,
                1 => -assumptions.difference / 2.0,
                _ => 0.0,
            };
            let value = middle + effect + person + item + gains[arm as usize] + item_gains[arm as usize];
            let rated = (value + draw(assumptions.answers)).round().clamp(1.0, f64::from(assumptions.points));
            let (participant, stimulus) = (participant as u32, stimulus as u32);
            answers.push(Answer { participant, row, stimulus, class, arm, value: rated });
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn null(participant_by_arm: f64, stimulus_by_arm: f64) -> PowerEstimate {
        let none =
            PowerAssumptions { difference: 0.0, participant_by_arm, stimulus_by_arm, ..PowerAssumptions::starter() };
        power(&Work::new(Seed(2026)), 24, 24, 3, 1000, &none).unwrap()
    }

    #[test]
    fn a_thousand_null_studies_are_found_significant_five_times_in_a_hundred() {
        // By participant the question is whether these stimuli differ for people at large, by item whether these people
        // find stimuli at large to differ: each test keeps its level for its own question.
        let people = null(0.25, 0.0);
        assert!((0.035..=0.065).contains(&people.by_participant), "by participant: {people:?}");
        let items = null(0.0, 0.3);
        assert!((0.035..=0.065).contains(&items.by_item), "by item: {items:?}");
        let crossed = null(0.25, 0.3);
        assert!(crossed.min_f <= 0.065, "min F′ keeps its level for both at once: {crossed:?}");
    }

    #[test]
    fn more_people_and_more_stimuli_find_more() {
        let of = |participants, per_arm| {
            power(&Work::new(Seed(1)), participants, per_arm, 3, 200, &PowerAssumptions::starter()).unwrap().both
        };
        let (pilot, study) = (of(6, 6), of(24, 24));
        assert!(pilot < 0.5 && study > 0.7, "a pilot finds {pilot}, the study {study}");
    }

    #[test]
    fn the_same_seed_gives_the_same_power_for_any_number_of_threads() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| power(&Work::new(Seed(5)), 9, 4, 3, 50, &PowerAssumptions::starter()).unwrap())
        };
        assert_eq!(with(1), with(3), "a generator belongs to a study, not to a thread");
    }

    #[test]
    fn spreads_that_are_none_are_refused() {
        let bad = PowerAssumptions { answers: f64::NAN, ..PowerAssumptions::starter() };
        assert!(power(&Work::new(Seed(1)), 9, 4, 3, 10, &bad).is_err(), "NaN is no spread");
        assert!(
            power(&Work::new(Seed(1)), 1, 4, 3, 10, &PowerAssumptions::starter()).is_err(),
            "one person is no study"
        );
    }
}
