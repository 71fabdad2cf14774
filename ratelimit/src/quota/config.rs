//! Quotas in configuration files: `{ permits = 60, per = "1m", burst = 5 }`.

use core::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ConfigError, Quota};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    permits: u64,
    #[serde(with = "steadfast_clock::human")]
    per: Duration,
    #[serde(default = "one")]
    burst: u64,
}

const fn one() -> u64 {
    1
}

/// As `permits`, `per` and `burst`.
impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Config { permits: self.permits(), per: self.period(), burst: self.burst_size() }.serialize(serializer)
    }
}

/// From `permits`, `per` (a duration with its unit) and `burst` (1 unless told); what [`Quota::new`] and
/// [`Quota::burst`] refuse is refused, by the name of the field.
impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = Config::deserialize(deserializer)?;
        Self::new(config.permits, config.per)
            .and_then(|quota| quota.burst(config.burst))
            .map_err(|error| D::Error::custom(format_args!("`{}`: {error}", field(error))))
    }
}

const fn field(error: ConfigError) -> &'static str {
    match error {
        ConfigError::ZeroPermits | ConfigError::RateTooHigh => "permits",
        ConfigError::ZeroPeriod | ConfigError::PeriodTooLong(_) => "per",
        ConfigError::ZeroBurst | ConfigError::BurstTooLarge(_) => "burst",
    }
}
