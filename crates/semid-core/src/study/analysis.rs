//! What the answers say, by the rules that were fixed before the first of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Stimulus, StudyDesign, TaskDesign, TaskKind, TrialKind};
use crate::statistics::{
    Answer, Coefficient, Crossed, Measurement, Resampling, Share, Superiority, alpha_interval, crossed, holm,
    intraclass, mean_interval, share, superiority,
};
use crate::{Result, Work};

/// One answered trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialAnswer {
    /// Number of the participant, below the number of participants.
    pub participant: u32,
    /// Row in the Latin square.
    pub row: u32,
    /// Key of the task.
    pub task: String,
    /// Which stimulus in which arm, or a check.
    pub kind: TrialKind,
    /// The option chosen, by its number in the view (for checks: its place on the screen); a rating's point from 0.
    pub choice: Option<u32>,
    /// "Cannot judge" was chosen.
    pub cannot_judge: bool,
    /// Confidence, from 0.
    pub confidence: Option<u32>,
    /// Milliseconds from showing to answering.
    pub ms: u32,
}

/// Everything the answers say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Analysis {
    /// Participants with answers.
    pub participants: u64,
    /// Those left out, each with the rule.
    pub excluded: Vec<Excluded>,
    /// Trials of each task, before and after.
    pub counts: Vec<TaskCounts>,
    /// Accuracy per arm.
    pub accuracy: Vec<AccuracyRow>,
    /// Differences between arms: accuracy or mean rating, by participant and by item.
    pub differences: Vec<DifferenceRow>,
    /// Ratings.
    pub ratings: Vec<RatingRow>,
    /// Probability of superiority between arms.
    pub superiority: Vec<SuperiorityRow>,
    /// Agreement between raters.
    pub agreement: Vec<AgreementRow>,
    /// Response times.
    pub times: Vec<TimeRow>,
    /// What each number is, by the name of its table or column.
    pub formulas: BTreeMap<String, String>,
}

/// A participant left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Excluded {
    /// Number of the participant.
    pub participant: u32,
    /// `failed-checks`, `too-fast`, `too-few-answers`.
    pub rule: String,
    /// In a sentence.
    pub sentence: String,
}

/// Trials of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TaskCounts {
    /// Key of the task.
    pub task: String,
    /// Answers there are.
    pub answers: u64,
    /// Answers of those who stay in.
    pub analysed: u64,
    /// Stimuli they are about.
    pub stimuli: u64,
}

/// Accuracy of an arm in a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AccuracyRow {
    /// Key of the task.
    pub task: String,
    /// Key of the arm.
    pub arm: String,
    /// Hits, trials, chance, exact and Wilson interval, binomial p.
    pub share: Share,
    /// Mean over participants with its bootstrap interval over them.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Participants.
    pub participants: u64,
    /// Sign-flip p of the participants' accuracies against chance.
    pub p_participants: f64,
    /// The same over stimuli.
    pub p_items: f64,
}

/// One arm minus another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct DifferenceRow {
    /// Key of the task.
    pub task: String,
    /// `accuracy` or `rating`.
    pub outcome: String,
    /// Key of the one.
    pub arm: String,
    /// Key of the other.
    pub against: String,
    /// Mean difference over participants.
    pub difference: f64,
    /// Lower end of its 95 % interval over participants.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Participants.
    pub participants: u64,
    /// Items.
    pub items: u64,
    /// Interval over items.
    pub item_low: f64,
    /// Upper end.
    pub item_high: f64,
    /// Sign-flip p by participant.
    pub p_participants: f64,
    /// Sign-flip p by item.
    pub p_items: f64,
    /// p of min F′.
    pub p_min_f: f64,
    /// The larger of the two sign-flip p-values, adjusted by Holm over all rows of this table.
    pub p_adjusted: f64,
}

/// Ratings of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct RatingRow {
    /// Key of the task.
    pub task: String,
    /// Labels of the points in the first language.
    pub points: Vec<String>,
    /// One an arm.
    pub arms: Vec<RatedArm>,
}

