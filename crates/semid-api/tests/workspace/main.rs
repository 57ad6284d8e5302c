//! Data sets, runs and the program itself through the same door as every client: [`semid_api::App::call`] on a home of its
//! own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod data;
mod import;
mod runs;
mod system;

use std::path::PathBuf;
use std::time::Duration;

use semid_api::engine::Home;
use semid_api::wire::Started;
use semid_api::{App, JobState, JobView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;

/// An app on a home of its own, which goes with it.
pub(crate) struct Fresh {
    pub(crate) app: App,
    pub(crate) folder: TempDir,
}

pub(crate) fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh { app: App::new(Home::at(folder.path().join("home"))), folder }
}

impl Fresh {
    /// Starts a job and waits for its end.
    pub(crate) fn job(&self, command: &str, payload: impl Serialize) -> JobView {
        let Started { job } = self.app.call(command, payload).unwrap();
        self.app.jobs().wait(job, Duration::from_secs(120)).unwrap()
    }

    /// The result of a job that must finish.
    pub(crate) fn finish<R: DeserializeOwned>(&self, command: &str, payload: impl Serialize) -> R {
        let view = self.job(command, payload);
        assert_eq!(view.state, JobState::Finished, "{command}: {:?}", view.error);
        serde_json::from_value(view.result.unwrap()).unwrap()
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn sample(&self) {
        let _: serde_json::Value = self.finish("import_recipe", json!({ "recipe": "sample-films" }));
    }
}
