//! How the targets of a router stand.

use std::time::Duration;

use crate::ErrorKind;

/// How one target of a router stands: a picture of one moment. Calls that a [`Router`](crate::Router) over the same
/// targets made are in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TargetReport {
    /// The provider's name.
    pub name: String,
    /// The model that it asks when a call names none.
    pub model: String,
    /// The group that it is in.
    pub group: Option<String>,
    /// Calls under way.
    pub in_flight: u32,
    /// How often it was asked.
    pub asked: u64,
    /// How often it answered, or began to.
    pub answered: u64,
    /// How often it failed in a way that another provider may not, also in the middle of an answer.
    pub failed: u64,
    /// Why it is passed over at the moment, if it is.
    pub parked: Option<Parked>,
    /// How long its plain calls took of late.
    pub latency: Option<Duration>,
    /// How long the first pieces of its streams took of late.
    pub first_token: Option<Duration>,
}

impl TargetReport {
    /// A target that was never asked.
    #[must_use]
    pub fn new(name: impl Into<String>, model: impl Into<String>) -> Self {
        let (name, model) = (name.into(), model.into());
        let (asked, answered, failed) = (0, 0, 0);
        let (group, in_flight, parked, latency, first_token) = (None, 0, None, None, None);
        Self { name, model, group, in_flight, asked, answered, failed, parked, latency, first_token }
    }
}

/// Why a target is passed over, as long as there is another one.
///
/// | it said | it is parked |
/// |---|---|
/// | its money or quota is spent | as long as it said, or else for the router's [parking time](crate::RouterBuilder::parking) |
/// | the key is refused | until the client has another key, or for the parking time where that is not known |
/// | too many requests, or too much work, and when to come back | until then |
/// | its breaker is open | until that lets somebody through |
///
/// Nothing lasts longer than a day, and an answer ends it at once. Of a model that a call named, only the first two count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parked {
    /// How it failed.
    pub why: ErrorKind,
    /// How long still, at most.
    pub left: Duration,
}

impl Parked {
    /// Parked for this failure and for so long still.
    #[must_use]
    pub const fn new(why: ErrorKind, left: Duration) -> Self {
        Self { why, left }
    }
}