/// Ratings of an arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct RatedArm {
    /// Key of the arm.
    pub arm: String,
    /// Answers of each point.
    pub counts: Vec<u64>,
    /// "Cannot judge", apart.
    pub cannot_judge: u64,
    /// Mean point, from 1; none without ratings.
    pub mean: Option<f64>,
    /// Median point.
    pub median: Option<f64>,
    /// Mean confidence, from 1; none where it was not asked.
    pub confidence: Option<f64>,
}

/// Probability that a rating under one arm exceeds one under another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct SuperiorityRow {
    /// Key of the task.
    pub task: String,
    /// Key of the one.
    pub arm: String,
    /// Key of the other.
    pub against: String,
    /// The probability with its interval.
    pub superiority: Superiority,
}

/// Agreement in a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AgreementRow {
    /// Key of the task.
    pub task: String,
    /// Krippendorff's α: ordinal for ratings, nominal for choices.
    pub alpha: Option<Coefficient>,
    /// The level of measurement.
    pub level: Option<Measurement>,
    /// ICC(A,1): mean over the rows of the Latin square, whose raters rated the same stimuli; ends likewise.
    pub icc_single: Option<Coefficient>,
    /// ICC(A,k).
    pub icc_average: Option<Coefficient>,
    /// Rows of the Latin square that had two raters or more.
    pub icc_rows: u64,
}

/// Response times of an arm in a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TimeRow {
    /// Key of the task.
    pub task: String,
    /// Key of the arm.
    pub arm: String,
    /// Answers.
    pub n: u64,
    /// Answers that took longer than the rule allows, left out here.
    pub too_long: u64,
    /// Milliseconds.
    pub median_ms: f64,
    /// Lower quartile.
    pub lower_ms: f64,
    /// Upper quartile.
    pub upper_ms: f64,
}

/// Judges the answers. `planned[p]` is how many trials participant `p` was given.
pub fn analyse(
    work: &Work,
    design: &StudyDesign,
    stimuli: &[Stimulus],
    planned: &[u32],
    answers: &[TrialAnswer],
    resampling: &Resampling,
) -> Result<Analysis> {
    let excluded = exclusions(design, planned, answers);
    let out: BTreeSet<u32> = excluded.iter().map(|excluded| excluded.participant).collect();
    let with_answers: BTreeSet<u32> = answers.iter().map(|answer| answer.participant).collect();
    let mut analysis = Analysis {
        participants: with_answers.len() as u64,
        excluded,
        formulas: formulas(design),
        ..Analysis::default()
    };
    let step = work.step("analyse", design.tasks.len());
    for task in &design.tasks {
        step.note(&task.key);
        let all = || answers.iter().filter(|answer| answer.task == task.key);
        let trials: Vec<Trial<'_>> = all()
            .filter(|answer| !out.contains(&answer.participant))
            .filter_map(|answer| trial(stimuli, answer))
            .collect();
        analysis.counts.push(TaskCounts {
            task: task.key.clone(),
            answers: all().filter(|answer| matches!(answer.kind, TrialKind::Stimulus { .. })).count() as u64,
            analysed: trials.len() as u64,
            stimuli: trials.iter().map(|trial| trial.stimulus).collect::<BTreeSet<_>>().len() as u64,
        });
        let study = OfTask { design, task, trials: &trials, resampling };
        analysis.times.extend(study.times());
        if task.chance().is_some() {
            analysis.accuracy.extend(study.accuracy(stimuli)?);
            analysis.differences.extend(study.differences("accuracy", &study.scored(stimuli))?);
            analysis.agreement.push(study.agreement_of_choices()?);
        }
        if let TaskKind::Rating { question, .. } = &task.kind {
            let points = design.languages.first().and_then(|language| question.points.get(language));
            analysis.ratings.push(study.ratings(points.cloned().unwrap_or_default()));
            analysis.differences.extend(study.differences("rating", &study.rated())?);
            analysis.superiority.extend(study.superiorities()?);
            analysis.agreement.push(study.agreement_of_ratings()?);
        }
        step.advance(1)?;
    }
    let larger: Vec<f64> = analysis.differences.iter().map(|row| row.p_participants.max(row.p_items)).collect();
    for (row, p) in analysis.differences.iter_mut().zip(holm(&larger)?) {
        row.p_adjusted = p;
    }
    Ok(analysis)
}

