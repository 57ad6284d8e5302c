//! `Work`: what every long computation carries: progress, cancel, seed.
//!
//! A loop opens a [`Step`] and calls [`Step::advance`]; that one call reports progress and is where a cancel takes
//! effect. All randomness comes from [`Work::rng`], named by purpose, so that adding a draw in one place never shifts
//! another, and so that the number of threads never shows.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What a long computation carries. Cheap to clone; clones share progress and cancel.
#[derive(Clone, Debug)]
pub struct Work {
    seed: Seed,
    cancel: Cancel,
    board: Arc<Mutex<Board>>,
}

impl Work {
    /// Work with a seed, no progress yet, not cancelled.
    pub fn new(seed: Seed) -> Self {
        Work { seed, cancel: Cancel::default(), board: Arc::default() }
    }

    /// The same progress and cancel under another seed: one replicate of an experiment.
    pub fn with_seed(&self, seed: Seed) -> Self {
        Work { seed, ..self.clone() }
    }

    /// The same seed and cancel, with steps that nobody sees: for one of many short parts, whose whole has a step.
    pub fn unseen(&self) -> Self {
        Work { board: Arc::default(), ..self.clone() }
    }

    /// The seed.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// A generator for one purpose: the same seed and purpose give the same stream.
    pub fn rng(&self, purpose: &str) -> ChaCha8Rng {
        self.seed.rng(purpose)
    }

    /// Opens a step of `total` units (0: unknown). Steps may nest; a reader sees all that are open.
    pub fn step(&self, name: &'static str, total: usize) -> Step<'_> {
        let done = Arc::new(AtomicU64::new(0));
        let mut board = lock(&self.board);
        let id = board.next_id;
        board.next_id += 1;
        let step = OpenStep {
            id,
            name,
            note: String::new(),
            total: total as u64,
            done: done.clone(),
            started: Instant::now(),
        };
        board.open.push(step);
        Step { work: self, id, done }
    }

    /// An error if a cancel was asked for.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancel.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// The switch that cancels this work from another thread.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// What is going on now: any reader may ask at any time.
    pub fn view(&self) -> ProgressView {
        let board = lock(&self.board);
        ProgressView {
            steps: board
                .open
                .iter()
                .map(|step| {
                    let done = step.done.load(Ordering::Relaxed);
                    let elapsed = step.started.elapsed();
                    StepView {
                        name: step.name.to_owned(),
                        note: step.note.clone(),
                        done,
                        total: step.total,
                        elapsed_secs: elapsed.as_secs_f64(),
                        remaining_secs: remaining(elapsed, done, step.total),
                    }
                })
                .collect(),
            series: board.series.clone(),
        }
    }

    /// The points recorded so far, which leave the board: whoever stores them owns them.
    pub fn take_series(&self) -> Vec<SeriesPoint> {
        std::mem::take(&mut lock(&self.board).series)
    }
}

/// One open step of the work. Dropping it closes it.
#[derive(Debug)]
pub struct Step<'w> {
    work: &'w Work,
    id: u64,
    done: Arc<AtomicU64>,
}

impl Step<'_> {
    /// Reports `n` more units done; an error if a cancel was asked for. Call at least a few times a second.
    pub fn advance(&self, n: usize) -> Result<(), Cancelled> {
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        self.work.check()
    }

    /// Sets the units done, for work that resumes in the middle.
    pub fn set(&self, done: usize) {
        self.done.store(done as u64, Ordering::Relaxed);
    }

    /// A few words shown beside the name: "epoch 3, loss 2.41".
    pub fn note(&self, text: impl Into<String>) {
        if let Some(step) = lock(&self.work.board).open.iter_mut().find(|step| step.id == self.id) {
            step.note = text.into();
        }
    }

    /// Records one point of a curve, for instance `record("validation ndcg@10", epoch, value)`.
    pub fn record(&self, series: &'static str, at: u64, value: f64) {
        lock(&self.work.board).series.push(SeriesPoint { series: series.to_owned(), at, value });
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        lock(&self.work.board).open.retain(|step| step.id != self.id);
    }
}

