//! A duration as text, where it is optional or one of several.

use core::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Text(#[serde(with = "steadfast_clock::human")] pub(super) Duration);

impl Text {
    /// `None` for the longest that can be told: no cap was set.
    pub(super) fn of_cap(cap: Duration) -> Option<Self> {
        (cap < Duration::from_nanos(u64::MAX)).then_some(Self(cap))
    }
}
