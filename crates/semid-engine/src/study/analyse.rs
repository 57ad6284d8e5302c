//! What the answers say: progress while they come in, everything once data collection has ended.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use semid_core::statistics::Resampling;
use semid_core::study::{
    AnswerRow, InstrumentFacts, KindResults, NameRow, ParticipantKind, PlannedTrial, Stimulus, StimulusFacts,
    StudyDesign, StudyResults, TaskKind, TrialAnswer, TrialKind, analyse, block, companions, correlations,
};
use semid_core::{Seed, Work};
use semid_store::Participant;
use serde::{Deserialize, Serialize};

use super::agreement::model_agreement;
use super::design::texts_digest;
use super::document::TrialTask;
use super::power::power_of_design;
use super::two_axes::two_axes;
use super::{Answer, FORM, OpenedStudy, StudyRow, StudyState, now};
use crate::{Engine, Error, Result};

/// Resamples behind the intervals and flips behind the p-values of a study.
const RESAMPLING: (u32, u32) = (10_000, 10_000);

/// A study as far as it may be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyAnalysis {
    /// As in the list.
    pub study: StudyRow,
    /// Whether arms are still masked, because data are still collected.
    pub masked: bool,
    /// In a sentence: what is shown, and why not more.
    pub sentence: String,
    /// How far each kind of participants is; people first, those without sessions left out.
    pub progress: Vec<KindProgress>,
    /// Everything the answers say, without the answers themselves; none while masked.
    pub results: Option<StudyResults>,
}

/// How far the participants of one kind are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct KindProgress {
    /// Which.
    pub kind: ParticipantKind,
    /// Sessions that were made.
    pub sessions: u64,
    /// Those with at least one answer.
    pub with_answers: u64,
    /// Those that were handed in or answered to the end.
    pub handed_in: u64,
    /// Trials of all sessions.
    pub trials: u64,
    /// Answers.
    pub answers: u64,
    /// Median minutes from the first to the last answer; none without answers.
    pub median_minutes: Option<f64>,
    /// Answers and times of the arms under letters that do not follow their order.
    pub arms: Vec<MaskedArm>,
}

/// An arm nobody knows yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct MaskedArm {
    /// "A".
    pub letter: String,
    /// Answers.
    pub answers: u64,
    /// Their median time; none without answers.
    pub median_ms: Option<f64>,
}

/// Everybody of one kind.
struct Group {
    participants: Vec<Participant>,
    /// Trials that each was given and that can be shown.
    trials: Vec<u32>,
    /// What each answered.
    answered: Vec<Vec<(PlannedTrial, Answer)>>,
}

impl Group {
    fn with_answers(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.participants.len()).filter(|&at| !self.answered[at].is_empty())
    }

    /// Minutes from the first to the last answer, the first one's own time included.
    fn median_minutes(&self) -> Option<f64> {
        let mut minutes: Vec<f64> = self
            .with_answers()
            .map(|at| {
                let answers = self.answered[at].iter().map(|(_, answer)| answer);
                let begin = answers.clone().map(|answer| answer.answered_at - answer.ms as i64).min().unwrap_or(0);
                (answers.map(|answer| answer.answered_at).max().unwrap_or(0) - begin) as f64 / 60_000.0
            })
            .collect();
        median(&mut minutes)
    }

    /// Answers for the analysis; a participant's number is its place among those with answers.
    fn trial_answers(&self) -> Vec<TrialAnswer> {
        let mut all = Vec::new();
        for (number, at) in self.with_answers().enumerate() {
            for (trial, answer) in &self.answered[at] {
                all.push(TrialAnswer {
                    participant: number as u32,
                    row: self.participants[at].row,
                    task: trial.task.clone(),
                    kind: trial.kind,
                    choice: chosen(trial, answer),
                    cannot_judge: answer.cannot_judge,
                    confidence: answer.confidence,
                    ms: answer.ms.min(u64::from(u32::MAX)) as u32,
                });
            }
        }
        all
    }
}

impl Engine {
    /// A study as far as it may be looked at: counts and times until data collection has ended, then everything. `run` is
    /// the run whose accuracy the ID schemes are shown with; none: the newest that used them.
    pub fn study_analysis(
        &self,
        work: &Work,
        name: &str,
        version: Option<u64>,
        run: Option<i64>,
    ) -> Result<StudyAnalysis> {
        let opened = self.locked_study(name, version)?;
        let groups = self.groups(&opened)?;
        let study = self.study_row(&opened)?;
        let progress = groups.iter().map(|(kind, group)| progress(&opened, *kind, group)).collect();
        let results = match opened.state() {
            StudyState::Closed => {
                Some(StudyResults { rows: Vec::new(), ..self.results_of(work, &opened, &groups, run)? })
            }
            _ => None,
        };
        let sentence = match &results {
            Some(_) => "Data collection has ended; the arms are named and every number is final.".to_owned(),
            None => format!(
                "Data are still collected: arms are masked and no outcome is shown, so that nobody decides by it when to \
                 stop. End data collection with `semid study close {}`.",
                study.name
            ),
        };
        Ok(StudyAnalysis { masked: results.is_none(), study, sentence, progress, results })
    }

