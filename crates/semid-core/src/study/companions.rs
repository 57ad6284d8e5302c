//! Automatic companions of the human numbers: how pure a shown code is by category, how well its label's words hang
//! together, and how far both go along with what people did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ArmIds, Stimulus, StudyDesign, TrialAnswer, TrialKind};
use crate::id_quality::category_depth;
use crate::labels::term_coherence;
use crate::statistics::{mean, spearman};
use crate::{Catalog, Code};

/// The companions of one stimulus in one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Companion {
    /// Place of the stimulus.
    pub stimulus: u32,
    /// Place of the arm in the study.
    pub arm: u32,
    /// Share of the items below the prefix that have its most frequent category; none without categories.
    pub purity: Option<f64>,
    /// Mean normalised pointwise mutual information of the label's terms; none with fewer than two terms.
    pub coherence: Option<f64>,
}

/// Companions beside a human number, for one task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct CompanionRow {
    /// Key of the task.
    pub task: String,
    /// `prefix purity` or `label coherence`.
    pub measure: String,
    /// Mean of the measure in each arm, by key.
    pub by_arm: BTreeMap<String, f64>,
    /// Spearman's correlation with the human number (share right, or mean rating) over stimuli as arms show them; none
    /// with fewer than three, or without spread.
    pub correlation: Option<f64>,
    /// Stimuli as arms show them, behind the correlation.
    pub n: u64,
}