/// Who is left out: the first rule that a participant breaks.
fn exclusions(design: &StudyDesign, planned: &[u32], answers: &[TrialAnswer]) -> Vec<Excluded> {
    let rules = &design.rules;
    let mut excluded = Vec::new();
    let mut by_participant: BTreeMap<u32, Vec<&TrialAnswer>> = BTreeMap::new();
    answers.iter().for_each(|answer| by_participant.entry(answer.participant).or_default().push(answer));
    for (participant, answers) in by_participant {
        let mut says = |rule: &str, sentence: String| {
            excluded.push(Excluded { participant, rule: rule.to_owned(), sentence });
        };
        let failed = answers.iter().filter(|answer| is_failed_check(answer)).count();
        let mut times: Vec<f64> = answers.iter().map(|answer| f64::from(answer.ms)).collect();
        let median = quantile(&mut times, 0.5);
        let planned = planned.get(participant as usize).copied().unwrap_or(0);
        let share = answers.len() as f64 / f64::from(planned.max(1));
        if failed > rules.failed_checks as usize {
            says("failed-checks", format!("Failed {failed} attention checks; {} may be failed.", rules.failed_checks));
        } else if median < f64::from(rules.median_ms) {
            says("too-fast", format!("Answered in {median:.0} ms in the middle; {} ms is the least.", rules.median_ms));
        } else if share < rules.answered_share {
            says(
                "too-few-answers",
                format!(
                    "Answered {} of {planned} trials; {:.0} % is the least.",
                    answers.len(),
                    100.0 * rules.answered_share
                ),
            );
        }
    }
    excluded
}

pub(super) fn is_failed_check(answer: &TrialAnswer) -> bool {
    matches!(answer.kind, TrialKind::Attention { place } if answer.choice != Some(place))
}

struct Trial<'a> {
    answer: &'a TrialAnswer,
    stimulus: u32,
    class: u32,
    arm: u32,
}

fn trial<'a>(stimuli: &[Stimulus], answer: &'a TrialAnswer) -> Option<Trial<'a>> {
    let TrialKind::Stimulus { stimulus, arm } = answer.kind else { return None };
    let class = stimuli.get(stimulus as usize)?.class;
    Some(Trial { answer, stimulus, class, arm })
}

/// The answers of one task.
struct OfTask<'a> {
    design: &'a StudyDesign,
    task: &'a TaskDesign,
    trials: &'a [Trial<'a>],
    resampling: &'a Resampling,
}