    /// Everything the answers of a closed study say, and the answers.
    pub fn study_results(
        &self,
        work: &Work,
        name: &str,
        version: Option<u64>,
        run: Option<i64>,
    ) -> Result<StudyResults> {
        let opened = self.locked_study(name, version)?;
        let groups = self.groups(&opened)?;
        self.results_of(work, &opened, &groups, run)
    }

    fn groups(&self, opened: &OpenedStudy) -> Result<Vec<(ParticipantKind, Group)>> {
        let mut groups: Vec<(ParticipantKind, Group)> = Vec::new();
        let all = self.store().participants(opened.study.id)?;
        for kind in ParticipantKind::ALL {
            let participants: Vec<Participant> = all.iter().filter(|one| one.kind == kind).cloned().collect();
            if participants.is_empty() {
                continue;
            }
            let (mut trials, mut answered) = (Vec::new(), Vec::new());
            for participant in &participants {
                trials.push(self.shown_trials(opened, participant)?.len() as u32);
                answered.push(self.answered_trials(participant)?);
            }
            groups.push((kind, Group { participants, trials, answered }));
        }
        Ok(groups)
    }

    fn results_of(
        &self,
        work: &Work,
        opened: &OpenedStudy,
        groups: &[(ParticipantKind, Group)],
        run: Option<i64>,
    ) -> Result<StudyResults> {
        let (study, protocol) = (&opened.study, &opened.protocol);
        let (design, stimuli) = (&protocol.design, &protocol.stimuli);
        let not_closed = || {
            Error::input(format!(
                "The data of study “{}” are still collected, so its arms are masked. End data collection with `semid study \
                 close {0}`; it does not begin again.",
                study.name
            ))
        };
        let closed_at = study.closed_at.ok_or_else(not_closed)?;
        // The IDs may be gone by now; what was shown is in the protocol, and only the companions need them.
        let data = self.study_data(design).ok();
        let automatic =
            data.as_ref().map_or_else(Vec::new, |data| companions(&data.data.catalog, &data.arms(), design, stimuli));
        let title_of = |stimulus: &Stimulus| {
            let item = data.as_ref().and_then(|data| data.data.catalog.items.get(stimulus.anchor as usize));
            item.filter(|item| item.key == stimulus.key).map_or_else(|| stimulus.key.clone(), |item| item.title.clone())
        };
        let accuracies = self.accuracy_of_ids(design, run)?;
        let resampling = Resampling { seed: Seed(design.seed), resamples: RESAMPLING.0, flips: RESAMPLING.1 };
        let (mut kinds, mut rows, mut exclusions) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept: BTreeMap<ParticipantKind, (Vec<String>, Vec<TrialAnswer>)> = BTreeMap::new();
        for (kind, group) in groups {
            let with_answers: Vec<usize> = group.with_answers().collect();
            if with_answers.is_empty() {
                continue;
            }
            let answers = group.trial_answers();
            let planned: Vec<u32> = with_answers.iter().map(|&at| group.trials[at]).collect();
            let pseudonyms: Vec<String> =
                with_answers.iter().map(|&at| group.participants[at].pseudonym.clone()).collect();
            let analysis = analyse(work, design, stimuli, &planned, &answers, &resampling)?;
            let out: BTreeMap<u32, &str> =
                analysis.excluded.iter().map(|one| (one.participant, one.rule.as_str())).collect();
            for one in &analysis.excluded {
                let participant = &group.participants[with_answers[one.participant as usize]];
                exclusions.push((participant.id, one.rule.clone(), one.sentence.clone()));
            }
            let analysed: Vec<TrialAnswer> =
                answers.into_iter().filter(|answer| !out.contains_key(&answer.participant)).collect();
            for (number, &at) in with_answers.iter().enumerate() {
                let rule = out.get(&(number as u32)).copied();
                rows.extend(answer_rows(opened, &group.participants[at], &group.answered[at], rule, &title_of));
            }
            kinds.push(KindResults {
                kind: *kind,
                sessions: group.participants.len() as u64,
                with_answers: with_answers.len() as u64,
                handed_in: handed_in(group),
                median_minutes: group.median_minutes(),
                companions: correlations(design, stimuli, &automatic, &analysed),
                two_axes: two_axes(design, &accuracies, &analysis),
                names: self.names_given(opened, group)?,
                pseudonyms: pseudonyms.clone(),
                analysis,
            });
            kept.insert(*kind, (pseudonyms, analysed));
        }
        self.store().record_exclusions(study.id, &exclusions)?;
        let agreement = match (kept.get(&ParticipantKind::Person), kept.get(&ParticipantKind::Model)) {
            (Some((_, people)), Some((models, answers))) => model_agreement(design, people, models, answers)?,
            _ => Vec::new(),
        };
        let mut instruments = Vec::new();
        for texts in &protocol.texts {
            let (language, version) = (texts.language.clone(), texts.version);
            instruments.push(InstrumentFacts { language, version, digest: texts_digest(texts)? });
        }
        let facts = |stimulus: &Stimulus| StimulusFacts {
            task: stimulus.task.clone(),
            item: stimulus.key.clone(),
            title: title_of(stimulus),
            band: stimulus.band,
            replaced: stimulus.replaced.clone(),
        };
        let dataset = self.store().dataset(&design.dataset);
        // Thousands of simulated studies, the same for every look at one protocol.
        let power = self
            .cache()
            .get_or_make(&format!("power {}", opened.hash()?), || Ok((power_of_design(work, design, None)?, 4096)))?;
        Ok(StudyResults {
            form: FORM,
            version: study.version as u64,
            dataset_title: dataset.map_or_else(|_| design.dataset.clone(), |dataset| dataset.title),
            dataset_digest: protocol.dataset_digest.clone(),
            protocol_hash: opened.hash()?.to_owned(),
            program: protocol.program.clone(),
            instruments,
            locked_at: study.locked_at.unwrap_or_default(),
            closed_at,
            analysed_at: now(),
            block: block(design),
            stimuli: stimuli.iter().map(facts).collect(),
            power: (*power).clone(),
            withdrawals: self.store().deletions(study.id)?.len() as u64,
            kinds,
            model_agreement: agreement,
            resamples: resampling.resamples,
            flips: resampling.flips,
            rows,
            design: design.clone(),
        })
    }

