//! What follows a failure: rules by its kind.

use std::time::Duration;

use crate::{Error, ErrorKind};

/// What a router does when a target fails in some way.
///
/// | failure | without a rule of yours |
/// |---|---|
/// | [`TooLarge`](ErrorKind::TooLarge) | [`Larger`](Self::Larger) |
/// | [`Config`](ErrorKind::Config), [`InvalidRequest`](ErrorKind::InvalidRequest), [`ContentRefused`](ErrorKind::ContentRefused), [`Deadline`](ErrorKind::Deadline) | [`Stop`](Self::Stop) |
/// | everything else | [`Next`](Self::Next) |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The call ends with the failure.
    Stop,
    /// Another target is asked. Where the failure is one of the key (refused, limited, its money spent), those of the
    /// same [group](crate::Target::group) come first; otherwise they come last.
    Next,
    /// A target that is marked to read [more](crate::Target::context) than this one is asked; where there is none, the
    /// call ends with the failure.
    Larger,
    /// The same target is asked once more, when it says that it can be and that is not longer to wait; otherwise as
    /// [`Next`](Self::Next). Once in a call for each target, and never beyond the deadline.
    Wait {
        /// The longest wait.
        at_most: Duration,
    },
}

impl Rule {
    /// What follows a failure of this kind, without a rule of yours.
    #[must_use]
    pub fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::TooLarge => Self::Larger,
            kind if kind.falls_back() => Self::Next,
            _ => Self::Stop,
        }
    }
}

/// Where a call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Onward {
    /// To those of the same group first.
    NextKey,
    /// To those of other groups first.
    NextTarget,
    /// To those that read more.
    Larger,
}

impl Onward {
    /// Where a call goes on that may.
    pub(super) fn after(kind: ErrorKind) -> Self {
        if is_of_key(kind) { Self::NextKey } else { Self::NextTarget }
    }
}

impl Rule {
    /// Where a call goes on after this failure; nowhere with `None`.
    pub(super) fn onward(self, error: &Error) -> Option<Onward> {
        match self {
            Self::Stop => None,
            Self::Larger => Some(Onward::Larger),
            Self::Next | Self::Wait { .. } => Some(Onward::after(error.kind())),
        }
    }

    /// How long the call waits before it asks the same target once more, if it does.
    pub(super) fn wait(self, error: &Error) -> Option<Duration> {
        match self {
            Self::Wait { at_most } => error.retry_after().filter(|after| *after <= at_most),
            _ => None,
        }
    }
}

/// Whether another key may do what this one cannot.
fn is_of_key(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(kind, Kind::MissingKey | Kind::Authentication | Kind::Permission | Kind::QuotaSpent | Kind::RateLimited)
}
