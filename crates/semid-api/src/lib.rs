//! Every command, its wire types, and the sentences people read.
//!
//! One list, [`COMMANDS`], and one door, [`App::dispatch`]: the command line, the window and a test all call the same.
//! What takes longer than a moment becomes a job that anyone may look at ([`Jobs`]).

mod commands;
mod error;
mod jobs;
pub mod wire;

use std::sync::{Arc, OnceLock};

use semid_engine::{Engine, Home};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use error::{ApiError, Code};
pub use jobs::{JobId, JobState, JobView, Jobs};
pub use semid_engine as engine;

/// The program behind every shell.
pub struct App {
    home: Home,
    engine: OnceLock<Arc<Engine>>,
    jobs: Jobs,
}

/// A command: its name on the wire, what it does, and its handler.
pub struct Command {
    /// `start_run`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    run: fn(&App, Value) -> Result<Value, ApiError>,
}

/// Every command there is. A new one is a line here and a handler.
pub const COMMANDS: &[Command] = &[
    command("datasets", "Data sets in the workspace and recipes at hand.", |app, p| reply(app, p, commands::datasets)),
    command("import", "Import files; a job.", |app, p| reply(app, p, commands::import)),
    command("import_recipe", "Import a recipe's data set; a job.", |app, p| reply(app, p, commands::import_recipe)),
    command("embed", "Turn a file of texts into vectors; a job.", |app, p| reply(app, p, commands::embed)),
    command("starter", "The default settings for a data set.", |app, p| reply(app, p, commands::starter)),
    command("read_settings", "Settings from an experiment file.", |app, p| reply(app, p, commands::read_settings)),
    command("check", "Problems of settings, each with its field.", |app, p| reply(app, p, commands::check)),
    command("ids", "Build the IDs of a data set; a job.", |app, p| reply(app, p, commands::ids)),
    command("start_run", "Run or resume an experiment; a job.", |app, p| reply(app, p, commands::start_run)),
    command("runs", "All runs, newest first.", |app, p| reply(app, p, commands::runs)),
    command("comparison", "The comparison of a run.", |app, p| reply(app, p, commands::comparison)),
    command("export", "Write the report of a run.", |app, p| reply(app, p, commands::export)),
    command("chart", "One chart of a run as SVG.", |app, p| reply(app, p, commands::chart)),
    command("eval", "Judge the lists of any system.", |app, p| reply(app, p, commands::eval)),
    command("doctor", "Check workspace, models, machine; a job.", |app, p| reply(app, p, commands::doctor)),
    command("job", "One job as it is now.", |app, p| reply(app, p, commands::job)),
    command("jobs", "All jobs of this process.", |app, p| reply(app, p, commands::jobs)),
    command("cancel", "Ask a job to stop.", |app, p| reply(app, p, commands::cancel)),
];

const fn command(name: &'static str, about: &'static str, run: fn(&App, Value) -> Result<Value, ApiError>) -> Command {
    Command { name, about, run }
}

impl App {
    /// An app on a home. The workspace is opened at the first command that needs it.
    pub fn new(home: Home) -> Self {
        App { home, engine: OnceLock::new(), jobs: Jobs::start() }
    }

    /// An app on the home that the environment names.
    pub fn from_env() -> Result<Self, ApiError> {
        let home = Home::from_env().map_err(|error| ApiError::from(semid_engine::Error::Fetch(error)))?;
        Ok(App::new(home))
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

    fn home(&self) -> &Home {
        &self.home
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