    /// Names that participants gave, and how often others matched them to their own code.
    fn names_given(&self, opened: &OpenedStudy, group: &Group) -> Result<Vec<NameRow>> {
        let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
        // By giver, anchor and arm: asked, matched.
        let mut matched: BTreeMap<(i64, u32, u32), (u64, u64)> = BTreeMap::new();
        for (at, participant) in group.participants.iter().enumerate().filter(|(_, one)| one.part == 2) {
            let givers: BTreeMap<String, i64> = self
                .store()
                .trials(participant.id)?
                .into_iter()
                .filter_map(|trial| Some((trial.plan, trial.shown_name?)))
                .collect();
            for (trial, answer) in &group.answered[at] {
                let TrialKind::Stimulus { stimulus, arm } = trial.kind else { continue };
                let plan = serde_json::to_string(trial).unwrap_or_default();
                let (Some(&giver), Some(shown)) = (givers.get(&plan), stimuli.get(stimulus as usize)) else { continue };
                let counts = matched.entry((giver, shown.anchor, arm)).or_default();
                let right = right_answer(design, stimuli, trial);
                *counts = (counts.0 + 1, counts.1 + u64::from(right.is_some() && chosen(trial, answer) == right));
            }
        }
        let mut names = Vec::new();
        for (at, participant) in group.participants.iter().enumerate() {
            for (trial, answer) in &group.answered[at] {
                let (TrialKind::Stimulus { stimulus, arm }, Some(text)) = (trial.kind, &answer.text) else { continue };
                let is_naming =
                    design.task(&trial.task).is_some_and(|task| matches!(task.kind, TaskKind::Naming { .. }));
                let (Some(shown), Some(of_arm)) = (stimuli.get(stimulus as usize), design.arms.get(arm as usize))
                else {
                    continue;
                };
                if is_naming {
                    let (asked, right) = matched.get(&(participant.id, shown.anchor, arm)).copied().unwrap_or_default();
                    names.push(NameRow {
                        task: trial.task.clone(),
                        arm: of_arm.key.clone(),
                        stimulus,
                        pseudonym: participant.pseudonym.clone(),
                        text: text.clone(),
                        asked,
                        matched: right,
                    });
                }
            }
        }
        Ok(names)
    }
}

fn handed_in(group: &Group) -> u64 {
    group.participants.iter().filter(|participant| participant.handed_in.is_some()).count() as u64
}

