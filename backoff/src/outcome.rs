//! How a driven call ended.

use core::fmt;
use core::time::Duration;

use crate::Stop;

/// A call that ended with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success<T> {
    /// The value of the last attempt.
    pub value: T,
    /// How many attempts were made; at least 1.
    pub attempts: u32,
    /// All waits, added up.
    pub total_wait: Duration,
    /// `None` when the value was judged [`Verdict::Done`](crate::Verdict::Done). Otherwise why no further attempt was
    /// made although it was not: an HTTP response with status 503, say, after the last attempt.
    pub stop: Option<Stop>,
}

/// A call that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed<E> {
    /// The error of the last attempt.
    pub error: E,
    /// How many attempts were made; at least 1.
    pub attempts: u32,
    /// All waits, added up.
    pub total_wait: Duration,
    /// Why no further attempt was made.
    pub stop: Stop,
}

impl<T> Success<T> {
    /// A value that came at attempt number `attempts` after waits of `total_wait`, and stands.
    #[must_use]
    pub const fn new(value: T, attempts: u32, total_wait: Duration) -> Self {
        Self { value, attempts, total_wait, stop: None }
    }
}

impl<E> Failed<E> {
    /// An error that came at attempt number `attempts` after waits of `total_wait`, and why it was the last.
    #[must_use]
    pub const fn new(error: E, attempts: u32, total_wait: Duration, stop: Stop) -> Self {
        Self { error, attempts, total_wait, stop }
    }

    /// The wait that the server asked for and that was longer than the policy allows.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.stop.retry_after()
    }
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(f, "{} (after {} attempt{plural}: {})", self.error, self.attempts, self.stop)
    }
}

impl<E: core::error::Error> core::error::Error for Failed<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        // The line above tells the error itself, so the chain goes on with its cause.
        self.error.source()
    }
}
