//! What can be said of the window without building it: its policy, its rights, its package, and what is said where it
//! cannot be opened.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn without_a_display_run_says_so_at_once_and_offers_another_way() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("run")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if cfg!(target_os = "linux") {
        assert!(!output.status.success(), "a script sees that nothing was opened");
        assert!(said.contains("no display") && said.contains("cargo xtask run --headless"), "{said}");
        assert!(output.stdout.is_empty(), "before anything is fetched or built");
    }
}

#[test]
fn the_policy_of_the_page_names_no_remote_host_and_allows_no_code_from_text() {
    let config = json("src-tauri/tauri.conf.json");
    let policy = config["app"]["security"]["csp"].as_object().expect("a policy is only set where it is written");
    for needed in ["default-src", "script-src", "connect-src", "object-src", "base-uri", "form-action"] {
        assert!(policy.contains_key(needed), "{needed} is not left to chance");
    }
    for (directive, value) in policy {
        let value = value.as_str().unwrap();
        assert!(!value.contains("unsafe-eval") && !value.contains('*'), "{directive} {value}");
        for source in value.split(' ').filter(|source| source.contains("//")) {
            assert_eq!(source, "http://ipc.localhost", "{directive} reaches beyond the window");
        }
    }
    assert_eq!(policy["script-src"], "'self'", "scripts come with the program, and only so");
    assert!(config["build"]["devUrl"].is_null(), "an address of development would break the window of newcomers");
}

#[test]
fn the_page_may_call_our_commands_and_listen_and_nothing_else() {
    let rights = json("src-tauri/capabilities/main.json");
    for permission in rights["permissions"].as_array().unwrap() {
        let permission = permission.as_str().expect("no permission with a scope");
        let ours = permission.starts_with("allow-");
        let listening = ["core:event:allow-listen", "core:event:allow-unlisten"].contains(&permission);
        assert!(ours || listening, "{permission} is more than the page needs");
    }
    assert!(rights.get("remote").is_none(), "no page from elsewhere has any right");
}

#[test]
fn a_participants_page_may_answer_and_close_itself_and_listen_to_nothing() {
    let rights = json("src-tauri/capabilities/participant.json");
    assert_eq!(rights["windows"], serde_json::json!(["participant"]), "it is about no other window");
    let allowed = serde_json::json!(["allow-participant-rpc", "allow-close-participant"]);
    assert_eq!(rights["permissions"], allowed, "what answers for one session only, and what closes its own window");
    let main = json("src-tauri/capabilities/main.json");
    assert_eq!(main["windows"], serde_json::json!(["main"]), "the researcher's rights end at their own window");
}

/// A bundle takes minutes of optimised building; what breaks it at the very end is looked at here.
#[test]
fn the_package_is_described_as_the_bundler_wants_it() {
    let bundle = json("src-tauri/tauri.conf.json")["bundle"].clone();
    let known = ["DeveloperTool", "Education", "Productivity", "Utility"];
    assert!(known.contains(&bundle["category"].as_str().unwrap()), "the bundler knows no other words: {known:?}");
    for icon in bundle["icon"].as_array().unwrap() {
        let path = root().join("src-tauri").join(icon.as_str().unwrap());
        assert!(path.is_file(), "{} is missing: python3 src-tauri/icons/render.py", path.display());
    }
    let cli = json("ui/package.json")["devDependencies"]["@tauri-apps/cli"].clone();
    assert!(cli.as_str().unwrap().trim_start_matches(['^', '~']).starts_with("2."), "the bundler is that of Tauri 2");
    let programs: Vec<&Value> = bundle["linux"]["deb"]["files"].as_object().unwrap().values().collect();
    assert_eq!(programs, ["../target/release/semid"], "the command line comes with the window");
}

fn json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
