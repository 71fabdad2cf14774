//! When a breaker opens, how long it stays so, and how it finds its way back.

#[cfg(feature = "serde")]
mod text;

use core::time::Duration;

use crate::{ConfigError, Growth, Rate, Trip};

/// What opens a breaker, and how it recovers.
///
/// The default opens on 5 failures within 60 s, stays open for 30 s, lets at most 2 probes out at a time and closes on
/// 2 successes. A rule is checked when a breaker or a [`Machine`](crate::Machine) is made of it.
///
/// ```
/// use std::time::Duration;
/// use steadfast_breaker::{CircuitBreaker, Rate, Rule};
///
/// let rule = Rule::new().failures(3).open_for(Duration::from_secs(5));
/// assert_eq!(rule.window, Duration::from_secs(60));
/// assert!(CircuitBreaker::new(rule).is_ok());
/// assert!(CircuitBreaker::new(Rule::new().failures(0)).is_err());
///
/// // Opens when half of at least 20 calls within 30 s failed; afterwards lets the calls in over 10 s, little by little.
/// let rate = Rate::failures(0.5).over_time(Duration::from_secs(30)).min_calls(20);
/// assert!(CircuitBreaker::new(Rule::new().rate(rate).ramp(Duration::from_secs(10))).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "text::RuleText", into = "text::RuleText"))]
#[non_exhaustive]
pub struct Rule {
    /// What opens the breaker; by default `failures` within `window`.
    pub trip: Trip,
    /// So many failures open the breaker: within `window`, or in a row, as `trip` says; 1 ..= 65,536. A trip on rates
    /// does not read it.
    pub failures: u32,
    /// How long a failure counts: while it is younger than this. Above zero. Only a trip on failures within a window
    /// reads it.
    pub window: Duration,
    /// How long an open breaker rejects every call before it lets probes out. Above zero.
    pub open_for: Duration,
    /// How `open_for` grows with each opening in a row; by default it does not.
    pub growth: Option<Growth>,
    /// So many probes may be out at the same time while half-open; 1 ..= 65,536.
    pub probes: u32,
    /// So many successes while half-open close the breaker; at least 1, may be above `probes`.
    pub successes: u32,
    /// A probe that is not settled by then gives its place back. Above zero.
    pub probe_timeout: Duration,
    /// How long it takes, once the probes succeeded, until every call is admitted again: their share grows from a tenth
    /// to all. Zero, the default: all at once.
    pub ramp: Duration,
}

impl Default for Rule {
    fn default() -> Self {
        Self::new()
    }
}

impl Rule {
    /// The default rule.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            trip: Trip::Failures,
            failures: 5,
            window: Duration::from_secs(60),
            open_for: Duration::from_secs(30),
            growth: None,
            probes: 2,
            successes: 2,
            probe_timeout: Duration::from_secs(30),
            ramp: Duration::ZERO,
        }
    }

    /// Sets how many failures open the breaker, within the window or in a row.
    #[must_use]
    pub const fn failures(mut self, failures: u32) -> Self {
        self.failures = failures;
        self
    }

    /// Sets how long a failure counts.
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Opens on so many failures in a row, however long they took.
    #[must_use]
    pub const fn consecutive(mut self, failures: u32) -> Self {
        self.trip = Trip::Consecutive;
        self.failures = failures;
        self
    }

    /// Opens on a rate of failures or of slow calls.
    #[must_use]
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.trip = Trip::Rate(rate);
        self
    }

    /// Sets how long an open breaker rejects every call.
    #[must_use]
    pub const fn open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
        self
    }

    /// With each opening in a row, without having closed in between, stays open `factor` times as long, at most `cap`.
    /// Any other schedule is handed to the breaker as an [`OpenTime`](crate::OpenTime).
    #[must_use]
    pub const fn open_growth(mut self, factor: f64, cap: Duration) -> Self {
        self.growth = Some(Growth::new(factor, cap));
        self
    }

    /// Sets how many probes may be out at the same time.
    #[must_use]
    pub const fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// Sets how many successes while half-open close the breaker.
    #[must_use]
    pub const fn successes(mut self, successes: u32) -> Self {
        self.successes = successes;
        self
    }

    /// Sets when an unsettled probe gives its place back.
    #[must_use]
    pub const fn probe_timeout(mut self, probe_timeout: Duration) -> Self {
        self.probe_timeout = probe_timeout;
        self
    }

    /// Sets how long the share of admitted calls grows after the probes succeeded.
    #[must_use]
    pub const fn ramp(mut self, ramp: Duration) -> Self {
        self.ramp = ramp;
        self
    }

    /// Tells whether a breaker can be made of this rule.
    ///
    /// # Errors
    ///
    /// Names the first field that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.failures == 0 || self.failures > MOST {
            return Err(ConfigError::Failures(self.failures));
        }
        if self.window.is_zero() {
            return Err(ConfigError::ZeroWindow);
        }
        if let Trip::Rate(rate) = &self.trip {
            rate.check()?;
        }
        if self.open_for.is_zero() {
            return Err(ConfigError::ZeroOpenFor);
        }
        if let Some(growth) = &self.growth {
            growth.check(self.open_for)?;
        }
        if self.probes == 0 || self.probes > MOST {
            return Err(ConfigError::Probes(self.probes));
        }
        if self.successes == 0 {
            return Err(ConfigError::ZeroSuccesses);
        }
        if self.probe_timeout.is_zero() {
            return Err(ConfigError::ZeroProbeTimeout);
        }
        Ok(())
    }

    /// From when on a call is slow; `None` when the rule does not judge that.
    pub(crate) const fn slow_after(&self) -> Option<Duration> {
        match self.trip {
            Trip::Rate(Rate { slow: Some(slow), .. }) => Some(slow.after),
            _ => None,
        }
    }
}

/// A failure, a probe or an outcome is remembered singly, so their number bounds the memory: half a megabyte at most.
pub(crate) const MOST: u32 = 65_536;
