//! Durations as people write them in configuration files: `"250ms"`, `"30s"`, `"1m 30s"`.
//!
//! ```
//! use std::time::Duration;
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     #[serde(with = "steadfast_clock::human")]
//!     open_for: Duration,
//! }
//!
//! let settings: Settings = serde_json::from_str(r#"{ "open_for": "1m 30s" }"#)?;
//! assert_eq!(settings.open_for, Duration::from_secs(90));
//! # Ok::<(), serde_json::Error>(())
//! ```

use core::fmt;
use core::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// Writes `duration` so that [`deserialize`] reads the same: `1m 30s`.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

/// Reads a duration with its unit: `250ms`, `30s`, `1m 30s`, `2h`. A bare number is refused, but for `0`.
///
/// # Errors
///
/// When the text is no duration, or is above 584,942,417,355 years.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_str(Text)
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, such as \"250ms\" or \"1m 30s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        humantime::parse_duration(text).map_err(|error| E::custom(format_args!("duration {text:?}: {error}")))
    }
}