impl OfTask<'_> {
    fn arms(&self) -> Vec<usize> {
        self.design.arms_of(self.task)
    }

    fn key(&self, arm: usize) -> String {
        self.design.arms[arm].key.clone()
    }

    fn values(&self, value: impl Fn(&Trial<'_>) -> Option<f64>) -> Vec<Answer> {
        let arms = self.arms().len().max(1) as u32;
        let answer = |trial: &Trial<'_>| {
            Some(Answer {
                participant: trial.answer.participant,
                row: trial.answer.row % arms,
                stimulus: trial.stimulus,
                class: trial.class % arms,
                arm: trial.arm,
                value: value(trial)?,
            })
        };
        self.trials.iter().filter_map(answer).collect()
    }

    /// 1 for right, 0 for wrong; a trial without a choice is wrong.
    fn scored(&self, stimuli: &[Stimulus]) -> Vec<Answer> {
        self.values(|trial| {
            let key = &self.design.arms.get(trial.arm as usize)?.key;
            let view = stimuli.get(trial.stimulus as usize)?.views.iter().find(|view| view.arm == *key)?;
            Some(f64::from(u8::from(view.answer.is_some() && trial.answer.choice == view.answer)))
        })
    }

    fn rated(&self) -> Vec<Answer> {
        self.values(|trial| {
            trial.answer.choice.filter(|_| !trial.answer.cannot_judge).map(|point| f64::from(point) + 1.0)
        })
    }

    fn accuracy(&self, stimuli: &[Stimulus]) -> Result<Vec<AccuracyRow>> {
        let (scored, chance) = (self.scored(stimuli), self.task.chance().unwrap_or(0.0));
        let mut rows = Vec::new();
        for arm in self.arms() {
            let of_arm: Vec<&Answer> = scored.iter().filter(|answer| answer.arm == arm as u32).collect();
            if of_arm.is_empty() {
                continue;
            }
            let means = |unit: &dyn Fn(&Answer) -> u32| {
                let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
                for answer in &of_arm {
                    let sum = sums.entry(unit(answer)).or_default();
                    *sum = (sum.0 + answer.value, sum.1 + 1.0);
                }
                sums.into_values().map(|(sum, count)| sum / count).collect::<Vec<f64>>()
            };
            let (people, items) = (means(&|answer| answer.participant), means(&|answer| answer.stimulus));
            let above = |means: &[f64]| -> Result<f64> {
                let differences: Vec<f64> = means.iter().map(|mean| mean - chance).collect();
                crate::statistics::sign_flip(&differences, self.resampling)
            };
            let mean = mean_interval(&people, self.resampling)?;
            let hits = of_arm.iter().filter(|answer| answer.value > 0.0).count() as u64;
            rows.push(AccuracyRow {
                task: self.task.key.clone(),
                arm: self.key(arm),
                share: share(hits, of_arm.len() as u64, chance)?,
                mean: mean.mean,
                low: mean.low,
                high: mean.high,
                participants: people.len() as u64,
                p_participants: above(&people)?,
                p_items: above(&items)?,
            });
        }
        Ok(rows)
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let arms = self.arms();
        let pair = |at: usize| arms[at + 1..].iter().map(move |&other| (at, other)).collect::<Vec<_>>();
        (0..arms.len()).flat_map(pair).map(|(at, other)| (arms[at], other)).collect()
    }

    fn differences(&self, outcome: &str, answers: &[Answer]) -> Result<Vec<DifferenceRow>> {
        let mut rows = Vec::new();
        for (arm, against) in self.pairs() {
            let tested = crossed(answers, arm as u32, against as u32, self.resampling)?;
            let Some(Crossed { by_participant, by_item, p_min_f, .. }) = tested else { continue };
            rows.push(DifferenceRow {
                task: self.task.key.clone(),
                outcome: outcome.to_owned(),
                arm: self.key(arm),
                against: self.key(against),
                difference: by_participant.difference.mean,
                low: by_participant.difference.low,
                high: by_participant.difference.high,
                participants: by_participant.n,
                items: by_item.n,
                item_low: by_item.difference.low,
                item_high: by_item.difference.high,
                p_participants: by_participant.p,
                p_items: by_item.p,
                p_min_f,
                p_adjusted: 1.0,
            });
        }
        Ok(rows)
    }

    fn ratings(&self, points: Vec<String>) -> RatingRow {
        let of_arm = |arm: usize| {
            let trials = || self.trials.iter().filter(move |trial| trial.arm == arm as u32);
            let mut values: Vec<f64> = Vec::new();
            let mut counts = vec![0; points.len()];
            for trial in trials().filter(|trial| !trial.answer.cannot_judge) {
                let Some(point) = trial.answer.choice else { continue };
                if let Some(count) = counts.get_mut(point as usize) {
                    *count += 1;
                    values.push(f64::from(point) + 1.0);
                }
            }
            let sure: Vec<f64> =
                trials().filter_map(|trial| trial.answer.confidence).map(|point| f64::from(point) + 1.0).collect();
            let mean = |values: &[f64]| (!values.is_empty()).then(|| crate::statistics::mean(values));
            RatedArm {
                arm: self.key(arm),
                counts,
                cannot_judge: trials().filter(|trial| trial.answer.cannot_judge).count() as u64,
                mean: mean(&values),
                confidence: mean(&sure),
                median: (!values.is_empty()).then(|| quantile(&mut values, 0.5)),
            }
        };
        let arms = self.arms().into_iter().map(of_arm).collect();
        RatingRow { task: self.task.key.clone(), points: points.clone(), arms }
    }

    fn superiorities(&self) -> Result<Vec<SuperiorityRow>> {
        let rated = self.rated();
        let mut rows = Vec::new();
        for (arm, against) in self.pairs() {
            let mut clusters: BTreeMap<u32, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
            for answer in &rated {
                let cluster = clusters.entry(answer.participant).or_default();
                match answer.arm as usize {
                    of if of == arm => cluster.0.push(answer.value),
                    of if of == against => cluster.1.push(answer.value),
                    _ => {}
                }
            }
            let clusters: Vec<_> = clusters.into_values().collect();
            if let Some(superiority) = superiority(&clusters, self.resampling)? {
                let (arm, against) = (self.key(arm), self.key(against));
                rows.push(SuperiorityRow { task: self.task.key.clone(), arm, against, superiority });
            }
        }
        Ok(rows)
    }

    /// Units are stimuli as one arm shows them.
    fn units(&self, answers: &[Answer]) -> (Vec<Vec<f64>>, u64) {
        let mut units: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
        answers.iter().for_each(|answer| units.entry((answer.stimulus, answer.arm)).or_default().push(answer.value));
        let raters: BTreeSet<u32> = answers.iter().map(|answer| answer.participant).collect();
        (units.into_values().collect(), raters.len() as u64)
    }

    fn agreement_of_choices(&self) -> Result<AgreementRow> {
        let chosen = self.values(|trial| trial.answer.choice.map(f64::from));
        let (units, raters) = self.units(&chosen);
        let level = Measurement::Nominal;
        let alpha = alpha_interval(&units, raters, level, self.resampling)?;
        Ok(AgreementRow { task: self.task.key.clone(), alpha, level: Some(level), ..AgreementRow::default() })
    }

    fn agreement_of_ratings(&self) -> Result<AgreementRow> {
        let rated = self.rated();
        let (units, raters) = self.units(&rated);
        let level = Measurement::Ordinal;
        let alpha = alpha_interval(&units, raters, level, self.resampling)?;
        let mut found = Vec::new();
        for row in 0..self.arms().len() as u32 {
            let of_row: Vec<&Answer> = rated.iter().filter(|answer| answer.row == row).collect();
            found.extend(intraclass(&full_table(&of_row))?);
        }
        let pooled = |pick: &dyn Fn(&crate::statistics::Intraclass) -> Coefficient| {
            let rows: Vec<Coefficient> = found.iter().map(pick).collect();
            let mean = |of: &dyn Fn(&Coefficient) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
            (!rows.is_empty()).then(|| Coefficient {
                value: mean(&|row| row.value),
                low: mean(&|row| row.low),
                high: mean(&|row| row.high),
                units: rows.iter().map(|row| row.units).sum(),
                raters: rows.iter().map(|row| row.raters).sum(),
            })
        };
        Ok(AgreementRow {
            task: self.task.key.clone(),
            alpha,
            level: Some(level),
            icc_single: pooled(&|icc| icc.single),
            icc_average: pooled(&|icc| icc.average),
            icc_rows: found.len() as u64,
        })
    }

    fn times(&self) -> Vec<TimeRow> {
        let longest = self.design.rules.longest_ms;
        let of_arm = |arm: usize| {
            let trials = || self.trials.iter().filter(move |trial| trial.arm == arm as u32);
            let mut kept: Vec<f64> =
                trials().map(|trial| trial.answer.ms).filter(|&ms| ms <= longest).map(f64::from).collect();
            (!kept.is_empty()).then(|| TimeRow {
                task: self.task.key.clone(),
                arm: self.key(arm),
                n: kept.len() as u64,
                too_long: trials().filter(|trial| trial.answer.ms > longest).count() as u64,
                median_ms: quantile(&mut kept, 0.5),
                lower_ms: quantile(&mut kept, 0.25),
                upper_ms: quantile(&mut kept, 0.75),
            })
        };
        self.arms().into_iter().filter_map(of_arm).collect()
    }
}

