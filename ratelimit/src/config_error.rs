//! What can be wrong with a quota.

use core::fmt;
use core::time::Duration;

/// A [`Quota`](crate::Quota) that cannot work, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No permits: nothing would ever be admitted.
    ZeroPermits,
    /// A period of zero.
    ZeroPeriod,
    /// A period so long that one permit takes above 18 years to earn, or the period itself is above 584.
    PeriodTooLong(Duration),
    /// Above 10,000,000,000 permits a second.
    RateTooHigh,
    /// A burst of zero: nothing would ever be admitted.
    ZeroBurst,
    /// A burst that takes above 18 years to earn; 7 at 10^10 a second.
    BurstTooLarge(u64),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroPermits => f.write_str("quota: permits must be at least 1"),
            Self::ZeroPeriod => f.write_str("quota: the period must be above zero"),
            Self::PeriodTooLong(period) => write!(f, "quota: a period of {period:?} is too long"),
            Self::RateTooHigh => f.write_str("quota: above 10,000,000,000 permits a second"),
            Self::ZeroBurst => f.write_str("quota: burst must be at least 1"),
            Self::BurstTooLarge(burst) => write!(f, "quota: a burst of {burst} takes too many years to earn"),
        }
    }
}

impl core::error::Error for ConfigError {}
