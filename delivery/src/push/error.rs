//! A delivery that did not come to its end: failed, or put off by the device.

use std::fmt;
use std::time::Duration;

use crate::attempt::Attempt;
use crate::failure::Failure;

/// Why a push or verification did not come to its end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PushError {
    /// The device said "later" (429 or 503 with `Retry-After`). Not an attempt, and not a failure.
    Deferred(Box<Deferral>),
    /// It failed, retries included.
    Failed(Box<Failure>),
}

/// The device said "later".
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Deferral {
    /// How long it wants to be left alone.
    pub after: Duration,
    /// The attempts of this call. The last one is the deferral itself, marked as such: it does not count.
    pub attempts: Vec<Attempt>,
}

impl Deferral {
    /// A deferral.
    #[must_use]
    pub fn new(after: Duration, attempts: Vec<Attempt>) -> Self {
        Self { after, attempts }
    }
}

impl PushError {
    /// When to come back, if the device said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Deferred(deferral) => Some(deferral.after),
            Self::Failed(_) => None,
        }
    }

    /// The failure, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Deferred(_) => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

impl From<Failure> for PushError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<Deferral> for PushError {
    fn from(deferral: Deferral) -> Self {
        Self::Deferred(Box::new(deferral))
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deferred(deferral) => {
                write!(f, "the device asks to come back in {:.1} s", deferral.after.as_secs_f64())
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for PushError {}
