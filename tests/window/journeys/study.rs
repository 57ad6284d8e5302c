//! A study in the window: a session is taken part in, on a page that reaches nothing else, and goes on where it stopped.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use semid_window_tests::{Desk, Window};

#[test]
fn a_participant_answers_in_a_window_of_their_own_and_goes_on_where_it_was_closed() {
    let desk = Desk::new("participant");
    let window = desk.open();
    let session = opened_study(&window);
    open(&window, &session).expect("the session has a window");
    until(&window, "languages are offered", "document.body.innerText.includes('Deutsch')");
    run(
        &window,
        "[...document.querySelectorAll('button, label')].find((one) => one.innerText.includes('English'))?.click()",
    );
    until(&window, "the consent is shown", "!!document.querySelector('input[type=checkbox]')");
    assert_eq!(
        refused(&window, "plugin:event|listen", "{}"),
        json!(true),
        "its page may not even listen to what goes on elsewhere"
    );
    assert_eq!(
        refused(&window, "rpc", "{ command: 'studies', payload: {} }"),
        json!(true),
        "nor ask as the main page does"
    );
    assert_eq!(
        refused(&window, "participant_rpc", "{ command: 'study', payload: { name: 'a', session: 'x' } }"),
        json!(true),
        "nor ask for the study, which has the arms in it"
    );

    run(&window, "document.querySelector('input[type=checkbox]').click()");
    press(&window);
    until(&window, "consent is kept and something follows it", "!document.querySelector('input[type=checkbox]')");
    answer_until(&window, 2);

    // Closed in the middle of a trial, opened again.
    window.rpc("test_participant", json!({ "close": true })).unwrap();
    let start = Instant::now();
    while window.rpc("test_participant", json!({ "script": "1" })).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(30), "the window closes");
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = answered(&window);
    open(&window, &session).expect("the session is opened again");
    until(
        &window,
        "no consent is asked twice",
        "!document.querySelector('input[type=checkbox]') && !!document.querySelector('h1, legend')",
    );
    assert_eq!(answered(&window), before, "nothing was lost and nothing asked twice");
    answer_until(&window, before + 1);
    window.shot("researcher");
}

/// A small locked study on the sample with one session; its token.
fn opened_study(window: &Window<'_>) -> String {
    let dataset = window.import_sample();
    for scheme in ["hash", "category-path"] {
        let mut settings = window.rpc("starter", json!({ "dataset": dataset })).unwrap();
        settings["ids"] = json!([{ "scheme": scheme }]);
        settings["recommenders"] = json!([{ "kind": "popularity" }]);
        settings["baseline"] = json!("popularity");
        settings["codes"]["levels"] = json!(2);
        settings["codes"]["codes"] = json!(16);
        window.finish("ids", json!({ "settings": settings, "seed": 1, "output": null }));
    }
    let request = json!({ "dataset": dataset, "ids": ["hash", "category-path"], "contact": "A. Name" });
    let mut design = window.finish("study_starter", request);
    let is_intrusion = |task: &Value| task["kind"] == "intrusion" && task["hard"] == false;
    let mut tasks: Vec<Value> =
        design["tasks"].as_array().unwrap().iter().filter(|task| is_intrusion(task)).cloned().collect();
    tasks.truncate(1);
    tasks[0]["per_arm"] = json!(3);
    design["tasks"] = json!(tasks);
    design["name"] = json!("seen");
    window.finish("study_save", json!({ "design": design, "texts": [] }));
    window.rpc("study_lock", json!({ "name": "seen", "version": null })).unwrap();
    let request = json!({ "name": "seen", "version": null, "count": 1, "part": 1, "output": null });
    let made = window.rpc("study_sessions", request).unwrap();
    made[0]["session"].as_str().expect("a session has a token").to_owned()
}

fn open(window: &Window<'_>, session: &str) -> Result<(), Value> {
    let script = "const done = arguments[arguments.length - 1];
        window.__TAURI_INTERNALS__.invoke('open_participant', { session: arguments[0] })
          .then(() => done({}), (error) => done({ error }))";
    let answer = window.script_async(script, vec![json!(session)]);
    answer.get("error").map_or(Ok(()), |error| Err(error.clone()))
}

/// Runs an expression in the participant's window.
fn run(window: &Window<'_>, expression: &str) -> Value {
    window.rpc("test_participant", json!({ "script": expression })).unwrap_or(Value::Null)
}

fn until(window: &Window<'_>, what: &str, expression: &str) {
    let start = Instant::now();
    while run(window, expression) != json!(true) {
        let page = run(window, "document.body.innerText");
        assert!(start.elapsed() < Duration::from_secs(60), "{what}: {page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a command is refused to the participant's page.
fn refused(window: &Window<'_>, command: &str, payload: &str) -> Value {
    run(
        window,
        &format!(
            "window.refused = null; window.__TAURI_INTERNALS__.invoke('{command}', {payload})\
             .then(() => {{ window.refused = false }}, () => {{ window.refused = true }}); 0"
        ),
    );
    until(window, "an answer to a command", "window.refused !== null");
    run(window, "window.refused")
}

/// Presses the button that leads on.
fn press(window: &Window<'_>) {
    run(window, "[...document.querySelectorAll('main button')].at(-1)?.click()");
}

/// Trials that are answered.
fn answered(window: &Window<'_>) -> u64 {
    let study = window.rpc("study", json!({ "name": "seen", "version": null })).unwrap();
    study["participants"][0]["answered"].as_u64().unwrap()
}

/// Goes through instructions, practice and trials until so many are kept: the first option, then on.
fn answer_until(window: &Window<'_>, wanted: u64) {
    let start = Instant::now();
    while answered(window) < wanted {
        let page = run(window, "document.body.innerText");
        assert!(start.elapsed() < Duration::from_secs(90), "{wanted} answers are not kept: {page}");
        run(
            window,
            "document.querySelectorAll('fieldset:not([disabled])').forEach((set) => { if (!set.querySelector('input:checked')) set.querySelector('input')?.click() })",
        );
        press(window);
        std::thread::sleep(Duration::from_millis(60));
    }
}
