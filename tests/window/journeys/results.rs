//! Journey 4: results. From any number down to one user's list, by mouse and by keyboard.

use semid_window_tests::{Desk, Key, Window};

const NUMBER: &str = "return [...document.querySelectorAll('table[aria-label=Arms] tbody button')]
    .map((button) => button.getAttribute('aria-label') ?? '').find((name) => /Show where it comes from/.test(name)) ?? null";
const ROWS: &str = "return document.querySelectorAll('table[aria-label=Arms] tbody tr').length";

#[test]
fn results_by_mouse_from_a_number_down_to_one_list() {
    let desk = Desk::with_encoder("results-mouse");
    let window = desk.open();
    let run = window.compare_quickly();
    window.click("link", "Runs");
    window.wait("the run is listed", "return document.querySelectorAll('a[href^=\"#/runs/\"]').length > 0");
    window.shot("runs");
    at_the_results(&window, run);
    window.shot("results");

    // The table can be filtered, and says all again.
    let all = window.script(ROWS, vec![]).as_i64().unwrap();
    let search = window.find("searchbox", "Find an arm");
    window.replace(&search, "Popularity");
    window.wait("one arm is left", &format!("{ROWS} < {all}"));
    window.shot("filtered");
    window.keys(&[Key::Control], 'a');
    window.key(Key::Backspace);
    window.wait("all arms", &format!("{ROWS} === {all}"));

    let name = window.wait("a number that opens", NUMBER);
    window.click("button", name.as_str().unwrap());
    behind_the_number(&window);
    window.click("row", "viewer-");
    one_user(&window);
}

#[test]
fn results_by_keyboard_from_a_number_down_to_one_list() {
    let desk = Desk::with_encoder("results-keyboard");
    let window = desk.open();
    let run = window.compare_quickly();
    at_the_results(&window, run);
    // One cell is in the order of tabs, the arrow keys move it.
    let inside = "return document.activeElement?.closest('table[aria-label=Arms] tbody') !== null && document.activeElement !== document.body";
    window.tab_until("a cell of the table", inside);
    for _ in 0..12 {
        let opens = "return /Show where it comes from/.test(document.activeElement.getAttribute('aria-label') ?? '')";
        if window.script(opens, vec![]) == true {
            break;
        }
        window.key(Key::Right);
    }
    window.key(Key::Enter);
    behind_the_number(&window);
    window.key(Key::Escape);
    window.wait("the panel is closed", "return document.querySelector('[role=dialog]') === null");
    window.wait("the focus is back where it was", inside);
}

#[test]
fn a_run_is_saved_in_every_form_and_its_bundle_opens_on_another_machine() {
    let desk = Desk::with_encoder("exports");
    let window = desk.open();
    let run = window.compare_quickly();
    at_the_results(&window, run);
    for (entry, file, holds) in [
        ("HTML report", "report.html", "<!doctype html>"),
        ("CSV", "arms.csv", "popularity"),
        ("CSV by user", "users.csv", "user"),
        ("Markdown", "tables.md", "| "),
        ("LaTeX", "tables.tex", "\\begin{tab"),
        ("JSON", "run.json", "\"arms\""),
        ("Bundle", "run.semid", ""),
    ] {
        let path = desk.place(file);
        desk.pick(&[&path]);
        window.enter("button", "Export");
        window.enter_menu(entry);
        window.see(&format!("Saved to {}", path.display()));
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(!bytes.is_empty() && text.contains(&holds.to_lowercase()), "{entry} holds {holds}");
    }

    // A chart as it is shown, in both forms.
    for (entry, file, begins) in
        [("Save as SVG…", "chart.svg", &b"<svg"[..]), ("Save as PNG…", "chart.png", b"\x89PNG")]
    {
        let path = desk.place(file);
        desk.pick(&[&path]);
        window.enter("button", "Save the chart");
        window.enter_menu(entry);
        window.see(&format!("Saved to {}", path.display()));
        assert!(std::fs::read(&path).unwrap().starts_with(begins), "{entry} writes what it says");
    }
    let comparison = window.rpc("comparison", serde_json::json!({ "run": run })).unwrap();
    // A menu that was closed leaves the page to the mouse.
    window.enter("button", "Export");
    window.find("menuitem", "CSV");
    window.key(Key::Escape);
    window.click("link", "Runs");
    window.find("heading", "Runs");
    drop(window);

    let elsewhere = desk.another("bundle-elsewhere");
    let window = elsewhere.open();
    elsewhere.pick(&[&desk.place("run.semid")]);
    window.click("link", "Runs");
    window.click("button", "Open a bundle");
    window.find("heading", "Arms");
    let opened = window.wait("its number", "return location.hash.match(/^#\\/runs\\/(\\d+)/)?.[1] ?? null");
    let opened: i64 = opened.as_str().unwrap().parse().unwrap();
    let there = window.rpc("comparison", serde_json::json!({ "run": opened })).unwrap();
    assert_eq!(there["arms"], comparison["arms"], "the other machine shows the same numbers");
    window.shot("opened");
}

fn at_the_results(window: &Window<'_>, run: i64) {
    window.go(&format!("#/runs/{run}"));
    window.find("heading", "Arms");
    window.wait("the table of arms", &format!("{ROWS} > 2"));
}

fn behind_the_number(window: &Window<'_>) {
    window.see("How it is computed");
    window.see("Who was left out");
    window.see("The users behind it");
    window.see("viewer-");
    window.shot("number");
}

fn one_user(window: &Window<'_>) {
    window.wait("one user", "return /^#\\/runs\\/\\d+\\/users\\/\\d+/.test(location.hash)");
    window.see("Held out");
    window.see("History");
    window.wait("a ranked list", "return document.querySelectorAll('section[aria-label=List] ol > li').length >= 5");
    window.shot("user");
}
