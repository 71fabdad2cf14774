//! How long a streamed answer may take, part by part.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use steadfast_pool::Timeouts;

/// How long the parts of a streamed answer may take. Each of them fails the call with
/// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout), and [`Error::waited_for`](crate::Error::waited_for) tells which.
///
/// Time in which the caller does not ask for the next event does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamTimeouts {
    /// From the last byte sent to the head of the answer. Default 60 s.
    pub header: Duration,
    /// From the head to the first piece of the answer, however lively the connection is meanwhile: models that think are
    /// silent for a while. Default 120 s.
    pub first_token: Duration,
    /// From one event to the next. Pings and comments are none: they may go on for ever while nothing is written. Default
    /// 60 s.
    pub next_event: Duration,
    /// The whole attempt. `None`, the default, means that the other limits serve.
    pub total: Option<Duration>,
}

impl Default for StreamTimeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { header: minute, first_token: 2 * minute, next_event: minute, total: None }
    }
}

impl StreamTimeouts {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time to the head of the answer.
    #[must_use]
    pub fn header(mut self, limit: Duration) -> Self {
        self.header = limit;
        self
    }

    /// Sets the time from there to the first piece of the answer.
    #[must_use]
    pub fn first_token(mut self, limit: Duration) -> Self {
        self.first_token = limit;
        self
    }

    /// Sets the time from one event to the next.
    #[must_use]
    pub fn next_event(mut self, limit: Duration) -> Self {
        self.next_event = limit;
        self
    }

    /// Sets or lifts the limit of the whole attempt.
    #[must_use]
    pub fn total(mut self, limit: Option<Duration>) -> Self {
        self.total = limit;
        self
    }

    /// The limits that the pool sees to. Its own, on silence, comes after those on what is waited for here.
    pub(crate) fn of_attempt(&self) -> Timeouts {
        let stall = self.first_token.max(self.next_event).saturating_add(Duration::from_secs(1));
        Timeouts::streaming().header(self.header).stall(stall).attempt(self.total)
    }
}

/// What a call waited for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Wait {
    /// A connection.
    Connection,
    /// The head of the answer.
    Head,
    /// The first piece of a streamed answer.
    FirstToken,
    /// The next event of a streamed answer.
    NextEvent,
    /// The next bytes of a body, in either direction.
    Bytes,
    /// The end of the attempt.
    Attempt,
    /// The provider itself, which says that it took too long (408, 504).
    Provider,
}

impl Wait {
    /// What is waited for as one word: `connection`, `head`, `first_token`, `next_event`, `bytes`, `attempt`, `provider`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Head => "head",
            Self::FirstToken => "first_token",
            Self::NextEvent => "next_event",
            Self::Bytes => "bytes",
            Self::Attempt => "attempt",
            Self::Provider => "provider",
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
