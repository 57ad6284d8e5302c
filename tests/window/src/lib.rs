//! A screen that is not there, a driver, and the app: what a test needs to be a person in front of the window.
//!
//! The app is started as it was built (`cargo build --workspace --bin semid-desktop`); `journeys/` are the tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(target_os = "linux")]

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::{Element, ElementRef};
pub use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A condition that is not met by then is a failure. Two busy cores are slow, so it is generous; nothing waits for it
/// to pass.
const SOON: Duration = Duration::from_secs(60);

/// For what is work and not waiting: a model trains.
const LATER: Duration = Duration::from_secs(420);

/// One journey at a time: two cores are soon full, and what is waited for is then far away.
static ONE: Mutex<()> = Mutex::new(());

/// Where a test lives: its home, its screen, its folder of screenshots. Apps come and go in it.
pub struct Desk {
    name: &'static str,
    folder: TempDir,
    screen: Screen,
    shots: PathBuf,
    /// Environment of the app, beside what every app gets.
    pub environment: Vec<(&'static str, String)>,
    _one: Option<MutexGuard<'static, ()>>,
}

impl Desk {
    /// An empty home on a new screen. Waits until no other test has one.
    pub fn new(name: &'static str) -> Self {
        let one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Desk { _one: Some(one), ..Desk::empty(name) }
    }

    /// Another machine in the same test.
    pub fn another(&self, name: &'static str) -> Self {
        Desk::empty(name)
    }

    fn empty(name: &'static str) -> Self {
        let folder = tempfile::Builder::new().prefix("semid-window-").tempdir().unwrap();
        for inner in ["home", "config", "data", "cache", "runtime", "files", "semid"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
        }
        let shots = target().join("window-tests").join(name);
        let _ = fs::remove_dir_all(&shots);
        fs::create_dir_all(&shots).unwrap();
        Desk { name, folder, screen: Screen::new(), shots, environment: Vec::new(), _one: None }
    }

    /// A home with the text encoder in it.
    pub fn with_encoder(name: &'static str) -> Self {
        Desk::new(name).set_up("models")
    }

    /// The same desk with a folder of the home as set-up leaves it.
    pub fn set_up(self, folder: &str) -> Self {
        let there = semid_home().join(folder);
        assert!(there.is_dir(), "this is needed first: cargo xtask setup ({})", there.display());
        std::os::unix::fs::symlink(there, self.semid_home().join(folder)).unwrap();
        self
    }

    /// `SEMID_HOME` of the app.
    pub fn semid_home(&self) -> PathBuf {
        self.folder.path().join("semid")
    }

    /// A file that a person has somewhere.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("files").join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A place that a person may choose.
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    /// What the next system dialog answers.
    pub fn pick(&self, paths: &[&Path]) {
        fs::write(self.folder.path().join("pick.json"), json!(paths).to_string()).unwrap();
    }

    /// Opens the window.
    pub fn open(&self) -> Window<'_> {
        Window::open(self)
    }

    /// The app as a bare process, with the environment of this desk.
    pub fn app(&self) -> Command {
        let mut command = Command::new(binary());
        self.dress(&mut command);
        command
    }

