//! Why a flight brought nothing.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a flight brought nothing, told to every follower alike.
#[derive(Debug)]
#[non_exhaustive]
pub enum FlightError<E> {
    /// It failed, with this.
    Failed(Arc<E>),
    /// It panicked, and so did the one that was started in its place, if there was somebody to start it. What the panic
    /// said is left to the panic hook: it may hold secrets.
    Panicked,
    /// It was aborted, twice or with nobody to start another: its runtime was shut down.
    Aborted,
}

impl<E> FlightError<E> {
    /// The failure itself; `None` when the flight was lost without one.
    #[must_use]
    pub fn failure(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Panicked | Self::Aborted => None,
        }
    }
}

impl<E> Clone for FlightError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Panicked => Self::Panicked,
            Self::Aborted => Self::Aborted,
        }
    }
}

impl<E: fmt::Display> fmt::Display for FlightError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Panicked => f.write_str("the call panicked"),
            Self::Aborted => f.write_str("the call was aborted: its runtime was shut down"),
        }
    }
}

/// Transparent: a failure's own source is the source.
impl<E: Error + 'static> Error for FlightError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failure().and_then(Error::source)
    }
}
