//! The journeys of a person in the real window, by mouse and by keyboard.
//!
//! Each test has a screen, a driver, a home and an app of its own; screenshots are kept in
//! `target/window-tests`. What is waited for is a condition, never a time.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(target_os = "linux")]

mod compare;
mod explore;
mod hostile;
mod import;
mod results;
mod safety;
mod settings;
mod start;
mod study;
mod why;
