//! Jobs: what takes longer than a moment runs on a worker, and anyone may look at it or cancel it.
//!
//! There is one worker a lane, and each lane runs its jobs in order, so that a look at an item does not wait behind a
//! download, and neither behind a run.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use semid_core::{ProgressView, Seed, Work};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ApiError;

/// Names a job.
pub type JobId = u64;

/// The queues and their workers.
pub struct Jobs {
    table: Arc<Table>,
    queues: BTreeMap<Lane, Sender<(JobId, Task)>>,
}

/// Jobs of one lane run one after the other; lanes run side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What keeps all cores busy for minutes: runs, IDs, embedding.
    Runs,
    /// What reads files or the network: imports, downloads, checks.
    Files,
    /// What a person waits for, looking at the screen.
    Quick,
}

type Task = Box<dyn FnOnce(&Work) -> Result<Value, ApiError> + Send>;

/// What a reader sees of a job.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct JobView {
    /// Names it.
    pub id: JobId,
    /// What it does, for people.
    pub title: String,
    /// Where it stands.
    pub state: JobState,
    /// Open steps and curves.
    pub progress: ProgressView,
    /// What came of it, when finished.
    #[ts(type = "unknown")]
    pub result: Option<Value>,
    /// Why it failed, when it did.
    pub error: Option<ApiError>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits for those before it.
    Queued,
    /// Works.
    Running,
    /// Has a result.
    Finished,
    /// Has an error.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl JobState {
    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, JobState::Finished | JobState::Failed | JobState::Cancelled)
    }
}

impl Jobs {
    /// Starts the workers.
    pub fn start() -> Self {
        let table = Arc::new(Table::default());
        let start = |lane| {
            let (queue, tasks) = channel::<(JobId, Task)>();
            let table = table.clone();
            std::thread::spawn(move || {
                for (id, task) in tasks {
                    table.work(id, task);
                }
            });
            (lane, queue)
        };
        let queues = [Lane::Runs, Lane::Files, Lane::Quick].map(start).into();
        Jobs { table, queues }
    }

    /// Queues a job that a person waits for.
    pub fn submit(
        &self,
        title: impl Into<String>,
        seed: Seed,
        task: impl FnOnce(&Work) -> Result<Value, ApiError> + Send + 'static,
    ) -> JobId {
        self.submit_to(Lane::Quick, title, seed, task)
    }

    /// Queues a job in a lane.
    pub fn submit_to(
        &self,
        lane: Lane,
        title: impl Into<String>,
        seed: Seed,
        task: impl FnOnce(&Work) -> Result<Value, ApiError> + Send + 'static,
    ) -> JobId {
        let mut jobs = self.table.lock();
        let id = jobs.keys().next_back().map_or(1, |last| last + 1);
        jobs.insert(
            id,
            Job { title: title.into(), work: Work::new(seed), state: JobState::Queued, result: None, error: None },
        );
        drop(jobs);
        // A worker lives as long as its queue; a send can only fail after a panic of the worker itself.
        let sent = self.queues.get(&lane).is_some_and(|queue| queue.send((id, Box::new(task))).is_ok());
        if !sent {
            self.table.end(id, Err(ApiError::internal("The worker has stopped. Start Semid again.")));
        }
        id
    }

    /// One job as it is now.
    pub fn view(&self, id: JobId) -> Option<JobView> {
        self.table.lock().get(&id).map(|job| job.view(id))
    }

    /// All jobs of this process, oldest first.
    pub fn views(&self) -> Vec<JobView> {
        self.table.lock().iter().map(|(id, job)| job.view(*id)).collect()
    }

    /// Waits until the job is over or `at_most` has passed; the job as it is then.
    pub fn wait(&self, id: JobId, at_most: Duration) -> Option<JobView> {
        let jobs = self.table.lock();
        let still_going = |jobs: &mut BTreeMap<JobId, Job>| jobs.get(&id).is_some_and(|job| !job.state.is_over());
        let waited = self.table.changed.wait_timeout_while(jobs, at_most, still_going);
        let (jobs, _) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        jobs.get(&id).map(|job| job.view(id))
    }

    /// Whether a job works or waits, and nobody has asked it to stop.
    pub fn goes_on(&self, id: JobId) -> bool {
        self.table.lock().get(&id).is_some_and(|job| !job.state.is_over() && !job.work.cancel().is_cancelled())
    }

    /// Asks a job to stop. Finished stages stay.
    pub fn cancel(&self, id: JobId) -> bool {
        let mut jobs = self.table.lock();
        let Some(job) = jobs.get_mut(&id) else { return false };
        job.work.cancel().cancel();
        // What waits behind a long job need not wait for it to be gone.
        if job.state == JobState::Queued {
            (job.state, job.error) = (JobState::Cancelled, Some(ApiError::cancelled()));
        }
        drop(jobs);
        self.table.changed.notify_all();
        true
    }
}

