//! A delivery that did not come to its end: failed, or put off.

use std::fmt;
use std::time::Duration;

use super::Deferral;
use crate::failure::Failure;

/// Why a push or verification did not come to its end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PushError {
    /// It is put off, for a reason that the deferral has. Not an attempt, and not a failure.
    Deferred(Box<Deferral>),
    /// It failed, retries included.
    Failed(Box<Failure>),
}

impl PushError {
    /// When to come back, if it is put off.
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
            Self::Deferred(deferral) => deferral.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for PushError {}
