//! Journeys 1 and 6: the sample within two clicks, then from its results to one user, and why the model named an item.

use semid_window_tests::{Desk, Key, Window};

const RESULTS: &str = "return /^#\\/runs\\/\\d+(\\?|$)/.test(location.hash)";

#[test]
fn the_sample_shows_its_comparison_by_mouse_and_says_why_an_item_came_up() {
    let desk = Desk::new("sample-mouse");
    let window = desk.open();
    window.click("button", "Open the sample");
    window.wait_long("one click leads to a finished comparison", RESULTS);
    window.find("heading", "Arms");
    window.see("Meaning gain");
    window.shot("results");

    let run = run(&window);
    window.go(&format!("#/runs/{run}/users/0?arm=generative%2Fcategory-path"));
    window.find("heading", "Held out");
    window.click("link", "Why ");
    explained(&window);

    // Another item of the list is another path.
    let before = window.script("return document.querySelector('main ol')?.innerText", vec![]);
    window.choose_next("Item of the list");
    window.wait(
        "another path",
        &format!("const now = document.querySelector('main ol')?.innerText; return now && now !== {before}"),
    );
    window.shot("another-item");
}

#[test]
fn the_sample_and_a_path_are_reached_by_keyboard() {
    let desk = Desk::new("sample-keyboard");
    let window = desk.open();
    window.enter("button", "Open the sample");
    window.wait_long("a finished comparison", RESULTS);
    window.find("heading", "Arms");
    let run = run(&window);
    window.go(&format!("#/runs/{run}/users/1?arm=generative%2Fcategory-path"));
    window.find("heading", "Held out");
    window.enter("link", "Why ");
    explained(&window);
    // And back with the link above the title.
    window.enter("link", "User viewer-");
    window.find("heading", "Held out");
    window.key(Key::Escape);
}

/// Levels beside each other, and the same in sentences that end with the product.
fn explained(window: &Window<'_>) {
    window.find("heading", "Why this item");
    window.wait_long("the path is followed", "return document.querySelectorAll('li[aria-current=step]').length >= 2");
    window.see("the model put");
    window.see("Multiplied, that is");
    window.shot("why");
}

fn run(window: &Window<'_>) -> String {
    let run = window.wait("the number of the run", "return location.hash.match(/^#\\/runs\\/(\\d+)/)?.[1] ?? null");
    run.as_str().unwrap_or_default().to_owned()
}
