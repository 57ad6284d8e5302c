//! The real `semid` in a home of its own, and a small shop to try it on. No model and no network is needed: the text
//! encoder is the tiny one of the fixtures.
#![allow(dead_code)] // each test file uses its part

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything takes, even on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A SEMID_HOME of its own, gone after the test.
pub struct Home {
    folder: TempDir,
}

/// What a call of `semid` left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Self {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    /// A home with the shop imported.
    pub fn with_shop() -> Self {
        let home = Home::new();
        home.import_shop("shop");
        home
    }

    /// A path inside the home's folder, beside what Semid keeps there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `semid` with arguments, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semid"));
        command.args(args).env("SEMID_HOME", self.path("home")).env("RAYON_NUM_THREADS", "1").stdin(Stdio::null());
        command.current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// Runs to success; what was printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "`semid {}` succeeds: {}", args.join(" "), ran.err);
        ran.out
    }

    /// Runs to success with `--json`; the one document that was printed.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut with_json = args.to_vec();
        with_json.push("--json");
        one_document(&self.ok(&with_json))
    }

    /// Runs into a refusal with this exit code, in sentences that hold these words; the sentences.
    pub fn refused(&self, code: i32, words: &[&str], args: &[&str]) -> String {
        check_refusal(&self.run(args), code, words, &args.join(" "))
    }

    /// Imports the shop under a name.
    pub fn import_shop(&self, name: &str) -> String {
        let (items, log) = (self.file("items.csv", shop_items()), self.file("log.csv", shop_log()));
        self.ok(&["import", "--items", &items, "--interactions", &log, "--name", name])
    }

    /// Starts `semid` with its standard error in a file, to be watched.
    pub fn start(&self, args: &[&str]) -> Running {
        let errors = self.path(&format!("stderr-{}", args.join("-").replace('/', "_")));
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(File::create(&errors).unwrap());
        Running { child: command.spawn().unwrap(), errors }
    }

    /// Names of the artifacts of a kind.
    pub fn artifacts(&self, kind: &str) -> Vec<String> {
        let folder = std::fs::read_dir(self.path("home/workspace/artifacts")).into_iter().flatten();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(kind)).collect()
    }
}

/// A `semid` at work; killed when the test gives up on it.
pub struct Running {
    child: Child,
    errors: PathBuf,
}

impl Running {
    /// Waits until its progress speaks of something.
    pub fn wait_for(&mut self, words: &str) {
        let start = Instant::now();
        while !self.errors().contains(words) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it should still be at work when it says “{words}”: {}", self.errors());
            assert!(start.elapsed() < PATIENCE, "it never said “{words}”: {}", self.errors());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has said so far.
    pub fn errors(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap()
    }

    /// What Ctrl-C sends.
    pub fn interrupt(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status().unwrap();
        assert!(sent.success(), "the signal was sent");
    }

    /// Power off, as far as a process is concerned.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it never ended: {}", self.errors());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A refusal as it should be: its exit code, the words, no panic.
pub fn check_refusal(ran: &Ran, code: i32, words: &[&str], what: &str) -> String {
    assert!(!ran.err.contains("panicked") && !ran.err.contains("bug of its own"), "{what} is no bug: {}", ran.err);
    assert_eq!(ran.code, Some(code), "{what} has the exit code that scripts can use: {}{}", ran.out, ran.err);
    for word in words {
        assert!(ran.err.contains(word), "the sentence about `{what}` should speak of “{word}”: {}", ran.err);
    }
    ran.err.clone()
}

/// The one JSON document that makes up a text.
pub fn one_document(text: &str) -> Value {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let first = documents.next().unwrap_or_else(|| panic!("there is a JSON document: {text}")).unwrap();
    assert!(documents.next().is_none(), "there is one JSON document and nothing after it: {text}");
    first
}

/// The folder of a small text encoder with random weights.
pub fn tiny_encoder() -> String {
    fixtures().join("embeddings/tiny-cls").to_str().unwrap().to_owned()
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").canonicalize().unwrap()
}

/// Forty things of four kinds.
pub fn shop_items() -> String {
    const KINDS: [&str; 4] = ["lamp", "kettle", "novel", "tent"];
    let item = |at: usize| {
        let kind = KINDS[at % 4];
        format!("i{at:02},The {kind} number {at},{kind},A {kind} of the sort {}\n", at / 4)
    };
    format!("item_id,title,categories,description\n{}", (0..40).map(item).collect::<String>())
}

/// Eighty people with eight interactions each, who mostly stay with one kind of thing.
pub fn shop_log() -> String {
    let mut text = "user_id,item_id,rating,timestamp\n".to_owned();
    for user in 0..80_usize {
        for step in 0..8_usize {
            let within = (user * 7 + step * 3) % 10;
            let kind = if step % 5 == 4 { user + 1 } else { user } % 4;
            text += &format!(
                "u{user:02},i{:02},{},{}\n",
                within * 4 + kind,
                1 + (user + step) % 5,
                1_700_000_000 + step * 3600
            );
        }
    }
    text
}

/// An experiment on the shop that trains long enough to be interrupted and is as small as can be otherwise.
pub fn experiment(epochs: usize) -> String {
    format!(
        "name = 'trial'\ndataset = 'shop'\nids = ['hash']\nseeds = [1]\nbaseline = 'popularity'\n\
         [codes]\nlevels = 2\ncodes = 8\n\
         [evaluation]\nmetrics = ['ndcg@10', 'recall@5']\nresamples = 1000\nflips = 1000\n\
         [[recommenders]]\nkind = 'popularity'\n\
         [[recommenders]]\nkind = 'generative'\nepochs = {epochs}\nlayers = 1\nd_model = 16\nbatch_tokens = 256\n\
         beam = 20\nvalidate_every = 1000\npatience = 100000\n"
    )
}

/// A comparison without what differs from one time to the next: dates, times, memory, machine.
pub fn lasting(comparison: &Value) -> Value {
    let mut comparison = comparison.clone();
    for field in ["finished_at", "stages", "provenance"] {
        assert!(comparison.as_object_mut().unwrap().remove(field).is_some(), "there is a field {field}");
    }
    for arm in comparison["arms"].as_array_mut().unwrap() {
        let cost = arm["cost"].as_object_mut().unwrap();
        cost.retain(|field, _| field == "parameters");
        assert_eq!(cost.len(), 1, "parameters are part of the cost");
    }
    comparison
}
