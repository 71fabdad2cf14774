//! How often: permits per period, and how many at once.

use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use crate::ConfigError;

#[cfg(feature = "serde")]
mod config;

/// So many permits per period, and at most `burst` of them at once.
///
/// The rate is spread evenly: 60 a minute with the default burst of 1 is one a second, never 60 in the first of them.
/// Permits are units of cost: requests, tokens, bytes.
///
/// ```
/// use steadfast_ratelimit::Quota;
///
/// # fn main() -> Result<(), steadfast_ratelimit::ConfigError> {
/// let requests = Quota::per_minute(60)?;
/// assert_eq!(requests.burst_size(), 1);
/// let tokens = Quota::per_minute(90_000)?.burst(8_000)?;
/// assert_eq!(tokens.burst_size(), 8_000);
/// assert!(Quota::per_second(0).is_err());
/// # Ok(())
/// # }
/// ```
///
/// With the feature `serde` it reads and writes as `{ permits = 60, per = "1m", burst = 5 }`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    permits: NonZeroU64,
    /// Nanoseconds.
    period: NonZeroU64,
    burst: NonZeroU64,
}

const SECOND: u64 = 1_000_000_000;
/// More would let the limiter's cells end within 14 years.
const MOST_PER_NANO: u64 = 10;
/// The limiter's units to a nanosecond. The more, the less is lost to rounding and the sooner cells end: with 4, after
/// 36 years. Above 4 permits a nanosecond there are as many units as permits.
const UNITS: u64 = 4;
/// Debt in units: half of what a cell holds, 18 years' worth.
const MOST_UNITS: u128 = u64::MAX as u128 / 8;

impl Quota {
    /// `permits` per `period`, burst 1.
    ///
    /// # Errors
    ///
    /// When `permits` or `period` is zero, one permit takes above 18 years, or the rate is above 10^10 a second.
    pub fn new(permits: u64, period: Duration) -> Result<Self, ConfigError> {
        let permits = NonZeroU64::new(permits).ok_or(ConfigError::ZeroPermits)?;
        let nanos = u64::try_from(period.as_nanos()).map_err(|_| ConfigError::PeriodTooLong(period))?;
        if u128::from(nanos) * u128::from(UNITS) / u128::from(permits.get()) > MOST_UNITS {
            return Err(ConfigError::PeriodTooLong(period));
        }
        let period = NonZeroU64::new(nanos).ok_or(ConfigError::ZeroPeriod)?;
        if u128::from(permits.get()) > u128::from(nanos) * u128::from(MOST_PER_NANO) {
            return Err(ConfigError::RateTooHigh);
        }
        let burst = NonZeroU64::MIN;
        Ok(Self { permits, period, burst })
    }

    /// `permits` a second, burst 1.
    ///
    /// # Errors
    ///
    /// When `permits` is zero or above 10^10.
    pub fn per_second(permits: u64) -> Result<Self, ConfigError> {
        Self::new(permits, Duration::from_nanos(SECOND))
    }

    /// `permits` a minute, burst 1.
    ///
    /// # Errors
    ///
    /// When `permits` is zero or above 6 * 10^11.
    pub fn per_minute(permits: u64) -> Result<Self, ConfigError> {
        Self::new(permits, Duration::from_nanos(60 * SECOND))
    }

    /// `permits` an hour, burst 1.
    ///
    /// # Errors
    ///
    /// When `permits` is zero or above 3.6 * 10^13.
    pub fn per_hour(permits: u64) -> Result<Self, ConfigError> {
        Self::new(permits, Duration::from_nanos(3600 * SECOND))
    }

    /// Sets how many permits may go at once, after a rest. Also the largest cost that is ever admitted.
    ///
    /// # Errors
    ///
    /// When `burst` is zero, or would take above 18 years to earn (7 at 10^10 a second).
    pub fn burst(mut self, burst: u64) -> Result<Self, ConfigError> {
        self.burst = NonZeroU64::new(burst).ok_or(ConfigError::ZeroBurst)?;
        if u128::from(burst) * u128::from(self.units_per_permit()) > MOST_UNITS {
            return Err(ConfigError::BurstTooLarge(burst));
        }
        Ok(self)
    }

    /// Permits per period.
    #[must_use]
    pub const fn permits(&self) -> u64 {
        self.permits.get()
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> Duration {
        Duration::from_nanos(self.period.get())
    }

    /// How many permits may go at once.
    #[must_use]
    pub const fn burst_size(&self) -> u64 {
        self.burst.get()
    }

    pub(crate) const fn period_nanos(&self) -> u64 {
        self.period.get()
    }

    /// A quota that has been one before.
    pub(crate) fn restored(permits: u64, period: u64, burst: u64) -> Self {
        let [permits, period, burst] =
            [permits, period, burst].map(|number| NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN));
        Self { permits, period, burst }
    }

    /// The limiter's units from one permit to the next, at least 1.
    pub(crate) const fn units_per_permit(&self) -> u64 {
        let units = self.period.get() as u128 * UNITS as u128 / self.permits.get() as u128;
        #[expect(clippy::cast_possible_truncation, reason = "checked when the quota was made")]
        let units = units as u64;
        if units == 0 { 1 } else { units }
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quota")
            .field("permits", &self.permits)
            .field("period", &self.period())
            .field("burst", &self.burst)
            .finish()
    }
}
