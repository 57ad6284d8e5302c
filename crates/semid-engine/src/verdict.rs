//! The question answered in sentences, every number taken from the comparison.

use semid_charts::numbers;
use semid_core::comparison::{ArmResult, Comparison, Difference};

/// Answers "do semantic IDs beat hash IDs here, by how much, and are we sure?" for the primary metric.
pub fn verdict(comparison: &Comparison) -> Vec<String> {
    let mut sentences = Vec::new();
    let primary = comparison.primary_metric.as_str();
    let title = comparison.metrics.iter().find(|metric| metric.key == primary).map_or(primary, |metric| &metric.title);
    let mut semantic: Vec<&ArmResult> = comparison
        .arms
        .iter()
        .filter(|arm| comparison.hash_gains.iter().chain(&comparison.meaning_gains).any(|gain| gain.arm == arm.key))
        .collect();
    semantic.sort_by(|a, b| value(b, primary).total_cmp(&value(a, primary)));
    for arm in semantic {
        for (gains, control, what) in [
            (&comparison.hash_gains, "hash IDs", "the gain over names without meaning"),
            (&comparison.meaning_gains, "the same IDs dealt to other items", "the gain of meaning alone"),
        ] {
            for gain in gains.iter().filter(|gain| gain.metric == primary && gain.arm == arm.key) {
                sentences.extend(gain_sentence(comparison, gain, title, control, what));
            }
        }
    }
    if let Some(best) = best_arm(comparison, primary) {
        sentences.push(format!(
            "Highest {title} of all arms: {} with {}.",
            best.title,
            numbers::metric(value(best, primary))
        ));
    }
    if let Some(sentence) = best_ids_against_baseline(comparison, primary, title) {
        sentences.push(sentence);
    }
    if comparison.seeds.len() < 3 {
        sentences.push(format!(
            "With {} seed{} the spread between trainings is not known; three or more would show it.",
            comparison.seeds.len(),
            if comparison.seeds.len() == 1 { "" } else { "s" }
        ));
    }
    if comparison.dataset.simulated {
        sentences
            .push("The interactions are simulated: these numbers show how Semid works, nothing about people.".into());
    }
    sentences
}

fn gain_sentence(comparison: &Comparison, gain: &Difference, title: &str, control: &str, what: &str) -> Option<String> {
    let arm = comparison.arms.iter().find(|arm| arm.key == gain.arm)?;
    let against = comparison.arms.iter().find(|arm| arm.key == gain.against)?;
    let sure = gain.p_adjusted < 0.05 && (gain.low > 0.0 || gain.high < 0.0);
    let beats = match (sure, gain.difference > 0.0) {
        (true, true) => "beat",
        (true, false) => "lose to",
        (false, _) => "cannot be told apart from",
    };
    Some(format!(
        "{} IDs {beats} {control}: {title} {} against {}, {what} is {} {}, {} ({} over {} tests).",
        scheme_title(comparison, arm),
        numbers::metric(value(arm, &gain.metric)),
        numbers::metric(value(against, &gain.metric)),
        numbers::signed(gain.difference),
        numbers::signed_interval(gain.low, gain.high),
        numbers::p_is(gain.p_adjusted),
        comparison.protocol.correction,
        comparison.differences.len() + comparison.meaning_gains.len() + comparison.hash_gains.len(),
    ))
}

fn best_ids_against_baseline(comparison: &Comparison, primary: &str, title: &str) -> Option<String> {
    let baseline = comparison.arms.get(comparison.baseline)?;
    let best = comparison
        .arms
        .iter()
        .filter(|arm| arm.ids.is_some() && arm.key != baseline.key)
        .max_by(|a, b| value(a, primary).total_cmp(&value(b, primary)))?;
    let difference = comparison.differences.iter().find(|test| test.arm == best.key && test.metric == primary)?;
    let ratio = value(best, primary) / value(baseline, primary);
    let times = if ratio.is_finite() { format!(", {ratio:.2} times its {title}") } else { String::new() };
    Some(format!(
        "Against {} the best arm that speaks in IDs, {}, differs by {} {}{times}.",
        baseline.title,
        best.title,
        numbers::signed(difference.difference),
        numbers::signed_interval(difference.low, difference.high),
    ))
}

fn best_arm<'a>(comparison: &'a Comparison, primary: &str) -> Option<&'a ArmResult> {
    comparison.arms.iter().max_by(|a, b| value(a, primary).total_cmp(&value(b, primary)))
}

fn scheme_title<'a>(comparison: &'a Comparison, arm: &'a ArmResult) -> &'a str {
    let key = arm.ids.as_deref().unwrap_or_default();
    comparison.id_schemes.iter().find(|scheme| scheme.key == key).map_or(arm.title.as_str(), |scheme| &scheme.title)
}

fn value(arm: &ArmResult, metric: &str) -> f64 {
    arm.values.iter().find(|value| value.metric == metric).map_or(0.0, |value| value.mean)
}
