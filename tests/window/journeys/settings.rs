//! Journey 7: settings. Theme and text size take effect at once and stay; folders come from the system's dialog.

use semid_window_tests::Key;
use serde_json::json;

use semid_window_tests::Desk;

#[test]
fn settings_by_mouse_take_effect_and_outlive_the_window() {
    let desk = Desk::new("settings-mouse");
    let window = desk.open();
    window.click("link", "Settings");
    window.find("heading", "Settings");
    window.shot("settings");
    window.click("label", "Dark");
    window.wait("the page is dark", "return document.documentElement.dataset.theme === 'dark'");
    window.click("label", "150 %");
    window.wait("text is larger", "return getComputedStyle(document.documentElement).fontSize === '24px'");
    window.shot("dark-and-large");

    let models = desk.place("models");
    std::fs::create_dir(&models).unwrap();
    desk.pick(&[&models]);
    window.click("button", "Add a folder");
    window.see(models.to_str().unwrap());
    window.close();

    let again = desk.open();
    again.wait("it is dark from the start", "return document.documentElement.dataset.theme === 'dark'");
    again.wait("text is large", "return getComputedStyle(document.documentElement).fontSize === '24px'");
    again.click("link", "Settings");
    again.see(models.to_str().unwrap());
    // A folder chosen in an earlier window may still be used.
    again.click("button", "Do not look in");
    again.see_no_more(models.to_str().unwrap());
}

#[test]
fn settings_by_keyboard() {
    let desk = Desk::new("settings-keyboard");
    let window = desk.open();
    window.enter("link", "Settings");
    window.find("heading", "Settings");
    window.tab_to("radio", "As the system");
    window.key(Key::Right);
    window.key(Key::Right);
    window.wait("the page is dark", "return document.documentElement.dataset.theme === 'dark'");
    window.key(Key::Left);
    window.wait("the page is light", "return document.documentElement.dataset.theme === 'light'");
    let about = window.rpc("about", json!({})).unwrap();
    window.see(about["version"].as_str().unwrap());
    window.see("SQLite");
}