    /// Starts the app as a person does, without anything that steers it.
    pub fn launch(&self) -> App {
        let mut command = self.app();
        command.env_remove("TAURI_AUTOMATION").env_remove("TAURI_WEBVIEW_AUTOMATION").process_group(0);
        let log = File::options().create(true).append(true).open(self.shots.join("app.log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        App { process: command.spawn().unwrap() }
    }

    fn dress(&self, command: &mut Command) {
        let inner = |name: &str| self.folder.path().join(name);
        command.env_clear();
        for name in ["PATH", "LANG", "RAYON_NUM_THREADS", "RUST_BACKTRACE", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if std::env::var_os("SEMID_TESTED_WINDOW").is_some() {
            // The window of a package: nothing of Rust or Node within its reach.
            command.env("PATH", inner("home"));
        }
        command
            .env("DISPLAY", &self.screen.display)
            .env("HOME", inner("home"))
            .env("XDG_CONFIG_HOME", inner("config"))
            .env("XDG_DATA_HOME", inner("data"))
            .env("XDG_CACHE_HOME", inner("cache"))
            .env("XDG_RUNTIME_DIR", inner("runtime"))
            .env("SEMID_HOME", self.semid_home())
            .env("SEMID_PICK", inner("pick.json"))
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_A11Y", "none")
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
    }
}

/// The app, started and left alone. Dropping it ends it.
pub struct App {
    process: Child,
}

impl App {
    /// Every process that belongs to the app: itself and those of its web view.
    pub fn family(&self) -> Vec<u32> {
        let mut family = vec![self.process.id()];
        loop {
            let is_new = |process: &u32| {
                !family.contains(process) && parent_of(*process).is_some_and(|parent| family.contains(&parent))
            };
            let more: Vec<u32> = processes().into_iter().filter(is_new).collect();
            if more.is_empty() {
                return family;
            }
            family.extend(more);
        }
    }

    /// Memory of the whole family, pages that are shared counted by their share.
    pub fn memory_kb(&self) -> u64 {
        let of = |process: u32| {
            let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        self.family().into_iter().filter_map(of).sum()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.process.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

/// An X server without a screen. It picks its own number, so that tests beside each other do not meet.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed: cargo xtask setup");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Screen { server, display: format!(":{}", number.trim()) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The open window. Dropping it ends driver and app.
pub struct Window<'d> {
    desk: &'d Desk,
    driver: Child,
    client: Client,
    runtime: Runtime,
    shots: std::cell::Cell<u32>,
}

impl<'d> Window<'d> {
    fn open(desk: &'d Desk) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::options().create(true).append(true).open(desk.shots.join("app.log")).unwrap();
        let mut command = Command::new("/usr/bin/WebKitWebDriver");
        desk.dress(&mut command);
        // A group of its own: killing the driver alone would leave the app behind, with our pipes in its hands.
        let driver = command
            .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("WebKitWebDriver is needed: cargo xtask setup");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut wanted = serde_json::Map::new();
        wanted.insert("webkitgtk:browserOptions".to_owned(), json!({ "binary": binary(), "args": [] }));
        let connected = eventually("the driver opens the app", || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.clone());
            runtime.block_on(builder.connect(&format!("http://127.0.0.1:{port}"))).map_err(|error| error.to_string())
        });
        let window = Window { desk, driver, client: connected, runtime, shots: Default::default() };
        window.wait("the page is drawn", "return document.readyState === 'complete' && !!document.querySelector('h1')");
        window
    }

    /// Runs a script in the page.
    pub fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.runtime.block_on(self.client.execute(script, arguments)).unwrap()
    }

    /// Runs a script in the page that calls its last argument with the answer.
    pub fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.runtime.block_on(self.client.execute_async(script, arguments)).unwrap()
    }

    /// Asks through the one command, as the page does. `Err` is the error as the page sees it.
    pub fn rpc(&self, command: &str, payload: Value) -> Result<Value, Value> {
        let script = "const done = arguments[arguments.length - 1];
            window.__TAURI_INTERNALS__.invoke('rpc', { command: arguments[0], payload: arguments[1] })
              .then((ok) => done({ ok }), (error) => done({ error }))";
        let answer = self.script_async(script, vec![json!(command), payload]);
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// Waits until a script returns something true.
    pub fn wait(&self, what: &str, script: &str) -> Value {
        eventually(what, || match self.runtime.block_on(self.client.execute(script, Vec::new())) {
            Ok(Value::Null | Value::Bool(false)) => Err(self.page()),
            Ok(value) => Ok(value),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Waits for something that takes work.
    pub fn wait_long(&self, what: &str, script: &str) -> Value {
        eventually_within(LATER, what, || match self.runtime.block_on(self.client.execute(script, Vec::new())) {
            Ok(Value::Null | Value::Bool(false)) => Err(self.page()),
            Ok(value) => Ok(value),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Asks the engine until the answer is good.
    pub fn wait_rpc(&self, what: &str, command: &str, payload: Value, good: impl Fn(&Value) -> bool) -> Value {
        eventually_within(LATER, what, || match self.rpc(command, payload.clone()) {
            Ok(answer) if good(&answer) => Ok(answer),
            Ok(answer) => Err(answer.to_string()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// The sample in the workspace, by the engine alone: for journeys that begin later. The name of the data set.
    pub fn import_sample(&self) -> Value {
        let recipes = self.rpc("datasets", json!({})).unwrap()["recipes"].clone();
        let is_sample = |recipe: &&Value| recipe["name"].as_str().is_some_and(|name| name.contains("sample"));
        let sample = recipes.as_array().unwrap().iter().find(is_sample).unwrap()["name"].clone();
        self.finish("import_recipe", json!({ "recipe": sample, "download": false, "replace": false }));
        sample
    }

    /// A finished comparison of what needs no training, by the engine alone. Its number.
    pub fn compare_quickly(&self) -> i64 {
        let dataset = self.import_sample();
        let mut settings = self.rpc("starter", json!({ "dataset": dataset })).unwrap();
        settings["seeds"] = json!([1]);
        settings["recommenders"].as_array_mut().unwrap().retain(|recommender| recommender["kind"] != "generative");
        settings["ids"] = json!([]);
        self.finish("start_run", json!({ "settings": settings, "output": null }))["run"].as_i64().unwrap()
    }

    /// Starts a job and waits for what comes of it.
    pub fn finish(&self, command: &str, payload: Value) -> Value {
        let job = self.rpc(command, payload).unwrap()["job"].clone();
        let over = |view: &Value| !["queued", "running"].contains(&view["state"].as_str().unwrap());
        let view = self.wait_rpc(command, "job", json!({ "job": job }), over);
        assert_eq!(view["state"], "finished", "{command}: {}", view["error"]);
        view["result"].clone()
    }

    /// Goes to an address of the page.
    pub fn go(&self, address: &str) {
        self.script("location.hash = arguments[0]", vec![json!(address)]);
    }

    /// Leaves the page and comes back.
    pub fn reload(&self) {
        self.runtime.block_on(self.client.refresh()).unwrap();
    }

    /// Waits until the page shows a text.
    pub fn see(&self, text: &str) {
        let script = format!("return document.body.innerText.includes({})", json!(text));
        self.wait(&format!("the page shows “{text}”"), &script);
    }

    /// Waits until the page shows a text no more.
    pub fn see_no_more(&self, text: &str) {
        let script = format!("return !document.body.innerText.includes({})", json!(text));
        self.wait(&format!("the page shows “{text}” no more"), &script);
    }

    /// What a person reads on the page.
    pub fn page(&self) -> String {
        let text = self.runtime.block_on(self.client.execute("return document.body.innerText", Vec::new()));
        text.map_or_else(|error| error.to_string(), |text| text.as_str().unwrap_or_default().to_owned())
    }

    /// Drops files on the window. A page that is not listening yet is dropped on again.
    pub fn drop_files(&self, paths: &[&Path]) {
        eventually("the drop is taken to the import", || {
            if self.script("return location.hash.startsWith('#/import')", Vec::new()) == json!(true) {
                return Ok(());
            }
            self.rpc("test_drop", json!({ "paths": paths })).map_err(|error| error.to_string())?;
            Err(self.page())
        });
    }

    /// Waits for an element by role and name, as a screen reader finds it. A name may be given by its beginning.
    pub fn find(&self, role: &str, name: &str) -> Element {
        let found = eventually(&format!("{role} “{name}”"), || {
            let found = self.client.execute(FIND, vec![json!(role), json!(name)]);
            match self.runtime.block_on(found) {
                Ok(Value::Null) => Err(self.page()),
                Ok(element) => Ok(element),
                Err(error) => Err(error.to_string()),
            }
        });
        let reference = found.as_object().and_then(|object| object.values().next()).and_then(Value::as_str).unwrap();
        Element::from_element_id(self.client.clone(), ElementRef::from(reference.to_owned()))
    }

    /// Whether an element is there now.
    pub fn has(&self, role: &str, name: &str) -> bool {
        !self.script(FIND, vec![json!(role), json!(name)]).is_null()
    }

    /// Clicks with the mouse. What moves or is covered is tried again until it holds still.
    pub fn click(&self, role: &str, name: &str) {
        eventually(&format!("a click on {role} “{name}”"), || {
            let element = self.find(role, name);
            self.runtime
                .block_on(element.click())
                .map_err(|error| format!("{error:?}; there is {}", self.on_top_of(role, name)))
        });
    }

    /// What a click in the middle of an element would meet.
    fn on_top_of(&self, role: &str, name: &str) -> Value {
        let script = "const wanted = (function(){".to_owned()
            + FIND
            + "}).apply(null, arguments);
            if (!wanted) return null;
            const box = wanted.getBoundingClientRect();
            const met = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return (met?.outerHTML ?? 'nothing').slice(0, 200) + ' at ' + JSON.stringify(box)";
        self.script(&script, vec![json!(role), json!(name)])
    }

    /// Goes to an element with the Tab key, as someone without a mouse does.
    pub fn tab_to(&self, role: &str, name: &str) {
        self.find(role, name);
        let is_there = "const wanted = (function(){".to_owned()
            + FIND
            + "}).apply(null, arguments);
            return wanted !== null && (wanted === document.activeElement || wanted.contains(document.activeElement))";
        for _ in 0..200 {
            if self.script(&is_there, vec![json!(role), json!(name)]) == json!(true) {
                return;
            }
            self.key(Key::Tab);
        }
        panic!("{}: 200 times Tab did not lead to {role} “{name}”:\n{}", self.desk.name, self.page());
    }

    /// Presses Tab until a script returns true.
    pub fn tab_until(&self, what: &str, script: &str) {
        for _ in 0..200 {
            if self.script(script, Vec::new()) == json!(true) {
                return;
            }
            self.key(Key::Tab);
        }
        panic!("{}: 200 times Tab did not lead to {what}:\n{}", self.desk.name, self.page());
    }

    /// Goes to an element with Tab and presses Enter.
    pub fn enter(&self, role: &str, name: &str) {
        self.tab_to(role, name);
        self.key(Key::Enter);
    }

    /// Chooses an entry of a list that opens: with the keyboard, which works in every list.
    pub fn choose(&self, list: &str, entry: &str) {
        self.tab_to("combobox", list);
        self.key(Key::Enter);
        self.click("option", entry);
        let chosen = "const wanted = (function(){".to_owned()
            + FIND
            + "}).apply(null, ['combobox', arguments[0]]);
            return wanted !== null && wanted.innerText.trim() === arguments[1]";
        eventually(&format!("{list} is {entry}"), || {
            let is_chosen = self.script(&chosen, vec![json!(list), json!(entry)]) == json!(true);
            is_chosen.then_some(()).ok_or_else(|| self.page())
        });
    }

    /// Chooses the entry after the one that is chosen.
    pub fn choose_next(&self, list: &str) {
        self.tab_to("combobox", list);
        self.key(Key::Enter);
        self.wait("the list is open", "return document.querySelector('[role=option]') !== null");
        self.key(Key::Down);
        self.key(Key::Enter);
    }

    /// Chooses an entry of an open menu with the keyboard.
    pub fn enter_menu(&self, entry: &str) {
        // The focus follows the menu; until then keys go to its button.
        self.wait("the menu has the focus", "return document.activeElement?.getAttribute('role') === 'menuitem'");
        let here = "const active = document.activeElement;
            return active?.getAttribute('role') === 'menuitem' && active.innerText.trim().startsWith(arguments[0])";
        for _ in 0..30 {
            if self.script(here, vec![json!(entry)]) == json!(true) {
                return self.key(Key::Enter);
            }
            self.key(Key::Down);
        }
        let at = self.script("return document.activeElement?.outerHTML.slice(0, 400) ?? null", vec![]);
        panic!("{}: the arrow keys did not lead to “{entry}”, but to {at}", self.desk.name);
    }

    /// Puts a text where another was, as someone does who types.
    pub fn replace(&self, element: &Element, text: &str) {
        // What is covered for a moment is tried again.
        eventually("a click into a field", || {
            self.runtime.block_on(element.clone().click()).map_err(|error| error.to_string())
        });
        self.keys(&[Key::Control], 'a');
        self.type_text(text);
    }

    /// Presses a key.
    pub fn key(&self, key: impl Into<char>) {
        self.keys(&[], key);
    }

    /// Presses a key while others are held.
    pub fn keys(&self, held: &[Key], key: impl Into<char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for held in held {
            actions = actions.then(KeyAction::Down { value: char::from(*held) });
        }
        let key = key.into();
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for held in held.iter().rev() {
            actions = actions.then(KeyAction::Up { value: char::from(*held) });
        }
        self.runtime.block_on(self.client.perform_actions(actions)).unwrap();
    }

    /// Types into what has the focus.
    pub fn type_text(&self, text: &str) {
        for character in text.chars() {
            self.key(character);
        }
    }

    /// Keeps what the window looks like.
    pub fn shot(&self, name: impl Display) {
        let number = self.shots.get() + 1;
        self.shots.set(number);
        let png = self.runtime.block_on(self.client.screenshot()).unwrap();
        fs::write(self.desk.shots.join(format!("{number:02}-{name}.png")), png).unwrap();
    }

    /// The process of the app.
    pub fn process(&self) -> u32 {
        let app = fs::canonicalize(binary()).unwrap();
        let group = self.driver.id();
        let found = processes().into_iter().find(|process| {
            fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|exe| exe == app)
                && group_of(*process) == Some(group)
        });
        found.unwrap_or_else(|| panic!("{}: the app is not running", self.desk.name))
    }

    /// Ends the app as a power cut would.
    pub fn kill(self) {
        let app = Pid::from_raw(self.process() as i32).unwrap();
        kill_process(app, Signal::KILL).unwrap();
        // Dropping waits until all of the group is gone.
    }

    /// Asks the window to close, as its button does.
    pub fn ask_to_close(&self) {
        let script = "const done = arguments[arguments.length - 1];
            window.__TAURI_INTERNALS__.invoke('close_window', {}).then(() => done(true), (error) => done(String(error)))";
        assert_eq!(self.script_async(script, Vec::new()), json!(true), "the window was asked");
    }

    /// Closes the window as a person does, and waits until the process has ended.
    pub fn close(self) {
        let process = self.process();
        let script = "window.__TAURI_INTERNALS__.invoke('close_window', {})";
        // The answer may be lost with the page.
        let _ = self.runtime.block_on(self.client.execute(script, Vec::new()));
        eventually("the app ends", || match is_alive(process) {
            true => Err(format!("process {process} is still there")),
            false => Ok(()),
        });
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Ok(png) = self.runtime.block_on(self.client.screenshot()) {
                let _ = fs::write(self.desk.shots.join("failed.png"), png);
            }
            let _ = fs::write(self.desk.shots.join("failed.txt"), self.page());
        }
        let app = processes().into_iter().find(|process| parent_of(*process) == Some(self.driver.id()));
        if let Some(group) = Pid::from_raw(self.driver.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
        // The next app of this desk must find the lock of the home free.
        if let Some(app) = app {
            let deadline = Instant::now() + SOON;
            while is_alive(app) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Asks until the answer is good; a failure tells the last answer.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Result<T, String>) -> T {
    eventually_within(SOON, what, ask)
}

fn eventually_within<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(last) if started.elapsed() > limit => panic!("{what}: not within {limit:?}. The last answer:\n{last}"),
            // Soon at first, then rarely: asking takes from the work that is waited for.
            Err(_) => std::thread::sleep(
                (started.elapsed() / 20).clamp(Duration::from_millis(30), Duration::from_millis(500)),
            ),
        }
    }
}

/// The app that is tested: the one just built, or one of a package.
pub fn binary() -> PathBuf {
    let built = || target().join("debug/semid-desktop");
    let binary = std::env::var_os("SEMID_TESTED_WINDOW").map_or_else(built, PathBuf::from);
    assert!(binary.is_file(), "build the window first: cargo build --workspace --bin semid-desktop");
    binary
}

/// Where cargo builds.
fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The home of whoever runs the tests: the text encoder is there.
fn semid_home() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("SEMID_HOME")
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("semid")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/semid")))
        .unwrap()
}

fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The fields of `/proc/PID/stat` after the name, which may hold anything.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn is_alive(process: u32) -> bool {
    stat(process).is_some_and(|fields| fields[0] != "Z" && fields[0] != "X")
}

fn parent_of(process: u32) -> Option<u32> {
    stat(process)?.get(1)?.parse().ok()
}

fn group_of(process: u32) -> Option<u32> {
    stat(process)?.get(2)?.parse().ok()
}

/// Finds a visible element by role and accessible name; null when there is none.
const FIND: &str = r#"
const [role, name] = arguments;
const implicit = {
  button: 'button', label: 'label', link: 'a[href]', heading: 'h1,h2,h3,h4', textbox: 'input:not([type]),input[type=text],input[type=search],textarea',
  searchbox: 'input[type=search]', spinbutton: 'input[type=number]', checkbox: 'input[type=checkbox]',
  radio: 'input[type=radio]', combobox: 'select,input[list]', row: 'tr', cell: 'td', columnheader: 'th',
  table: 'table', dialog: 'dialog', option: 'option', list: 'ul,ol', listitem: 'li', img: 'img', main: 'main',
};
const text = (element) => (element.innerText ?? element.textContent ?? '').replace(/\s+/g, ' ').trim();
const nameOf = (element) => {
  const by = element.getAttribute('aria-labelledby');
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean).map(text).join(' ');
  if (element.getAttribute('aria-label')) return element.getAttribute('aria-label');
  if (element.labels?.length) return [...element.labels].map(text).join(' ');
  return text(element) || element.getAttribute('placeholder') || element.getAttribute('title') || '';
};
const seen = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden' && !element.closest('[inert],[aria-hidden=true]');
};
const found = [...document.querySelectorAll(`[role=${role}],${implicit[role] ?? `[role=${role}]`}`)]
  .filter((element) => (element.getAttribute('role') ?? role) === role && seen(element));
return found.find((element) => nameOf(element) === name)
  ?? found.find((element) => nameOf(element).startsWith(name))
  ?? null;
"#;
