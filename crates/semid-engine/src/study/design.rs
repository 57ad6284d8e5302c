//! From a design to a locked protocol: checked, drawn, replaced by hand, fixed.

use std::path::PathBuf;

use semid_core::study::{
    PlannedTrial, Protocol, StudyDesign, TaskKind, Texts, canonical_json, check_design, draw_stimuli, redraw,
};
use semid_store::NewStudy;

use super::{FORM, OpenedStudy, STARTER_CONTACT, StudyDetail, StudyRow, StudyState, now, texts};
use crate::settings::Problem;
use crate::{Engine, Error, Result};

impl Engine {
    /// All problems of a design, each with its field; what keeps it from being locked is among them.
    pub fn check_study(&self, design: &StudyDesign, texts: &[PathBuf]) -> Result<Vec<Problem>> {
        let mut problems = self.problems_of_draft(design, texts)?;
        problems.extend(problems_of_lock(design));
        Ok(problems)
    }

    fn problems_of_draft(&self, design: &StudyDesign, given: &[PathBuf]) -> Result<Vec<Problem>> {
        let problem = |found: semid_core::study::Problem| Problem { field: found.field, sentence: found.sentence };
        let mut problems: Vec<Problem> = check_design(design).into_iter().map(problem).collect();
        if let Err(error) = self.store().dataset(&design.dataset) {
            problems.push(Problem { field: "dataset".to_owned(), sentence: error.to_string() });
            return Ok(problems);
        }
        match self.study_data(design) {
            Err(Error::Settings(of_arms)) => problems.extend(of_arms),
            Err(error) if problems.is_empty() => return Err(error),
            _ => {}
        }
        if let Err(error) = texts::of_design(design, given, &self.earlier_texts(&design.name)?) {
            problems.push(Problem { field: "languages".to_owned(), sentence: error.to_string() });
        }
        Ok(problems)
    }

    /// Texts of the latest version of a study, so that a language that came by file stays.
    fn earlier_texts(&self, name: &str) -> Result<Vec<Texts>> {
        match self.open_study(name, None) {
            Ok(earlier) => Ok(earlier.protocol.texts),
            Err(Error::Store(semid_store::Error::NotFound { .. })) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Draws the stimuli of a design and keeps both as a draft: a new study, the same draft anew, or the next version of
    /// one that is locked. `texts` are files with the texts of further languages.
    ///
    /// Errors: problems of the design, all at once; stimuli that cannot be drawn, with what to change.
    pub fn save_study(&self, design: &StudyDesign, texts: &[PathBuf]) -> Result<StudyDetail> {
        let problems = self.problems_of_draft(design, texts)?;
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        let data = self.study_data(design)?;
        let stimuli = draw_stimuli(&data.data.catalog, &data.popularity, &data.arms(), design)?;
        let protocol = Protocol {
            form: FORM,
            design: design.clone(),
            stimuli,
            texts: texts::of_design(design, texts, &self.earlier_texts(&design.name)?)?,
            dataset_digest: self.store().dataset(&design.dataset)?.digest,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.write_draft(&protocol)?;
        self.study(&design.name, None)
    }

    /// Puts another item in the place of a stimulus of a draft: the one of `key`, or the next that the seed gives. The
    /// reason is kept with the stimulus.
    pub fn replace_stimulus(&self, name: &str, stimulus: u32, key: Option<&str>, why: &str) -> Result<StudyDetail> {
        let OpenedStudy { study, mut protocol } = self.draft(name)?;
        if why.trim().is_empty() {
            return Err(Error::input("Say why the stimulus is replaced: the reason is part of the record."));
        }
        self.check_same_data(&study.name, &protocol)?;
        let data = self.study_data(&protocol.design)?;
        redraw(
            &data.data.catalog,
            &data.popularity,
            &data.arms(),
            &protocol.design,
            &mut protocol.stimuli,
            stimulus as usize,
            key,
            (why.trim().to_owned(), now()),
        )?;
        self.write_draft(&protocol)?;
        self.study(name, None)
    }

    /// Fixes a draft under the hash of its protocol: design, analysis plan, consent, stimuli, texts. Afterwards there are
    /// only new versions.
    pub fn lock_study(&self, name: &str) -> Result<StudyRow> {
        let OpenedStudy { study, protocol } = self.draft(name)?;
        self.check_same_data(name, &protocol)?;
        let problems = problems_of_lock(&protocol.design);
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        self.store().lock_study(study.id, &protocol.hash()?)?;
        self.study_row(&self.open_study(name, None)?)
    }

    /// Ends data collection, which unmasks the arms. It does not begin again.
    pub fn close_study(&self, name: &str, version: Option<u64>) -> Result<StudyRow> {
        let opened = self.locked_study(name, version)?;
        let row = self.study_row(&opened)?;
        if opened.state() == StudyState::Open && row.people + row.simulated + row.models == 0 {
            return Err(Error::input(format!(
                "Nobody has answered in study “{name}” yet, and a data collection that has ended does not begin again. \
                 Import answers first."
            )));
        }
        self.store().close_study(opened.study.id)?;
        self.study_row(&self.open_study(name, Some(row.version))?)
    }

    fn draft(&self, name: &str) -> Result<OpenedStudy> {
        let opened = self.open_study(name, None)?;
        if opened.state() != StudyState::Draft {
            return Err(Error::input(format!(
                "Study “{name}” is locked, and a locked study does not change. Save its design again to begin version {}.",
                opened.study.version + 1
            )));
        }
        Ok(opened)
    }

    /// A draft whose data set was imported anew shows items that may no longer be there.
    fn check_same_data(&self, name: &str, protocol: &Protocol) -> Result<()> {
        let dataset = self.store().dataset(&protocol.design.dataset)?;
        if dataset.digest != protocol.dataset_digest {
            return Err(Error::input(format!(
                "The data set {} was imported again since the stimuli of “{name}” were drawn, and is another one. Build \
                 its IDs, choose them in the design and save it again.",
                dataset.name
            )));
        }
        Ok(())
    }

    fn write_draft(&self, protocol: &Protocol) -> Result<()> {
        let design = &protocol.design;
        let json = serde_json::to_value(protocol).map_err(|error| Error::Report(error.to_string()))?;
        let mut instruments = Vec::new();
        for texts in &protocol.texts {
            instruments.push((texts.language.clone(), texts.version, texts_digest(texts)?));
        }
        let stimulus =
            |one: &semid_core::study::Stimulus| (one.task.clone(), one.key.clone(), one.replaced.len() as u32);
        self.store().write_study(&NewStudy {
            name: design.name.clone(),
            dataset: design.dataset.clone(),
            dataset_digest: protocol.dataset_digest.clone(),
            seed: design.seed,
            protocol: json.to_string(),
            arms: design.arms.iter().map(|arm| (arm.key.clone(), arm.ids.clone())).collect(),
            stimuli: protocol.stimuli.iter().map(stimulus).collect(),
            instruments,
        })?;
        Ok(())
    }
}

/// A design as TOML, to be edited by hand.
pub fn design_to_toml(design: &StudyDesign) -> Result<String> {
    let text = toml::to_string_pretty(design).map_err(|error| Error::Report(error.to_string()))?;
    Ok(format!(
        "# A study for `semid study new --design`. Every text is shown to participants as it stands here.\n\n{text}"
    ))
}

/// A design out of TOML.
pub fn design_from_toml(text: &str) -> Result<StudyDesign> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = if line > 0 { format!(" near line {line}") } else { String::new() };
        Error::input(format!("The design is not understood{place}: {}.", error.message().trim_end_matches('.')))
    })
}

