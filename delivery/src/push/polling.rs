//! A verification that is asked for again and again while a device restarts: what its driver knows of it.

use std::sync::Arc;
use std::time::Duration;

/// How a verification stands that goes on over deferrals.
///
/// A driver that has one in the [`PushContext`](crate::PushContext) comes back after each
/// [`NotYet`](crate::DeferralReason::NotYet), until the verification says that it succeeded or failed. Without one the
/// device is asked once, and what it says is final.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polling {
    /// How long ago the device was asked first.
    pub waited: Duration,
    /// How often it was asked before.
    pub asked: u32,
    /// The version that it reported last.
    pub seen: Option<Arc<str>>,
}

impl Polling {
    /// A verification that begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long ago the device was asked first.
    #[must_use]
    pub fn waited(mut self, waited: Duration) -> Self {
        self.waited = waited;
        self
    }

    /// Sets how often it was asked before.
    #[must_use]
    pub fn asked(mut self, asked: u32) -> Self {
        self.asked = asked;
        self
    }

    /// Sets the version that it reported last.
    #[must_use]
    pub fn seen(mut self, version: Option<Arc<str>>) -> Self {
        self.seen = version;
        self
    }
}