#[derive(Default)]
struct Table {
    jobs: Mutex<BTreeMap<JobId, Job>>,
    changed: Condvar,
}

struct Job {
    title: String,
    work: Work,
    state: JobState,
    result: Option<Value>,
    error: Option<ApiError>,
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, Job>> {
        self.jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn work(&self, id: JobId, task: Task) {
        let work = match self.lock().get_mut(&id).filter(|job| !job.state.is_over()) {
            Some(job) => {
                job.state = JobState::Running;
                job.work.clone()
            }
            None => return,
        };
        let outcome = match work.check() {
            Err(_) => Err(ApiError::cancelled()),
            // A panic is a bug, but one job's bug must not take the others, or the window, with it.
            Ok(()) => catch_unwind(AssertUnwindSafe(|| task(&work))).unwrap_or_else(|panic| {
                let what = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("no message");
                Err(ApiError::internal(format!("Semid ran into a bug of its own: {what}. Please report it.")))
            }),
        };
        self.end(id, outcome);
    }

    fn end(&self, id: JobId, outcome: Result<Value, ApiError>) {
        if let Some(job) = self.lock().get_mut(&id) {
            match outcome {
                Ok(result) => (job.state, job.result) = (JobState::Finished, Some(result)),
                Err(error) => {
                    job.state = if error.is_cancelled() { JobState::Cancelled } else { JobState::Failed };
                    job.error = Some(error);
                }
            }
        }
        self.changed.notify_all();
    }
}

impl Job {
    fn view(&self, id: JobId) -> JobView {
        JobView {
            id,
            title: self.title.clone(),
            state: self.state,
            progress: self.work.view(),
            result: self.result.clone(),
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn a_job_ends_with_its_result_and_jobs_run_in_order() {
        let jobs = Jobs::start();
        let first = jobs.submit("first", Seed(1), |_| Ok(json!(1)));
        let second = jobs.submit("second", Seed(1), |_| Ok(json!(2)));
        assert_eq!(jobs.wait(second, SOON).unwrap().result, Some(json!(2)), "the second job's own result");
        assert_eq!(jobs.view(first).unwrap().state, JobState::Finished, "the first was done before the second");
    }

    #[test]
    fn a_look_at_an_item_does_not_wait_behind_a_run_and_a_waiting_run_can_be_cancelled() {
        let jobs = Jobs::start();
        let (release, held) = channel::<()>();
        let run = jobs.submit_to(Lane::Runs, "run", Seed(1), move |_| {
            let _ = held.recv();
            Ok(json!(1))
        });
        let next = jobs.submit_to(Lane::Runs, "next run", Seed(1), |_| Ok(json!(2)));
        let files = jobs.submit_to(Lane::Files, "import", Seed(1), |_| Ok(json!(3)));
        let look = jobs.submit("look", Seed(1), |_| Ok(json!(4)));
        assert_eq!(jobs.wait(look, SOON).unwrap().result, Some(json!(4)), "answered while the run goes on");
        assert_eq!(jobs.wait(files, SOON).unwrap().result, Some(json!(3)), "so is the import");
        // Whether its worker has come to it yet is the scheduler's business.
        assert!(!jobs.view(run).unwrap().state.is_over(), "the run is not over");
        assert!(jobs.cancel(next), "the next one is known");
        drop(release);
        assert_eq!(jobs.wait(next, SOON).unwrap().state, JobState::Cancelled, "it never started");
        assert_eq!(jobs.wait(run, SOON).unwrap().state, JobState::Finished, "the run was not touched");
    }

    #[test]
    fn a_cancelled_job_stops_at_its_next_step() {
        let jobs = Jobs::start();
        let id = jobs.submit("endless", Seed(1), |work| {
            let step = work.step("count", 0);
            loop {
                step.advance(1).map_err(|_| ApiError::cancelled())?;
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        assert!(jobs.cancel(id), "the job is known");
        assert_eq!(jobs.wait(id, SOON).unwrap().state, JobState::Cancelled, "it stopped because it was asked to");
    }

    #[test]
    fn a_panic_fails_its_own_job_only() {
        let jobs = Jobs::start();
        let bad = jobs.submit("bad", Seed(1), |_| panic!("boom"));
        let good = jobs.submit("good", Seed(1), |_| Ok(json!("fine")));
        assert_eq!(jobs.wait(good, SOON).unwrap().state, JobState::Finished, "the worker survived");
        let error = jobs.view(bad).unwrap().error.unwrap();
        assert!(error.message.contains("boom"), "the message says what happened: {}", error.message);
    }
}
