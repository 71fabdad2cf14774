//! What a driver tells before it waits.

use core::fmt;
use core::time::Duration;

use crate::Wait;

/// A retry that is about to be waited for. Its [`Display`](fmt::Display) is the line to log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retrying<'a, E> {
    /// The number of the attempt that failed, 1 for the first.
    pub attempt: u32,
    /// How many attempts the policy allows.
    pub max_attempts: u32,
    /// The wait before the next attempt.
    pub wait: Wait,
    /// What failed; `None` when the attempt gave a value that was judged worth a retry.
    pub error: Option<&'a E>,
}

impl<'a, E> Retrying<'a, E> {
    /// Attempt number `attempt` of at most `max_attempts` failed, and another follows after `wait`.
    #[must_use]
    pub const fn new(attempt: u32, max_attempts: u32, wait: Wait, error: Option<&'a E>) -> Self {
        Self { attempt, max_attempts, wait, error }
    }
}

impl<E: fmt::Display> fmt::Display for Retrying<'_, E> {
    /// `retrying (attempt 2/4) after 2.0 s: connection refused`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.attempt.saturating_add(1);
        write!(f, "retrying (attempt {next}/{}) after {}", self.max_attempts, Rounded(self.wait.delay))?;
        match self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

/// A wait as people read it: tenths of a second, and whole milliseconds below one second.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(1) {
            return write!(f, "{} ms", self.0.as_millis());
        }
        write!(f, "{:.1} s", self.0.as_secs_f64())
    }
}
