//! What the caller makes of an attempt's result.

use core::time::Duration;

/// The classification of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The result stands.
    Done,
    /// Worth another attempt.
    Retry {
        /// The wait that the server asked for. A zero asks for nothing: the schedule decides.
        hint: Option<Duration>,
        /// What the retry costs its [`Budget`](crate::Budget), usually 1.
        cost: u32,
    },
    /// Another attempt would end the same way.
    Fatal,
}

impl Verdict {
    /// Worth another attempt, after the schedule's wait, at the usual cost of 1.
    #[must_use]
    pub const fn retry() -> Self {
        Self::Retry { hint: None, cost: 1 }
    }

    /// Worth another attempt, after the wait that the server asked for, at the usual cost of 1.
    #[must_use]
    pub const fn retry_after(hint: Duration) -> Self {
        Self::Retry { hint: Some(hint), cost: 1 }
    }
}