/// The table of those raters and stimuli of one row of the Latin square that leave no gap: raters who answered most, and
/// the stimuli that all of them rated.
fn full_table(answers: &[&Answer]) -> Vec<Vec<f64>> {
    let mut by_rater: BTreeMap<u32, BTreeMap<(u32, u32), f64>> = BTreeMap::new();
    for answer in answers {
        by_rater.entry(answer.participant).or_default().insert((answer.stimulus, answer.arm), answer.value);
    }
    let most = by_rater.values().map(BTreeMap::len).max().unwrap_or(0);
    // Who rated less than two thirds of what others did would cost more stimuli than a rater is worth.
    by_rater.retain(|_, rated| 3 * rated.len() >= 2 * most);
    let Some(first) = by_rater.values().next() else { return Vec::new() };
    let shared = first.keys().filter(|unit| by_rater.values().all(|rated| rated.contains_key(unit)));
    shared.map(|unit| by_rater.values().filter_map(|rated| rated.get(unit).copied()).collect()).collect()
}

/// Linear interpolation between order statistics.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let at = share * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

fn formulas(design: &StudyDesign) -> BTreeMap<String, String> {
    let rules = &design.rules;
    [
        ("accuracy.share", "hits / trials over all analysed trials of the arm; an unanswered trial is not counted"),
        ("accuracy.exact", "Clopper–Pearson 95 % interval of hits / trials; trials taken as independent"),
        ("accuracy.wilson", "Wilson 95 % interval of hits / trials; trials taken as independent"),
        ("accuracy.mean", "mean of the participants' shares, with the 95 % percentile bootstrap over participants"),
        ("accuracy.p_participants", "two-sided sign-flip test of (participant's share − chance), p = (b + 1) / (m + 1)"),
        ("accuracy.p_items", "two-sided sign-flip test of (stimulus' share − chance)"),
        ("differences.p_participants", "two-sided sign-flip test of participants' differences of means, row means of the Latin square taken out"),
        ("differences.p_items", "two-sided sign-flip test of stimuli's differences of means, class means taken out"),
        ("differences.p_min_f", "min F′ = F1 F2 / (F1 + F2), Clark 1973: participants and items at once"),
        ("differences.p_adjusted", "the larger of the two sign-flip p-values, Holm over all rows shown"),
        ("superiority", "P(one > other) + ½ P(equal) over all pairs of ratings; 95 % percentile bootstrap over participants"),
        ("agreement.alpha", "Krippendorff's α, ordinal for ratings, nominal for choices; units are stimuli as one arm shows them; 95 % percentile bootstrap over units"),
        ("agreement.icc", "ICC(A,1) and ICC(A,k), McGraw and Wong 1996, for each row of the Latin square (its raters rated the same units), mean over rows of value and ends"),
        ("times", "median and quartiles in milliseconds of answers not longer than the rule allows"),
        ("ratings.mean", "mean point, from 1; “cannot judge” is counted apart and in no mean"),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .chain([(
        "excluded".to_owned(),
        format!(
            "left out: more than {} failed checks; median response below {} ms; below {:.0} % of trials answered",
            rules.failed_checks,
            rules.median_ms,
            100.0 * rules.answered_share
        ),
    )])
    .collect()
}
