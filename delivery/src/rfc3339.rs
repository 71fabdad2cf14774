//! Points in time as RFC 3339 writes them: `2026-11-22T22:00:00Z`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};
use steadfast_clock::UnixNanos;

/// The text of a point in time, in UTC.
pub(crate) fn text(at: UnixNanos) -> String {
    timestamp(at).to_string()
}

/// Reads a text with an offset from UTC; the refusal says what is wrong.
pub(crate) fn parse(text: &str) -> Result<UnixNanos, String> {
    let at: Timestamp =
        text.parse().map_err(|_| format!("`{text}` is no RFC 3339 time: give one like 2026-11-22T22:00:00Z"))?;
    unix(at).ok_or_else(|| format!("{text} is before 1970 or after 2554"))
}

/// The same point for the library of time zones.
pub(crate) fn timestamp(at: UnixNanos) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(at.as_nanos())).unwrap_or(Timestamp::MAX)
}

/// The same point for the clock, if it can tell it.
pub(crate) fn unix(at: Timestamp) -> Option<UnixNanos> {
    u64::try_from(at.as_nanosecond()).ok().map(UnixNanos::from_nanos)
}

/// For fields that may be missing.
pub(crate) fn serialize<S: Serializer>(at: &Option<UnixNanos>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(&timestamp(*at)),
        None => serializer.serialize_none(),
    }
}

/// For fields that may be missing.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixNanos>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse(&text)).transpose().map_err(serde::de::Error::custom)
}
