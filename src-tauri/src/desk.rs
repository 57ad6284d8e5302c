//! What the window works with: the app behind it, opened at the first request, and the files the person chose.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use semid_api::engine::Home;
use semid_api::{ApiError, App, Code};

use crate::paths::Chosen;

/// State of the process.
pub struct Desk {
    find: fn() -> Result<App, ApiError>,
    open: Mutex<Option<Open>>,
    chosen: Mutex<Chosen>,
    session: Mutex<Option<String>>,
}

struct Open {
    app: Arc<App>,
    /// Held as long as the window is open.
    _lock: File,
}

impl Desk {
    /// A desk on the home that the environment or the person names. Nothing is opened yet, so that a window can always
    /// show why not.
    pub fn from_env() -> Self {
        Desk { find: App::from_env, open: Mutex::default(), chosen: Mutex::default(), session: Mutex::default() }
    }

    /// The app. What is in its way is said anew at every request, and is gone as soon as the reason is.
    pub fn app(&self) -> Result<Arc<App>, ApiError> {
        let mut open = self.opened();
        if let Some(open) = &*open {
            return Ok(open.app.clone());
        }
        let app = Arc::new((self.find)()?);
        let lock = lock(app.home())?;
        self.chosen().remember_in(app.home().root().join("window-choices.json"));
        *open = Some(Open { app: app.clone(), _lock: lock });
        Ok(app)
    }

    /// The files the person chose.
    pub fn chosen(&self) -> MutexGuard<'_, Chosen> {
        self.chosen.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The session that the participant's window is open for.
    pub fn session(&self) -> MutexGuard<'_, Option<String>> {
        self.session.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Jobs that wait or work.
    pub fn jobs_at_work(&self) -> usize {
        let views = self.opened().as_ref().map(|open| open.app.jobs().views()).unwrap_or_default();
        views.iter().filter(|job| !job.state.is_over()).count()
    }

    /// The folder where models, downloads and the workspace are, once it is open.
    pub fn home(&self) -> Option<PathBuf> {
        self.opened().as_ref().map(|open| open.app.home().root().to_owned())
    }

    fn opened(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One window a home: two would queue their runs past each other.
fn lock(home: &Home) -> Result<File, ApiError> {
    let path = home.root().join("window.lock");
    let refused = |error: std::io::Error| {
        let mut refused =
            ApiError::machine(format!("Semid's folder {} cannot be written: {error}.", home.root().display()));
        refused.hint =
            "Give yourself the right to write there, or start Semid with SEMID_HOME naming another folder.".to_owned();
        refused
    };
    std::fs::create_dir_all(home.root()).map_err(refused)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ApiError {
            code: Code::Busy,
            message: format!("Another window of Semid is open on {}.", home.root().display()),
            hint: "Go on in that window, or close it and try again here.".to_owned(),
            problems: Vec::new(),
        }),
        // A file system without locks: better two windows than none.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_second_window_is_told_so_until_the_first_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let first = lock(&home).unwrap();
        let refused = lock(&home).unwrap_err();
        assert_eq!(refused.code, Code::Busy, "the page shows what to do: {refused:?}");
        drop(first);
        assert!(lock(&home).is_ok(), "trying again is enough");
    }

    #[test]
    fn a_home_that_cannot_be_written_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = lock(&Home::at(file.join("home"))).unwrap_err();
        assert_eq!(refused.code, Code::Machine, "{refused:?}");
        assert!(refused.hint.contains("SEMID_HOME"), "it says what to do: {refused:?}");
    }

    #[test]
    fn what_is_in_the_way_is_an_answer_and_no_end() {
        let find: fn() -> Result<App, ApiError> = || Err(ApiError::machine("no home"));
        let desk = Desk { find, open: Mutex::default(), chosen: Mutex::default(), session: Mutex::default() };
        assert_eq!(desk.app().err().map(|error| error.code), Some(Code::Machine), "said at the first request");
        assert_eq!((desk.jobs_at_work(), desk.home()), (0, None), "and closing works all the same");
    }
}
