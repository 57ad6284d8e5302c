//! Journey 5: the IDs of the sample, by mouse and by keyboard.

use semid_window_tests::{Desk, Key, Window};
use serde_json::json;

#[test]
fn explore_by_mouse_the_tree_an_item_and_its_neighbours() {
    let desk = Desk::with_encoder("explore-mouse");
    let window = desk.open();
    at_the_tree(&window);
    window.shot("tree");
    for (tab, word) in [("Items", "Title"), ("Map", ""), ("Collisions", ""), ("Compare", "")] {
        window.click("tab", tab);
        window.wait("the page stands", "return [...document.querySelectorAll('[role=tabpanel]')].some((panel) => panel.innerText.length > 20) && !document.querySelector('[role=tabpanel] [role=status]')");
        window.see(word);
        window.shot(tab.to_lowercase());
    }
    window.click("tab", "Items");
    window
        .wait("items are listed", "return document.querySelectorAll('[role=gridcell], [role=tabpanel] td').length > 3");
    window.click("gridcell", "");
    window.see("Near in codes");
    window.see("Near in embeddings");
    window.shot("item");
}

#[test]
fn explore_by_keyboard() {
    let desk = Desk::with_encoder("explore-keyboard");
    let window = desk.open();
    at_the_tree(&window);
    window.tab_to("tab", "Code tree");
    window.key(Key::Right);
    window.wait(
        "the next tab",
        "return document.querySelector('[role=tab][aria-selected=true]')?.innerText.trim() === 'Items'",
    );
}

fn at_the_tree(window: &Window<'_>) {
    let dataset = window.import_sample();
    let mut settings = window.rpc("starter", json!({ "dataset": dataset })).unwrap();
    settings["ids"].as_array_mut().unwrap().retain(|ids| ids["scheme"] == "rq-kmeans");
    window.finish("ids", json!({ "settings": settings, "seed": 1, "output": null }));
    window.click("link", "Explore");
    window.find("heading", "Explore");
    window.click("link", "Sample");
    window.find("tab", "Code tree");
}
