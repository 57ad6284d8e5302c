//! `semid study` from design to withdrawal, as somebody types it.
#![allow(clippy::unwrap_used)]

mod common;

use common::Home;

/// A shop with IDs that mean something and IDs by chance.
fn shop() -> Home {
    let home = Home::with_shop();
    for scheme in ["category-path", "hash"] {
        home.ok(&["ids", "shop", "--scheme", scheme, "--levels", "2", "--codes", "4"]);
    }
    home
}

#[test]
fn a_study_is_designed_locked_tried_analysed_exported_and_withdrawn_from_by_command() {
    let home = shop();
    home.refused(3, &["⟨name, institution, e-mail⟩", "consent"], &{
        home.ok(&["study", "new", "shop", "--name", "anonymous"]);
        ["study", "lock", "anonymous"]
    });
    let contact = "A. Name, University, a@example.org";
    home.ok(&["study", "new", "shop", "--name", "films", "--contact", contact, "--design-only", "design.toml"]);
    let design = std::fs::read_to_string(home.path("design.toml")).unwrap();
    assert!(design.contains(contact), "the consent says whom people can ask: {design}");
    // Fewer stimuli than the shop has things, so that one can be replaced.
    let fewer = |line: &str| if line.starts_with("per_arm") { "per_arm = 1".to_owned() } else { line.to_owned() };
    let design = design.lines().map(fewer).collect::<Vec<_>>().join("\n");
    home.file("design.toml", &design);
    home.file("broken.toml", design.replace("attention_share = 0.1", "attention_share = 'much'"));
    home.refused(3, &["broken.toml", "near line"], &["study", "new", "--design", "broken.toml"]);
    let drafted = home.json(&["study", "new", "--design", "design.toml", "--participants", "8"]);
    assert_eq!(drafted["study"]["state"], "draft", "kept as a draft");
    assert_eq!(drafted["design"]["participants"], 8, "options go before the file");
    home.refused(3, &["is a draft", "semid study lock films"], &["study", "simulate", "films"]);
    let replaced = home.ok(&["study", "replace", "films", "1", "--why", "the title tells"]);
    assert!(replaced.contains("the title tells"), "the reason stands beside the stimulus: {replaced}");
    assert!(home.ok(&["study", "power", "films"]).contains("pilot"), "a small study is called a pilot");
    assert_eq!(home.json(&["study", "lock", "films"])["state"], "open", "fixed");

    let page = home.run(&["study", "session", "films", "--count", "2", "--output", "sessions"]);
    match page.code {
        Some(0) => assert_eq!(std::fs::read_dir(home.path("sessions")).unwrap().count(), 2, "a file each"),
        _ => {
            assert!(page.err.contains("cargo xtask ui"), "without a page it says how to get one: {}", page.err);
            let nobody = home.json(&["study", "show", "films"])["participants"].as_array().unwrap().len();
            assert_eq!(nobody, 0, "and no session was made");
        }
    }
    home.file("none.json", "{\"form\": 1}");
    home.refused(3, &["none.json", "no answers file", "Nothing was imported"], &["study", "import", "none.json"]);
    let made = home.json(&["study", "simulate", "films", "--count", "4", "--meaning", "category-path=0.9,hash=0"]);
    let masked = home.json(&["study", "analyse", "films"]);
    assert_eq!(
        (&masked["masked"], &masked["results"]),
        (&true.into(), &serde_json::Value::Null),
        "nothing shows early"
    );
    home.refused(3, &["masked", "semid study close films"], &["study", "export", "films", "--output", "early"]);
    home.ok(&["study", "close", "films"]);
    let shown = home.ok(&["study", "analyse", "films"]);
    assert!(shown.contains("SIMULATED PARTICIPANTS") && shown.contains("category-path"), "arms are named: {shown}");
    home.ok(&["study", "export", "films", "--output", "results"]);
    let results = || std::fs::read_to_string(home.path("results/results.json")).unwrap();
    let gone = made[0]["pseudonym"].as_str().unwrap();
    assert!(results().contains(gone), "everybody is in the results");
    let withdrawn = home.json(&["study", "withdraw", gone]);
    assert_eq!(withdrawn["answers"], made[0]["trials"], "all answers go");
    assert!(!results().contains(gone), "and the results are written without them");
    home.refused(3, &[gone], &["study", "withdraw", gone]);
    assert!(home.ok(&["study", "list"]).contains("closed"), "the study stays");
}
