//! The capped linear schedule.

use core::fmt;
use core::time::Duration;

use crate::spread::{Spread, nanos};
use crate::{ConfigError, Jitter, Schedule, Step};

/// Waits that grow by a step up to a cap: `w(n) = min(base + increment · (n−1), cap)`, then [`Jitter`], never above the
/// cap.
///
/// It never ends; a [`Policy`](crate::Policy) counts the attempts. Waits are told to the nanosecond, up to 584 years;
/// longer ones are taken as that.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Jitter, Linear, Schedule};
///
/// let schedule = Linear::builder()
///     .base(Duration::from_secs(1))
///     .increment(Duration::from_secs(2))
///     .cap(Duration::from_secs(6))
///     .jitter(Jitter::None)
///     .build()?;
/// let waits: Vec<_> = schedule.iter(|| 0).map(|wait| wait.as_secs()).take(5).collect();
/// assert_eq!(waits, [1, 3, 5, 6, 6]);
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Linear", into = "crate::config::Linear"))]
pub struct Linear {
    base: u64,
    increment: u64,
    spread: Spread,
}

impl Default for Linear {
    /// What [`Linear::builder`] starts from: 1 s, 1 s more each time up to 60 s, full jitter.
    fn default() -> Self {
        let LinearBuilder { base, increment, cap, jitter } = Self::builder();
        Self::trusted(base, increment, cap, jitter)
    }
}

impl Linear {
    /// Starts from 1 s, 1 s more each time up to 60 s, with full jitter.
    pub const fn builder() -> LinearBuilder {
        LinearBuilder {
            base: Duration::from_secs(1),
            increment: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            jitter: Jitter::Full,
        }
    }

    const fn trusted(base: Duration, increment: Duration, cap: Duration, jitter: Jitter) -> Self {
        Self { base: nanos(base), increment: nanos(increment), spread: Spread::new(jitter, cap) }
    }

    /// The wait after the first failure, before jitter.
    #[must_use]
    pub const fn base(&self) -> Duration {
        Duration::from_nanos(self.base)
    }

    /// By how much each wait is longer than the one before it.
    #[must_use]
    pub const fn increment(&self) -> Duration {
        Duration::from_nanos(self.increment)
    }

    /// The longest wait, jitter included.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        Duration::from_nanos(self.spread.cap())
    }

    /// How waits are spread.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.spread.jitter()
    }

    /// The wait before retry number `retry`, 1 for the first, without jitter.
    #[must_use]
    pub fn wait(&self, retry: u32) -> Duration {
        Duration::from_nanos(self.wait_nanos(retry))
    }

    /// The shortest and the longest wait before retry number `retry`, jitter included; both can occur.
    #[must_use]
    pub fn interval(&self, retry: u32) -> (Duration, Duration) {
        self.spread.ends(self.wait_nanos(retry))
    }

    #[inline]
    fn wait_nanos(&self, retry: u32) -> u64 {
        let grown = self.increment.saturating_mul(u64::from(retry.saturating_sub(1)));
        self.base.saturating_add(grown).min(self.spread.cap())
    }
}

impl fmt::Debug for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linear")
            .field("base", &self.base())
            .field("increment", &self.increment())
            .field("cap", &self.cap())
            .field("jitter", &self.jitter())
            .finish()
    }
}

impl Schedule for Linear {
    #[inline]
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        Some(self.spread.delay(self.wait_nanos(step.retry), entropy))
    }

    #[inline]
    fn is_jittered(&self) -> bool {
        self.spread.is_jittered()
    }
}

/// Builds a [`Linear`]; made by [`Linear::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct LinearBuilder {
    base: Duration,
    increment: Duration,
    cap: Duration,
    jitter: Jitter,
}

impl LinearBuilder {
    /// The wait after the first failure, above zero. 1 s unless set.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// By how much each wait is longer than the one before it, above zero. 1 s unless set.
    pub const fn increment(mut self, increment: Duration) -> Self {
        self.increment = increment;
        self
    }

    /// The longest wait, jitter included; not below the base. 60 s unless set.
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// How waits are spread. Full jitter unless set.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The schedule.
    ///
    /// # Errors
    ///
    /// A base or an increment of zero (for equal waits there is [`Constant`](crate::Constant)), a cap below the base, a
    /// jitter fraction outside 0.0 ..= 1.0.
    pub const fn build(self) -> Result<Linear, ConfigError> {
        let Self { base, increment, cap, jitter } = self;
        if increment.is_zero() {
            return Err(ConfigError::ZeroIncrement);
        }
        match ConfigError::check(base, cap, jitter) {
            Ok(()) => Ok(Linear::trusted(base, increment, cap, jitter)),
            Err(error) => Err(error),
        }
    }
}
