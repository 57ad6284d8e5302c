//! From ranked lists to the statistics of a comparison: means with intervals, paired differences, gains of meaning.

use semid_core::comparison::{ArmResult, Curve, Difference, Health, MetricFacts, MetricValue, SliceValue};
use semid_core::metrics::Metric;
use semid_core::metrics::ranking::Evaluation;
use semid_core::metrics::slices::Slicing;
use semid_core::statistics::{Correction, Resampling, mean, mean_interval, mean_over_seeds, mean_sd, paired};
use semid_core::{Result, Work};

use crate::settings::{Arm, IdSettings};

/// An arm after all its seeds were judged.
pub struct JudgedArm {
    /// Which arm.
    pub arm: Arm,
    /// Its result so far: cost, health, curves; the values come from here.
    pub result: ArmResult,
    /// Per metric one value per judged user: the mean over seeds. Equal users in equal order for all arms.
    pub per_user: Vec<Vec<f64>>,
}

/// Means over users of an arm, with intervals and the spread over seeds. All seeds judged the same users.
pub fn judge_arm(
    seeds: &[Evaluation],
    metrics: &[Metric],
    resampling: &Resampling,
) -> Result<(Vec<MetricValue>, Vec<Vec<f64>>)> {
    let mut values = Vec::with_capacity(metrics.len());
    let mut per_user = Vec::with_capacity(metrics.len());
    for metric in metrics {
        let by_seed: Vec<&[f64]> = seeds.iter().filter_map(|seed| seed.values(metric)).collect();
        let users = mean_over_seeds(&by_seed)?;
        let interval = mean_interval(&users, resampling)?;
        let means: Vec<f64> = by_seed.iter().map(|users| mean(users)).collect();
        values.push(MetricValue {
            metric: metric.key(),
            mean: interval.mean,
            low: interval.low,
            high: interval.high,
            seed_sd: mean_sd(&means).1,
            by_seed: means,
        });
        per_user.push(users);
    }
    Ok((values, per_user))
}

/// Every paired test of a comparison.
#[derive(Default)]
pub struct Tests {
    /// Every arm against the baseline.
    pub against_baseline: Vec<Difference>,
    /// Schemes with meaning against the permuted control under the same recommender.
    pub meaning_gains: Vec<Difference>,
    /// Schemes with meaning against hash under the same recommender.
    pub hash_gains: Vec<Difference>,
}

/// Runs the paired tests and adjusts all their p-values as one family.
pub fn test_arms(
    work: &Work,
    arms: &[JudgedArm],
    schemes: &[IdSettings],
    baseline: usize,
    metrics: &[Metric],
    resampling: &Resampling,
    correction: Correction,
) -> Result<Tests> {
    let mut tests = Tests::default();
    let step = work.step("test", arms.len() * metrics.len());
    for (at, arm) in arms.iter().enumerate() {
        if at != baseline {
            tests.against_baseline.extend(differences(arm, &arms[baseline], metrics, resampling)?);
        }
        let scheme = arm.arm.ids.map(|ids| &schemes[ids]);
        if scheme.is_some_and(IdSettings::has_meaning) {
            for (key, gains) in [("permuted", &mut tests.meaning_gains), ("hash", &mut tests.hash_gains)] {
                let control = arms.iter().find(|control| {
                    control.arm.recommender == arm.arm.recommender
                        && control.arm.ids.is_some_and(|ids| schemes[ids].key() == key)
                });
                if let Some(control) = control {
                    gains.extend(differences(arm, control, metrics, resampling)?);
                }
            }
        }
        step.advance(metrics.len())?;
    }
    let mut family: Vec<&mut Difference> =
        tests.against_baseline.iter_mut().chain(&mut tests.meaning_gains).chain(&mut tests.hash_gains).collect();
    let p: Vec<f64> = family.iter().map(|test| test.p).collect();
    for (test, adjusted) in family.iter_mut().zip(correction.adjust(&p)?) {
        test.p_adjusted = adjusted;
    }
    Ok(tests)
}

impl Tests {
    /// How many tests the correction spans.
    pub fn count(&self) -> usize {
        self.against_baseline.len() + self.meaning_gains.len() + self.hash_gains.len()
    }
}

