//! Opening on a share of the calls: how large, of which calls, and of how many at least.

use core::time::Duration;

use crate::ConfigError;
use crate::rule::MOST;

/// Shares of failed and of slow calls that open a breaker.
///
/// Rates are judged when a failure or a slow call is settled, that one included: a success that is not slow never opens
/// a breaker. Successes and failures count, slow or not; ignored and abandoned calls do not.
///
/// ```
/// use std::time::Duration;
/// use steadfast_breaker::{Rate, Rule};
///
/// let rate = Rate::failures(0.5).or_slow(0.8, Duration::from_secs(2)).over_calls(100).min_calls(10);
/// assert!(Rule::new().rate(rate).check().is_ok());
/// assert!(Rule::new().rate(Rate::failures(1.5)).check().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Rate {
    /// This share of failures opens; above 0.0, at most 1.0. `None` when only slowness is judged.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub failure: Option<f64>,
    /// This share of slow calls opens; `None` when slowness is not judged.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub slow: Option<Slow>,
    /// Of which calls; by default those of the last 60 s.
    #[cfg_attr(feature = "serde", serde(default))]
    pub over: Over,
    /// With fewer calls than this in the window nothing is judged; at least 1, at most the calls of the window. 20 by
    /// default.
    #[cfg_attr(feature = "serde", serde(default = "min_calls"))]
    pub min_calls: u32,
}

/// A share of slow calls.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Slow {
    /// This share opens; above 0.0, at most 1.0.
    pub rate: f64,
    /// A call that took this long, or longer, is slow. Above zero.
    #[cfg_attr(feature = "serde", serde(with = "steadfast_clock::human"))]
    pub after: Duration,
}

/// The calls that a rate is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Over {
    /// The newest so many, exactly; 1 ..= 65,536.
    Calls(u32),
    /// Those of the last so long, in 16 buckets: a call counts for at least 15/16 of this time and never for longer
    /// than all of it. At least 1 ms.
    #[cfg_attr(feature = "serde", serde(with = "steadfast_clock::human"))]
    Time(Duration),
}

impl Default for Over {
    fn default() -> Self {
        Self::Time(Duration::from_secs(60))
    }
}

const fn min_calls() -> u32 {
    20
}

impl Rate {
    /// Opens when this share of the calls within 60 s failed, of at least 20.
    #[must_use]
    pub const fn failures(rate: f64) -> Self {
        Self { failure: Some(rate), slow: None, over: Over::Time(Duration::from_secs(60)), min_calls: min_calls() }
    }

    /// Opens when this share of the calls within 60 s took as long as `after` or longer, of at least 20.
    #[must_use]
    pub const fn slow(rate: f64, after: Duration) -> Self {
        Self { failure: None, ..Self::failures(rate) }.or_slow(rate, after)
    }

    /// Opens also when this share of the calls took as long as `after` or longer.
    #[must_use]
    pub const fn or_slow(mut self, rate: f64, after: Duration) -> Self {
        self.slow = Some(Slow { rate, after });
        self
    }

    /// Takes the rates of the newest `calls`, exactly.
    #[must_use]
    pub const fn over_calls(mut self, calls: u32) -> Self {
        self.over = Over::Calls(calls);
        self
    }

    /// Takes the rates of the calls within `time`.
    #[must_use]
    pub const fn over_time(mut self, time: Duration) -> Self {
        self.over = Over::Time(time);
        self
    }

    /// Sets with how many calls in the window the judging begins.
    #[must_use]
    pub const fn min_calls(mut self, min_calls: u32) -> Self {
        self.min_calls = min_calls;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        // A comparison that NaN fails too.
        let works = |rate: f64| rate > 0.0 && rate <= 1.0;
        if self.failure.is_none() && self.slow.is_none() {
            return Err(ConfigError::NoRate);
        }
        if self.failure.is_some_and(|rate| !works(rate)) {
            return Err(ConfigError::FailureRate);
        }
        if let Some(slow) = &self.slow {
            if !works(slow.rate) {
                return Err(ConfigError::SlowRate);
            }
            if slow.after.is_zero() {
                return Err(ConfigError::ZeroSlowAfter);
            }
        }
        match self.over {
            Over::Calls(calls) if calls == 0 || calls > MOST => Err(ConfigError::OverCalls(calls)),
            Over::Time(time) if time < SHORTEST => Err(ConfigError::OverTime(time)),
            _ if self.min_calls == 0 => Err(ConfigError::MinCalls(0)),
            Over::Calls(calls) if self.min_calls > calls => Err(ConfigError::MinCalls(self.min_calls)),
            _ => Ok(()),
        }
    }
}

impl Slow {
    /// This share of calls that took as long as `after`, or longer.
    #[must_use]
    pub const fn new(rate: f64, after: Duration) -> Self {
        Self { rate, after }
    }
}

/// Below, a bucket would be shorter than most clocks can tell.
const SHORTEST: Duration = Duration::from_millis(1);
