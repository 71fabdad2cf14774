//! What is known of the limits of a scope, to be read.

use std::time::Duration;

use serde::Serialize;
use steadfast_clock::Nanos;

use crate::admission::meter::Meter;
use crate::admission::table::Measure;

/// What is known of the limits of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BookSnapshot {
    /// The limits that are known.
    pub limits: Vec<LimitSnapshot>,
    /// How many calls wait.
    pub waiting: usize,
    /// How many calls wait for an answer, for streams for its head.
    pub under_way: u64,
    /// How long nothing is sent, because the provider said so.
    #[serde(rename = "paused_for_s", serialize_with = "seconds")]
    pub paused_for: Option<Duration>,
    /// The pace of requests after a 429 that told nothing, until it has grown to what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_hour: Option<u64>,
}

/// A limit that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LimitSnapshot {
    /// What it counts.
    pub measure: Measure,
    /// How much there is of it.
    pub limit: u64,
    /// In which time, in whole seconds at least one.
    pub seconds: u64,
    /// How much of it can be had at once.
    pub left: u64,
    /// Whether the provider told it; otherwise it was configured.
    pub told: bool,
}

impl LimitSnapshot {
    pub(super) fn of(meter: &Meter, now: Nanos) -> Self {
        Self {
            measure: meter.measure,
            limit: meter.limit,
            seconds: meter.window.as_secs().max(1),
            left: u64::try_from(meter.left(now)).unwrap_or(0),
            told: meter.told,
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands a reference")]
fn seconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_some(&duration.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}
