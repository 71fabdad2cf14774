//! The limits of one attempt.

use std::time::Duration;

/// How long the parts of one attempt may take. The deadline over all attempts is in
/// [`CallContext`](crate::CallContext); dialling and TLS are the transport's, see
/// [`PoolConfig`](crate::PoolConfig).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the last byte sent to the head of the answer. Default 60 s.
    pub header: Duration,
    /// Without progress: between two chunks of a body, in either direction, while the other side is being waited for.
    /// Time in which the caller does not ask for the next chunk does not count. Default 60 s.
    pub stall: Duration,
    /// The whole attempt. Default 120 s; `None`, the default of streams, means that the other limits serve.
    pub attempt: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(60),
            stall: Duration::from_secs(60),
            attempt: Some(Duration::from_secs(120)),
        }
    }
}

impl Timeouts {
    /// The defaults of streams and uploads: no limit on the whole attempt.
    #[must_use]
    pub fn streaming() -> Self {
        Self { attempt: None, ..Self::default() }
    }

    /// Sets the time to the head of the answer.
    #[must_use]
    pub fn header(mut self, limit: Duration) -> Self {
        self.header = limit;
        self
    }

    /// Sets the time without progress.
    #[must_use]
    pub fn stall(mut self, limit: Duration) -> Self {
        self.stall = limit;
        self
    }

    /// Sets or lifts the limit of the whole attempt.
    #[must_use]
    pub fn attempt(mut self, limit: Option<Duration>) -> Self {
        self.attempt = limit;
        self
    }
}