/// Every metric over parts of the users; parts without a user are left out.
pub fn judge_slices(
    slicing: &Slicing,
    metrics: &[Metric],
    per_user: &[Vec<f64>],
    resampling: &Resampling,
) -> Result<Vec<SliceValue>> {
    let mut values = Vec::new();
    for slice in slicing.slices.iter().filter(|slice| !slice.users.is_empty()) {
        for (metric, per_user) in metrics.iter().zip(per_user) {
            let interval = mean_interval(&slice.of(per_user), resampling)?;
            values.push(SliceValue {
                slicing: slicing.name.to_owned(),
                slice: slice.label.to_owned(),
                users: slice.users.len() as u64,
                metric: metric.key(),
                mean: interval.mean,
                low: interval.low,
                high: interval.high,
            });
        }
    }
    Ok(values)
}

/// Health over seeds: the worst of each sign, and every warning once.
pub fn worst_health(seeds: &[Evaluation]) -> Health {
    let mut worst: Option<Health> = None;
    for health in seeds.iter().map(Evaluation::health) {
        worst = Some(match worst {
            None => health,
            Some(mut worst) => {
                worst.id_validity = worst.id_validity.min(health.id_validity);
                worst.users_without_list = worst.users_without_list.max(health.users_without_list);
                worst.short_lists = worst.short_lists.max(health.short_lists);
                worst.tie_rate = worst.tie_rate.max(health.tie_rate);
                worst.distinct_in_top10 = worst.distinct_in_top10.min(health.distinct_in_top10);
                for warning in health.warnings {
                    if !worst.warnings.contains(&warning) {
                        worst.warnings.push(warning);
                    }
                }
                worst
            }
        });
    }
    worst.unwrap_or_default()
}

/// Adds what a generative model noted at the end of its training: the worst over seeds.
pub fn add_training_signs(health: &mut Health, arm: &str, curves: &[Curve]) {
    let last = |series: &str, seed: u64| {
        let curve = curves.iter().find(|curve| curve.series == series && curve.seed == seed);
        curve.and_then(|curve| curve.points.last()).map(|point| point.1)
    };
    let mut seeds: Vec<u64> = curves.iter().map(|curve| curve.seed).collect();
    seeds.dedup();
    for seed in seeds {
        if let Some(validity) = last("id validity", seed) {
            let worst = health.unconstrained_id_validity.unwrap_or(1.0);
            health.unconstrained_id_validity = Some(worst.min(validity));
        }
        if let (Some(loss), Some(bigram)) = (last("first-token loss", seed), last("bigram first-token loss", seed))
            && loss >= bigram
        {
            health.warnings.push(format!(
                "{arm}, seed {seed}: the first token of the next item is predicted with a loss of {loss:.3}, no better than \
                 the {bigram:.3} of a table of which item follows which. Train longer or with other settings before \
                 believing this arm."
            ));
        }
    }
}

/// Definitions of the metrics, one click from their numbers.
pub fn metric_facts(metrics: &[Metric]) -> Vec<MetricFacts> {
    metrics.iter().map(Metric::facts).collect()
}

/// Recorded points of one replicate, gathered into curves in the order their series appeared.
pub fn curves_of(seed: u64, points: &[semid_core::SeriesPoint]) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for point in points {
        match curves.iter_mut().find(|curve| curve.series == point.series) {
            Some(curve) => curve.points.push((point.at, point.value)),
            None => curves.push(Curve { series: point.series.clone(), seed, points: vec![(point.at, point.value)] }),
        }
    }
    curves
}

fn differences(
    arm: &JudgedArm,
    against: &JudgedArm,
    metrics: &[Metric],
    resampling: &Resampling,
) -> Result<Vec<Difference>> {
    metrics
        .iter()
        .enumerate()
        .map(|(at, metric)| {
            let outcome = paired(&arm.per_user[at], &against.per_user[at], resampling)?;
            Ok(outcome.into_difference(&arm.arm.key(), &against.arm.key(), &metric.key()))
        })
        .collect()
}
