//! Waiting for a point in time: the [`Timer`] trait and its shared, type-erased form.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

use crate::{Clock, Nanos};

/// A clock that can also wake a task.
///
/// # Cancel safety
///
/// Dropping the sleep cancels it; nothing else happens.
pub trait Timer: Clock + Send + Sync {
    /// The future that [`sleep_until`](Self::sleep_until) returns.
    type Sleep: Future<Output = ()> + Send + 'static;

    /// Completes once [`now`](Clock::now) is at or after `at`; at once when it already is.
    fn sleep_until(&self, at: Nanos) -> Self::Sleep;
}

impl<T: Timer + ?Sized> Timer for &T {
    type Sleep = T::Sleep;

    fn sleep_until(&self, at: Nanos) -> Self::Sleep {
        (**self).sleep_until(at)
    }
}

impl<T: Timer + ?Sized> Timer for Arc<T> {
    type Sleep = T::Sleep;

    fn sleep_until(&self, at: Nanos) -> Self::Sleep {
        (**self).sleep_until(at)
    }
}

/// A sleep of any timer.
pub type BoxSleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer whose type is not known: what clients hold, so that they are not generic over time. Made by [`shared`].
pub type SharedTimer = Arc<dyn Timer<Sleep = BoxSleep>>;

/// Erases the type of a timer.
///
/// ```
/// use steadfast_clock::{Clock, ManualClock, SharedTimer, shared};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let timer: SharedTimer = shared(clock.clone());
/// let before = timer.now();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(timer.now().since(before), Duration::from_secs(3));
/// ```
pub fn shared<T: Timer + 'static>(timer: T) -> SharedTimer {
    Arc::new(Erased(timer))
}

struct Erased<T>(T);

impl<T: Timer> Clock for Erased<T> {
    fn now(&self) -> Nanos {
        self.0.now()
    }
}

impl<T: Timer> Timer for Erased<T> {
    type Sleep = BoxSleep;

    fn sleep_until(&self, at: Nanos) -> BoxSleep {
        Box::pin(self.0.sleep_until(at))
    }
}

impl<T> fmt::Debug for Erased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedTimer")
    }
}
