//! A wheel through the user's own pip, so that the user's own settings (index, proxy, certificates, offline folders)
//! decide where it comes from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::fetch::{Context, Trouble};
use crate::{Error, Event};

const TICK: Duration = Duration::from_millis(50);

/// Downloads the wheel `package==version` into `folder`, which is empty and ours, and returns the wheel's path.
pub(crate) fn download(
    context: &Context<'_>,
    package: &str,
    version: &str,
    bytes: Option<u64>,
    folder: &Path,
) -> Result<PathBuf, Trouble> {
    let disk = |error| Trouble::Disk(Error::disk("writing a download", folder, error));
    let wheels = folder.join("wheels");
    let temporary = folder.join("tmp");
    let log = folder.join("pip.log");
    fs::create_dir(&wheels).map_err(disk)?;
    fs::create_dir(&temporary).map_err(disk)?;
    let said = fs::File::create(&log).map_err(disk)?;

    let python =
        std::env::var_os("SEMID_PYTHON").unwrap_or_else(|| if cfg!(windows) { "python" } else { "python3" }.into());
    let child = Command::new(&python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "2"])
        .args(["--progress-bar", "off", "--no-deps", "--only-binary=:all:", "--dest"])
        .arg(&wheels)
        .arg(format!("{package}=={version}"))
        // pip keeps what arrives in a temporary folder first: in ours it can be counted, and it is on the right disk.
        .env("TMPDIR", &temporary)
        .env("TEMP", &temporary)
        .env("TMP", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn();
    let mut child = match child {
        Ok(child) => Running(child),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Trouble::Source(format!("{} is not installed here", python.display())));
        }
        Err(error) => return Err(Trouble::Source(format!("{} could not be started ({error})", python.display()))),
    };
    let label = format!("{package} {version}");
    let mut counted = 0;
    let status = loop {
        if context.watch.cancelled() {
            return Err(Trouble::Cancelled);
        }
        match child.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => thread::sleep(TICK),
            Err(error) => return Err(Trouble::Source(format!("pip could not be waited for ({error})"))),
        }
        // At the end pip copies what arrived once or twice more.
        let arrived = bytes_below(&temporary).max(bytes_below(&wheels)).min(bytes.unwrap_or(u64::MAX));
        if arrived > counted {
            counted = arrived;
            context.watch.event(Event::Bytes { file: &label, done: arrived, total: bytes });
        }
    };
    let wheel = fs::read_dir(&wheels)
        .map_err(disk)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"));
    match wheel {
        Some(wheel) if status.success() => Ok(wheel),
        _ => Err(failure(&fs::read_to_string(&log).unwrap_or_default(), &label, folder)),
    }
}

/// pip's own words, cut down to the line that matters.
fn failure(log: &str, label: &str, folder: &Path) -> Trouble {
    if log.contains("No space left on device") || log.contains("Errno 28") {
        return Trouble::Disk(Error::disk(
            "writing a download",
            folder,
            std::io::Error::from(std::io::ErrorKind::StorageFull),
        ));
    }
    if log.contains("No module named pip") {
        return Trouble::Source("Python has no pip here".to_owned());
    }
    let unreachable = ["NewConnectionError", "NameResolutionError", "Temporary failure in name", "ConnectTimeout"];
    if unreachable.iter().any(|sign| log.contains(sign)) {
        return Trouble::Source("pip reaches no package index; is there an internet connection?".to_owned());
    }
    if log.contains("No matching distribution found") {
        return Trouble::Source(format!("pip finds no {label} for this Python where it is told to look"));
    }
    let line = log.lines().rev().find(|line| line.contains("ERROR")).or(log.lines().next_back()).unwrap_or_default();
    let words = line.trim_start_matches("ERROR:").trim();
    Trouble::Source(if words.is_empty() {
        "pip failed without a word".to_owned()
    } else {
        format!("pip says: {words}")
    })
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// A child that does not outlive its handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
