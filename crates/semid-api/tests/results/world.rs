//! A home with a small shop and a finished comparison on it. No model and no network is needed: the text encoder is the
//! tiny one of the fixtures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use semid_api::engine::Home;
use semid_api::engine::datasets::ImportRequest;
use semid_api::engine::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use semid_api::engine::store::Store;
use semid_api::wire::*;
use semid_api::{ApiError, App, JobState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;

/// Longer than anything takes, even on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(300);

/// A title that is markup, a formula and a trap for readers at once.
pub const HOSTILE: &str = "=1+1 & 1 < 2 > \"The\" \u{202e}lamp' | ../../etc";

pub struct World {
    pub folder: TempDir,
    pub app: App,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new(Home::at(folder.path().join("home")));
        World { folder, app }
    }

    /// The same, as after the window was closed and opened.
    pub fn opened_again(self) -> Self {
        let app = App::new(Home::at(self.path("home")));
        World { app, ..self }
    }

    /// A world with the shop imported.
    pub fn with_shop() -> Self {
        let world = World::new();
        world.import_shop();
        world
    }

    /// A world with a finished run on the shop; its number.
    pub fn with_run() -> (Self, i64) {
        let world = World::with_shop();
        let run = world.run(&world.settings());
        (world, run)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn import_shop(&self) {
        std::fs::write(self.path("items.csv"), shop_items()).unwrap();
        std::fs::write(self.path("log.csv"), shop_log()).unwrap();
        let request = ImportRequest {
            name: "shop".into(),
            title: "The shop".into(),
            items: Some(self.path("items.csv")),
            interactions: self.path("log.csv"),
            text: Some("{title}. {description}".into()),
            replace: true,
            ..ImportRequest::default()
        };
        let _: serde_json::Value = self.job("import", request);
    }

    /// A comparison of four arms with two seeds, as small as can be.
    pub fn settings(&self) -> ExperimentSettings {
        let mut settings = ExperimentSettings::starter("shop", 40);
        settings.seeds = vec![1, 2];
        settings.text.encoder = tiny_encoder();
        (settings.codes.levels, settings.codes.codes) = (2, 4);
        settings.ids = ["hash", "rq-kmeans"].iter().filter_map(|key| IdSettings::starter(key)).collect();
        settings.recommenders = ["popularity", "item-knn", "generative"]
            .iter()
            .filter_map(|key| RecommenderSettings::starter(key))
            .collect();
        for recommender in &mut settings.recommenders {
            if let RecommenderSettings::Generative(generative) = recommender {
                (generative.epochs, generative.layers, generative.d_model) = (2, 1, 16);
                generative.validate_every = 1;
            }
        }
        settings.evaluation.metrics = ["ndcg@10", "recall@5"].map(str::to_owned).into();
        (settings.evaluation.resamples, settings.evaluation.flips) = (1000, 1000);
        settings
    }

    pub fn run(&self, settings: &ExperimentSettings) -> i64 {
        let report: RunReport = self.job("start_run", json!({ "settings": settings, "output": null }));
        report.run
    }

    /// The workspace behind the app.
    pub fn store(&self) -> Store {
        Store::open(self.path("home/workspace")).unwrap()
    }

    /// Calls a command to success.
    pub fn call<R: DeserializeOwned>(&self, command: &str, payload: impl Serialize) -> R {
        self.app.call(command, payload).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Calls a command into a refusal.
    pub fn refused(&self, command: &str, payload: impl Serialize) -> ApiError {
        self.app.call::<serde_json::Value>(command, payload).expect_err(command)
    }

    /// Starts a job and waits for what comes of it.
    pub fn job<R: DeserializeOwned>(&self, command: &str, payload: impl Serialize) -> R {
        self.try_job(command, payload).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub fn try_job<R: DeserializeOwned>(&self, command: &str, payload: impl Serialize) -> Result<R, ApiError> {
        let started: Started = self.app.call(command, payload)?;
        let view = self.app.jobs().wait(started.job, PATIENCE).unwrap();
        match view.state {
            JobState::Finished => Ok(serde_json::from_value(view.result.unwrap()).unwrap()),
            state => Err(view.error.unwrap_or_else(|| panic!("{command} is {state:?}"))),
        }
    }
}

pub fn tiny_encoder() -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").canonicalize().unwrap();
    fixtures.join("embeddings/tiny-cls").to_str().unwrap().to_owned()
}

/// Forty things of four kinds; the first has a hostile title.
fn shop_items() -> String {
    const KINDS: [&str; 4] = ["lamp", "kettle", "novel", "tent"];
    let item = |at: usize| {
        let kind = KINDS[at % 4];
        let title = if at == 0 { HOSTILE.replace('"', "\"\"") } else { format!("The {kind} number {at}") };
        format!("i{at:02},\"{title}\",{kind},A {kind} of the sort {}\n", at / 4)
    };
    format!("item_id,title,categories,description\n{}", (0..40).map(item).collect::<String>())
}

/// Eighty people with eight interactions each, who mostly stay with one kind of thing, and one who met a single thing.
fn shop_log() -> String {
    let mut text = "user_id,item_id,rating,timestamp\n".to_owned();
    for user in 0..80_usize {
        for step in 0..8_usize {
            let within = (user * 7 + step * 3) % 10;
            let kind = if step % 5 == 4 { user + 1 } else { user } % 4;
            let time = 1_700_000_000 + step * 3600;
            text += &format!("{user},i{:02},{},{time}\n", within * 4 + kind, 1 + (user + step) % 5);
        }
    }
    text + "500,i03,5,1700000000\n"
}
