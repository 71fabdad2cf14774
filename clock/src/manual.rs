//! A clock that moves only when told to.

mod coarse;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{BlockingTimer, Clock, Nanos, Timer, UnixNanos, Wall};

pub use coarse::ManualCoarse;

/// A clock, calendar and timer that stand still until the test moves them.
///
/// Clones share one time. It starts at one second after its origin, and its calendar at 2026-01-01T00:00:00Z.
///
/// ```
/// use steadfast_clock::{Clock, ManualClock, Timer};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let sleep = clock.sleep_until(clock.now().saturating_add(Duration::from_secs(5)));
/// # use std::{future::Future, pin::pin, task::{Context, Waker}};
/// let mut sleep = pin!(sleep);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(sleep.as_mut().poll(&mut cx).is_pending());
/// assert_eq!(clock.waiting(), 1);
///
/// clock.advance(Duration::from_secs(5));
/// assert!(sleep.as_mut().poll(&mut cx).is_ready());
/// ```
#[derive(Clone)]
pub struct ManualClock {
    shared: Arc<Mutex<State>>,
}

struct State {
    now: Nanos,
    wall: UnixNanos,
    next_id: u64,
    /// Ordered by due time, then by the order of the first poll.
    sleepers: BTreeMap<(Nanos, u64), Waker>,
}

const START: Nanos = Nanos::from_nanos(1_000_000_000);
const START_WALL: UnixNanos = UnixNanos::from_secs(1_767_225_600);

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ManualClock {
    /// A clock at its starting point.
    #[must_use]
    pub fn new() -> Self {
        let state = State { now: START, wall: START_WALL, next_id: 0, sleepers: BTreeMap::new() };
        Self { shared: Arc::new(Mutex::new(state)) }
    }

    /// Moves time and calendar forward and wakes every sleep that is due, earliest first.
    pub fn advance(&self, by: Duration) {
        let due = {
            let mut state = self.lock();
            state.now = state.now.saturating_add(by);
            state.wall = state.wall.saturating_add(by);
            let now = state.now;
            let later = state.sleepers.split_off(&(Nanos::from_nanos(now.as_nanos().saturating_add(1)), 0));
            core::mem::replace(&mut state.sleepers, later)
        };
        for waker in due.into_values() {
            waker.wake();
        }
    }

    /// Moves time forward to the earliest pending sleep and wakes it; tells by how much, `None` when nothing waits.
    #[expect(clippy::must_use_candidate, reason = "moving the clock is the point, the distance a courtesy")]
    pub fn advance_to_next(&self) -> Option<Duration> {
        let by = {
            let state = self.lock();
            let (&(at, _), _) = state.sleepers.first_key_value()?;
            at.since(state.now)
        };
        self.advance(by);
        Some(by)
    }

    /// Sets the calendar, as an operator or NTP would; monotonic time does not move.
    pub fn set_wall(&self, to: UnixNanos) {
        self.lock().wall = to;
    }

    /// How many sleeps are pending: polled at least once, not due, not dropped.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// When the earliest pending sleep is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Nanos> {
        self.lock().sleepers.first_key_value().map(|(&(at, _), _)| at)
    }

    /// When each pending sleep is due, in the order in which they will wake.
    #[must_use]
    pub fn waiters(&self) -> Vec<Nanos> {
        self.lock().sleepers.keys().map(|&(at, _)| at).collect()
    }

    /// The same time as a coarse clock may tell it: as of the last multiple of `tick`.
    ///
    /// With a tick of zero it tells the exact time.
    #[must_use]
    pub fn coarse(&self, tick: Duration) -> ManualCoarse {
        ManualCoarse::new(self.clone(), tick)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("ManualClock")
            .field("now", &state.now)
            .field("wall", &state.wall)
            .field("waiting", &state.sleepers.len())
            .finish()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Nanos {
        self.lock().now
    }
}

impl Wall for ManualClock {
    fn wall(&self) -> UnixNanos {
        self.lock().wall
    }
}

impl Timer for ManualClock {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Nanos) -> ManualSleep {
        ManualSleep { clock: self.clone(), at, id: None }
    }
}

impl BlockingTimer for ManualClock {
    /// Moves the clock forward to `at`, as the sleeping thread would find it: a test has no other thread to do it.
    fn block_until(&self, at: Nanos) {
        let by = at.since(self.now());
        self.advance(by);
    }
}

/// The sleep of a [`ManualClock`].
#[derive(Debug)]
pub struct ManualSleep {
    clock: ManualClock,
    at: Nanos,
    id: Option<u64>,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.clock.lock();
        if state.now >= this.at {
            if let Some(id) = this.id.take() {
                state.sleepers.remove(&(this.at, id));
            }
            return Poll::Ready(());
        }
        let id = *this.id.get_or_insert_with(|| {
            let id = state.next_id;
            state.next_id += 1;
            id
        });
        state.sleepers.insert((this.at, id), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.clock.lock().sleepers.remove(&(self.at, id));
        }
    }
}
