//! Hedging: leave to start a second attempt beside one that takes too long.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::{Budget, HedgeDelay, Latency, RetryBudget};

use crate::error::{Error, ErrorKind};

/// When another attempt is started beside one that takes too long, and how often at most. The first good answer wins, and
/// the others are dropped: their connections close, or with HTTP/2 their streams.
///
/// For [`HostConfig::hedge`](crate::HostConfig::hedge) or [`Request::hedge`](crate::Request::hedge). Only requests that may be
/// executed twice are hedged: by method, by an `Idempotency-Key`, or with [`Resend::Always`](crate::Resend::Always); and only
/// with a body that can be sent twice. A whole answer wins when it is whole, a streamed one by its head.
///
/// A hedge has to be paid from a budget, which its clones share: unless set, one hedge for every ten calls that were answered,
/// with ten in reserve. It passes the host's places, breaker and rate limit as every attempt does; where one of them has no
/// room at once, there is none in this call. It is no retry: an attempt that fails starts nothing, and the policy's maximum
/// does not count it. None is started at or after the deadline.
///
/// ```
/// use std::time::Duration;
/// use steadfast_pool::mock::{MockPool, MockResponse, When};
/// use steadfast_pool::{Hedging, Request};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let pool = MockPool::new();
/// pool.when(When::get("host"))
///     .then(MockResponse::status(200).body("slow").latency(Duration::from_secs(9)))
///     .then(MockResponse::status(200).body("quick"));
/// let request = Request::get("http://host/")?.hedge(Hedging::after(Duration::from_millis(100)));
/// let answer = pool.execute(request).await?;
/// assert_eq!((answer.text().as_str(), answer.attempts().len()), ("quick", 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct Hedging {
    pub(crate) delay: Arc<dyn HedgeDelay>,
    /// How many beside the first.
    pub(crate) max: NonZeroU32,
    pub(crate) budget: Arc<dyn Budget>,
}

impl Hedging {
    /// One hedge, once an attempt has been under way for `delay`.
    pub fn after(delay: Duration) -> Self {
        Self::by(Arc::new(delay))
    }

    /// One hedge, once an attempt has taken longer than a fraction of the newest calls; 0.95 hedges one in twenty. Nothing is
    /// hedged before 100 calls were answered. Clones share what is known of the latency, so that it is that of all the calls
    /// which they are set for: take one for each host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] for a quantile that is not above 0.0 and below 1.0.
    pub fn at_quantile(quantile: f64) -> Result<Self, Error> {
        let delay = Arc::new(Latency::new()).at(quantile).map_err(|error| {
            Error::new(ErrorKind::Config, "no quantile: give one above 0.0 and below 1.0").caused_by(error)
        })?;
        Ok(Self::by(Arc::new(delay)))
    }

    /// One hedge, once an attempt has been under way for as long as `delay` says.
    pub fn by(delay: Arc<dyn HedgeDelay>) -> Self {
        // The numbers are in range.
        let tenth = RetryBudget::builder().ratio(0.1).floor(0.0).reserve(10).build().unwrap_or_default();
        Self { delay, max: NonZeroU32::MIN, budget: Arc::new(tenth) }
    }

    /// Sets how many hedges there may be beside one attempt; each is started once the newest has taken too long.
    pub fn max(mut self, hedges: NonZeroU32) -> Self {
        self.max = hedges;
        self
    }

    /// Sets where hedges are paid from. A call that brings a budget for its retries, or whose host or pool has one, pays
    /// each hedge there, too.
    pub fn budget(mut self, budget: Arc<dyn Budget>) -> Self {
        self.budget = budget;
        self
    }
}

impl fmt::Debug for Hedging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedging").field("delay", &self.delay.delay()).field("max", &self.max).finish_non_exhaustive()
    }
}
