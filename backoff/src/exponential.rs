//! The capped exponential schedule.

use core::time::Duration;

use crate::jitter::pick;
use crate::{ConfigError, Jitter, Schedule, Step};

/// Waits that grow by a factor up to a cap: `w(n) = min(base · factor^(n−1), cap)`, then [`Jitter`], never above the cap.
///
/// It never ends; a [`Policy`](crate::Policy) counts the attempts. Waits are told to the nanosecond, up to 584 years.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Exponential, Jitter, Schedule, Step};
///
/// let schedule = Exponential::builder()
///     .base(Duration::from_millis(100))
///     .cap(Duration::from_secs(1))
///     .jitter(Jitter::None)
///     .build()?;
/// let waits: Vec<_> = (1..=5).map(|n| schedule.delay(&Step::new(n), 0).unwrap().as_millis()).collect();
/// assert_eq!(waits, [100, 200, 400, 800, 1000]);
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    base: Duration,
    factor: f64,
    cap: Duration,
    jitter: Jitter,
}

impl Default for Exponential {
    /// What [`Exponential::builder`] starts from: 1 s, doubled up to 60 s, full jitter.
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Exponential {
    const DEFAULT: Self = Self::trusted(Duration::from_secs(1), 2.0, Duration::from_secs(60), Jitter::Full);

    /// Starts from 1 s, doubled up to 60 s, with full jitter.
    pub const fn builder() -> ExponentialBuilder {
        ExponentialBuilder { schedule: Self::DEFAULT }
    }

    /// A schedule whose numbers are known to be right: those of the presets.
    pub(crate) const fn trusted(base: Duration, factor: f64, cap: Duration, jitter: Jitter) -> Self {
        Self { base, factor, cap, jitter }
    }

    /// The wait after the first failure, before jitter.
    #[must_use]
    pub const fn base(&self) -> Duration {
        self.base
    }

    /// By how much each wait is longer than the one before it.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
    }

    /// The longest wait, jitter included.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// How waits are spread.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// The wait before retry number `retry`, 1 for the first, without jitter.
    #[must_use]
    pub fn wait(&self, retry: u32) -> Duration {
        Duration::from_nanos(self.wait_nanos(retry))
    }

    /// The shortest and the longest wait before retry number `retry`, jitter included; both can occur.
    #[must_use]
    pub fn interval(&self, retry: u32) -> (Duration, Duration) {
        let (low, high) = self.interval_nanos(retry);
        (Duration::from_nanos(low), Duration::from_nanos(high))
    }

    fn wait_nanos(&self, retry: u32) -> u64 {
        let base = nanos(self.base);
        let cap = nanos(self.cap);
        let steps = retry.saturating_sub(1);
        if steps == 0 {
            return base.min(cap);
        }
        scale(base, power(self.factor, steps)).clamp(base.min(cap), cap)
    }

    fn interval_nanos(&self, retry: u32) -> (u64, u64) {
        let wait = self.wait_nanos(retry);
        let (low, high) = self.jitter.ends();
        if low >= high {
            return (wait, wait);
        }
        let cap = nanos(self.cap);
        let bottom = scale(wait, low).min(wait);
        if bottom >= cap {
            // No room above: the same interval, moved down until it ends at the cap.
            return (scale(cap, low / high).min(cap), cap);
        }
        (bottom, scale(wait, high).clamp(wait, cap))
    }
}

impl Schedule for Exponential {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        let (low, high) = self.interval_nanos(step.retry);
        Some(Duration::from_nanos(pick(low, high, entropy)))
    }

    fn is_jittered(&self) -> bool {
        self.jitter.is_some()
    }
}

/// Builds an [`Exponential`]; made by [`Exponential::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ExponentialBuilder {
    schedule: Exponential,
}

impl ExponentialBuilder {
    /// The wait after the first failure, above zero. 1 s unless set.
    pub const fn base(mut self, base: Duration) -> Self {
        self.schedule.base = base;
        self
    }

    /// By how much each wait is longer than the one before it: 1.0 or more. 2.0 unless set.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.schedule.factor = factor;
        self
    }

    /// The longest wait, jitter included; not below the base. 60 s unless set.
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.schedule.cap = cap;
        self
    }

    /// How waits are spread. Full jitter unless set.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.schedule.jitter = jitter;
        self
    }

    /// The schedule.
    ///
    /// # Errors
    ///
    /// A base of zero, a factor below 1.0 or not finite, a cap below the base, a jitter fraction outside 0.0 ..= 1.0.
    pub fn build(self) -> Result<Exponential, ConfigError> {
        let Exponential { base, factor, cap, jitter } = self.schedule;
        if base.is_zero() {
            return Err(ConfigError::ZeroBase);
        }
        if !(factor.is_finite() && factor >= 1.0) {
            return Err(ConfigError::Factor { factor });
        }
        if cap < base {
            return Err(ConfigError::CapBelowBase { cap, base });
        }
        jitter.check()?;
        Ok(self.schedule)
    }
}

/// Nanoseconds of a duration, at most [`u64::MAX`].
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `factor` to the power of `exponent`, by squaring: `core` has no `powi`. Infinite where it overflows.
fn power(factor: f64, exponent: u32) -> f64 {
    let mut result = 1.0;
    let mut square = factor;
    let mut rest = exponent;
    while rest > 0 {
        if rest % 2 == 1 {
            result *= square;
        }
        square *= square;
        rest /= 2;
    }
    result
}

/// `nanos · by` to the nearest nanosecond, at most [`u64::MAX`].
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, which is what is wanted")]
#[expect(clippy::cast_precision_loss, reason = "exact below 104 days, off by parts in 2⁵³ above")]
#[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
fn scale(nanos: u64, by: f64) -> u64 {
    (nanos as f64 * by + 0.5) as u64
}
