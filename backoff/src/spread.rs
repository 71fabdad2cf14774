//! A jitter and a cap, worked out once into integers, so that a wait costs two multiplications.

use core::time::Duration;

use crate::Jitter;
use crate::jitter::{below_or_at, pick};

/// Spreads the waits of any schedule under a cap. All waits are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    jitter: Jitter,
    /// The ends of the interval as multiples of the wait, in units of 2⁻⁶². Equal where there is no jitter.
    low: u64,
    high: u64,
    cap: u64,
    /// Where the interval begins that ends at the cap.
    low_at_cap: u64,
}

/// The number 1 as a multiple.
const ONE: u64 = 1 << 62;

impl Spread {
    /// The fraction of `jitter` must be within its bounds.
    pub(crate) const fn new(jitter: Jitter, cap: Duration) -> Self {
        let cap = nanos(cap);
        let (low, high) = jitter.ends();
        Self { jitter, low: multiple(low), high: multiple(high), cap, low_at_cap: scale(cap, low / high) }
    }

    pub(crate) const fn jitter(&self) -> Jitter {
        self.jitter
    }

    pub(crate) const fn cap(&self) -> u64 {
        self.cap
    }

    #[inline]
    pub(crate) const fn is_jittered(&self) -> bool {
        self.low < self.high
    }

    /// The shortest and the longest wait around `wait`; both can occur.
    #[inline]
    pub(crate) fn interval(&self, wait: u64) -> (u64, u64) {
        let wait = wait.min(self.cap);
        if !self.is_jittered() {
            return (wait, wait);
        }
        let bottom = times(wait, self.low);
        if bottom >= self.cap {
            // No room above: the same interval, moved down until it ends at the cap.
            return (self.low_at_cap.min(self.cap), self.cap);
        }
        (bottom, times(wait, self.high).min(self.cap))
    }

    /// The wait that `entropy` picks around `wait`.
    #[inline]
    pub(crate) fn delay(&self, wait: u64, entropy: u64) -> Duration {
        let picked = match self.jitter {
            // The two that most schedules have are known without multiplying out their ends.
            Jitter::Full => below_or_at(wait.min(self.cap), entropy),
            Jitter::None => wait.min(self.cap),
            _ => {
                let (low, high) = self.interval(wait);
                pick(low, high, entropy)
            }
        };
        Duration::from_nanos(picked)
    }

    /// [`interval`](Self::interval) in durations.
    pub(crate) fn ends(&self, wait: u64) -> (Duration, Duration) {
        let (low, high) = self.interval(wait);
        (Duration::from_nanos(low), Duration::from_nanos(high))
    }
}

/// Nanoseconds of a duration, at most [`u64::MAX`].
#[expect(clippy::cast_possible_truncation, reason = "what does not fit was dealt with")]
pub(crate) const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

/// `nanos · by` to the nearest nanosecond, at most [`u64::MAX`].
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, which is what is wanted")]
#[expect(clippy::cast_precision_loss, reason = "exact below 104 days, off by parts in 2⁵³ above")]
#[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
pub(crate) const fn scale(nanos: u64, by: f64) -> u64 {
    (nanos as f64 * by + 0.5) as u64
}

/// A number from 0.0 to 2.0 in units of 2⁻⁶²: exact, but for digits below that.
#[expect(clippy::cast_possible_truncation, reason = "at most 2⁶³")]
#[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
#[expect(clippy::cast_sign_loss, reason = "jitter keeps to 0.0 ..= 2.0")]
const fn multiple(of: f64) -> u64 {
    (of * ONE as f64) as u64
}

/// `nanos · by` to the nearest nanosecond, at most [`u64::MAX`]; `by` is a [`multiple`].
#[inline]
fn times(nanos: u64, by: u64) -> u64 {
    let product = u128::from(nanos) * u128::from(by) + u128::from(ONE / 2);
    u64::try_from(product >> 62).unwrap_or(u64::MAX)
}
