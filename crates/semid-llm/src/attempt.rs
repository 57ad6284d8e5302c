//! One request and all its attempts: where to, how often, what to charge, and what to say when it does not work out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use semid_core::{FailureKind, Finish, Outcome, Reply, Request, Usage, Work};
use serde_json::Value;

use crate::budget::{self, Reservation};
use crate::pool::{Connected, Pool, Seat, doubled};
use crate::transport::{self, Trouble};
use crate::wire::{self, Understood};
use crate::{Ledger, Retries};

/// A server that asks for more is asked again after this.
const LONGEST_REST: Duration = Duration::from_secs(86_400);

/// What every request on its way needs.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) model: String,
    pub(crate) retries: Retries,
    pub(crate) timeout_secs: f64,
}

impl Shared {
    fn asked_to_wait(&self, wait: Duration) -> String {
        let names: Vec<&str> = self.pool.endpoints.iter().map(|it| it.endpoint.name.as_str()).collect();
        format!(
            "{} asked to wait {} s, longer than the wait that is allowed. Try later: what was answered is kept.",
            names.join(", "),
            wait.as_secs_f64().ceil()
        )
    }
}

/// One request, with all its attempts.
pub(crate) async fn ask(
    shared: &Shared,
    work: &Work,
    request: &Request,
    digest: &str,
    reservation: Reservation,
) -> Reply {
    let mut rng = work.rng(&format!("waits of request {digest}"));
    let mut reservation = Some(reservation);
    let mut attempts = 0;
    let mut failed_at = None;
    let mut lost = Usage::default();
    let mut notes = Vec::new();
    let longest = Duration::from_millis(shared.retries.longest_wait_ms);
    let failure = loop {
        let seat = match shared.pool.take(Instant::now(), failed_at) {
            Ok(seat) => seat,
            Err(until) => {
                let wait = until.saturating_duration_since(Instant::now());
                if wait > longest {
                    break (FailureKind::RateLimited, shared.asked_to_wait(wait));
                }
                tokio::time::sleep(wait).await;
                continue;
            }
        };
        let held = reservation.take().or_else(|| shared.ledger.reserve(budget::most(request)));
        let Some(held) = held else {
            let sentence = "Not sent again after a failure, since that could have passed the budget of the run.";
            break (FailureKind::Budget, sentence.to_owned());
        };
        attempts += 1;
        let trouble = match attempt(shared, &seat, request, held, &mut notes).await {
            Ok((text, usage)) => {
                seat.succeeded();
                let (outcome, usage) = (outcome(text, &seat), add(usage, lost));
                return Reply { outcome, usage, cost: shared.ledger.cost(usage), cached: false, attempts, notes };
            }
            Err((trouble, charged)) => {
                lost = add(lost, charged);
                trouble
            }
        };
        let now = Instant::now();
        if trouble.passes() {
            seat.failed(now);
        }
        let asked = match &trouble {
            Trouble::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        if let Some(asked) = asked {
            seat.rest(now + asked.min(LONGEST_REST));
        }
        if !trouble.passes() || attempts >= shared.retries.attempts {
            break failed(shared, &seat, &trouble, attempts);
        }
        failed_at = Some(seat.place());
        drop(seat);
        let wait = doubled(shared.retries.first_wait_ms, attempts - 1).min(shared.retries.longest_wait_ms);
        // Drawn, so that requests which failed together do not all come back together.
        let wait = rng.random_range(wait.div_ceil(2)..=wait.max(1));
        tokio::time::sleep(Duration::from_millis(wait)).await;
    };
    let (kind, sentence) = failure;
    Reply { usage: lost, cost: shared.ledger.cost(lost), attempts, notes, ..Reply::failed(kind, sentence) }
}

/// One attempt, with what has to be found out about the server on the way. An error tells what may have been charged.
async fn attempt(
    shared: &Shared,
    seat: &Seat<'_>,
    request: &Request,
    mut held: Reservation,
    notes: &mut Vec<String>,
) -> std::result::Result<(Said, Usage), (Trouble, Usage)> {
    let wants_schema = request.constraint.is_some();
    let mut with_schema = wants_schema && seat.dialect().schema != Understood::No;
    let mut renamed = false;
    loop {
        let body = wire::body(&shared.model, request, seat.dialect(), with_schema);
        held.sending();
        let sent = seat.connected().client.chat().create_byot::<_, Value>(body).await.map_err(transport::trouble);
        let trouble = match sent {
            Ok(value) => {
                let answer = wire::answer(&value);
                let usage = match answer.usage {
                    Some(usage) => {
                        held.settle(usage);
                        usage
                    }
                    None => held.lost(),
                };
                if wants_schema {
                    seat.learn(|it| it.schema = if with_schema { Understood::Yes } else { Understood::No });
                }
                if wants_schema && !with_schema {
                    notes.push(format!(
                        "{} has no JSON-schema output; the answer was written freely.",
                        seat.connected().endpoint.name
                    ));
                }
                return Ok((answer.text, usage));
            }
            Err(trouble) => trouble,
        };
        if let Trouble::Status { status: 400 | 415 | 422 | 501, said, .. } = &trouble {
            if !renamed && !seat.dialect().completion_limit && wire::is_about_completion_limit(said) {
                seat.learn(|it| it.completion_limit = true);
                renamed = true;
                continue;
            }
            // A server that has shown that it knows schemas refuses for another reason, unless it says so.
            if with_schema && (seat.dialect().schema == Understood::Unknown || wire::is_about_schema(said)) {
                with_schema = false;
                continue;
            }
        }
        let charged = match trouble.may_be_charged() {
            true => held.lost(),
            false => {
                held.settle(Usage::default());
                Usage::default()
            }
        };
        return Err((trouble, charged));
    }
}

/// A text and why it ended, or why there is none.
type Said = std::result::Result<(String, Finish), (FailureKind, String)>;

fn outcome(said: Said, seat: &Seat<'_>) -> Outcome {
    match said {
        Ok((text, finish)) => Outcome::Text { text, finish },
        Err((kind, what)) => Outcome::Failed { kind, sentence: sentence(seat, &what, "") },
    }
}

/// What a failure is called and said to be, when no attempt is left.
fn failed(shared: &Shared, seat: &Seat<'_>, trouble: &Trouble, attempts: u32) -> (FailureKind, String) {
    let tried = if attempts == 1 { String::new() } else { format!(" It was tried {attempts} times.") };
    let kind_and = |kind, what: String, hint: &str| (kind, sentence(seat, &what, &format!("{tried}{hint}")));
    match trouble {
        Trouble::Status { status: 429, retry_after, said } => {
            let wait = retry_after.map_or(String::new(), |wait| format!(" and asks to wait {} s", wait.as_secs()));
            let what = format!("has had too many requests{wait} (429: {said})");
            kind_and(FailureKind::RateLimited, what, " Ask fewer at once, or try later: what was answered is kept.")
        }
        Trouble::Status { status: status @ (401 | 403), said, .. } => {
            kind_and(FailureKind::Rejected, format!("did not accept the key ({status}: {said})"), " Give its key anew.")
        }
        Trouble::Status { status: 404, said, .. } => {
            let what = format!("does not know this address or the model {} (404: {said})", shared.model);
            kind_and(FailureKind::Rejected, what, " Test the connection to see its models.")
        }
        Trouble::Status { status: status @ 300..=399, .. } => {
            let what = format!("points to another address ({status})");
            kind_and(FailureKind::Rejected, what, " Redirects are not followed; give the final base URL.")
        }
        Trouble::Status { status, said, .. } if trouble.passes() => {
            kind_and(FailureKind::Server, format!("failed ({status}: {said})"), " Look at the server's log.")
        }
        Trouble::Status { status, said, .. } => {
            let hint = " Check the model's name, the length of the prompt and the sampling settings.";
            kind_and(FailureKind::Rejected, format!("did not accept the request ({status}: {said})"), hint)
        }
        Trouble::Timeout => {
            let what = format!("did not answer within {} s", shared.timeout_secs);
            kind_and(FailureKind::Timeout, what, " Allow more time, or ask fewer at once.")
        }
        Trouble::Unreachable(why) => {
            let what = format!("cannot be reached ({why})");
            kind_and(FailureKind::Connection, what, " Check the base URL and that the server runs.")
        }
        Trouble::Broken(why) => {
            let what = format!("broke off in the middle of an answer ({why})");
            kind_and(FailureKind::Connection, what, " Look at the server's log.")
        }
        Trouble::Malformed(why) => {
            let what = format!("sent something that is no answer: {why}");
            kind_and(FailureKind::Malformed, what, " Check that the base URL is that of an OpenAI-compatible server.")
        }
    }
}

/// Names the endpoint and says what it did, without its key, should the server have repeated it.
fn sentence(seat: &Seat<'_>, what: &str, rest: &str) -> String {
    let Connected { endpoint, key, .. } = seat.connected();
    let said = format!("{} ({}) {what}.{rest}", endpoint.name, endpoint.base_url);
    key.as_ref().map_or(said.clone(), |key| key.hide_in(&said))
}

fn add(one: Usage, other: Usage) -> Usage {
    Usage {
        prompt_tokens: one.prompt_tokens + other.prompt_tokens,
        completion_tokens: one.completion_tokens + other.completion_tokens,
        estimated: one.estimated || other.estimated,
    }
}
