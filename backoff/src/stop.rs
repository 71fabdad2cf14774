//! Why no further attempt was made.

use core::fmt;
use core::time::Duration;

/// Why a call's retries ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The policy's attempts are used up.
    AttemptsSpent,
    /// The schedule has no further wait.
    ScheduleEnded,
    /// The server asked for a longer wait than the policy allows; nothing was slept.
    HintAboveCap {
        /// The wait that the server asked for.
        hint: Duration,
        /// The longest that the policy allows.
        cap: Duration,
    },
    /// The wait would not end before the deadline; nothing was slept.
    DeadlineTooSoon {
        /// The wait that was due.
        needed: Duration,
    },
    /// The wait would not end within the total limit; nothing was slept.
    TotalLimit {
        /// The wait that was due.
        needed: Duration,
    },
    /// The retry budget is used up.
    BudgetSpent,
    /// The result was not worth a retry.
    NotRetryable,
}

impl Stop {
    /// The wait that the server asked for and that was not slept.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::HintAboveCap { hint, .. } => Some(*hint),
            _ => None,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttemptsSpent => f.write_str("attempts used up"),
            Self::ScheduleEnded => f.write_str("the schedule has no further retry"),
            Self::HintAboveCap { hint, cap } => {
                write!(f, "the server asks to wait {hint:?}, longer than the {cap:?} allowed")
            }
            Self::DeadlineTooSoon { needed } => write!(f, "a wait of {needed:?} would not end before the deadline"),
            Self::TotalLimit { needed } => write!(f, "a wait of {needed:?} would not end within the total limit"),
            Self::BudgetSpent => f.write_str("retry budget used up"),
            Self::NotRetryable => f.write_str("not worth a retry"),
        }
    }
}
