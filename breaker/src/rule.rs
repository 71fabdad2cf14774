//! When a breaker opens, how long it stays so, and how it finds its way back.

use core::time::Duration;

use crate::ConfigError;

/// How many failures open a breaker, and how it recovers.
///
/// The default opens on 5 failures within 60 s, stays open for 30 s, lets at most 2 probes out at a time and closes on
/// 2 successes. A rule is checked when a breaker or a [`Machine`](crate::Machine) is made of it.
///
/// ```
/// use std::time::Duration;
/// use steadfast_breaker::{CircuitBreaker, Rule};
///
/// let rule = Rule::new().failures(3).open_for(Duration::from_secs(5));
/// assert_eq!(rule.window, Duration::from_secs(60));
/// assert!(CircuitBreaker::new(rule).is_ok());
/// assert!(CircuitBreaker::new(Rule::new().failures(0)).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// So many failures within `window` open the breaker; 1 ..= 65,536.
    pub failures: u32,
    /// How long a failure counts: while it is younger than this. Above zero.
    pub window: Duration,
    /// How long an open breaker rejects every call before it lets probes out. Above zero.
    pub open_for: Duration,
    /// So many probes may be out at the same time while half-open; 1 ..= 65,536.
    pub probes: u32,
    /// So many successes while half-open close the breaker; at least 1, may be above `probes`.
    pub successes: u32,
    /// A probe that is not settled by then gives its place back. Above zero.
    pub probe_timeout: Duration,
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
            failures: 5,
            window: Duration::from_secs(60),
            open_for: Duration::from_secs(30),
            probes: 2,
            successes: 2,
            probe_timeout: Duration::from_secs(30),
        }
    }

    /// Sets how many failures within the window open the breaker.
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

    /// Sets how long an open breaker rejects every call.
    #[must_use]
    pub const fn open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
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

    /// Tells whether a breaker can be made of this rule.
    ///
    /// # Errors
    ///
    /// Names the first field that is out of its range.
    pub const fn check(&self) -> Result<(), ConfigError> {
        if self.failures == 0 || self.failures > MOST {
            return Err(ConfigError::Failures(self.failures));
        }
        if self.window.is_zero() {
            return Err(ConfigError::ZeroWindow);
        }
        if self.open_for.is_zero() {
            return Err(ConfigError::ZeroOpenFor);
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
}

/// A failure or a probe is remembered singly, so their number bounds the memory: half a megabyte at most.
const MOST: u32 = 65_536;
