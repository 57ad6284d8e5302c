//! Where a number of a comparison comes from: definition, interval, seeds, test, and who was left out.

use semid_charts::numbers::{NONE, count, decimals, interval, metric as written, p, percent, signed, signed_interval};
use semid_core::Seed;
use semid_core::comparison::{ArmResult, Comparison, Difference, MetricFacts};
use semid_core::statistics::{Resampling, paired};
use serde::{Deserialize, Serialize};

use crate::past_run::PastRun;
use crate::{Engine, Result};

/// Names a number of a comparison.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct NumberRequest {
    /// Which run.
    pub run: i64,
    /// Key of the arm.
    pub arm: String,
    /// Key of the arm it is compared with; none: the run's baseline.
    pub against: Option<String>,
    /// `ndcg@10`.
    pub metric: String,
}

/// Where a number comes from.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct NumberFacts {
    /// Definition of the metric.
    pub metric: MetricFacts,
    /// Title of the arm.
    pub arm: String,
    /// Title of the arm it is compared with.
    pub against: String,
    /// Each fact as label and value, formatted: mean, interval, n, seeds, resamples, p, adjusted p, wins/ties/losses.
    pub facts: Vec<(String, String)>,
    /// What was left out, in sentences with numbers; never empty: "Nobody was left out." is said too.
    pub excluded: Vec<String>,
}

impl Engine {
    /// Where a number comes from.
    pub fn number(&self, request: &NumberRequest) -> Result<NumberFacts> {
        let run = self.past_run(request.run)?;
        let metric = run.metric(&request.metric)?;
        let arm = run.arm(&request.arm)?;
        let against = run.arm_or_baseline(request.against.as_deref())?;
        let mut facts = of_arm(&run.comparison, arm, &metric.key);
        if arm.key != against.key {
            facts.extend(self.of_pair(&run, arm, against, &metric.key)?);
        }
        let protocol = &run.comparison.protocol;
        facts.push(("Bootstrap resamples".into(), count(u64::from(protocol.resamples))));
        facts.push(("Sign flips".into(), count(u64::from(protocol.flips))));
        Ok(NumberFacts {
            metric: metric.clone(),
            arm: arm.title.clone(),
            against: against.title.clone(),
            facts,
            excluded: excluded(&run.comparison, arm),
        })
    }

    fn of_pair(
        &self,
        run: &PastRun,
        arm: &ArmResult,
        against: &ArmResult,
        metric: &str,
    ) -> Result<Vec<(String, String)>> {
        let mut facts = Vec::new();
        if let Some(value) = against.values.iter().find(|value| value.metric == metric) {
            let shown = format!("{} {}", written(value.mean), interval(value.low, value.high));
            facts.push((format!("Mean of {}", against.title), shown));
        }
        let (difference, tested) = self.difference(run, &arm.key, &against.key, metric)?;
        let Difference { low, high, wins, ties, losses, .. } = difference;
        facts.push((format!("Difference against {}", against.title), signed(difference.difference)));
        facts.push(("95 % interval of the difference".into(), signed_interval(low, high)));
        facts.push(("p, sign-flip, two-sided".into(), p(difference.p)));
        facts.push(match tested {
            true => (format!("Adjusted p ({})", run.comparison.protocol.correction), p(difference.p_adjusted)),
            // A pair chosen after seeing the results belongs to no family that could be corrected for.
            false => ("Adjusted p".into(), format!("{NONE} (this pair is not among the tests of the run)")),
        });
        facts.push(("Effect size d".into(), decimals(difference.effect_size, 2)));
        let [wins, ties, losses] = [wins, ties, losses].map(count);
        facts.push(("Users better / equal / worse".into(), format!("{wins} / {ties} / {losses}")));
        Ok(facts)
    }

    /// A difference of the run, or one computed now on its per-user values by the same resampling; and whether it is one
    /// of the run's tests.
    fn difference(&self, run: &PastRun, arm: &str, against: &str, metric: &str) -> Result<(Difference, bool)> {
        let comparison = &run.comparison;
        let mut known = comparison.differences.iter().chain(&comparison.meaning_gains).chain(&comparison.hash_gains);
        let same = |found: &&Difference| found.arm == arm && found.against == against && found.metric == metric;
        if let Some(found) = known.find(same) {
            return Ok((found.clone(), true));
        }
        let name = format!("difference {} {arm} {against} {metric}", run.run.id);
        let computed = self.cache().get_or_make(&name, || {
            let [of_arm, of_other] = [self.values_of(run, arm, metric)?, self.values_of(run, against, metric)?];
            let resampling = Resampling {
                seed: Seed(run.settings.data_seed),
                resamples: comparison.protocol.resamples,
                flips: comparison.protocol.flips,
            };
            Ok((paired(&of_arm, &of_other, &resampling)?.into_difference(arm, against, metric), 300))
        })?;
        Ok(((*computed).clone(), false))
    }
}

fn of_arm(comparison: &Comparison, arm: &ArmResult, metric: &str) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    if let Some(value) = arm.values.iter().find(|value| value.metric == metric) {
        facts.push(("Mean".into(), written(value.mean)));
        facts.push(("95 % interval over users".into(), interval(value.low, value.high)));
        let seeds = comparison.seeds.iter().zip(&value.by_seed);
        let by_seed: Vec<String> = seeds.map(|(seed, mean)| format!("{} (seed {seed})", written(*mean))).collect();
        facts.push(("Mean of each seed".into(), by_seed.join(", ")));
        if let Some(sd) = value.seed_sd {
            facts.push(("Standard deviation over seeds".into(), written(sd)));
        }
    }
    facts.push(("Users, n".into(), count(comparison.protocol.users)));
    facts
}

/// Who was left out of the number and what counts as a miss, in sentences.
fn excluded(comparison: &Comparison, arm: &ArmResult) -> Vec<String> {
    let protocol = &comparison.protocol;
    let mut sentences = Vec::new();
    let only_train =
        comparison.dataset.users.saturating_sub(protocol.users).saturating_sub(protocol.users_without_target);
    if only_train > 0 {
        sentences.push(format!(
            "{} of {} users were left out: they have too few interactions for one to be held out, and only train.",
            count(only_train),
            count(comparison.dataset.users)
        ));
    }
    if protocol.users_without_target > 0 {
        let users = count(protocol.users_without_target);
        sentences.push(format!("{users} users were left out because nothing is relevant for them."));
    }
    if sentences.is_empty() {
        sentences.push("Nobody was left out.".to_owned());
    }
    if protocol.targets_in_history > 0 {
        sentences.push(format!(
            "{} held-out items were in their user's own history, which no arm may recommend; they count as misses.",
            count(protocol.targets_in_history)
        ));
    }
    if protocol.tied_in_time > 0.0 {
        sentences.push(format!(
            "For {} of the users the held-out item carries the same time as the one before it; which of them is held \
             out was drawn by the data seed.",
            percent(protocol.tied_in_time)
        ));
    }
    let health = &arm.health;
    if health.users_without_list > 0 {
        let users = count(health.users_without_list);
        sentences.push(format!("The arm gave no list to {users} users; each counts as a miss."));
    }
    if health.short_lists > 0 {
        let lists = count(health.short_lists);
        sentences.push(format!("{lists} lists are shorter than asked for; the missing ranks count as misses."));
    }
    sentences
}
