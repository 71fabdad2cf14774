//! What the caller makes of an attempt's result.

use core::time::Duration;

use crate::Transient;

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

    /// The same verdict at another cost, where it is a retry at all: a timeout may cost a budget more than a refusal.
    #[must_use]
    pub const fn costing(self, cost: u32) -> Self {
        match self {
            Self::Retry { hint, cost: _ } => Self::Retry { hint, cost },
            other => other,
        }
    }

    /// The verdict for who retries every error: a value is done, an error worth another attempt.
    #[must_use]
    pub const fn unless_ok<T, E>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(_) => Self::retry(),
        }
    }

    /// The verdict for errors that know themselves: a value is done, an error what it says.
    #[must_use]
    pub fn of<T, E: Transient>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => error.verdict(),
        }
    }
}