/// The option that was chosen, by its number in the view; for checks its place on the screen.
fn chosen(trial: &PlannedTrial, answer: &Answer) -> Option<u32> {
    match trial.kind {
        TrialKind::Attention { .. } => answer.place,
        TrialKind::Stimulus { .. } => answer.place.and_then(|place| trial.order.get(place as usize).copied()),
    }
}

/// The option that is right.
fn right_answer(design: &StudyDesign, stimuli: &[Stimulus], trial: &PlannedTrial) -> Option<u32> {
    let TrialKind::Stimulus { stimulus, arm } = trial.kind else { return None };
    let key = &design.arms.get(arm as usize)?.key;
    stimuli.get(stimulus as usize)?.views.iter().find(|view| view.arm == *key)?.answer
}

/// Counts and times, with arms under letters in an order that the seed draws.
fn progress(opened: &OpenedStudy, kind: ParticipantKind, group: &Group) -> KindProgress {
    let design = opened.design();
    let mut order: Vec<usize> = (0..design.arms.len()).collect();
    order.shuffle(&mut Seed(design.seed).rng("study masks"));
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); order.len()];
    for (trial, answer) in group.answered.iter().flatten() {
        let TrialKind::Stimulus { arm, .. } = trial.kind else { continue };
        if let Some(place) = order.iter().position(|&at| at == arm as usize) {
            times[place].push(answer.ms as f64);
        }
    }
    let masked = |(at, times): (usize, &mut Vec<f64>)| MaskedArm {
        letter: char::from(b'A' + (at % 26) as u8).to_string(),
        answers: times.len() as u64,
        median_ms: median(times),
    };
    KindProgress {
        kind,
        sessions: group.participants.len() as u64,
        with_answers: group.with_answers().count() as u64,
        handed_in: handed_in(group),
        trials: group.trials.iter().map(|&trials| u64::from(trials)).sum(),
        answers: group.answered.iter().map(|answered| answered.len() as u64).sum(),
        median_minutes: group.median_minutes(),
        arms: times.iter_mut().enumerate().map(masked).collect(),
    }
}

/// One row an answer.
fn answer_rows(
    opened: &OpenedStudy,
    participant: &Participant,
    answered: &[(PlannedTrial, Answer)],
    excluded: Option<&str>,
    title_of: &impl Fn(&Stimulus) -> String,
) -> Vec<AnswerRow> {
    let (design, stimuli) = (opened.design(), &opened.protocol.stimuli);
    let row = |(trial, answer): &(PlannedTrial, Answer)| {
        let task = design.task(&trial.task)?;
        let mut row = AnswerRow {
            pseudonym: participant.pseudonym.clone(),
            kind: participant.kind,
            part: participant.part,
            row: participant.row,
            excluded: excluded.map(str::to_owned),
            position: answer.position + 1,
            task: trial.task.clone(),
            task_kind: TrialTask::of(&task.kind).name().to_owned(),
            place: answer.place.map(|place| place + 1),
            cannot_judge: answer.cannot_judge,
            confidence: answer.confidence.map(|point| point + 1),
            text: answer.text.clone(),
            ms: answer.ms.min(u64::from(u32::MAX)) as u32,
            language: answer.language.clone(),
            answered_at: answer.answered_at,
            ..AnswerRow::default()
        };
        let choice = chosen(trial, answer);
        match trial.kind {
            TrialKind::Attention { place } => {
                (row.attention, row.right) = (true, Some(answer.place == Some(place)));
            }
            TrialKind::Stimulus { stimulus, arm } => {
                let shown = stimuli.get(stimulus as usize)?;
                let of_arm = design.arms.get(arm as usize)?;
                let view = shown.views.iter().find(|view| view.arm == of_arm.key)?;
                row.stimulus = Some(stimulus);
                row.item = Some(shown.key.clone());
                row.item_title = Some(title_of(shown));
                row.band = Some(shown.band);
                row.arm = Some(of_arm.key.clone());
                row.prefix = Some(view.prefix.iter().map(u32::to_string).collect::<Vec<_>>().join("·"));
                row.chance = task.chance();
                row.choice = choice.map(|choice| choice + 1);
                row.right = view.answer.map(|right| choice == Some(right));
                if let TaskKind::Rating { question, .. } = &task.kind {
                    row.rating = row.choice;
                    let labels = question.points.get(&answer.language);
                    row.rating_label = choice.and_then(|point| labels?.get(point as usize).cloned());
                }
            }
        }
        Some(row)
    };
    answered.iter().filter_map(row).collect()
}

/// The middle value; the mean of the two middle ones of an even number; none of nothing.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
