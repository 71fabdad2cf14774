//! Nanoseconds to the limiter's own units and back.

use steadfast_clock::Nanos;

use crate::Quota;

/// Time in units of which one permit earns a whole number, so that no rounding ever adds up.
///
/// One permit is `per_permit` units, each about a sixteenth of a nanosecond. A nanosecond is then
/// `whole + fraction / 2^64` units, rounded down: the limiter's time runs slow by at most one part in 2^63. Where the
/// interval is a whole number of nanoseconds, which it is for most quotas, a nanosecond is exactly 16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    per_permit: u64,
    whole: u64,
    fraction: u64,
}

impl Scale {
    pub(crate) const fn new(quota: &Quota) -> Self {
        let period = quota.period().as_nanos();
        let per_permit = quota.units_per_permit();
        let units = quota.permits() as u128 * per_permit as u128;
        #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
        let whole = (units / period) as u64;
        #[expect(clippy::cast_possible_truncation, reason = "a remainder over its divisor is below 1")]
        let fraction = (((units % period) << 64) / period) as u64;
        Self { per_permit, whole, fraction }
    }

    /// Units of `cost` permits.
    pub(crate) const fn of_cost(self, cost: u64) -> u128 {
        cost as u128 * self.per_permit as u128
    }

    /// Units at `now`, rounded down and up. `None` where units end.
    pub(crate) fn at(self, now: Nanos) -> Option<(u64, u64)> {
        let now = now.as_nanos();
        let parts = u128::from(now) * u128::from(self.fraction);
        let carried = (parts >> 64) as u64;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half of a 128-bit product, only compared to 0")]
        let rest = parts as u64;
        let floor = now.checked_mul(self.whole)?.checked_add(carried)?;
        let ceiling = floor.checked_add(u64::from(rest != 0))?;
        Some((floor, ceiling))
    }

    /// The first point at which at least `units` have passed; `None` beyond the end of the clock.
    pub(crate) fn reaches(self, units: u128) -> Option<Nanos> {
        let units = u64::try_from(units).ok()?;
        if self.fraction == 0 {
            return Some(Nanos::from_nanos(units.div_ceil(self.whole)));
        }
        let per_nano = (u128::from(self.whole) << 64) | u128::from(self.fraction);
        let nanos = (u128::from(units) << 64).div_ceil(per_nano);
        u64::try_from(nanos).ok().map(Nanos::from_nanos)
    }
}
