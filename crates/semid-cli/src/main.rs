//! The `semid` command: arguments become requests, replies become text or JSON.

mod args;
mod compare;
mod follow;
mod print;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use semid_api::engine::datasets::{ImportReport, ImportRequest};
use semid_api::engine::evaluate_lists::JudgedLists;
use semid_api::wire::*;
use semid_api::{ApiError, App};
use semid_core::comparison::Comparison;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use args::{Cli, Command, ThemeArg};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(threads) = cli.threads
        && let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build_global()
    {
        eprintln!("semid: {threads} threads could not be started: {error}.");
        return ExitCode::from(4);
    }
    let (json, quiet) = (cli.json, cli.quiet);
    match App::from_env().and_then(|app| Shell { app, json, quiet }.run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if json {
                println!("{}", json!({ "error": error }));
            }
            eprintln!("semid: {}", error.message);
            if !error.hint.is_empty() {
                eprintln!("{}", error.hint);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

struct Shell {
    app: App,
    json: bool,
    quiet: bool,
}

type Outcome = Result<(), ApiError>;

impl Shell {
    fn run(&self, command: Command) -> Outcome {
        match command {
            Command::Import(args) => {
                let report: ImportReport = match args.recipe {
                    Some(recipe) => {
                        let request = RecipeRequest { recipe, download: args.download, replace: args.replace };
                        self.job("import_recipe", request)?
                    }
                    None => self.job("import", import_request(args)?)?,
                };
                self.tell(&report, print::import)
            }
            Command::Datasets => {
                let list: DatasetList = self.app.call("datasets", Nothing {})?;
                self.tell(&list, print::datasets)
            }
            Command::Embed(args) => {
                let request =
                    EmbedRequest { texts: absolute(args.texts)?, output: absolute(args.output)?, model: args.model };
                let report: EmbedReport = self.job("embed", request)?;
                self.tell(&report, print::embed)
            }
            Command::Ids(args) => {
                let mut settings = self.starter(&args.dataset)?;
                compare::apply_shape(&mut settings, &args.shape)?;
                settings.ids = compare::schemes(&[args.scheme], true)?;
                let request = IdsRequest { settings, seed: args.seed, output: args.output.map(absolute).transpose()? };
                let report: IdsReport = self.job("ids", request)?;
                self.tell(&report, print::ids)
            }
            Command::Compare(args) => {
                let settings = compare::settings(self.starter(&args.dataset)?, &args)?;
                if let Some(path) = &args.settings_only {
                    let text = settings.to_toml().map_err(ApiError::from)?;
                    std::fs::write(path, text).map_err(|error| {
                        ApiError::input(format!("{} could not be written: {error}.", path.display()))
                    })?;
                    println!("The settings are in {}. Run them with: semid run {0}", path.display());
                    return Ok(());
                }
                self.compare(RunRequest { settings, output: args.output.map(absolute).transpose()? })
            }
            Command::Run(args) => {
                let text = std::fs::read_to_string(&args.file).map_err(|error| {
                    ApiError::input(format!("{} could not be read: {error}. Check the path.", args.file.display()))
                })?;
                let settings = self.app.call("read_settings", SettingsFileRequest { text })?;
                self.compare(RunRequest { settings, output: args.output.map(absolute).transpose()? })
            }
            Command::Runs => {
                let runs: Vec<RunRow> = self.app.call("runs", Nothing {})?;
                self.tell(&runs, |runs| print::runs(runs))
            }
            Command::Show(args) => {
                let comparison: Comparison = self.app.call("comparison", RunSelector { run: args.run })?;
                self.tell(&comparison, print::comparison)
            }
            Command::Export(args) => {
                let request = ExportRequest { run: args.run, output: absolute(args.output)?, per_user: args.per_user };
                let report: ExportReport = self.app.call("export", request)?;
                self.tell(&report, |report| format!("The report of run {} is {}", report.run, report.report.display()))
            }
            Command::Chart(args) => self.chart(args),
            Command::Eval(args) => {
                let per_user = args.per_user.map(absolute).transpose()?;
                let request = EvalRequest {
                    run: absolute(args.run)?,
                    qrels: absolute(args.qrels)?,
                    metrics: args.metrics,
                    per_user,
                };
                let judged: JudgedLists = self.app.call("eval", request)?;
                self.tell(&judged, print::judged)
            }
            Command::Doctor(args) => {
                let report: DoctorReport =
                    self.job("doctor", DoctorRequest { repair: args.repair, fetch: args.fetch })?;
                self.tell(&report, print::doctor)?;
                match print::is_ill(&report) {
                    true => Err(ApiError::input("Something is broken; see above.")),
                    false => Ok(()),
                }
            }
        }
    }

    /// Starts a job and follows it to its result.
    fn job<R: DeserializeOwned>(&self, command: &str, request: impl Serialize) -> Result<R, ApiError> {
        let started: Started = self.app.call(command, request)?;
        let result = follow::follow(&self.app, started.job, self.quiet)?;
        serde_json::from_value(result).map_err(|error| ApiError::internal(error.to_string()))
    }

    fn starter(&self, dataset: &str) -> Result<semid_api::engine::settings::ExperimentSettings, ApiError> {
        self.app.call("starter", DatasetRequest { dataset: dataset.to_owned() })
    }

    fn compare(&self, request: RunRequest) -> Outcome {
        let report: RunReport = self.job("start_run", request)?;
        let comparison: Comparison = self.app.call("comparison", RunSelector { run: Some(report.run) })?;
        if self.json {
            let mut whole = serde_json::to_value(&report).unwrap_or_default();
            whole["comparison"] = serde_json::to_value(&comparison).unwrap_or_default();
            println!("{whole:#}");
            return Ok(());
        }
        println!("{}", print::comparison(&comparison));
        if report.finished_before {
            println!("This experiment was finished before, as run {}; nothing was computed again.", report.run);
        } else {
            println!("Run {} took {}.", report.run, follow::duration(report.secs));
        }
        println!("The report is {}", report.report.display());
        Ok(())
    }

    fn chart(&self, args: args::ChartArgs) -> Outcome {
        let dark = matches!(args.theme, ThemeArg::Dark);
        let reply: ChartReply = self.app.call("chart", ChartRequest { run: args.run, chart: args.chart, dark })?;
        match (reply.svg, args.output) {
            (None, _) if self.json => println!("{}", json!({ "charts": reply.names })),
            (None, _) => println!("{}", reply.names.join("\n")),
            (Some(svg), Some(path)) => {
                std::fs::write(&path, svg)
                    .map_err(|error| ApiError::input(format!("{} could not be written: {error}.", path.display())))?;
                if !self.quiet {
                    println!("The chart is {}", path.display());
                }
            }
            (Some(svg), None) => println!("{svg}"),
        }
        Ok(())
    }

    /// The reply as JSON or as text.
    fn tell<T: Serialize>(&self, reply: &T, text: impl FnOnce(&T) -> String) -> Outcome {
        if self.json {
            let value: Value = serde_json::to_value(reply).map_err(|error| ApiError::internal(error.to_string()))?;
            println!("{value:#}");
        } else {
            println!("{}", text(reply).trim_end());
        }
        Ok(())
    }
}

fn import_request(args: args::ImportArgs) -> Result<ImportRequest, ApiError> {
    let missing = |what: &str| {
        ApiError::input(format!(
            "{what} is missing. Name a recipe (`semid import sample-films`) or give --items, --interactions and --name."
        ))
    };
    Ok(ImportRequest {
        name: args.name.ok_or_else(|| missing("--name"))?,
        items: args.items.map(absolute).transpose()?,
        interactions: absolute(args.interactions.ok_or_else(|| missing("--interactions"))?)?,
        format: args.format,
        map: args.map,
        text: args.text,
        strict: args.strict,
        keep_unknown_items: args.keep_unknown_items,
        replace: args.replace,
        ..ImportRequest::default()
    })
}

/// Requests carry whole paths: whoever answers may stand in another folder.
fn absolute(path: PathBuf) -> Result<PathBuf, ApiError> {
    std::path::absolute(&path).map_err(|error| ApiError::input(format!("{}: {error}.", path.display())))
}
