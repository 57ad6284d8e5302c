//! A fetch on a terminal: a progress bar; plain lines where there is no terminal.

use std::cell::RefCell;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semid_fetch::{Event, Watch};

/// Shows a fetch to a person.
pub struct Terminal {
    bar: ProgressBar,
    file: RefCell<String>,
}

impl Terminal {
    /// Nothing is shown until bytes arrive.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
        let template = "  {wide_bar} {binary_bytes:>11} of {binary_total_bytes:<11} {eta:>4}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Terminal { bar, file: RefCell::default() }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            println!("  {line}");
        } else {
            self.bar.suspend(|| println!("  {line}"));
        }
    }
}

impl Watch for Terminal {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Trying { source } => self.say(&format!("from {source} …")),
            Event::Failed { source, why } => self.say(&format!("{source}: {why}")),
            Event::Bytes { file, done, total } => {
                if *self.file.borrow() != file {
                    *self.file.borrow_mut() = file.to_owned();
                    // Bytes of an earlier, interrupted download say nothing about today's speed.
                    self.bar.reset();
                    self.bar.set_position(done);
                    self.bar.reset_eta();
                    self.bar.set_message(file.to_owned());
                }
                self.bar.set_length(total.unwrap_or(done).max(done));
                self.bar.set_position(done);
            }
            Event::Verified { file } => self.say(&format!("verified {file}")),
            Event::FirstUse { file, sha256 } => self.say(&format!(
                "{file}: its publisher prints no digest; SHA-256 {sha256} is remembered and later downloads are held \
                 against it"
            )),
            Event::Waiting { folder } => {
                self.say(&format!("another process is filling {}; waiting for it …", folder.display()));
            }
        }
    }
}
