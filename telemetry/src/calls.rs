//! What happened to calls: one set of instruments for requests, attempts, waits, caches, bytes, tokens and latency.

mod attempt;
mod count;
mod operation;
mod rare;
mod report;
mod scope;
pub(crate) mod series;
mod status;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use attempt::Attempt;
pub use operation::Operation;
pub use report::{CallReport, Latency};

use crate::{Counter, Gauge, Histogram, Recorder};
use rare::Rare;
use scope::Scope;

/// The instruments of one scope: all calls, those to one host, to one model, or whatever a label tells apart.
///
/// A *request* is one call by the caller, an *attempt* one send, a *retry* an attempt beyond a call's first at the same
/// target, and a *fallback* the turn to another provider or model. The handles that every call needs are public fields,
/// looked up once; what happens seldom has a method, and its series appears when it first happens. Every series is looked
/// up by its name once, and kept as long as these instruments are.
///
/// [`begin`](Self::begin) gives a guard that counts a whole call. Whoever has the ends of a call in a state machine of
/// its own uses the fields and methods. [`CallReport`] reads the figures from a snapshot.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::ManualClock;
/// use steadfast_telemetry::{CallReport, Calls, Recorder, Registry};
///
/// let (registry, clock) = (Registry::new(), ManualClock::new());
/// let calls = Calls::new(registry.clone(), "pool");
/// let host = calls.host("api.example.com");
///
/// let operation = calls.begin(&clock).also(&host);
/// let attempt = operation.attempt();
/// clock.advance(Duration::from_millis(20));
/// drop(attempt);
/// operation.fail(Some(503));
///
/// let snapshot = registry.snapshot();
/// assert_eq!(CallReport::read(&snapshot, "pool", &[]).failed, 1);
/// assert_eq!(CallReport::of_hosts(&snapshot, "pool")["api.example.com"].final_status[&503], 1);
/// ```
///
/// # Series
///
/// Their names begin with the prefix; a name in `_ns` is of nanoseconds.
///
/// | series | kind | written by |
/// |---|---|---|
/// | `_requests` | counter | [`requests`](Self::requests) |
/// | `_requests_succeeded`, `_requests_failed`, `_requests_cancelled` | counters | the fields of these names |
/// | `_active` | gauge | [`active`](Self::active) |
/// | `_attempts`, `_retries` | counters | [`attempts`](Self::attempts), [`retried`](Self::retried) |
/// | `_retries_by_status{status}` | counters | [`retried`](Self::retried) |
/// | `_retry_delay_ns` | histogram | [`retried`](Self::retried) |
/// | `_final_status{status}` | counters | [`ended`](Self::ended) |
/// | `_breaker_openings` | counter | [`breaker_opened`](Self::breaker_opened) |
/// | `_fallbacks` | counter | [`fell_back`](Self::fell_back) |
/// | `_cache_hits`, `_tokens_saved`, `_money_saved_micros` | counters | [`cache_hit`](Self::cache_hit) |
/// | `_cache_misses` | counter | [`cache_miss`](Self::cache_miss) |
/// | `_limit_wait_ns` | histogram | [`limited`](Self::limited) |
/// | `_retry_after_wait_ns` | histogram | [`hinted`](Self::hinted) |
/// | `_bytes_in`, `_bytes_out` | counters | the fields of these names |
/// | `_tokens_in`, `_tokens_out` | histograms, a value for each call | [`tokens`](Self::tokens) |
/// | `_attempt_latency_ns` | histogram | [`attempt_latency`](Self::attempt_latency) |
/// | `_call_latency_ns` | histogram | [`latency`](Self::latency) |
///
/// The scope without labels is the total and stands beside the labelled ones under the same names: whoever sums over
/// labels leaves it out.
#[derive(Clone)]
#[non_exhaustive]
pub struct Calls {
    /// Calls that began.
    pub requests: Counter,
    /// Calls that ended as asked.
    pub succeeded: Counter,
    /// Calls that ended otherwise.
    pub failed: Counter,
    /// Calls whose caller left before they ended.
    pub cancelled: Counter,
    /// Calls that began and have not ended.
    pub active: Gauge,
    /// Times that something was sent.
    pub attempts: Counter,
    /// Attempts beyond a call's first at the same target.
    pub retries: Counter,
    /// Bytes received.
    pub bytes_in: Counter,
    /// Bytes sent.
    pub bytes_out: Counter,
    /// The time of whole calls that ended, in nanoseconds: all attempts, waits and fallbacks.
    pub latency: Histogram,
    /// The time of single attempts, in nanoseconds.
    pub attempt_latency: Histogram,
    rare: Arc<Rare>,
}

impl Calls {
    /// The instruments of all calls, in series of `recorder` whose names begin with `prefix`, such as `pool` or `llm`.
    #[must_use]
    pub fn new(recorder: impl Recorder + 'static, prefix: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Scope::new(Arc::new(recorder), prefix.into()))
    }

    /// The same instruments with the label `host`.
    #[must_use]
    pub fn host(&self, host: &str) -> Self {
        self.labelled([(series::HOST, host)])
    }

    /// The same instruments with the label `model`.
    #[must_use]
    pub fn model(&self, model: &str) -> Self {
        self.labelled([(series::MODEL, model)])
    }

    /// The same instruments with these labels, beside those that this scope has: `[("host", "a"), ("model", "m")]` for
    /// both at once, without a scope in between. They are looked up now, not when something is recorded; keep them. How
    /// many series there can be is up to the recorder.
    #[must_use]
    pub fn labelled<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::of(self.rare.scope().labelled(labels))
    }

    fn of(scope: Scope) -> Self {
        Self {
            requests: scope.counter(series::REQUESTS),
            succeeded: scope.counter(series::SUCCEEDED),
            failed: scope.counter(series::FAILED),
            cancelled: scope.counter(series::CANCELLED),
            active: scope.gauge(series::ACTIVE),
            attempts: scope.counter(series::ATTEMPTS),
            retries: scope.counter(series::RETRIES),
            bytes_in: scope.counter(series::BYTES_IN),
            bytes_out: scope.counter(series::BYTES_OUT),
            latency: scope.histogram(series::CALL_LATENCY),
            attempt_latency: scope.histogram(series::ATTEMPT_LATENCY),
            rare: Arc::new(Rare::new(scope)),
        }
    }
}

/// The scope as the key of its first series, and how many requests it has seen.
impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("scope", &format_args!("{}", self.rare.scope().key(series::REQUESTS)))
            .field("requests", &self.requests.get())
            .finish_non_exhaustive()
    }
}
