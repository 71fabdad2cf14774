//! A retry policy: a schedule, how many attempts, and how long a server may ask us to wait.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::{ConfigError, Exponential, Jitter};

/// How a call is retried. Immutable: share one among any number of calls.
///
/// The presets are [`provider`](Policy::provider), [`http`](Policy::http), [`api_client`](Policy::api_client),
/// [`production`](Policy::production), [`aggressive`](Policy::aggressive), [`delivery`](Policy::delivery) and
/// [`disabled`](Policy::disabled).
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{Exponential, Policy};
///
/// let schedule = Exponential::builder().base(Duration::from_millis(200)).build()?;
/// let policy = Policy::new(schedule, 5)?.hint_cap(Duration::from_secs(20));
/// assert_eq!(policy.max_attempts(), 5);
/// assert!(Policy::new(Exponential::default(), 0).is_err());
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Policy<S: ?Sized = Exponential> {
    max_attempts: NonZeroU32,
    hint_cap: Duration,
    schedule: S,
}

/// The longest wait that a server may ask for, unless set otherwise.
const HINT_CAP: Duration = Duration::from_secs(60);

impl<S> Policy<S> {
    /// At most `max_attempts` attempts, the first included, with the waits of `schedule` between them.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroAttempts`]: the first attempt counts, so 1 is "no retries".
    pub fn new(schedule: S, max_attempts: u32) -> Result<Self, ConfigError> {
        Ok(Self { max_attempts: attempts(max_attempts)?, hint_cap: HINT_CAP, schedule })
    }

    pub(crate) const fn trusted(schedule: S, retries: u32) -> Self {
        Self { max_attempts: NonZeroU32::MIN.saturating_add(retries), hint_cap: HINT_CAP, schedule }
    }

    /// The same policy with at most `max_attempts` attempts, the first included.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroAttempts`].
    pub fn with_attempts(mut self, max_attempts: u32) -> Result<Self, ConfigError> {
        self.max_attempts = attempts(max_attempts)?;
        Ok(self)
    }

    /// The same policy with at most `retries` retries: `retries + 1` attempts.
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.max_attempts = NonZeroU32::MIN.saturating_add(retries);
        self
    }

    /// The same policy with another bound for waits that a server asks for, 60 s unless set.
    ///
    /// It has nothing to do with the schedule's cap. A longer request is not slept at all, never slept shorter: the
    /// retries end with [`Stop::HintAboveCap`](crate::Stop::HintAboveCap).
    pub fn hint_cap(mut self, cap: Duration) -> Self {
        self.hint_cap = cap;
        self
    }
}

impl Policy {
    /// The same policy with another jitter.
    ///
    /// # Errors
    ///
    /// A jitter fraction outside 0.0 ..= 1.0.
    pub fn with_jitter(mut self, jitter: Jitter) -> Result<Self, ConfigError> {
        jitter.check()?;
        self.schedule = Exponential::trusted(self.schedule.base(), self.schedule.factor(), self.schedule.cap(), jitter);
        Ok(self)
    }
}

impl<S: ?Sized> Policy<S> {
    /// The waits.
    #[must_use]
    pub const fn schedule(&self) -> &S {
        &self.schedule
    }

    /// How many attempts a call may make, the first included; at least 1.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts.get()
    }

    /// The longest wait that a server may ask for; set by [`hint_cap`](Policy::hint_cap).
    #[must_use]
    pub const fn longest_hint(&self) -> Duration {
        self.hint_cap
    }
}

fn attempts(max: u32) -> Result<NonZeroU32, ConfigError> {
    NonZeroU32::new(max).ok_or(ConfigError::ZeroAttempts)
}
