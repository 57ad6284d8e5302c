//! A fetch on a terminal: a progress bar; plain lines where there is no terminal.

use std::cell::RefCell;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semid_fetch::{Event, Watch};

/// Shows a fetch to a person.
#[derive(Default)]
pub struct Terminal {
    /// The file that is arriving, and its bar.
    arriving: RefCell<Option<(String, ProgressBar)>>,
}

impl Terminal {
    /// Nothing is shown until bytes arrive.
    pub fn new() -> Self {
        Terminal::default()
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some((_, bar)) = self.arriving.take() {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        self.clear();
        println!("  {line}");
    }

    fn arrived(&self, file: &str, done: u64, total: Option<u64>) {
        let mut arriving = self.arriving.borrow_mut();
        let bar = match &mut *arriving {
            Some((shown, bar)) if shown == file => bar,
            other => {
                let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
                let template = "  {wide_bar} {binary_bytes:>11} of {binary_total_bytes:<11} {eta:>4}  {msg}";
                // Bytes of an earlier, interrupted download say nothing about today's speed.
                let bar = bar.with_message(file.to_owned()).with_position(done);
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                &mut other.insert((file.to_owned(), bar)).1
            }
        };
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    }
}

impl Watch for Terminal {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Trying { source } => self.say(&format!("from {source} …")),
            Event::Failed { source, why } => self.say(&format!("{source}: {why}")),
            Event::Bytes { file, done, total } => self.arrived(file, done, total),
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