/// The companions of every stimulus in every arm.
///
/// Purity is that of `id_quality` for one prefix. Coherence is the mean NPMI of all pairs of the label's terms,
/// `ln(p(a, b) / (p(a) p(b))) / −ln p(a, b)`, with shares of the catalog's items (Bouma 2009; Lau, Newman and Baldwin 2014,
/// who found it to go along with people's word intrusion).
pub fn companions(
    catalog: &Catalog,
    arms: &[ArmIds<'_>],
    design: &StudyDesign,
    stimuli: &[Stimulus],
) -> Vec<Companion> {
    let depth = category_depth(catalog);
    let mut all = Vec::new();
    for (place, arm) in design.arms.iter().enumerate() {
        let Some(ids) = arms.iter().find(|ids| ids.key == arm.key) else { continue };
        let shown: Vec<(u32, &[Code])> = stimuli
            .iter()
            .zip(0..)
            .filter_map(|(stimulus, at)| {
                let view = stimulus.views.iter().find(|view| view.arm == arm.key)?;
                Some((at, view.prefix.as_slice()))
            })
            .collect();
        let terms: Vec<Vec<String>> = shown
            .iter()
            .map(|(_, prefix)| ids.labels.get(prefix).map(|label| label.terms.clone()).unwrap_or_default())
            .collect();
        let coherences = term_coherence(catalog, &terms);
        for ((stimulus, prefix), coherence) in shown.into_iter().zip(coherences) {
            let purity = depth.and_then(|depth| purity(catalog, ids, prefix, depth));
            all.push(Companion { stimulus, arm: place as u32, purity, coherence });
        }
    }
    all
}

fn purity(catalog: &Catalog, arm: &ArmIds<'_>, prefix: &[Code], depth: usize) -> Option<f64> {
    let mut counts: BTreeMap<&[String], u64> = BTreeMap::new();
    for (item, id) in catalog.items.iter().zip(&arm.ids.ids) {
        if id.codes.starts_with(prefix) && !item.categories.is_empty() {
            *counts.entry(&item.categories[..depth.min(item.categories.len())]).or_default() += 1;
        }
    }
    let (all, most) = (counts.values().sum::<u64>(), counts.values().max().copied().unwrap_or(0));
    (all > 0).then(|| most as f64 / all as f64)
}

/// Companions beside what people did, one row a task and measure.
pub fn correlations(
    design: &StudyDesign,
    stimuli: &[Stimulus],
    companions: &[Companion],
    answers: &[TrialAnswer],
) -> Vec<CompanionRow> {
    let mut rows = Vec::new();
    for task in &design.tasks {
        let human = human_numbers(design, stimuli, answers, &task.key);
        let of_task = |companion: &&Companion| {
            stimuli.get(companion.stimulus as usize).is_some_and(|stimulus| stimulus.task == task.key)
        };
        type Measure = fn(&Companion) -> Option<f64>;
        let measures: [(&str, Measure); 2] =
            [("prefix purity", |one| one.purity), ("label coherence", |one| one.coherence)];
        for (measure, value) in measures {
            let mut by_arm: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
            let (mut x, mut y) = (Vec::new(), Vec::new());
            for companion in companions.iter().filter(of_task) {
                let Some(value) = value(companion) else { continue };
                by_arm.entry(companion.arm).or_default().push(value);
                if let Some(&human) = human.get(&(companion.stimulus, companion.arm)) {
                    x.push(value);
                    y.push(human);
                }
            }
            if by_arm.is_empty() {
                continue;
            }
            rows.push(CompanionRow {
                task: task.key.clone(),
                measure: measure.to_owned(),
                by_arm: by_arm
                    .iter()
                    .filter_map(|(&arm, values)| Some((design.arms.get(arm as usize)?.key.clone(), mean(values))))
                    .collect(),
                correlation: spearman(&x, &y),
                n: x.len() as u64,
            });
        }
    }
    rows
}

/// Share right or mean rating of each stimulus in each arm.
fn human_numbers(
    design: &StudyDesign,
    stimuli: &[Stimulus],
    answers: &[TrialAnswer],
    task: &str,
) -> BTreeMap<(u32, u32), f64> {
    let mut sums: BTreeMap<(u32, u32), (f64, f64)> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| answer.task == task) {
        let TrialKind::Stimulus { stimulus, arm } = answer.kind else { continue };
        let (Some(shown), Some(of)) = (stimuli.get(stimulus as usize), design.arms.get(arm as usize)) else { continue };
        let Some(view) = shown.views.iter().find(|view| view.arm == of.key) else { continue };
        let value = match (view.answer, answer.choice) {
            (Some(right), choice) => f64::from(u8::from(choice == Some(right))),
            (None, Some(point)) if !answer.cannot_judge => f64::from(point) + 1.0,
            _ => continue,
        };
        let sum = sums.entry((stimulus, arm)).or_default();
        *sum = (sum.0 + value, sum.1 + 1.0);
    }
    sums.into_iter().map(|(key, (sum, count))| (key, sum / count)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Seed;
    use crate::id_schemes::permuted_ids;
    use crate::labels::{LabelSettings, label_prefixes};
    use crate::study::stimuli::tests::{catalog, design, drawn, semantic};

    #[test]
    fn meaning_makes_prefixes_purer_and_labels_more_coherent() {
        let (catalog, design) = (catalog(), design());
        let ids = [semantic(), permuted_ids(&semantic(), Seed(1)), permuted_ids(&semantic(), Seed(2))];
        let labels = ids.each_ref().map(|ids| label_prefixes(&catalog, ids, LabelSettings::starter()));
        let arms: Vec<ArmIds<'_>> = (0..3)
            .map(|at| ArmIds { key: &design.arms[at].key, ids: &ids[at], labels: &labels[at], explained: None })
            .collect();
        let stimuli = drawn(&design);
        let all = companions(&catalog, &arms, &design, &stimuli);
        assert_eq!(all.len(), stimuli.len() * 3, "every stimulus in every arm");
        let mean_of = |arm: u32, value: fn(&Companion) -> Option<f64>| {
            mean(&all.iter().filter(|one| one.arm == arm).filter_map(value).collect::<Vec<_>>())
        };
        assert_eq!(mean_of(0, |one| one.purity), 1.0, "a code holds one genre");
        assert!(mean_of(1, |one| one.purity) < 0.6, "dealt to others it holds several");
        assert!(mean_of(0, |one| one.coherence) > mean_of(1, |one| one.coherence), "words of one kind stand together");
        // People who do well exactly where the prefix is pure.
        let answers: Vec<TrialAnswer> = stimuli
            .iter()
            .enumerate()
            .flat_map(|(at, stimulus)| (0..3).map(move |arm| (at, stimulus, arm)))
            .filter_map(|(at, stimulus, arm)| {
                let right = stimulus.views[arm].answer?;
                Some(TrialAnswer {
                    participant: 0,
                    row: 0,
                    task: stimulus.task.clone(),
                    kind: TrialKind::Stimulus { stimulus: at as u32, arm: arm as u32 },
                    choice: Some(if arm == 0 { right } else { right + 1 }),
                    cannot_judge: false,
                    confidence: None,
                    ms: 1000,
                })
            })
            .collect();
        let rows = correlations(&design, &stimuli, &all, &answers);
        let row = rows.iter().find(|row| row.task == "easy" && row.measure == "prefix purity").unwrap();
        assert_eq!(row.n, 36, "twelve stimuli in three arms");
        assert!(row.correlation.unwrap() > 0.8, "purity goes along with what people found: {:?}", row.correlation);
    }
}
