//! Every command, its wire types, and the sentences people read.
//!
//! One list, [`COMMANDS`], and one door, [`App::dispatch`]: the command line, the window and a test all call the same.
//! What takes longer than a moment becomes a job that anyone may look at ([`Jobs`]).

mod commands;
mod error;
mod jobs;
mod preferences;
mod typescript;
pub mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use semid_core::comparison::{Comparison, IdSchemeResult};
use semid_core::study::StudyDesign;
use semid_engine::datasets::{ImportReport, ImportRequest};
use semid_engine::evaluate_lists::JudgedLists;
use semid_engine::settings::{ExperimentSettings, Problem};
use semid_engine::{Engine, Home};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::*;

pub use error::{ApiError, Code};
pub use jobs::{JobId, JobState, JobView, Jobs, Lane};
pub use semid_engine as engine;
pub use typescript::typescript;

/// The program behind every shell.
pub struct App {
    home: Home,
    /// Where it stands which folder the home is; none when somebody else decides that.
    config: Option<PathBuf>,
    engine: OnceLock<Arc<Engine>>,
    jobs: Jobs,
    /// The job that runs or ran a run, by its number.
    run_jobs: Mutex<BTreeMap<i64, JobId>>,
}

/// A command: its name on the wire, what it does, and its handler.
pub struct Command {
    /// `start_run`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    run: fn(&App, Value) -> Result<Value, ApiError>,
}

/// Writes the list of commands once: what is dispatched and what is typed come from the same lines.
macro_rules! commands {
    ($($name:literal, $about:literal, $room:ident::$handler:ident: $request:ty => $reply:ty $(, job $result:ty)?;)*) => {
        /// Every command there is. A new one is a line here and a handler.
        pub const COMMANDS: &[Command] =
            &[$(Command { name: $name, about: $about, run: |app, payload| reply(app, payload, commands::$room::$handler) }),*];

        /// The same list as types.
        fn declare(types: &mut typescript::Declarations) {
            $(types.command::<$request, $reply>($name, $about); $(types.job::<$result>($name);)?)*
        }
    };
}

