//! The `semid` command: arguments become requests, replies become text or JSON.

mod args;
mod bridge;
mod compare;
mod follow;
mod language;
mod out;
mod print;
mod rpc;
mod study;
mod study_args;
mod study_print;
mod why;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use semid_api::engine::datasets::{ImportReport, ImportRequest};
use semid_api::engine::evaluate_lists::JudgedLists;
use semid_api::engine::files;
use semid_api::engine::settings::{ExperimentSettings, Problem};
use semid_api::wire::*;
use semid_api::{ApiError, App};
use semid_core::comparison::Comparison;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use args::{BridgeCommand, Cli, Command, ThemeArg};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (json, quiet) = (cli.json, cli.quiet);
    if let Some(threads) = cli.threads
        && let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build_global()
    {
        return out::fail(json, &ApiError::machine(format!("{threads} threads could not be started: {error}.")));
    }
    match App::from_env().and_then(|app| Shell { app, json, quiet }.run(cli.command)) {
        Ok(code) => code,
        Err(error) => out::fail(json, &error),
    }
}

/// The exit code of a doctor who found something broken.
const ILL: u8 = 3;

struct Shell {
    app: App,
    json: bool,
    quiet: bool,
}

/// What was asked for was printed; the exit code says how it went.
type Outcome = Result<ExitCode, ApiError>;

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
                    let text = settings.to_toml()?;
                    files::write_atomically(path, |file| file.write_all(text.as_bytes()))?;
                    return self.tell(&json!({ "settings": path }), |_| {
                        format!("The settings are in {}. Run them with: semid run {0}", path.display())
                    });
                }
                if args.estimate {
                    let estimate: Estimate = self.app.call("estimate", SettingsRequest { settings })?;
                    return self.tell(&estimate, print::estimate);
                }
                self.compare(RunRequest { settings, output: args.output.map(absolute).transpose()? })
            }
            Command::Run(args) => {
                let settings = self.settings_of_file(&args.file)?;
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
            Command::Export(args) => self.export(args),
            Command::Open(args) => {
                let opened: OpenedBundle = self.job("open_bundle", FileRequest { path: absolute(args.bundle)? })?;
                self.tell(&opened, print::opened)
            }
            Command::Chart(args) => self.chart(args),
            Command::Ask(args) => self.ask(args),
            Command::Model(command) => self.model(command),
            Command::Why(args) => self.why(args),
            Command::Bridge(BridgeCommand::Export(args)) => self.bridge_export(args),
            Command::Bridge(BridgeCommand::Import(args)) => self.bridge_import(args),
            Command::Study(command) => self.study(command),
            Command::Rpc(args) => rpc::serve(&self.app, args.types),
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
                Ok(if print::is_ill(&report) { ExitCode::from(ILL) } else { ExitCode::SUCCESS })
            }
        }
    }

    /// Starts a job and follows it to its result.
    fn job<R: DeserializeOwned>(&self, command: &str, request: impl Serialize) -> Result<R, ApiError> {
        let started: Started = self.app.call(command, request)?;
        let result = follow::follow(&self.app, started.job, self.quiet)?;
        serde_json::from_value(result).map_err(|error| ApiError::internal(error.to_string()))
    }

    fn starter(&self, dataset: &str) -> Result<ExperimentSettings, ApiError> {
        self.app.call("starter", DatasetRequest { dataset: dataset.to_owned() })
    }

    /// The settings of an experiment file. Files that it names relatively are looked for beside it.
    fn settings_of_file(&self, path: &Path) -> Result<ExperimentSettings, ApiError> {
        let text = files::read_text(path)?;
        let mut settings: ExperimentSettings = self.app.call("read_settings", SettingsFileRequest { text })?;
        let beside = absolute(path.to_owned())?.parent().map(Path::to_owned).unwrap_or_default();
        settings.look_for_files_in(&beside);
        Ok(settings)
    }

    fn compare(&self, request: RunRequest) -> Outcome {
        self.compare_and_tell(request, Value::Null)
    }

    /// Runs an experiment and tells its outcome; `beside` joins the JSON where it is something.
    fn compare_and_tell(&self, request: RunRequest, beside: Value) -> Outcome {
        self.warn_of_hours(&request.settings)?;
        let report: RunReport = self.job("start_run", request)?;
        let comparison: Comparison = self.app.call("comparison", RunSelector { run: Some(report.run) })?;
        let mut whole = json!(report);
        whole["comparison"] = json!(comparison);
        if !beside.is_null() {
            whole["lists"] = beside;
        }
        self.tell(&whole, |_| {
            let ending = if report.finished_before {
                format!("This experiment was finished before, as run {}; nothing was computed again.", report.run)
            } else {
                format!("Run {} took {}.", report.run, follow::duration(report.secs))
            };
            let text = print::comparison(&comparison);
            format!("{text}\n{ending}\nThe report is {}", report.report.display())
        })
    }

    /// What trains on a language model takes hours, which is said before it starts.
    fn warn_of_hours(&self, settings: &ExperimentSettings) -> Result<(), ApiError> {
        if self.quiet || !settings.recommenders.iter().any(|recommender| recommender.tuned_model().is_some()) {
            return Ok(());
        }
        let problems: Vec<Problem> = self.app.call("check", SettingsRequest { settings: settings.clone() })?;
        if problems.is_empty() {
            out::note("Timing a few steps …");
            let estimate: Estimate = self.app.call("estimate", SettingsRequest { settings: settings.clone() })?;
            if estimate.finished_run.is_none() {
                let [likely, low, high] = [estimate.secs, estimate.low_secs, estimate.high_secs].map(follow::duration);
                out::note(&format!(
                    "This takes about {likely}, likely between {low} and {high}. Ctrl-C stops it, and the same command goes on."
                ));
            }
        }
        Ok(())
    }

    fn export(&self, args: args::ExportArgs) -> Outcome {
        if let Some(bundle) = args.bundle {
            let run = match args.run {
                Some(run) => run,
                None => self.newest_finished()?,
            };
            let what = SaveWhat::Bundle { models: args.models, keys: args.keys };
            let saved: Saved = self.app.call("save", SaveRequest { run, what, output: absolute(bundle)? })?;
            return self.tell(&saved, |saved| format!("The bundle of run {run} is {}", saved.path.display()));
        }
        let output = args.output.ok_or_else(|| ApiError::input("Say where the report goes with --output."))?;
        let request = ExportRequest { run: args.run, output: absolute(output)?, per_user: args.per_user };
        let report: ExportReport = self.app.call("export", request)?;
        self.tell(&report, |report| format!("The report of run {} is {}", report.run, report.report.display()))
    }

    fn newest_finished(&self) -> Result<i64, ApiError> {
        let runs: Vec<RunRow> = self.app.call("runs", Nothing {})?;
        let newest = runs.into_iter().find(|run| run.status == "finished").map(|run| run.run);
        newest.ok_or_else(|| ApiError::input("No run is finished yet. Start one with `semid compare sample-films`."))
    }

    fn chart(&self, args: args::ChartArgs) -> Outcome {
        let dark = matches!(args.theme, ThemeArg::Dark);
        if let Some(path) = args.output.as_ref().filter(|path| path.extension().is_some_and(|ending| ending == "png")) {
            let what = SaveWhat::ChartPng { chart: args.chart.clone(), dark };
            let request = SaveRequest { run: args.run, what, output: absolute(path.clone())? };
            let saved: Saved = self.app.call("save", request)?;
            return self.tell(&json!({ "chart": args.chart, "output": saved.path }), |_| {
                format!("The chart is {}", saved.path.display())
            });
        }
        let reply: ChartReply =
            self.app.call("chart", ChartRequest { run: args.run, chart: args.chart.clone(), dark })?;
        let Some(svg) = reply.svg else {
            return self.tell(&json!({ "charts": reply.names }), |_| reply.names.join("\n"));
        };
        let Some(path) = args.output else {
            return self.tell(&json!({ "chart": args.chart, "svg": svg }), |_| svg.clone());
        };
        files::write_atomically(&path, |file| file.write_all(svg.as_bytes()))?;
        self.tell(&json!({ "chart": args.chart, "output": path }), |_| format!("The chart is {}", path.display()))
    }

    /// The reply as JSON or as text.
    fn tell<T: Serialize>(&self, reply: &T, text: impl FnOnce(&T) -> String) -> Outcome {
        if self.json {
            let value: Value = serde_json::to_value(reply).map_err(|error| ApiError::internal(error.to_string()))?;
            out::print(&format!("{value:#}"))
        } else {
            out::print(text(reply).trim_end())
        }
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
