//! The endpoints of one model: the next request goes to the one with the least to do, and one that keeps failing rests.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use async_openai::Client;

use crate::transport::Address;
use crate::wire::Dialect;
use crate::{Endpoint, Retries, Secret};

pub(crate) struct Pool {
    pub(crate) endpoints: Vec<Connected>,
    retries: Retries,
    standings: Mutex<Vec<Standing>>,
}

/// An endpoint that can be asked.
pub(crate) struct Connected {
    pub(crate) endpoint: Endpoint,
    pub(crate) client: Client<Address>,
    pub(crate) key: Option<Secret>,
}

/// How one endpoint stands.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    in_flight: usize,
    sent: u64,
    failures: u32,
    rests: u32,
    rests_until: Option<Instant>,
    dialect: Dialect,
}

impl Pool {
    pub(crate) fn new(endpoints: Vec<Connected>, retries: Retries) -> Self {
        let standings = Mutex::new(vec![Standing::default(); endpoints.len()]);
        Pool { endpoints, retries, standings }
    }

    /// Takes the endpoint with the least on its way, or says when the first of them has rested. One that has just failed
    /// the request is taken only if no other is awake: it has little on its way because it fails so fast.
    pub(crate) fn take(&self, now: Instant, failed: Option<usize>) -> std::result::Result<Seat<'_>, Instant> {
        let mut standings = self.lock();
        let awake = standings.iter().enumerate().filter(|(_, it)| it.rests_until.is_none_or(|until| until <= now));
        match awake.min_by_key(|(at, it)| (failed == Some(*at), it.in_flight, it.sent)).map(|(at, _)| at) {
            Some(at) => {
                standings[at].in_flight += 1;
                standings[at].sent += 1;
                Ok(Seat { pool: self, at })
            }
            None => Err(standings.iter().filter_map(|it| it.rests_until).min().unwrap_or(now)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.standings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One request's place at an endpoint; given back when dropped.
pub(crate) struct Seat<'p> {
    pool: &'p Pool,
    at: usize,
}

impl Seat<'_> {
    /// Which of the endpoints.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    pub(crate) fn connected(&self) -> &Connected {
        &self.pool.endpoints[self.at]
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.pool.lock()[self.at].dialect
    }

    /// Keeps what was found out about the server.
    pub(crate) fn learn(&self, change: impl FnOnce(&mut Dialect)) {
        change(&mut self.pool.lock()[self.at].dialect);
    }

    /// It answered.
    pub(crate) fn succeeded(&self) {
        let standing = &mut self.pool.lock()[self.at];
        (standing.failures, standing.rests) = (0, 0);
    }

    /// It did not. Requests that were on their way when it lay down do not make its rest longer.
    pub(crate) fn failed(&self, now: Instant) {
        let retries = &self.pool.retries;
        let standing = &mut self.pool.lock()[self.at];
        if standing.rests_until.is_some_and(|until| until > now) {
            return;
        }
        standing.failures += 1;
        if standing.failures >= retries.rest_after {
            let rest = doubled(retries.first_wait_ms, standing.rests).min(retries.longest_wait_ms);
            standing.rests_until = Some(now + Duration::from_millis(rest));
            standing.rests += 1;
            standing.failures = 0;
        }
    }

    /// It asked to be left alone for a while.
    pub(crate) fn rest(&self, until: Instant) {
        let standing = &mut self.pool.lock()[self.at];
        standing.rests_until = standing.rests_until.max(Some(until));
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.pool.lock()[self.at].in_flight -= 1;
    }
}

/// `first · 2^times`, without overflow.
pub(crate) fn doubled(first: u64, times: u32) -> u64 {
    first.saturating_mul(1u64.checked_shl(times).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::transport;

    fn pool(count: usize) -> Pool {
        let retries = Retries { attempts: 3, first_wait_ms: 100, longest_wait_ms: 350, rest_after: 2 };
        let endpoints = (0..count).map(|at| {
            let endpoint = Endpoint { name: at.to_string(), base_url: "http://127.0.0.1:9/v1".into() };
            let client = transport::connect(&endpoint, None, Duration::from_secs(1)).unwrap();
            Connected { endpoint, client, key: None }
        });
        Pool::new(endpoints.collect(), retries)
    }

    #[test]
    fn the_endpoint_with_the_least_to_do_is_next() {
        let pool = pool(3);
        let now = Instant::now();
        let seats: Vec<Seat> = (0..6).map(|_| pool.take(now, None).ok().unwrap()).collect();
        let taken: Vec<usize> = seats.iter().map(|seat| seat.at).collect();
        assert_eq!(taken, [0, 1, 2, 0, 1, 2], "load is spread evenly");
        let other = pool.take(now, Some(0)).ok().map(|seat| seat.at);
        assert_eq!(other, Some(1), "what failed at 0 is tried elsewhere");
        let mut seats = seats.into_iter();
        drop(seats.nth(4));
        assert_eq!(pool.take(now, None).ok().unwrap().at, 0, "0 has nothing on its way and was asked as seldom as any");
    }

    #[test]
    fn an_endpoint_that_keeps_failing_rests_longer_each_time_and_an_answer_ends_that() {
        let pool = pool(1);
        let mut now = Instant::now();
        let rest = |now: &mut Instant| {
            let seats = [
                pool.take(*now, None).ok().unwrap(),
                pool.take(*now, None).ok().unwrap(),
                pool.take(*now, None).ok().unwrap(),
            ];
            seats.iter().for_each(|seat| seat.failed(*now));
            let until = pool.take(*now, None).err().unwrap();
            let rest = until - *now;
            *now = until;
            rest.as_millis()
        };
        let rests = [rest(&mut now), rest(&mut now), rest(&mut now), rest(&mut now)];
        assert_eq!(rests, [100, 200, 350, 350], "twice as long each time, up to the longest wait");
        pool.take(now, None).ok().unwrap().succeeded();
        assert_eq!(rest(&mut now), 100, "after an answer the count begins anew");
    }
}
