//! Nanoseconds to the limiter's own units and back.

use steadfast_clock::Nanos;

use crate::Quota;

/// Time in units of which one permit earns a whole number, so that no rounding ever adds up.
///
/// One permit is `per_permit` units, each about a quarter of a nanosecond. A nanosecond is then
/// `whole + fraction / 2^64` units, rounded down: the limiter's time runs slow by at most one part in 2^61. Where the
/// interval is a whole number of nanoseconds, which it is for most quotas, a nanosecond is exactly 4 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) per_permit: u64,
    /// At most 10.
    pub(crate) whole: u64,
    pub(crate) fraction: u64,
}

/// The clock that units are told for, in bits of a nanosecond: 36 years.
const CLOCK_BITS: u32 = 60;

impl Scale {
    pub(crate) const fn new(quota: &Quota) -> Self {
        let period = quota.period().as_nanos();
        let per_permit = quota.units_per_permit();
        let units = quota.permits() as u128 * per_permit as u128;
        #[expect(clippy::cast_possible_truncation, reason = "at most 10")]
        let whole = (units / period) as u64;
        #[expect(clippy::cast_possible_truncation, reason = "a remainder over its divisor is below 1")]
        let fraction = (((units % period) << 64) / period) as u64;
        Self { per_permit, whole, fraction }
    }

    /// Units of `cost` permits.
    pub(crate) const fn of_cost(self, cost: u64) -> u128 {
        cost as u128 * self.per_permit as u128
    }

    /// Units at `now`, rounded down and up, at most 11 * 2^60. `None` where the clock ends.
    #[inline]
    pub(crate) const fn at(self, now: Nanos) -> Option<(u64, u64)> {
        let now = now.as_nanos();
        if now >> CLOCK_BITS != 0 {
            return None;
        }
        if self.fraction == 0 {
            let units = now * self.whole;
            return Some((units, units));
        }
        let parts = now as u128 * self.fraction as u128;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half of a 128-bit product, only compared to 0")]
        let rest = parts as u64;
        let floor = now * self.whole + (parts >> 64) as u64;
        Some((floor, floor + (rest != 0) as u64))
    }

    /// The first point at which at least `units` have passed; `None` beyond the end of the clock.
    pub(crate) fn reaches(self, units: u128) -> Option<Nanos> {
        let units = u64::try_from(units).ok()?;
        let nanos = if self.fraction == 0 && self.whole == 4 {
            units.div_ceil(4)
        } else if self.fraction == 0 {
            units.div_ceil(self.whole)
        } else {
            let per_nano = (u128::from(self.whole) << 64) | u128::from(self.fraction);
            u64::try_from((u128::from(units) << 64).div_ceil(per_nano)).ok()?
        };
        (nanos >> CLOCK_BITS == 0).then_some(Nanos::from_nanos(nanos))
    }
}
