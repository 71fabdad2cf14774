//! How long an opening lasts: growing with each in a row, or by a schedule of the caller's.

use core::time::Duration;

use crate::ConfigError;

/// Geometric growth of the open time: `open_for · factorⁿ`, at most `cap`, for the opening after `n` others in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Growth {
    /// Each opening in a row lasts so many times as long as the one before; finite, at least 1.0.
    pub factor: f64,
    /// No opening lasts longer; at least the rule's `open_for`.
    #[cfg_attr(feature = "serde", serde(with = "steadfast_clock::human"))]
    pub cap: Duration,
}

impl Growth {
    /// Growth by `factor`, up to `cap`.
    #[must_use]
    pub const fn new(factor: f64, cap: Duration) -> Self {
        Self { factor, cap }
    }

    pub(crate) fn check(&self, open_for: Duration) -> Result<(), ConfigError> {
        if !self.factor.is_finite() || self.factor < 1.0 {
            return Err(ConfigError::GrowthFactor);
        }
        if self.cap < open_for {
            return Err(ConfigError::GrowthCap(self.cap));
        }
        Ok(())
    }

    /// How long the opening lasts that is number `in_a_row`, from 1.
    pub(crate) fn open_for(&self, base: Duration, in_a_row: u32) -> Duration {
        // By squaring: `powi` needs std. An overflow is infinite, and the cap serves.
        let (mut power, mut square, mut left) = (1.0, self.factor, in_a_row.saturating_sub(1));
        while left > 0 {
            if left % 2 == 1 {
                power *= square;
            }
            square *= square;
            left /= 2;
        }
        Duration::try_from_secs_f64(base.as_secs_f64() * power).map_or(self.cap, |long| long.min(self.cap)).max(base)
    }
}

/// How long each opening lasts, where the rule's `open_for` and its growth do not say enough. A closure is one:
///
/// ```
/// use std::time::Duration;
/// use steadfast_breaker::{CircuitBreaker, Rule};
///
/// # fn main() -> Result<(), steadfast_breaker::ConfigError> {
/// let breaker = CircuitBreaker::new(Rule::new())?.open_time(|in_a_row: u32| match in_a_row {
///     1 => Duration::from_secs(1),
///     2..=5 => Duration::from_secs(10),
///     _ => Duration::from_secs(300),
/// });
/// # let _ = breaker;
/// # Ok(())
/// # }
/// ```
///
/// So is any schedule of `steadfast-backoff`, jitter included, that is asked for the wait of attempt `in_a_row`:
///
/// ```text
/// breaker.open_time(move |in_a_row| schedule.delay(&step(in_a_row), entropy()).unwrap_or(cap))
/// ```
pub trait OpenTime: Send + Sync {
    /// The time of the opening number `in_a_row`, from 1; 1 again once the breaker has closed in between. Runs with the
    /// breaker's lock held: it should be quick, must not panic and must not ask the breaker. Zero is taken as 1 ns.
    fn open_for(&self, in_a_row: u32) -> Duration;
}

impl<F: Fn(u32) -> Duration + Send + Sync> OpenTime for F {
    fn open_for(&self, in_a_row: u32) -> Duration {
        self(in_a_row)
    }
}