commands! {
    // Data sets
    "datasets", "Data sets in the workspace and recipes at hand.", data::datasets: Nothing => DatasetList;
    "dataset", "One data set with everything its page shows.", data::dataset: DatasetRequest => DatasetDetail;
    "dataset_chart", "One chart of a data set.", data::dataset_chart: DatasetChartRequest => DrawnChart;
    "dataset_problems", "Rows that could not be used, page by page.", data::dataset_problems: ItemsRequest => ProblemPage;
    "items", "Items of a data set, page by page.", data::items: ItemsRequest => ItemPage;
    "remove_dataset", "Remove a data set from the workspace.", data::remove_dataset: DatasetRequest => Nothing;
    "recognise_files", "Tell items from interactions among dropped files.", data::recognise_files: FilesRequest => Recognised;
    "preview_file", "What a file would be read as.", data::preview_file: PreviewRequest => PreviewReply;
    "preview_texts", "The first item texts as they would be embedded.", data::preview_texts: ImportDraft => TextsReply;
    "check_import", "Read files through without writing anything; a job.", data::check_import: ImportDraft => Started, job ImportCheck;
    "import", "Import files; a job.", data::import: ImportRequest => Started, job ImportReport;
    "import_recipe", "Import a recipe's data set; a job.", data::import_recipe: RecipeRequest => Started, job ImportReport;
    "open_sample", "The sample and its finished comparison; a job.", data::open_sample: Nothing => Started, job SampleReport;
    "embed", "Turn a file of texts into vectors; a job.", data::embed: EmbedRequest => Started, job EmbedReport;
    // Experiments
    "methods", "ID schemes, recommenders, metrics at hand.", runs::methods: Nothing => Methods;
    "starter", "The default settings for a data set.", runs::starter: DatasetRequest => ExperimentSettings;
    "fields", "Every setting explained.", runs::fields: SettingsRequest => Vec<FieldFacts>;
    "read_settings", "Settings from an experiment file.", runs::read_settings: SettingsFileRequest => ExperimentSettings;
    "check", "Problems of settings, each with its field.", runs::check: SettingsRequest => Vec<Problem>;
    "estimate", "How long an experiment will take.", runs::estimate: SettingsRequest => Estimate;
    "start_run", "Run or resume an experiment; a job.", runs::start_run: RunRequest => StartedRun, job RunReport;
    "resume_run", "Go on with a run that was stopped; a job.", runs::resume_run: RunNumber => StartedRun, job RunReport;
    "runs", "All runs, newest first.", runs::runs: Nothing => Vec<RunRow>;
    "run_page", "Runs of a kind, page by page, each at a glance.", runs::run_page: RunsRequest => RunPage;
    "run_view", "A run as it goes or as it ended.", runs::run_view: RunNumber => RunView;
    "run_curves", "The training curves of a run so far, drawn.", runs::run_curves: RunCurvesRequest => Option<DrawnChart>;
    "cancel_run", "Ask a run to stop, whichever process runs it.", runs::cancel_run: RunNumber => Nothing;
    "remove_run", "Remove a run and what only it uses.", runs::remove_run: RunNumber => Nothing;
    "settings_difference", "What differs between the settings of runs.", runs::settings_difference: SettingsDifferenceRequest => SettingsDifference;
    // Results
    "comparison", "The comparison of a run.", results::comparison: RunSelector => Comparison;
    "chart", "One chart of a run as SVG.", results::chart: ChartRequest => ChartReply;
    "drawn_chart", "One chart of a run with its table and marks.", results::drawn_chart: ChartRequest => DrawnChart;
    "number", "Where a number comes from.", results::number: NumberRequest => NumberFacts;
    "users", "The users behind a number, page by page.", results::users: UsersRequest => UserPage;
    "user", "One user's history, targets and list.", results::user: UserRequest => UserDetail;
    "why_item", "How the generative model came to an item; a job.", results::why_item: WhyRequest => Started, job WhyReply;
    "save", "Write a table, a report, a chart or a bundle to a file.", results::save: SaveRequest => Saved;
    "open_bundle", "Open a bundle of another machine; a job.", results::open_bundle: FileRequest => Started, job OpenedBundle;
    "export", "Write the report of a run.", results::export: ExportRequest => ExportReport;
    "eval", "Judge the lists of any system.", results::eval: EvalRequest => JudgedLists;
    // Bridges
    "bridge_export", "Write a data set and its IDs in another system's forms; a job.", bridge::bridge_export: BridgeExportRequest => Started, job BridgeExported;
    "look_at_lists", "What a file of another system's lists holds; a job.", bridge::look_at_lists: ListsRequest => Started, job ListsFound;
    // IDs
    "ids", "Build the IDs of a data set; a job.", explore::ids: IdsRequest => Started, job IdsReport;
    "schemes", "IDs there are for a data set.", explore::schemes: DatasetRequest => Vec<SchemeRow>;
    "id_scheme", "Shape, quality and diagnosis of IDs.", explore::id_scheme: IdsSelector => IdSchemeResult;
    "id_tree", "A node of the tree of codes.", explore::id_tree: TreeRequest => TreeNode;
    "id_items", "Items below a prefix, page by page.", explore::id_items: IdItemsRequest => IdItemPage;
    "neighbours", "Neighbours of an item in codes and in embeddings.", explore::neighbours: NeighboursRequest => NeighboursReply;
    "catalog_map", "The catalog on a plane; a job.", explore::catalog_map: IdsSelector => Started, job CatalogMap;
    "collisions", "Items that share all codes.", explore::collisions: CollisionsRequest => CollisionPage;
    "compare_ids", "Two schemes on the same items.", explore::compare_ids: CompareIdsRequest => CompareIdsReply;
    // Interpretability studies
    "studies", "All studies, newest first.", study::studies: Nothing => Vec<StudyRow>;
    "study", "One study with everything its page shows.", study::study: StudySelector => StudyDetail;
    "study_starter", "A design to begin with; a job.", study::starter: StudyStarterRequest => Started, job StudyDesign;
    "study_check", "Problems of a design, each with its field.", study::check: StudyDraft => Vec<Problem>;
    "study_save", "Draw the stimuli of a design and keep both as a draft; a job.", study::save: StudyDraft => Started, job StudyDetail;
    "study_replace", "Put another item in the place of a stimulus.", study::replace: ReplaceStimulusRequest => StudyDetail;
    "study_power", "How sure a design is to find a difference; a job.", study::power: StudyPowerRequest => Started, job Vec<TaskPower>;
    "study_lock", "Fix a draft under the hash of its protocol.", study::lock: StudySelector => StudyRow;
    "study_sessions", "Make sessions for participants.", study::sessions: StudySessionsRequest => Vec<MadeSession>;
    "study_export_session", "Write a session as one file for any browser.", study::export_session: ExportSessionRequest => MadeSession;
    "study_import_answers", "Import the answers that a session's file gave back.", study::import_answers: FileRequest => AnswersImported;
    "study_simulate", "Try a study with simulated participants; a job.", study::simulate: StudySimulateRequest => Started, job Vec<MadeSession>;
    "study_close", "End data collection, which unmasks the arms.", study::close: StudySelector => StudyRow;
    "study_analysis", "What the answers say, as far as it may be looked at; a job.", study::analysis: StudyAnalysisRequest => Started, job StudyAnalysis;
    "study_charts", "The charts of a study's results, drawn.", study::charts: StudyChartsRequest => Vec<KindCharts>;
    "study_export", "Write the results of a closed study; a job.", study::export: StudyExportRequest => Started, job StudyExported;
    "study_withdraw", "Delete everything of a participant; a job.", study::withdraw: PseudonymRequest => Started, job Withdrawn;
    "study_texts", "The texts of the participant's page, to be translated.", study::texts: Nothing => TextsTemplate;
    "participant_session", "A session for the participant's window.", study::participant_session: SessionRequest => ParticipantSession;
    "participant_consent", "Keep a participant's consent.", study::participant_consent: ConsentRequest => SessionState;
    "participant_answer", "Keep an answer; it is on the disk when this returns.", study::participant_answer: AnswerRequest => SessionState;
    // Language models
    "language_models", "Language models at hand.", language::language_models: Nothing => Vec<LanguageModelRow>;
    "set_remote_model", "Keep a model behind URLs.", language::set_remote: RemoteModelDraft => Vec<LanguageModelRow>;
    "remove_remote_model", "Forget a model behind URLs.", language::remove_remote: LanguageModelRequest => Vec<LanguageModelRow>;
    "keep_key", "Put a key into the system's keychain.", language::keep_key: KeyRequest => Nothing;
    "test_language_model", "Greet a model; a job.", language::test: LanguageModelRequest => Started, job ModelTest;
    "ask", "Items for a request in one's own words; a job.", language::ask: AskRequest => Started, job Asked;
    "explain", "Let a language model explain the same recommendations under several ways of naming items; a job.", language::explain: ExplainRequest => Started, job ExplanationSet;
    "explanation_sets", "Sets of explanations of a data set, the newest first.", language::explanation_sets: DatasetRequest => Vec<ExplanationSet>;
    "orders_in_titles", "What a language model does with titles that give orders; a job.", language::orders: OrdersRequest => Started, job Vec<OrdersRow>;
    "language_answer", "An answer of a language model in a run, with its prompt.", language::answer: LmAnswerRequest => LmAnswer;
    "prompts", "The prompts that come with the program.", language::prompts: Nothing => Vec<PromptTemplate>;
    "check_prompt", "What an edited prompt would show, what is wrong with it, what differs.", language::check_prompt: PromptDraft => PromptCheck;
    "export_adapters", "Write what a language model learned in a run as safetensors.", language::export_adapters: AdaptersRequest => AdaptersWritten;
    "study_rate", "Let a language model take part in a study; a job.", language::study_rate: StudyRateRequest => Started, job ModelRated;
    // The program
    "about", "What this program is and stands on.", system::about: Nothing => About;
    "preferences", "What a person set.", system::preferences: Nothing => Preferences;
    "set_preferences", "Keep what a person set.", system::set_preferences: Preferences => Preferences;
    "fetch_model", "Fetch a model; a job.", system::fetch_model: ModelRequest => Started, job ModelRow;
    "doctor", "Check workspace, models, machine; a job.", system::doctor: DoctorRequest => Started, job DoctorReport;
    "job", "One job as it is now.", system::job: JobRequest => JobView;
    "jobs", "All jobs of this process.", system::jobs: Nothing => Vec<JobView>;
    "cancel", "Ask a job to stop.", system::cancel: JobRequest => bool;
}

