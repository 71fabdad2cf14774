//! The capped Fibonacci schedule.

use core::fmt;
use core::time::Duration;

use crate::spread::{Spread, nanos};
use crate::{ConfigError, Jitter, Schedule, Step};

/// Each wait is the sum of the two before it, up to a cap: `w(n) = min(base · F(n), cap)` with `F` = 1, 1, 2, 3, 5, 8 …,
/// then [`Jitter`], never above the cap.
///
/// It grows by about 1.6 each time, after a first wait that comes twice. It never ends; a [`Policy`](crate::Policy)
/// counts the attempts. Waits are told to the nanosecond, up to 584 years; longer ones are taken as that.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Fibonacci, Jitter, Schedule};
///
/// let schedule = Fibonacci::builder()
///     .base(Duration::from_millis(100))
///     .cap(Duration::from_millis(700))
///     .jitter(Jitter::None)
///     .build()?;
/// let waits: Vec<_> = schedule.iter(|| 0).map(|wait| wait.as_millis()).take(7).collect();
/// assert_eq!(waits, [100, 100, 200, 300, 500, 700, 700]);
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Fibonacci", into = "crate::config::Fibonacci"))]
pub struct Fibonacci {
    base: u64,
    spread: Spread,
}

/// F(1) to F(93), which are all that fit.
const NUMBERS: [u64; 93] = {
    let mut numbers = [1; 93];
    let mut n = 2;
    while n < numbers.len() {
        numbers[n] = numbers[n - 2] + numbers[n - 1];
        n += 1;
    }
    numbers
};

impl Default for Fibonacci {
    /// What [`Fibonacci::builder`] starts from: 1, 1, 2, 3, 5 s … up to 60 s, full jitter.
    fn default() -> Self {
        let FibonacciBuilder { base, cap, jitter } = Self::builder();
        Self::trusted(base, cap, jitter)
    }
}

impl Fibonacci {
    /// Starts from 1, 1, 2, 3, 5 s … up to 60 s, with full jitter.
    pub const fn builder() -> FibonacciBuilder {
        FibonacciBuilder { base: Duration::from_secs(1), cap: Duration::from_secs(60), jitter: Jitter::Full }
    }

    const fn trusted(base: Duration, cap: Duration, jitter: Jitter) -> Self {
        Self { base: nanos(base), spread: Spread::new(jitter, cap) }
    }

    /// The first and the second wait, before jitter.
    #[must_use]
    pub const fn base(&self) -> Duration {
        Duration::from_nanos(self.base)
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
        let index = usize::try_from(retry.saturating_sub(1)).unwrap_or(usize::MAX);
        let number = NUMBERS.get(index).copied().unwrap_or(u64::MAX);
        self.base.saturating_mul(number).min(self.spread.cap())
    }
}

impl fmt::Debug for Fibonacci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fibonacci")
            .field("base", &self.base())
            .field("cap", &self.cap())
            .field("jitter", &self.jitter())
            .finish()
    }
}

impl Schedule for Fibonacci {
    #[inline]
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        Some(self.spread.delay(self.wait_nanos(step.retry), entropy))
    }

    #[inline]
    fn is_jittered(&self) -> bool {
        self.spread.is_jittered()
    }
}

/// Builds a [`Fibonacci`]; made by [`Fibonacci::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct FibonacciBuilder {
    base: Duration,
    cap: Duration,
    jitter: Jitter,
}

impl FibonacciBuilder {
    /// The first and the second wait, above zero. 1 s unless set.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
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
    /// A base of zero, a cap below the base, a jitter fraction outside 0.0 ..= 1.0.
    pub const fn build(self) -> Result<Fibonacci, ConfigError> {
        let Self { base, cap, jitter } = self;
        match ConfigError::check(base, cap, jitter) {
            Ok(()) => Ok(Fibonacci::trusted(base, cap, jitter)),
            Err(error) => Err(error),
        }
    }
}