/// What a reader sees of work in progress.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
pub struct ProgressView {
    /// Open steps, outermost first.
    pub steps: Vec<StepView>,
    /// Curves recorded and not yet taken.
    pub series: Vec<SeriesPoint>,
}

/// One open step.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct StepView {
    /// What is being done.
    pub name: String,
    /// A few words of detail; may be empty.
    pub note: String,
    /// Units done.
    pub done: u64,
    /// Units in all; 0 when unknown.
    pub total: u64,
    /// Seconds since the step opened.
    pub elapsed_secs: f64,
    /// Seconds left at the pace so far; none before there is a pace.
    pub remaining_secs: Option<f64>,
}

/// One point of a recorded curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct SeriesPoint {
    /// Which curve.
    pub series: String,
    /// Position: a step, an epoch.
    pub at: u64,
    /// The value there.
    pub value: f64,
}

/// A switch that asks work to stop. Cheap to clone, safe to set from a signal handler's thread.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The work was asked to stop and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// The one source of randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// A generator for one purpose. Portable: the same on every machine.
    pub fn rng(self, purpose: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.key(purpose))
    }

    /// 32 bytes for one purpose, for keyed hashes.
    pub fn key(self, purpose: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("semid seed v1");
        hasher.update(&self.0.to_le_bytes());
        hasher.update(purpose.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

#[derive(Debug, Default)]
struct Board {
    next_id: u64,
    open: Vec<OpenStep>,
    series: Vec<SeriesPoint>,
}

#[derive(Debug)]
struct OpenStep {
    id: u64,
    name: &'static str,
    note: String,
    total: u64,
    done: Arc<AtomicU64>,
    started: Instant,
}

fn remaining(elapsed: Duration, done: u64, total: u64) -> Option<f64> {
    if done == 0 || total == 0 || elapsed < Duration::from_millis(500) {
        return None;
    }
    Some(elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done as f64)
}

// A panic while the board was locked leaves it readable: it holds only counters and text.
fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn same_seed_and_purpose_give_the_same_stream_and_other_purposes_another() {
        let draw = |seed, purpose| Seed(seed).rng(purpose).random::<u64>();
        assert_eq!(draw(1, "shuffle"), draw(1, "shuffle"), "a stream is a function of seed and purpose");
        assert_ne!(draw(1, "shuffle"), draw(1, "dropout"), "purposes have streams of their own");
        assert_ne!(draw(1, "shuffle"), draw(2, "shuffle"), "seeds have streams of their own");
    }

    #[test]
    fn a_cancel_takes_effect_at_the_next_advance() {
        let work = Work::new(Seed(1));
        let step = work.step("count", 10);
        assert_eq!(step.advance(1), Ok(()), "nobody has cancelled yet");
        work.cancel().cancel();
        assert_eq!(step.advance(1), Err(Cancelled), "the cancel was asked for before this advance");
        assert_eq!(work.view().steps[0].done, 2, "what was done is still counted");
    }

    #[test]
    fn unseen_parts_show_no_steps_and_are_cancelled_with_the_whole() {
        let work = Work::new(Seed(1));
        let part = work.unseen();
        let step = part.step("a short part", 1);
        assert!(work.view().steps.is_empty(), "nobody sees the steps of a part");
        work.cancel().cancel();
        assert_eq!(step.advance(1), Err(Cancelled), "what cancels the whole cancels the part");
    }

    #[test]
    fn a_closed_step_leaves_the_view_and_its_series_stay_until_taken() {
        let work = Work::new(Seed(1));
        {
            let step = work.step("train", 0);
            step.record("loss", 1, 0.5);
        }
        assert!(work.view().steps.is_empty(), "dropping a step closes it");
        assert_eq!(work.take_series().len(), 1, "the recorded point was kept");
        assert!(work.view().series.is_empty(), "taking moves the points out");
    }
}