impl App {
    /// An app on a home. The workspace is opened at the first command that needs it.
    pub fn new(home: Home) -> Self {
        let home = home.clone().with_model_folders(preferences::of_home(&home).model_folders);
        App { home, config: None, engine: OnceLock::new(), jobs: Jobs::start(), run_jobs: Mutex::default() }
    }

    /// An app on the home that the environment names, else the one a person chose, else the platform's place; with as many
    /// threads as a person set.
    pub fn from_env() -> Result<Self, ApiError> {
        let config = semid_engine::fetch::config_folder();
        let is_set = std::env::var_os("SEMID_HOME").is_some_and(|home| !home.is_empty());
        let chosen = config.as_deref().filter(|_| !is_set).and_then(preferences::data_folder);
        let home = match chosen {
            Some(folder) => Home::at(folder),
            None => Home::from_env().map_err(|error| ApiError::from(semid_engine::Error::Fetch(error)))?,
        };
        if let Some(threads) = preferences::of_home(&home).threads {
            semid_engine::machine::set_threads(threads);
        }
        Ok(App::new(home).with_config(config.filter(|_| !is_set)))
    }

    /// The same app, which keeps in this folder where a person wants the home to be.
    pub fn with_config(mut self, folder: Option<PathBuf>) -> Self {
        self.config = folder;
        self
    }

