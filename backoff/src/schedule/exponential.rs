//! The capped exponential schedule.

use core::fmt;
use core::time::Duration;

use crate::spread::{Spread, nanos, scale};
use crate::{ConfigError, Jitter, Schedule, Step};

/// Waits that grow by a factor up to a cap: `w(n) = min(base · factor^(n−1), cap)`, then [`Jitter`], never above the cap.
///
/// It never ends; a [`Policy`](crate::Policy) counts the attempts. Waits are told to the nanosecond, up to 584 years;
/// longer ones are taken as that.
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
#[derive(Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Exponential", into = "crate::config::Exponential"))]
pub struct Exponential {
    base: u64,
    factor: f64,
    /// The factor's binary logarithm where it is a power of two: then growth is a shift.
    doublings: Option<u32>,
    /// The last retry whose wait can be below the cap.
    growing_until: u32,
    spread: Spread,
}

impl Default for Exponential {
    /// What [`Exponential::builder`] starts from: 1 s, doubled up to 60 s, full jitter.
    fn default() -> Self {
        let ExponentialBuilder { base, factor, cap, jitter } = Self::builder();
        Self::trusted(base, factor, cap, jitter)
    }
}

impl Exponential {
    /// Starts from 1 s, doubled up to 60 s, with full jitter.
    pub const fn builder() -> ExponentialBuilder {
        ExponentialBuilder {
            base: Duration::from_secs(1),
            factor: 2.0,
            cap: Duration::from_secs(60),
            jitter: Jitter::Full,
        }
    }

    /// A schedule whose numbers are known to be right: those of the presets.
    pub(crate) const fn trusted(base: Duration, factor: f64, cap: Duration, jitter: Jitter) -> Self {
        let (base, spread) = (nanos(base), Spread::new(jitter, cap));
        let doublings = doublings(factor);
        let growing_until = match doublings {
            Some(0) | None => u32::MAX,
            // Beyond it the shift would go above the cap, or leave the 64 bits.
            Some(doublings) => (spread.cap() / base).ilog2() / doublings + 1,
        };
        Self { base, factor, doublings, growing_until, spread }
    }

    /// The wait after the first failure, before jitter.
    #[must_use]
    pub const fn base(&self) -> Duration {
        Duration::from_nanos(self.base)
    }

    /// By how much each wait is longer than the one before it.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
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
        if retry > self.growing_until {
            return self.spread.cap();
        }
        let steps = retry.saturating_sub(1);
        match self.doublings {
            Some(doublings) => self.base << (doublings * steps),
            None => self.grown(steps),
        }
    }

    /// Growth by a factor that is no power of two.
    fn grown(&self, steps: u32) -> u64 {
        if steps == 0 {
            return self.base;
        }
        scale(self.base, power(self.factor, steps)).clamp(self.base, self.spread.cap())
    }
}

impl fmt::Debug for Exponential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exponential")
            .field("base", &self.base())
            .field("factor", &self.factor)
            .field("cap", &self.cap())
            .field("jitter", &self.jitter())
            .finish()
    }
}

impl Schedule for Exponential {
    #[inline]
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        Some(self.spread.delay(self.wait_nanos(step.retry), entropy))
    }

    #[inline]
    fn is_jittered(&self) -> bool {
        self.spread.is_jittered()
    }
}

/// Builds an [`Exponential`]; made by [`Exponential::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ExponentialBuilder {
    base: Duration,
    factor: f64,
    cap: Duration,
    jitter: Jitter,
}

impl ExponentialBuilder {
    /// The wait after the first failure, above zero. 1 s unless set.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// By how much each wait is longer than the one before it: 1.0 or more. 2.0 unless set.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
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
    /// A base of zero, a factor below 1.0 or not finite, a cap below the base, a jitter fraction outside 0.0 ..= 1.0.
    pub const fn build(self) -> Result<Exponential, ConfigError> {
        let Self { base, factor, cap, jitter } = self;
        if !(factor.is_finite() && factor >= 1.0) {
            return Err(ConfigError::Factor { factor });
        }
        match ConfigError::check(base, cap, jitter) {
            Ok(()) => Ok(Exponential::trusted(base, factor, cap, jitter)),
            Err(error) => Err(error),
        }
    }
}

/// The binary logarithm of a finite number of at least 1.0, where it is a whole one.
const fn doublings(factor: f64) -> Option<u32> {
    const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = factor.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    if fraction == 0 { Some((bits >> FRACTION_BITS) as u32 - 1023) } else { None }
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
