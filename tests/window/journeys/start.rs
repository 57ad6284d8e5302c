//! Journey 1: the first start. And what stands where a window cannot be opened.

use std::time::{Duration, Instant};

use semid_window_tests::Desk;

#[test]
fn the_window_opens_and_says_what_can_be_done() {
    let desk = Desk::new("first-start");
    let started = Instant::now();
    let window = desk.open();
    window.find("button", "Open the sample");
    window.find("button", "Get MovieLens 100K");
    window.find("link", "Import files");
    println!("from start to the first page: {:.2} s", started.elapsed().as_secs_f64());
    window.shot("first-start");
    let title = window.script("return document.title", vec![]);
    assert!(title.as_str().unwrap().ends_with("Semid"), "the window has its name: {title}");
    window.close();
}

#[test]
fn without_a_display_a_sentence_says_what_else_works() {
    let desk = Desk::new("no-display");
    let output = desk.app().env_remove("DISPLAY").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "no panic, the code of the machine: {said}");
    assert!(said.contains("There is no display") && said.contains("--headless"), "{said}");
    assert_eq!(said.lines().count(), 1, "one sentence, nothing of the toolkit: {said}");
}

#[test]
fn a_display_that_does_not_answer_is_a_sentence_too() {
    let desk = Desk::new("dead-display");
    let output = desk.app().env("DISPLAY", ":63999").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "no panic, the code of the machine: {said}");
    assert!(said.contains("--headless") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_second_window_on_the_same_home_says_so_and_works_once_the_first_is_closed() {
    let desk = Desk::new("second-window");
    let first = desk.open();
    first.rpc("datasets", serde_json::json!({})).unwrap();
    let second = desk.open();
    let error = second.rpc("datasets", serde_json::json!({})).unwrap_err();
    assert_eq!(error["code"], "busy", "{error}");
    second.see("Another window of Semid is open");
    second.shot("busy");
    first.close();
    let deadline = Instant::now() + Duration::from_secs(20);
    while second.rpc("datasets", serde_json::json!({})).is_err() {
        assert!(Instant::now() < deadline, "the first window is closed, so the second may go on");
    }
}

#[test]
fn movielens_is_offered_with_its_licence_and_taken_from_files_that_are_here() {
    let desk = Desk::new("movielens").set_up("data");
    let window = desk.open();
    window.see("Already on this machine");
    window.see("research");
    window.click("button", "Get MovieLens 100K");
    window.wait_long("its page", "return location.hash === '#/data/movielens-100k'");
    window.see("1,682");
    window.wait("charts are drawn", "return document.querySelectorAll('main svg[viewBox] text').length > 0");
    window.shot("movielens");
}
