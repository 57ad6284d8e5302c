//! Journey 2: import. Files are dropped or chosen, looked at, mapped, checked, imported.

use std::path::PathBuf;

use semid_window_tests::Key;
use serde_json::json;

use semid_window_tests::{Desk, Window};

const ITEMS: &str = "\
film,name,about
a,The Bridge,Two towns and one river between them
b,Night Train,A stranger boards without a ticket
c,Harvest,Three brothers and a field
d,The Lighthouse,A keeper counts the ships
e,Glass,A city that nobody remembers
";

/// Line 4 names no item, line 6 has a time that is none.
const LOG: &str = "\
viewer,film,when
u1,a,1700000000
u1,b,1700000100
u1,,1700000200
u2,b,1700000300
u2,c,soon
u2,d,1700000400
u3,a,1700000500
u3,c,1700000600
u3,e,1700000700
u1,d,1700000800
";

fn files(desk: &Desk) -> (PathBuf, PathBuf) {
    (desk.file("films.csv", ITEMS), desk.file("log.csv", LOG))
}

#[test]
fn import_by_mouse_with_files_chosen_in_the_dialog() {
    let desk = Desk::new("import-mouse");
    let (items, log) = files(&desk);
    let window = desk.open();
    window.click("link", "Import files");
    window.find("heading", "Import");
    desk.pick(&[&log, &items]);
    window.click("button", "Drop files here, or choose them");
    window.find("heading", "log.csv");
    window.find("heading", "films.csv");
    window.see("recognised");
    window.shot("looked-at");

    // Each guess can be changed: the title is taken away, then given back.
    window.choose("Role of name", "Not used");
    window.choose("Role of name", "Title");
    window.see("Two towns and one river");

    let text = window.find("textbox", "Item text");
    window.replace(&text, "{name}: {about}");
    window.see("Night Train: A stranger boards");
    window.shot("texts");

    window.click("button", "Check the files");
    window.see("Rows that would be left out");
    let rows = window.find("heading", "Rows that would be left out");
    drop(rows);
    window.shot("checked");
    for (line, why) in [("4", "item"), ("6", "time")] {
        let found = window.script(
            "return [...document.querySelectorAll('[role=row], tr')].some((row) => {
               const cells = [...row.querySelectorAll('[role=cell], [role=gridcell], [role=rowheader], td, th')].map((cell) => cell.innerText.trim());
               return cells.includes(arguments[0]) && cells.join(' ').toLowerCase().includes(arguments[1]); })",
            vec![json!(line), json!(why)],
        );
        assert_eq!(found, json!(true), "line {line} is listed with its reason: {}", window.page());
    }
    window.click("button", "Import without those rows");
    imported(&window);
}

#[test]
fn import_by_keyboard_with_files_dropped_on_the_window() {
    let desk = Desk::new("import-keyboard");
    let (items, log) = files(&desk);
    let window = desk.open();
    window.drop_files(&[&log, &items]);
    window.find("heading", "Import");
    window.find("heading", "log.csv");
    window.find("heading", "films.csv");
    window.see("Two towns and one river");
    window.enter("button", "Check the files");
    window.see("Rows that would be left out");
    window.enter("button", "Import without those rows");
    imported(&window);
    // The page of the data set is read without a mouse, too.
    window.key(Key::Tab);
}

/// The summary: 3 users, 5 items, 8 interactions, and charts.
fn imported(window: &Window<'_>) {
    window.see("Interactions");
    window.wait(
        "the summary counts users, items and interactions",
        "const text = document.querySelector('main').innerText; return /Users\\s+3\\b/.test(text) && /Items\\s+5\\b/.test(text) && /Interactions\\s+8\\b/.test(text)",
    );
    window.wait("charts are drawn", "return document.querySelectorAll('main svg[viewBox] text').length > 0");
    window.shot("imported");
}
