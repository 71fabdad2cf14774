//! Going on with an event stream that was cut off.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use steadfast_clock::BoxSleep;

use crate::error::{Error, ErrorKind};
use crate::pool::Pool;
use crate::request::Request;
use crate::streaming::Streaming;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A connection on its way; `None` when the server says that there is no more (204).
pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<Option<Streaming>, Error>> + Send>>;

/// How to go on with an event stream after a cut, as `EventSource` does (WHATWG HTML, section 9.2): the request is sent
/// anew after a wait, with the id of the last event in `Last-Event-ID`.
///
/// Giving it to [`SseEvents::resume`](crate::SseEvents::resume) is the leave to send the request again: it may be another
/// than the one that the stream began with. A cut is a stall, a reset or an early end; a status other than 200, or an
/// answer that is no event stream, ends the stream with that error, a 204 without one.
#[derive(Clone)]
#[must_use]
pub struct Resume {
    pool: Pool,
    request: Request,
    wait: Duration,
    max_wait: Duration,
    max_failures: u32,
    after_end: bool,
}

impl Resume {
    /// Sends `request` to go on: up to 5 times without an event in between, first after 3 s, then after twice as long
    /// each time, up to 60 s. A `retry` field of the server takes the place of the 3 s.
    pub fn new(pool: &Pool, request: Request) -> Self {
        Self {
            pool: pool.clone(),
            request,
            wait: Duration::from_secs(3),
            max_wait: Duration::from_secs(60),
            max_failures: 5,
            after_end: false,
        }
    }

    /// Sets the first wait, for servers that do not ask for one.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the longest wait. When the server asks for more, the stream ends with an error that says so.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets how often is tried without an event in between.
    pub fn max_failures(mut self, tries: u32) -> Self {
        self.max_failures = tries;
        self
    }

    /// Goes on also when the stream ended in order, until the server answers 204, as `EventSource` does.
    pub fn after_end(mut self) -> Self {
        self.after_end = true;
        self
    }

    pub(super) fn goes_on_after_end(&self) -> bool {
        self.after_end
    }

    /// The wait before the next try; none when it would be one too many, or longer than allowed: then, what the server
    /// asked for.
    pub(super) fn wait_after(
        &self,
        failures: u32,
        asked: Option<Duration>,
        error: &Error,
    ) -> Result<BoxSleep, Option<Duration>> {
        if failures >= self.max_failures || !error.is_retryable() || error.kind() == ErrorKind::Deadline {
            return Err(error.retry_after());
        }
        let asked = asked.max(error.retry_after());
        if asked > Some(self.max_wait) {
            return Err(asked);
        }
        let wait = asked.unwrap_or(self.wait).saturating_mul(1 << failures.min(16)).min(self.max_wait);
        let timer = self.pool.timer();
        Ok(timer.sleep_until(timer.now().saturating_add(wait)))
    }

    pub(super) fn connect(&self, last_id: Option<&str>) -> Connecting {
        let (pool, mut request) = (self.pool.clone(), self.request.clone());
        // An id that no header can hold is left out, as if there were none.
        if let Some(id) = last_id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok()) {
            request = request.header(LAST_EVENT_ID, id);
        }
        Box::pin(async move {
            let streaming = pool.stream(request).await?;
            match streaming.status().as_u16() {
                204 => Ok(None),
                200 => streaming.error_unless_events().map(Some),
                _ => Err(streaming.status_error()),
            }
        })
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume")
            .field("request", &self.request)
            .field("wait", &self.wait)
            .field("max_wait", &self.max_wait)
            .field("max_failures", &self.max_failures)
            .field("after_end", &self.after_end)
            .finish_non_exhaustive()
    }
}
