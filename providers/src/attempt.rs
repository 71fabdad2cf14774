//! The ledger of a call: one record for each attempt at each provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use steadfast_pool::Reached;

use crate::{Usage, Usd};

/// One attempt: who was asked, what came of it, and what it cost. Holds no contents and no credentials.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// The provider that was asked.
    pub provider: Arc<str>,
    /// The model that was asked.
    pub model: Arc<str>,
    /// How it went: number, status, failure, how far it got, how long it took, the wait that followed. Numbers begin at 1
    /// for each provider.
    pub http: steadfast_pool::Attempt,
    /// What it took, as far as the provider told.
    pub usage: Option<Usage>,
    /// What that costs; `None` when nothing was told, or the price is not known.
    pub cost: Option<Usd>,
    /// From the beginning of the call at this provider until the first piece of a streamed answer.
    pub first_token: Option<Duration>,
    /// From there until the end of the answer.
    pub total: Option<Duration>,
}

/// Whether an attempt is on the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Billed {
    /// It never reached the provider, or was refused.
    No,
    /// The provider may have done the work, or a part of it, though no whole answer came.
    Maybe,
    /// The answer came.
    Yes,
}

impl Attempt {
    /// A record.
    #[must_use]
    pub fn new(provider: impl Into<Arc<str>>, model: impl Into<Arc<str>>, http: steadfast_pool::Attempt) -> Self {
        let (provider, model) = (provider.into(), model.into());
        Self { provider, model, http, usage: None, cost: None, first_token: None, total: None }
    }

    /// Whether it is on the bill.
    #[must_use]
    pub fn billed(&self) -> Billed {
        let accepted = self.http.status.is_some_and(|status| (200..300).contains(&status));
        let whole = self.http.reached == Reached::Body && self.http.error.is_none();
        match (accepted, whole) {
            (true, true) => Billed::Yes,
            (true, false) => Billed::Maybe,
            (false, _) if self.http.status.is_none() && self.http.maybe_executed => Billed::Maybe,
            _ => Billed::No,
        }
    }

    /// Tokens of the answer for each second after the first piece of it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn tokens_per_second(&self) -> Option<f64> {
        let (usage, first, total) = (self.usage?, self.first_token?, self.total?);
        let writing = total.checked_sub(first).filter(|writing| !writing.is_zero())?;
        Some(usage.output as f64 / writing.as_secs_f64())
    }

    /// Adds what is known once its answer has ended.
    pub(crate) fn bill(&mut self, bill: Bill) {
        let Bill { usage, cost, first_token, total } = bill;
        self.usage = usage;
        self.cost = cost;
        self.first_token = first_token;
        self.total = Some(total);
    }
}

/// What is known of an attempt once its answer has ended.
#[derive(Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Usd>,
    pub(crate) first_token: Option<Duration>,
    pub(crate) total: Duration,
}

impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            provider: &'a str,
            model: &'a str,
            #[serde(flatten)]
            http: &'a steadfast_pool::Attempt,
            billed: Billed,
            usage: Option<&'a Usage>,
            cost: Option<Usd>,
            first_token_s: Option<f64>,
            total_s: Option<f64>,
        }
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let shown = Shown {
            provider: &self.provider,
            model: &self.model,
            http: &self.http,
            billed: self.billed(),
            usage: self.usage.as_ref(),
            cost: self.cost,
            first_token_s: seconds(self.first_token),
            total_s: seconds(self.total),
        };
        shown.serialize(serializer)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.provider, self.model, self.http)
    }
}
