//! `semid study`: interpretability studies from design to withdrawal.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use semid_api::ApiError;
use semid_api::engine::files;
use semid_api::engine::study::{design_from_toml, design_to_toml};
use semid_api::wire::*;
use semid_core::study::StudyDesign;
use serde_json::json;

use crate::study_args::{StudyCommand, StudyImportArgs, StudyNewArgs, StudySessionArgs};
use crate::{Outcome, Shell, absolute, out, study_print as print};

impl Shell {
    pub fn study(&self, command: StudyCommand) -> Outcome {
        match command {
            StudyCommand::New(args) => self.study_new(args),
            StudyCommand::List => {
                let studies: Vec<StudyRow> = self.app.call("studies", Nothing {})?;
                self.tell(&studies, |studies| print::list(studies))
            }
            StudyCommand::Show(args) => {
                let detail: StudyDetail =
                    self.app.call("study", StudySelector { name: args.name, version: args.version })?;
                self.tell(&detail, |detail| print::detail(detail, args.stimuli))
            }
            StudyCommand::Replace(args) => {
                let (stimulus, item, why) = (args.stimulus, args.item, args.why);
                let request = ReplaceStimulusRequest { name: args.name, stimulus, item, why };
                let detail: StudyDetail = self.app.call("study_replace", request)?;
                self.tell(&detail, |detail| print::replaced(detail, stimulus))
            }
            StudyCommand::Power(args) => {
                let detail: StudyDetail = self.app.call("study", StudySelector { name: args.name, version: None })?;
                let request = StudyPowerRequest { design: detail.design, participants: args.participants };
                let power: Vec<TaskPower> = self.job("study_power", request)?;
                self.tell(&power, |power| print::power(power))
            }
            StudyCommand::Lock(args) => {
                let row: StudyRow = self.app.call("study_lock", StudySelector { name: args.name, version: None })?;
                self.tell(&row, print::locked)
            }
            StudyCommand::Session(args) => self.study_session(args),
            StudyCommand::Import(args) => self.study_import(args),
            StudyCommand::Simulate(args) => {
                let request = StudySimulateRequest {
                    name: args.name,
                    version: args.version,
                    count: args.count,
                    part: args.part,
                    meaning: meaning(&args.meaning)?,
                };
                let made: Vec<MadeSession> = self.job("study_simulate", request)?;
                self.tell(&made, |made| print::simulated(made))
            }
            StudyCommand::Rate(args) => {
                let request =
                    StudyRateRequest { name: args.name, version: args.version, part: args.part, model: args.model };
                let rated: ModelRated = self.job("study_rate", request)?;
                self.tell(&rated, print::rated)
            }
            StudyCommand::Close(args) => {
                let request = StudySelector { name: args.name, version: args.version };
                let row: StudyRow = self.app.call("study_close", request)?;
                self.tell(&row, print::closed)
            }
            StudyCommand::Analyse(args) => {
                let request = StudyAnalysisRequest { name: args.name, version: args.version, run: args.run };
                let analysis: StudyAnalysis = self.job("study_analysis", request)?;
                self.tell(&analysis, print::analysis)
            }
            StudyCommand::Export(args) => {
                let output = absolute(args.output)?;
                let request = StudyExportRequest { name: args.name, version: args.version, run: args.run, output };
                let exported: StudyExported = self.job("study_export", request)?;
                self.tell(&exported, print::exported)
            }
            StudyCommand::Withdraw(args) => {
                let withdrawn: Withdrawn =
                    self.job("study_withdraw", PseudonymRequest { pseudonym: args.pseudonym })?;
                self.tell(&withdrawn, print::withdrawn)
            }
            StudyCommand::Texts => {
                let texts: TextsTemplate = self.app.call("study_texts", Nothing {})?;
                self.tell(&texts, |texts| texts.toml.clone())
            }
        }
    }

    fn study_new(&self, args: StudyNewArgs) -> Outcome {
        let mut design: StudyDesign = match (&args.design, args.dataset) {
            (Some(path), _) => {
                let text = files::read_text(path)?;
                design_from_toml(&text).map_err(|error| ApiError::input(format!("{}: {error}", path.display())))?
            }
            (None, Some(dataset)) => {
                let request = StudyStarterRequest {
                    dataset,
                    ids: args.ids,
                    contact: args.contact,
                    explanations: args.explanations,
                };
                self.job("study_starter", request)?
            }
            (None, None) => return Err(ApiError::input("Name a data set, or give a design with --design.")),
        };
        if let Some(name) = args.name {
            design.name = name;
        }
        if let Some(participants) = args.participants {
            design.participants = participants;
        }
        if let Some(seed) = args.seed {
            design.seed = seed;
        }
        if let Some(path) = args.design_only {
            let text = design_to_toml(&design)?;
            files::write_atomically(&path, |file| file.write_all(text.as_bytes()))?;
            return self.tell(&json!({ "design": path }), |_| {
                format!("The design is in {}. Edit it, then: semid study new --design {0}", path.display())
            });
        }
        let texts = args.texts.into_iter().map(absolute).collect::<Result<_, _>>()?;
        let detail: StudyDetail = self.job("study_save", StudyDraft { design, texts })?;
        self.tell(&detail, print::drafted)
    }

    fn study_session(&self, args: StudySessionArgs) -> Outcome {
        let output = args.output.map(absolute).transpose()?;
        if let (Some(pseudonym), Some(output)) = (args.participant, output.clone()) {
            let made: MadeSession =
                self.app.call("study_export_session", ExportSessionRequest { pseudonym, output })?;
            return self.tell(&[made], |made| print::sessions(made, &args.name));
        }
        let request = StudySessionsRequest {
            name: args.name.clone(),
            version: args.version,
            count: args.count,
            part: args.part,
            output,
        };
        let made: Vec<MadeSession> = self.app.call("study_sessions", request)?;
        self.tell(&made, |made| print::sessions(made, &args.name))
    }

    /// Imports file by file: one that is refused does not keep the others out.
    fn study_import(&self, args: StudyImportArgs) -> Outcome {
        let (mut imported, mut refused) = (Vec::new(), Vec::new());
        for file in args.files {
            let path = absolute(file)?;
            match self.app.call::<AnswersImported>("study_import_answers", FileRequest { path: path.clone() }) {
                Ok(answers) => imported.push(answers),
                Err(error) => refused.push((path, error)),
            }
        }
        if let ([], [(_, error)]) = (imported.as_slice(), refused.as_slice()) {
            return Err(error.clone());
        }
        let of = |(path, error): &(std::path::PathBuf, ApiError)| json!({ "file": path, "error": error });
        let whole = json!({ "imported": imported, "refused": refused.iter().map(of).collect::<Vec<_>>() });
        let code = self.tell(&whole, |_| print::imported(&imported))?;
        for (_, error) in &refused {
            out::note(&format!("semid: {}", error.message));
        }
        Ok(refused.first().map_or(code, |(_, error)| ExitCode::from(error.exit_code())))
    }
}

fn meaning(given: &[String]) -> Result<BTreeMap<String, f64>, ApiError> {
    let one = |text: &String| {
        let parts = text.split_once('=').and_then(|(arm, share)| Some((arm.to_owned(), share.parse::<f64>().ok()?)));
        parts.ok_or_else(|| {
            ApiError::input(format!("“{text}” is not understood. Write --meaning rq-kmeans=0.5,hash=0."))
        })
    };
    given.iter().map(one).collect()
}
