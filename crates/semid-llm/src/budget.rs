//! What a run may spend, and what it has spent: tokens and money are set aside before a request is sent, so that requests
//! on their way together cannot pass the limit.

use std::sync::{Arc, Mutex, MutexGuard};

use semid_core::{Error, Request, Result, Usage};
use serde::{Deserialize, Serialize};

/// What a run may spend. A run stops before a request that could pass a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Tokens read and written; none: no limit.
    pub tokens: Option<u64>,
    /// Cost in the currency of the price; none: no limit.
    pub cost: Option<f64>,
}

/// What tokens cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For a million tokens read.
    pub prompt_per_million: f64,
    /// For a million tokens written.
    pub completion_per_million: f64,
    /// "USD".
    pub currency: String,
}

/// What a run has spent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens read and written.
    pub tokens: u64,
    /// Cost, where there is a price.
    pub cost: Option<f64>,
    /// Whether a request was not sent because of the budget.
    pub stopped: bool,
}

/// The purse of one run, shared by all its calls.
///
/// What a request may take is known before it is sent: every byte of the prompt can be a token, none can be more, and the
/// answer has its `max_tokens`. So much is set aside, and the difference comes back with the answer. A run therefore stops
/// a little before its limit, by less than the largest request. An answer that was lost on the way (a timeout, a broken
/// connection) counts as if it had taken all that was set aside, since the server may charge for it. Only a server that
/// writes more than `max_tokens` can push a run over its limit.
#[derive(Debug)]
pub struct Ledger {
    limit: Amount,
    price: Option<Price>,
    state: Mutex<State>,
}

impl Ledger {
    /// A purse with this much in it. A limit on the cost needs a price.
    pub fn new(budget: Budget, price: Option<Price>) -> Result<Arc<Self>> {
        if budget.cost.is_some() && price.is_none() {
            return Err(Error::input("A limit on the cost needs a price. Give one, or limit tokens instead."));
        }
        let cost = budget.cost.map_or(u64::MAX, picos);
        let limit = Amount { tokens: budget.tokens.unwrap_or(u64::MAX), picos: cost };
        Ok(Arc::new(Ledger { limit, price, state: Mutex::default() }))
    }

    /// What has been spent.
    pub fn spent(&self) -> Spent {
        let state = self.lock();
        Spent {
            tokens: state.spent.tokens,
            cost: self.price.as_ref().map(|_| state.spent.picos as f64 / PICOS),
            stopped: state.stopped,
        }
    }

    /// What so many tokens cost; none without a price.
    pub fn cost(&self, usage: Usage) -> Option<f64> {
        self.price.as_ref().map(|_| self.amount(usage).picos as f64 / PICOS)
    }

    /// Sets aside what `most` may take; none when that could pass the limit.
    pub(crate) fn reserve(self: &Arc<Self>, most: Usage) -> Option<Reservation> {
        let amount = self.amount(most);
        let mut state = self.lock();
        let after = state.spent.plus(state.reserved).plus(amount);
        if after.tokens > self.limit.tokens || after.picos > self.limit.picos {
            return None;
        }
        state.reserved = state.reserved.plus(amount);
        Some(Reservation { ledger: self.clone(), most, sent: false })
    }

    /// Notes that a request was not sent because of the budget.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
    }

    fn amount(&self, usage: Usage) -> Amount {
        let of = |tokens: u64, per_million: f64| tokens.saturating_mul((per_million * (PICOS / 1e6)).round() as u64);
        let picos = self.price.as_ref().map_or(0, |price| {
            of(usage.prompt_tokens, price.prompt_per_million)
                .saturating_add(of(usage.completion_tokens, price.completion_per_million))
        });
        Amount { tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens), picos }
    }

    fn settle(&self, most: Usage, used: Usage) {
        let (most, used) = (self.amount(most), self.amount(used));
        let mut state = self.lock();
        state.reserved = state.reserved.minus(most);
        state.spent = state.spent.plus(used);
    }

    // A panic while the purse was locked leaves it readable: it holds only numbers.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Tokens and money set aside for one attempt. Dropped unsent, all of it comes back; dropped after sending, it is spent.
