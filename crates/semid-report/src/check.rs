//! What a comparison must keep to before a report is made of it: every number finite, every name known.

use semid_core::comparison::{Comparison, Difference};

use crate::{Error, Result};

/// Refuses what no report can show, in a sentence that names it.
pub(crate) fn check(comparison: &Comparison) -> Result<()> {
    if comparison.baseline >= comparison.arms.len().max(1) {
        return refuse(format!(
            "The comparison names arm {} as its baseline and has {} arms; the baseline is counted from 0.",
            comparison.baseline,
            comparison.arms.len()
        ));
    }
    for arm in &comparison.arms {
        for value in &arm.values {
            let seeds = value.by_seed.iter().copied().chain(value.seed_sd);
            finite(&[&arm.key, &value.metric], [value.mean, value.low, value.high].into_iter().chain(seeds))?;
        }
        let cost = &arm.cost;
        finite(&[&arm.key, "cost"], [cost.embed_secs, cost.quantize_secs, cost.train_secs, cost.rank_secs])?;
        finite(&[&arm.key, "health"], [arm.health.id_validity, arm.health.tie_rate])?;
        finite(&[&arm.key, "breadth"], arm.breadth.iter().copied())?;
        for slice in &arm.slices {
            finite(&[&arm.key, &slice.slicing, &slice.slice, &slice.metric], [slice.mean, slice.low, slice.high])?;
        }
        for curve in &arm.curves {
            finite(&[&arm.key, &curve.series], curve.points.iter().map(|point| point.1))?;
        }
    }
    let differences = [&comparison.differences, &comparison.meaning_gains, &comparison.hash_gains];
    for difference in differences.into_iter().flatten() {
        let Difference { difference: value, low, high, p, p_adjusted, effect_size, .. } = *difference;
        let name = [&*difference.arm, "minus", &difference.against, &difference.metric];
        finite(&name, [value, low, high, p, p_adjusted, effect_size])?;
    }
    for scheme in &comparison.id_schemes {
        for curve in &scheme.curves {
            finite(&[&scheme.key, &curve.series], curve.points.iter().map(|point| point.1))?;
        }
        let quality = &scheme.quality;
        let whole = [quality.reconstruction_error, quality.neighbour_recall10].into_iter().flatten();
        finite(&[&scheme.key, "quality"], whole.chain([quality.unique_share]))?;
        for level in &quality.levels {
            finite(&[&scheme.key, "level"], [level.usage_share, level.entropy_bits, level.perplexity])?;
            if let Some(category) = level.category {
                let agreement = [category.purity, category.purity_by_chance, category.nmi, category.nmi_by_chance];
                finite(&[&scheme.key, "categories"], agreement.into_iter().chain([category.ami]))?;
            }
        }
    }
    finite(&["stages"], comparison.stages.iter().map(|stage| stage.secs))?;
    finite(&["protocol", "tied in time"], [comparison.protocol.tied_in_time])
}

fn finite(name: &[&str], values: impl IntoIterator<Item = f64>) -> Result<()> {
    match values.into_iter().find(|value| !value.is_finite()) {
        Some(value) => refuse(format!(
            "A number of the comparison is not finite ({value}): {}. No report is written; run the experiment again.",
            semid_charts::text::clean(&name.join(" "))
        )),
        None => Ok(()),
    }
}

fn refuse(sentence: String) -> Result<()> {
    Err(Error::Comparison(sentence))
}