/// BLAKE3 of the canonical JSON of a language's texts.
pub(super) fn texts_digest(texts: &Texts) -> Result<String> {
    let value = serde_json::to_value(texts).map_err(|error| Error::Report(error.to_string()))?;
    Ok(blake3::hash(canonical_json(&value).as_bytes()).to_hex().to_string())
}

/// What a draft may still lack and a locked study may not.
fn problems_of_lock(design: &StudyDesign) -> Vec<Problem> {
    let unsaid = design.consent.values().any(|text| text.contains(STARTER_CONTACT));
    let mut problems = Vec::new();
    if unsaid {
        problems.push(Problem {
            field: "consent".to_owned(),
            sentence: format!(
                "The consent still says {STARTER_CONTACT}. Put the name and address of whoever answers for the study in \
                 its place: people must know whom they can ask."
            ),
        });
    }
    if design.analysis_plan.trim().is_empty() {
        problems.push(Problem {
            field: "analysis_plan".to_owned(),
            sentence: "Write the analysis plan: which comparison decides the question. It is locked with the rest."
                .to_owned(),
        });
    }
    problems
}

/// Minutes that a session is likely to take, by the times such tasks usually need: three for consent, instructions and
/// practice, then by trial.
pub(super) fn minutes(design: &StudyDesign, trials: &[PlannedTrial]) -> u32 {
    let seconds = |trial: &PlannedTrial| {
        let Some(task) = design.task(&trial.task) else { return 0.0 };
        let answering = match task.kind {
            TaskKind::Intrusion { members, .. } => 4.0 + 2.0 * f64::from(members),
            TaskKind::ForwardSimulation { codes, exemplars } | TaskKind::Matching { codes, exemplars, .. } => {
                6.0 + 1.2 * f64::from(codes * exemplars)
            }
            TaskKind::Naming { exemplars } => 12.0 + 2.0 * f64::from(exemplars),
            TaskKind::Rating { exemplars, .. } => 6.0 + 1.5 * f64::from(exemplars),
        };
        answering + if task.confidence { 3.0 } else { 0.0 }
    };
    (3.0 + trials.iter().map(seconds).sum::<f64>() / 60.0).ceil() as u32
}
