//! The capped schedule whose waits depend on the wait before.

use core::fmt;
use core::time::Duration;

use crate::jitter::pick;
use crate::spread::nanos;
use crate::{ConfigError, Jitter, Schedule, Step};

/// Each wait is drawn between the base and three times the wait before it, never above the cap.
///
/// `w(n) = uniform(base, min(3 · w(n−1), cap))` with `w(0) = base`: decorrelated jitter as in Marc Brooker, "Exponential
/// Backoff And Jitter", AWS Architecture Blog, 2015, but cut at the cap, where the original clamps and piles about half
/// of its late waits up on that one point.
///
/// The wait before is the one that was slept, so also one that a server asked for. It never ends; a
/// [`Policy`](crate::Policy) counts the attempts. Waits are told to the nanosecond, up to 584 years; longer ones are taken
/// as that.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Decorrelated, Schedule};
///
/// let schedule = Decorrelated::new(Duration::from_secs(1), Duration::from_secs(20))?;
/// let longest: Vec<_> = schedule.iter(|| u64::MAX).map(|wait| wait.as_secs()).take(4).collect();
/// assert_eq!(longest, [3, 9, 20, 20]);
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Decorrelated", into = "crate::config::Decorrelated"))]
pub struct Decorrelated {
    base: u64,
    cap: u64,
}

impl Default for Decorrelated {
    /// 1 s up to 60 s.
    fn default() -> Self {
        Self { base: 1_000_000_000, cap: 60_000_000_000 }
    }
}

impl Decorrelated {
    /// Waits from `base` to `cap`.
    ///
    /// # Errors
    ///
    /// A base of zero, a cap below the base.
    pub const fn new(base: Duration, cap: Duration) -> Result<Self, ConfigError> {
        match ConfigError::check(base, cap, Jitter::None) {
            Ok(()) => Ok(Self { base: nanos(base), cap: nanos(cap) }),
            Err(error) => Err(error),
        }
    }

    /// The shortest wait.
    #[must_use]
    pub const fn base(&self) -> Duration {
        Duration::from_nanos(self.base)
    }

    /// The longest wait.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        Duration::from_nanos(self.cap)
    }

    /// The shortest and the longest wait after one of `previous`, `None` for the first; both can occur.
    #[must_use]
    pub fn interval(&self, previous: Option<Duration>) -> (Duration, Duration) {
        (self.base(), Duration::from_nanos(self.high(previous)))
    }

    #[inline]
    fn high(&self, previous: Option<Duration>) -> u64 {
        let previous = previous.map_or(self.base, nanos).max(self.base);
        previous.saturating_mul(3).min(self.cap)
    }
}

impl fmt::Debug for Decorrelated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decorrelated").field("base", &self.base()).field("cap", &self.cap()).finish()
    }
}

impl Schedule for Decorrelated {
    #[inline]
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        Some(Duration::from_nanos(pick(self.base, self.high(step.previous), entropy)))
    }

    /// `false` where base and cap are the same and leave no room.
    #[inline]
    fn is_jittered(&self) -> bool {
        self.base < self.cap
    }
}