    /// Runs a command. The payload and the reply are the command's wire types as JSON.
    pub fn dispatch(&self, command: &str, payload: Value) -> Result<Value, ApiError> {
        match COMMANDS.iter().find(|known| known.name == command) {
            Some(known) => (known.run)(self, payload),
            None => Err(ApiError::internal(format!("There is no command named {command}."))),
        }
    }

    /// Runs a command with its wire types.
    pub fn call<R: DeserializeOwned>(&self, command: &str, payload: impl Serialize) -> Result<R, ApiError> {
        let payload = serde_json::to_value(payload).map_err(|error| ApiError::internal(error.to_string()))?;
        let reply = self.dispatch(command, payload)?;
        serde_json::from_value(reply).map_err(|error| ApiError::internal(error.to_string()))
    }

    /// The jobs of this process.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    fn run_jobs(&self) -> MutexGuard<'_, BTreeMap<i64, JobId>> {
        self.run_jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Where models, downloads and the workspace are.
    pub fn home(&self) -> &Home {
        &self.home
    }

    fn config(&self) -> Option<&std::path::Path> {
        self.config.as_deref()
    }

    fn engine(&self) -> Result<Arc<Engine>, ApiError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine.clone());
        }
        let engine = Arc::new(Engine::open(self.home.clone())?);
        Ok(self.engine.get_or_init(|| engine).clone())
    }
}

fn reply<P: DeserializeOwned, R: Serialize>(
    app: &App,
    payload: Value,
    handler: fn(&App, P) -> Result<R, ApiError>,
) -> Result<Value, ApiError> {
    // Unit payloads may come as null or as an empty object.
    let payload = if payload.is_null() { Value::Object(Default::default()) } else { payload };
    let payload = serde_json::from_value(payload)
        .map_err(|error| ApiError::input(format!("The request is not understood: {error}.")))?;
    serde_json::to_value(handler(app, payload)?).map_err(|error| ApiError::internal(error.to_string()))
}
