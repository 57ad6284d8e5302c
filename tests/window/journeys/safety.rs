//! What must never happen: an open port, a window lost to a bug, a file touched that nobody chose.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;

use semid_window_tests::{Desk, eventually};

/// Without the driver, which itself makes a web view listen in order to steer it.
#[test]
fn no_process_of_the_app_listens_on_a_socket_of_the_network() {
    let desk = Desk::new("no-socket");
    let app = desk.launch();
    eventually("the page has asked the engine", || {
        let asked = desk.semid_home().join("window.lock").exists() && app.family().len() >= 2;
        asked.then_some(()).ok_or_else(|| format!("processes {:?}", app.family()))
    });
    let listening = listening();
    for process in app.family() {
        // A process may end while it is looked at.
        let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else { continue };
        for entry in entries.flatten() {
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            let target = target.to_string_lossy().into_owned();
            if let Some(inode) = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
                assert!(!listening.contains(inode), "process {process} listens (inode {inode})");
            }
        }
    }
    println!("idle memory: {} MB (proportional share of all its processes)", app.memory_kb() / 1024);
}

/// Inodes of sockets in the state LISTEN, or bound for datagrams.
fn listening() -> BTreeSet<String> {
    let mut inodes = BTreeSet::new();
    for (table, state) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields.get(3) == Some(&state) {
                inodes.extend(fields.get(9).map(|inode| (*inode).to_owned()));
            }
        }
    }
    inodes
}

#[test]
fn a_panic_in_a_command_leaves_the_window_working() {
    let desk = Desk::new("panic");
    let window = desk.open();
    let error = window.rpc("test_panic", json!({})).unwrap_err();
    assert_eq!(error["code"], "internal", "{error}");
    assert!(error["message"].as_str().unwrap().contains("a test asked for a panic"), "{error}");
    window.rpc("datasets", json!({})).expect("the next command works");
    window.shot("after-the-panic");
}

#[test]
fn the_page_reaches_no_file_that_nobody_chose() {
    let desk = Desk::new("paths");
    let secret = desk.file("secret.csv", "user,item,timestamp\nu,i,1\n");
    let window = desk.open();
    let import = json!({ "name": "mine", "title": "", "licence": "", "simulated": false, "items": null,
        "interactions": secret, "format": null, "map": null, "text": null, "strict": false,
        "keep_unknown_items": true, "replace": false });
    let error = window.rpc("import", import.clone()).unwrap_err();
    assert_eq!(error["code"], "input", "{error}");
    assert!(error["message"].as_str().unwrap().contains("was not chosen"), "{error}");
    window.rpc("test_drop", json!({ "paths": [secret] })).unwrap();
    window.rpc("import", import).expect("dropped on the window, it is chosen");
}

#[test]
fn the_page_can_call_nothing_but_our_commands_and_load_nothing_from_elsewhere() {
    let desk = Desk::new("capabilities");
    let window = desk.open();
    for command in ["plugin:dialog|open", "plugin:fs|read_text_file", "plugin:window|close", "plugin:event|emit"] {
        let script = "const done = arguments[arguments.length - 1];
            window.__TAURI_INTERNALS__.invoke(arguments[0], {}).then(() => done('allowed'), (error) => done(String(error)))";
        let answer = window.script_async(script, vec![json!(command)]);
        let answer = answer.as_str().unwrap();
        assert!(answer.contains("not allowed") || answer.contains("not found"), "{command}: {answer}");
    }
    let blocked = "const done = arguments[arguments.length - 1];
        document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective), { once: true });
        const image = new Image(); image.src = 'https://example.org/spy.png'; document.body.append(image);";
    assert_eq!(window.script_async(blocked, vec![]), "img-src", "no remote host is asked");
    let connect = "const done = arguments[arguments.length - 1];
        fetch('https://example.org/').then(() => done('allowed'), () => done('blocked'))";
    assert_eq!(window.script_async(connect, vec![]), "blocked", "no remote host is asked");
    // In a script of the page; what the driver runs is not under the policy of the page.
    let inline = "const done = arguments[arguments.length - 1];
        document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective), { once: true });
        document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"window.ran = true\">');";
    assert!(window.script_async(inline, vec![]).as_str().unwrap().starts_with("script-src"), "markup brings no script");
    assert_eq!(window.script("return window.ran ?? null", vec![]), json!(null), "it did not run");
}
