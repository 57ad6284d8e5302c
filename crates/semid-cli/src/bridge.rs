//! `semid bridge`: data sets and IDs out to other systems, their lists and IDs back.

use semid_api::ApiError;
use semid_api::engine::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use semid_api::wire::*;
use serde_json::json;

use crate::args::{BridgeExportArgs, BridgeFormatArg, BridgeImportArgs};
use crate::{Outcome, Shell, absolute, compare, print};

impl Shell {
    pub fn bridge_export(&self, args: BridgeExportArgs) -> Outcome {
        let mut settings = self.settings_of(&args.source)?;
        compare::apply_shape(&mut settings, &args.shape)?;
        let ids = match args.ids {
            Some(key) if settings.ids.iter().any(|scheme| scheme.key() == key) => Some(key),
            Some(key) => {
                settings.ids = compare::schemes(&[key], true)?;
                settings.ids.first().map(|scheme| scheme.key().to_owned())
            }
            None => None,
        };
        let format = match args.format {
            BridgeFormatArg::Grid => BridgeFormat::Grid,
            BridgeFormatArg::Lcrec => BridgeFormat::LcRec,
            BridgeFormatArg::Recbole => BridgeFormat::RecBole,
            BridgeFormatArg::Parquet => BridgeFormat::Parquet,
        };
        let output = absolute(args.output)?;
        let request =
            BridgeExportRequest { settings, ids, seed: args.seed, format, embeddings: args.embeddings, output };
        let exported: BridgeExported = self.job("bridge_export", request)?;
        self.tell(&exported, print::bridge_exported)
    }

    pub fn bridge_import(&self, args: BridgeImportArgs) -> Outcome {
        let mut settings = self.settings_of(&args.source)?;
        for (option, given) in [("--name", args.name.len()), ("--title", args.title.len())] {
            if given > args.lists.len() {
                return Err(ApiError::input(format!(
                    "{option} was given {given} times for {} --lists. Give it once for each.",
                    args.lists.len()
                )));
            }
        }
        let names = compare::list_names(&args.names)?;
        let mut arms = Vec::new();
        for (at, files) in args.lists.iter().enumerate() {
            let files: Vec<&str> = files.split(',').filter(|file| !file.is_empty()).collect();
            arms.push(compare::lists(&files, args.name.get(at), args.title.get(at), names)?);
        }
        let mut found: Vec<ListsFound> = Vec::new();
        for arm in &arms {
            let RecommenderSettings::Imported { files, names, .. } = arm else { continue };
            for file in files {
                let request = ListsRequest { settings: settings.clone(), file: file.clone(), names: *names };
                found.push(self.job("look_at_lists", request)?);
            }
        }
        if args.look {
            return self.tell(&json!({ "lists": found }), |_| print::lists_found(&found));
        }
        let mut added: Vec<String> = arms.iter().map(|arm| arm.key().to_owned()).collect();
        settings.recommenders.extend(arms);
        if let Some(file) = args.ids {
            added.push(file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
            settings.ids.push(IdSettings::Imported { file: absolute(file)? });
        }
        settings.name = format!("{} with {}", settings.name, added.join(", "));
        if !self.json && !self.quiet && !found.is_empty() {
            eprintln!("{}", print::lists_found(&found));
        }
        let output = args.output.map(absolute).transpose()?;
        self.compare_and_tell(RunRequest { settings, output }, json!(found))
    }

    /// The settings of a run, of an experiment file, or the starter of a data set.
    fn settings_of(&self, source: &str) -> Result<ExperimentSettings, ApiError> {
        if let Ok(run) = source.parse::<i64>() {
            let view: RunView = self.app.call("run_view", RunNumber { run })?;
            return self.app.call("read_settings", SettingsFileRequest { text: view.settings_toml });
        }
        if source.ends_with(".toml") {
            return self.settings_of_file(source.as_ref());
        }
        self.starter(source)
    }
}