#[derive(Debug)]
pub(crate) struct Reservation {
    ledger: Arc<Ledger>,
    most: Usage,
    sent: bool,
}

impl Reservation {
    /// From here on the server may charge for it.
    pub(crate) fn sending(&mut self) {
        self.sent = true;
    }

    /// What was used in truth: the server's count.
    pub(crate) fn settle(mut self, used: Usage) {
        self.sent = false;
        self.ledger.settle(self.most, used);
        self.most = Usage::default();
    }

    /// The answer was lost or came without a count: all of it counts as used. Gives what was written down.
    pub(crate) fn lost(self) -> Usage {
        let used = Usage { estimated: true, ..self.most };
        self.settle(used);
        used
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let used = if self.sent { self.most } else { Usage::default() };
        self.ledger.settle(self.most, used);
    }
}

/// The most a request can take. A token is at least one byte of text; a message's frame is a few tokens.
pub(crate) fn most(request: &Request) -> Usage {
    const FRAME: u64 = 16;
    let turns = request.prompt.messages.iter().map(|message| message.text.len() as u64 + FRAME);
    let prompt_tokens = FRAME + request.prompt.system.len() as u64 + turns.sum::<u64>();
    Usage { prompt_tokens, completion_tokens: u64::from(request.sampling.max_tokens), estimated: true }
}

/// Money is counted in whole millionths of a millionth, so that sums do not depend on their order.
const PICOS: f64 = 1e12;

fn picos(cost: f64) -> u64 {
    (cost * PICOS).round() as u64
}

#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    tokens: u64,
    picos: u64,
}

impl Amount {
    fn plus(self, other: Amount) -> Amount {
        Amount { tokens: self.tokens.saturating_add(other.tokens), picos: self.picos.saturating_add(other.picos) }
    }

    fn minus(self, other: Amount) -> Amount {
        Amount { tokens: self.tokens.saturating_sub(other.tokens), picos: self.picos.saturating_sub(other.picos) }
    }
}

#[derive(Debug, Default)]
struct State {
    spent: Amount,
    reserved: Amount,
    stopped: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
        Usage { prompt_tokens, completion_tokens, estimated: false }
    }

    #[test]
    fn what_is_set_aside_counts_until_it_comes_back() {
        let ledger = Ledger::new(Budget { tokens: Some(100), cost: None }, None).unwrap();
        let first = ledger.reserve(usage(40, 20)).unwrap();
        assert!(ledger.reserve(usage(40, 20)).is_none(), "both together could pass the limit");
        first.settle(usage(10, 5));
        assert_eq!(ledger.spent().tokens, 15, "the server's count is what was spent");
        let second = ledger.reserve(usage(40, 20)).unwrap();
        drop(second);
        assert_eq!(ledger.spent().tokens, 15, "what was not sent was not spent");
        let mut third = ledger.reserve(usage(40, 20)).unwrap();
        third.sending();
        drop(third);
        assert_eq!(ledger.spent().tokens, 75, "what was sent and then cancelled may be charged");
        assert!(ledger.reserve(usage(20, 6)).is_none(), "101 tokens would pass 100");
        assert!(ledger.reserve(usage(20, 5)).is_some(), "100 tokens do not");
    }

    #[test]
    fn money_is_counted_without_rounding() {
        let price = Price { prompt_per_million: 0.15, completion_per_million: 0.6, currency: "USD".into() };
        let ledger = Ledger::new(Budget { tokens: None, cost: Some(1e-6) }, Some(price)).unwrap();
        for _ in 0..4 {
            ledger.reserve(usage(1, 0)).unwrap().settle(usage(1, 0));
        }
        assert_eq!(ledger.spent().cost, Some(6e-7), "four tokens at .15 a million");
        assert!(ledger.reserve(usage(0, 1)).is_none(), "a written token costs as much as is left and a bit more");
        assert!(ledger.reserve(usage(2, 0)).is_some(), "two read tokens fit");
        assert!(Ledger::new(Budget { tokens: None, cost: Some(1.0) }, None).is_err(), "no price, no limit on the cost");
    }
}
