//! What a limiter answers: [`Grant`] or [`Denied`], as values.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::time::Duration;

use steadfast_clock::Nanos;

/// The answer of a limiter.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a denied call is not to be made"]
pub enum Decision {
    /// Go ahead.
    Allow(Grant),
    /// Not now, or never.
    Deny(Denied),
}

impl Decision {
    /// Whether the call may go ahead.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// The same as a `Result`, for `?`.
    ///
    /// # Errors
    ///
    /// The denial.
    pub fn into_result(self) -> Result<Grant, Denied> {
        match self {
            Self::Allow(grant) => Ok(grant),
            Self::Deny(denied) => Err(denied),
        }
    }
}

/// An admitted cost. It cannot be copied: a refund consumes it. Dropping it is the normal end.
///
/// Two grants are equal when cost and point are; what a limiter knows its own grants by is not compared.
#[derive(Debug)]
pub struct Grant {
    cost: u64,
    at: Nanos,
    pub(crate) origin: Origin,
}

/// What a limiter knows its own grants by: under which quota, by which slot, in which period it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) u64);

impl Origin {
    /// Made by nobody known.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);
}

impl Grant {
    /// A grant of `cost` at `at`. For those who implement [`Limiter`](crate::Limiter): a made-up grant that is refunded
    /// gives out what nobody paid.
    #[must_use]
    pub const fn new(cost: u64, at: Nanos) -> Self {
        Self { cost, at, origin: Origin::UNKNOWN }
    }

    #[inline]
    pub(crate) const fn from(origin: Origin, cost: u64, at: Nanos) -> Self {
        Self { cost, at, origin }
    }

    /// What was taken; 0 for the answer to a mere question.
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// The point that it was taken at. Its cost decays from here on, at the limiter's rate.
    #[must_use]
    pub const fn at(&self) -> Nanos {
        self.at
    }
}

impl PartialEq for Grant {
    fn eq(&self, other: &Self) -> bool {
        (self.cost, self.at) == (other.cost, other.at)
    }
}

impl Eq for Grant {}

impl Hash for Grant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.cost, self.at).hash(state);
    }
}

/// A cost that was not admitted, with advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// The name of the limit that denied it.
    pub limit: &'static str,
    /// How long until the same cost would be admitted if nobody else took anything. `None`: never, it is above
    /// `max_cost`.
    pub after: Option<Duration>,
    /// The largest cost that this limit ever admits at once: its burst.
    pub max_cost: u64,
}

impl Denied {
    /// A denial by `limit`.
    #[must_use]
    pub const fn new(limit: &'static str, after: Option<Duration>, max_cost: u64) -> Self {
        Self { limit, after, max_cost }
    }

    /// Whether waiting cannot help: the cost is above the burst.
    #[must_use]
    pub const fn is_never(&self) -> bool {
        self.after.is_none()
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.after {
            Some(after) => write!(f, "rate limit \"{}\" reached, next in {after:.1?}", self.limit),
            None => write!(f, "rate limit \"{}\" never admits a cost above {}", self.limit, self.max_cost),
        }
    }
}

impl core::error::Error for Denied {}
