//! The same wait every time.

use core::fmt;
use core::time::Duration;

use crate::spread::{Spread, nanos};
use crate::{ConfigError, Jitter, Schedule, Step};

/// The same wait before every retry, then [`Jitter`]: none unless set.
///
/// It never ends; a [`Policy`](crate::Policy) counts the attempts. Without a cap, jitter alone bounds a wait: at most
/// twice the wait that was set.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Constant, Jitter, Schedule, Step};
///
/// let schedule = Constant::new(Duration::from_secs(2))?.with_jitter(Jitter::Fraction(0.25))?;
/// assert_eq!(schedule.interval(), (Duration::from_millis(1500), Duration::from_millis(2500)));
/// assert_eq!(schedule.delay(&Step::new(9), 0), Some(Duration::from_millis(1500)));
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::Constant", into = "crate::config::Constant"))]
pub struct Constant {
    wait: u64,
    spread: Spread,
}

impl Constant {
    /// Waits of exactly `wait`.
    ///
    /// # Errors
    ///
    /// A wait of zero.
    pub const fn new(wait: Duration) -> Result<Self, ConfigError> {
        if wait.is_zero() {
            return Err(ConfigError::ZeroBase);
        }
        Ok(Self { wait: nanos(wait), spread: Spread::new(Jitter::None, Duration::MAX) })
    }

    /// The same waits, spread by `jitter`.
    ///
    /// # Errors
    ///
    /// A jitter fraction outside 0.0 ..= 1.0.
    pub fn with_jitter(mut self, jitter: Jitter) -> Result<Self, ConfigError> {
        jitter.check()?;
        self.spread = Spread::new(jitter, self.cap());
        Ok(self)
    }

    /// The same waits with a longest one, jitter included. None unless set.
    ///
    /// # Errors
    ///
    /// A cap below the wait.
    pub fn with_cap(mut self, cap: Duration) -> Result<Self, ConfigError> {
        ConfigError::check(self.wait(), cap, self.jitter())?;
        self.spread = Spread::new(self.jitter(), cap);
        Ok(self)
    }

    /// The wait, before jitter.
    #[must_use]
    pub const fn wait(&self) -> Duration {
        Duration::from_nanos(self.wait)
    }

    /// The longest wait, jitter included; 584 years where none was set.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        Duration::from_nanos(self.spread.cap())
    }

    /// How waits are spread.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.spread.jitter()
    }

    /// The shortest and the longest wait, jitter included; both can occur.
    #[must_use]
    pub fn interval(&self) -> (Duration, Duration) {
        self.spread.ends(self.wait)
    }
}

impl fmt::Debug for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Constant")
            .field("wait", &self.wait())
            .field("cap", &self.cap())
            .field("jitter", &self.jitter())
            .finish()
    }
}

impl Schedule for Constant {
    #[inline]
    fn delay(&self, _step: &Step, entropy: u64) -> Option<Duration> {
        Some(self.spread.delay(self.wait, entropy))
    }

    #[inline]
    fn is_jittered(&self) -> bool {
        self.spread.is_jittered()
    }
}
