//! Finding things in a comparison by their keys, and what to call them.

use semid_core::comparison::{ArmResult, Comparison, Difference, MetricFacts, MetricValue};

/// What to call an arm: its title, or its key where it has none.
pub(crate) fn title(arm: &ArmResult) -> &str {
    if arm.title.trim().is_empty() { &arm.key } else { &arm.title }
}

/// What to call the arm with this key.
pub(crate) fn arm_title<'c>(comparison: &'c Comparison, key: &'c str) -> &'c str {
    comparison.arms.iter().find(|arm| arm.key == key).map_or(key, title)
}

/// A metric's definition.
pub(crate) fn metric<'c>(comparison: &'c Comparison, key: &str) -> Option<&'c MetricFacts> {
    comparison.metrics.iter().find(|metric| metric.key == key)
}

/// What to call the metric with this key.
pub(crate) fn metric_title<'c>(comparison: &'c Comparison, key: &'c str) -> &'c str {
    metric(comparison, key).map_or(key, |metric| metric.title.as_str())
}

/// The primary metric; the first where the comparison names one it does not have.
pub(crate) fn primary(comparison: &Comparison) -> Option<&MetricFacts> {
    metric(comparison, &comparison.primary_metric).or(comparison.metrics.first())
}

/// An arm's value of a metric.
pub(crate) fn value<'a>(arm: &'a ArmResult, metric: &str) -> Option<&'a MetricValue> {
    arm.values.iter().find(|value| value.metric == metric)
}

/// The differences of one metric.
pub(crate) fn of_metric<'d>(differences: &'d [Difference], metric: &str) -> impl Iterator<Item = &'d Difference> {
    differences.iter().filter(move |difference| difference.metric == metric)
}

/// The arm all others are compared with.
pub(crate) fn baseline(comparison: &Comparison) -> Option<&ArmResult> {
    comparison.arms.get(comparison.baseline)
}

/// Different values in the order of their first occurrence.
pub(crate) fn distinct<'s>(values: impl Iterator<Item = &'s str>) -> Vec<&'s str> {
    let mut distinct: Vec<&str> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

/// A note of a table or chart about how people behaved, which says so when no people did.
pub(crate) fn note(comparison: &Comparison, note: &str) -> String {
    match comparison.dataset.simulated {
        true => format!("{note} Simulated data.").trim_start().to_owned(),
        false => note.to_owned(),
    }
}
