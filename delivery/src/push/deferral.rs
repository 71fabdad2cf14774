//! "Later": why, and when to come back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::attempt::Attempt;

/// Not an end, and not a failure: the device is to be left alone for a while. Nobody holds a worker meanwhile.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Deferral {
    /// How long it is to be left alone.
    pub after: Duration,
    /// Why.
    pub reason: DeferralReason,
    /// The attempts of this call. One that is marked as deferred is the deferral itself: it does not count.
    pub attempts: Vec<Attempt>,
    /// The version that the device reported, where it was asked and reported one.
    pub seen: Option<Arc<str>>,
}

/// Why a device is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeferralReason {
    /// The device said so (429 or 503 with `Retry-After`). A rollout bears that for so long.
    #[default]
    Asked,
    /// It took the artifact and does not report the expected version yet: it may be restarting. The verification has a
    /// limit of its own.
    NotYet,
    /// Its host cannot be connected to, for anybody: nothing was sent.
    HostDown,
}

impl DeferralReason {
    /// The name, as in logs and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::NotYet => "not_yet",
            Self::HostDown => "host_down",
        }
    }
}

impl fmt::Display for DeferralReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Deferral {
    /// A deferral that the device asked for.
    #[must_use]
    pub fn new(after: Duration, attempts: Vec<Attempt>) -> Self {
        Self { after, attempts, ..Self::default() }
    }

    /// Sets the reason.
    #[must_use]
    pub fn because(mut self, reason: DeferralReason) -> Self {
        self.reason = reason;
        self
    }

    /// Sets the version that the device reported.
    #[must_use]
    pub fn seen(mut self, version: Option<Arc<str>>) -> Self {
        self.seen = version;
        self
    }
}

impl fmt::Display for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.reason {
            DeferralReason::Asked => "the device asks to come back",
            DeferralReason::NotYet => "the device does not report the expected version yet: ask again",
            DeferralReason::HostDown => "the device's host cannot be connected to: come back",
        };
        write!(f, "{what} in {:.1} s", self.after.as_secs_f64())
    }
}
