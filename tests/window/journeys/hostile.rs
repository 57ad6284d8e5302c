//! Titles, IDs and file names are data, whatever they look like: they never become markup, and never break a page.

use serde_json::{Value, json};

use semid_window_tests::{Desk, Window};

/// Titles as an enemy or a bad export writes them.
fn titles() -> Vec<String> {
    let mut titles: Vec<String> = [
        "<img src=x onerror=\"window.pwned=1\">",
        "<script>window.pwned=2</script>",
        "</script><script>window.pwned=3</script>",
        "</title></style></textarea><svg onload=window.pwned=4>",
        "\" onmouseover=\"window.pwned=5\" x=\"",
        "'><iframe srcdoc=\"<script>parent.pwned=6</script>\">",
        "javascript:window.pwned=7",
        "{@html '<b>bold</b>'} {{constructor.constructor('window.pwned=8')()}} ${window.pwned=9}",
        "\u{202e}gnp.exe\u{202c} backwards",
        "Z\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301} algo \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
        "null", "undefined", "NaN", "true", "[object Object]", "=HYPERLINK(\"http://example.org\")",
        "two\nlines\tand a tab",
        "&lt;b&gt;twice&lt;/b&gt; &amp;amp;",
        "]]> --> */ // <!-- <![CDATA[",
        "../../../../etc/passwd", "\u{0007}bell\u{0001}",
    ]
    .iter()
    .map(|title| (*title).to_owned())
    .collect();
    titles.push("long ".repeat(2_000));
    titles.push("x".repeat(10_000));
    titles
}

#[test]
fn hostile_titles_never_become_markup_in_previews_tables_and_charts() {
    let desk = Desk::new("hostile");
    let titles = titles();
    let mut items = String::new();
    let mut log = String::from("user,item,timestamp\n");
    for (at, title) in titles.iter().enumerate() {
        let id = format!("<b id=pwned>{at}</b>");
        let item = json!({ "item_id": id, "title": title, "description": title, "categories": [[title, "<i>c</i>"]] });
        items.push_str(&format!("{item}\n"));
        for user in 0..4 {
            log.push_str(&format!("\"<u onclick=pwned>{user}</u>\",\"{id}\",{}\n", 1_700_000_000 + at * 10 + user));
        }
    }
    let items = desk.file("<img src=x onerror=pwned=1>.jsonl", items);
    let log = desk.file("log&quot;<script>.csv", log);

    let window = desk.open();
    window.drop_files(&[&log, &items]);
    window.find("heading", "Import");
    window.find("heading", "log&quot;<script>.csv");
    window.find("heading", "<img src=x onerror=pwned=1>.jsonl");
    window.wait("texts are shown", "return document.querySelectorAll('ol[aria-label] li').length > 0");
    harmless(&window, "the preview");
    window.shot("preview");

    let name = window.find("textbox", "Name");
    window.replace(&name, "hostile");
    window.click("button", "Check the files");
    window.find("button", "Import");
    harmless(&window, "the check");
    window.click("button", "Import");
    window.wait("the data set is shown", "return location.hash.startsWith('#/data/')");
    window.wait("charts are drawn", "return document.querySelectorAll('main svg[viewBox] text').length > 0");
    harmless(&window, "the page of the data set");
    window.shot("data-set");
}

/// No title ran, none became an element, and the page is no wider than its window.
fn harmless(window: &Window<'_>, place: &str) {
    let state = window.script(
        "return {
           ran: window.pwned ?? null,
           elements: document.querySelectorAll('img[src=x], #pwned, iframe, [onclick], [onerror], [onload], [onmouseover], main u, main b > b').length,
           scripts: [...document.scripts].filter((script) => !script.src).length,
           wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
           title: document.title,
         }",
        vec![],
    );
    assert_eq!(state["ran"], Value::Null, "{place}: a title ran as a script");
    assert_eq!(state["elements"], json!(0), "{place}: a title became an element");
    assert_eq!(state["scripts"], json!(0), "{place}: a script without a file");
    assert_eq!(state["wide"], json!(false), "{place}: a long title pushed the page apart");
}
