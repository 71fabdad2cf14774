//! What a limited service fails with.

use std::error;
use std::fmt;

use crate::Denied;

/// Why a limited service did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The limit denied the request; the service has not seen it.
    Limited(Denied),
    /// The service's own error.
    Inner(E),
}

impl<E> Error<E> {
    /// The denial, if it is one.
    #[must_use]
    pub const fn denied(&self) -> Option<&Denied> {
        match self {
            Self::Limited(denied) => Some(denied),
            Self::Inner(_) => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited(denied) => denied.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

/// Tells what the denial or the service's error tells, and has the source of that.
impl<E: error::Error> error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Limited(denied) => denied.source(),
            Self::Inner(error) => error.source(),
        }
    }
}
