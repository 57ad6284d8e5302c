//! Follows a job: bars with an ETA on a terminal, plain lines when piped, and Ctrl-C as a cancel.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use semid_api::{ApiError, App, JobId, JobState, JobView};
use semid_core::StepView;
use serde_json::Value;

use crate::out;

/// How often the view is read; a cancel must be felt within a second.
const EVERY: Duration = Duration::from_millis(100);
/// How often a plain line repeats while the same step goes on.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Waits for a job and shows how it goes on standard error. Ctrl-C cancels it; a second Ctrl-C ends at once.
pub fn follow(app: &App, job: JobId, quiet: bool) -> Result<Value, ApiError> {
    let interrupts = interrupts();
    let mut screen = Screen::new(quiet);
    let mut cancelled = false;
    loop {
        let Some(view) = app.jobs().wait(job, EVERY) else {
            return Err(ApiError::internal("The job is not known any more."));
        };
        if view.state.is_over() {
            screen.close();
            return match (view.state, view.result, view.error) {
                (JobState::Finished, Some(result), _) => Ok(result),
                (_, _, Some(error)) => Err(error),
                _ => Err(ApiError::cancelled()),
            };
        }
        screen.show(&view);
        if interrupts.load(Ordering::Relaxed) > 0 && !cancelled {
            cancelled = true;
            app.jobs().cancel(job);
            screen.line("Stopping; what is finished stays. Press Ctrl-C again to end at once.");
        }
    }
}

/// Counts Ctrl-C; the second ends the process.
fn interrupts() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    // A process has one handler; a second job of the same process keeps the first one's, which is not needed twice.
    let _ = ctrlc::set_handler(move || {
        if counter.fetch_add(1, Ordering::Relaxed) > 0 {
            std::process::exit(130);
        }
    });
    count
}

enum Screen {
    Quiet,
    Bars { bar: ProgressBar },
    Lines { last: String, at: Instant },
}

impl Screen {
    fn new(quiet: bool) -> Self {
        if quiet {
            Screen::Quiet
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            bar.enable_steady_tick(Duration::from_millis(200));
            Screen::Bars { bar }
        } else {
            Screen::Lines { last: String::new(), at: Instant::now() }
        }
    }

    fn show(&mut self, view: &JobView) {
        let Some(step) = view.progress.steps.last() else { return };
        let name = place(&view.progress.steps);
        match self {
            Screen::Quiet => {}
            Screen::Bars { bar } => {
                bar.set_style(style(step));
                bar.set_length(step.total);
                bar.set_position(step.done.min(step.total.max(step.done)));
                bar.set_prefix(name);
                bar.set_message(tail(step));
            }
            Screen::Lines { last, at } => {
                if *last != name || at.elapsed() >= PLAIN_EVERY {
                    out::note(&format!("{name}{}", plain(step)));
                    (*last, *at) = (name, Instant::now());
                }
            }
        }
    }

    fn line(&self, text: &str) {
        match self {
            Screen::Quiet => {}
            Screen::Bars { bar } => bar.println(text),
            Screen::Lines { .. } => out::note(text),
        }
    }

    fn close(&self) {
        if let Screen::Bars { bar } = self {
            bar.finish_and_clear();
        }
    }
}

/// Where the work is: the open steps, and what the outer ones are at ("train and rank Generative · LSH, seed 2 › …").
fn place(steps: &[StepView]) -> String {
    let inner = steps.len().saturating_sub(1);
    let named = steps.iter().enumerate().map(|(at, step)| match step.note.as_str() {
        note if at < inner && !note.is_empty() => format!("{} {note}", step.name),
        _ => step.name.clone(),
    });
    named.collect::<Vec<_>>().join(" › ")
}

fn style(step: &StepView) -> ProgressStyle {
    let template =
        if step.total > 0 { "{prefix} {bar:28.cyan/dim} {percent:>3} % {msg}" } else { "{spinner} {prefix} {msg}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn tail(step: &StepView) -> String {
    let left = step.remaining_secs.map(|secs| format!("{} left", duration(secs)));
    [Some(step.note.clone()).filter(|note| !note.is_empty()), left]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

fn plain(step: &StepView) -> String {
    let share = (step.done * 100).checked_div(step.total).map_or(String::new(), |share| format!(" {share} %"));
    match tail(step) {
        tail if tail.is_empty() => share,
        tail => format!("{share} ({tail})"),
    }
}

/// `4 s`, `2 min 10 s`, `3 h 5 min`.
pub fn duration(secs: f64) -> String {
    let secs = secs.round() as u64;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
    }
}
