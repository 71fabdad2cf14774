//! A distribution of durations in a few figures.

use std::time::Duration;

use crate::HistogramSnapshot;

/// How long something took, over all the times it did. Everything that is an `Option` is `None` of nothing.
///
/// The average stands beside the percentiles: it is exact, they are up to 0.8 % above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Latency {
    /// How often.
    pub count: u64,
    /// All durations together.
    #[cfg_attr(feature = "serde", serde(rename = "total_ns", with = "nanos"))]
    pub total: Duration,
    /// The average, rounded down to a nanosecond.
    #[cfg_attr(feature = "serde", serde(rename = "mean_ns", with = "maybe_nanos"))]
    pub mean: Option<Duration>,
    /// Half of the times it took at most this long.
    #[cfg_attr(feature = "serde", serde(rename = "p50_ns", with = "maybe_nanos"))]
    pub p50: Option<Duration>,
    /// 95 % of the times it took at most this long.
    #[cfg_attr(feature = "serde", serde(rename = "p95_ns", with = "maybe_nanos"))]
    pub p95: Option<Duration>,
    /// 99 % of the times it took at most this long.
    #[cfg_attr(feature = "serde", serde(rename = "p99_ns", with = "maybe_nanos"))]
    pub p99: Option<Duration>,
    /// The longest.
    #[cfg_attr(feature = "serde", serde(rename = "max_ns", with = "maybe_nanos"))]
    pub max: Option<Duration>,
}

impl Latency {
    /// Figures of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The figures of a histogram of nanoseconds.
    #[must_use]
    pub fn of(histogram: &HistogramSnapshot) -> Self {
        let quantile = |q| histogram.quantile(q).map(Duration::from_nanos);
        Self {
            count: histogram.count(),
            total: Duration::from_nanos(histogram.sum()),
            mean: histogram.sum().checked_div(histogram.count()).map(Duration::from_nanos),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            max: histogram.max().map(Duration::from_nanos),
        }
    }
}

/// Durations as whole nanoseconds.
#[cfg(feature = "serde")]
mod nanos {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(super::as_nanos(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}

/// The same, or null.
#[cfg(feature = "serde")]
mod maybe_nanos {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(super::as_nanos).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Duration::from_nanos))
    }
}

#[cfg(feature = "serde")]
fn as_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
