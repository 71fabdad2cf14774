//! Waits that are written down one by one.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::spread::{Spread, nanos};
use crate::{ConfigError, Jitter, Schedule, Step};

/// The waits of a list, one after the other, then [`Jitter`]: none unless set.
///
/// After the last wait the schedule ends, and with it the call ([`Stop::ScheduleEnded`](crate::Stop::ScheduleEnded)),
/// however many attempts the policy allows; [`repeat_last`](Self::repeat_last) goes on with the last one. A wait of
/// zero is taken as it is: a retry at once. Clones share the list.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::{List, Schedule};
///
/// let schedule = List::new([1, 5, 30].map(Duration::from_secs))?;
/// let waits: Vec<_> = schedule.iter(|| 0).map(|wait| wait.as_secs()).collect();
/// assert_eq!(waits, [1, 5, 30]);
/// # Ok::<(), steadfast_backoff::ConfigError>(())
/// ```
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::config::List", into = "crate::config::List"))]
pub struct List {
    waits: Arc<[Duration]>,
    spread: Spread,
    repeats_last: bool,
}

impl List {
    /// These waits, exactly.
    ///
    /// # Errors
    ///
    /// An empty list: for no retries allow one attempt.
    pub fn new(waits: impl Into<Arc<[Duration]>>) -> Result<Self, ConfigError> {
        let waits = waits.into();
        if waits.is_empty() {
            return Err(ConfigError::NoWaits);
        }
        Ok(Self { waits, spread: Spread::new(Jitter::None, Duration::MAX), repeats_last: false })
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
    /// A cap below one of the waits.
    pub fn with_cap(mut self, cap: Duration) -> Result<Self, ConfigError> {
        if let Some(&base) = self.waits.iter().find(|wait| **wait > cap) {
            return Err(ConfigError::CapBelowBase { cap, base });
        }
        self.spread = Spread::new(self.jitter(), cap);
        Ok(self)
    }

    /// The same waits, and the last one again and again: the schedule never ends.
    #[must_use]
    pub const fn repeat_last(mut self) -> Self {
        self.repeats_last = true;
        self
    }

    /// The waits, before jitter.
    #[must_use]
    pub fn listed(&self) -> &[Duration] {
        &self.waits
    }

    /// Whether the last wait is repeated.
    #[must_use]
    pub const fn repeats_last(&self) -> bool {
        self.repeats_last
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

    /// The wait before retry number `retry`, 1 for the first, without jitter; `None` after the last.
    #[must_use]
    pub fn wait(&self, retry: u32) -> Option<Duration> {
        self.wait_nanos(retry).map(Duration::from_nanos)
    }

    /// The shortest and the longest wait before retry number `retry`, jitter included; both can occur.
    #[must_use]
    pub fn interval(&self, retry: u32) -> Option<(Duration, Duration)> {
        self.wait_nanos(retry).map(|wait| self.spread.ends(wait))
    }

    fn wait_nanos(&self, retry: u32) -> Option<u64> {
        let index = usize::try_from(retry.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = if self.repeats_last { self.waits.last() } else { None };
        self.waits.get(index).or(last).copied().map(nanos)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("waits", &self.waits)
            .field("repeats_last", &self.repeats_last)
            .field("cap", &self.cap())
            .field("jitter", &self.jitter())
            .finish()
    }
}

impl Schedule for List {
    fn delay(&self, step: &Step, entropy: u64) -> Option<Duration> {
        self.wait_nanos(step.retry).map(|wait| self.spread.delay(wait, entropy))
    }

    fn is_jittered(&self) -> bool {
        self.spread.is_jittered()
    }
}
