//! A clock that a thread of its own keeps: a read is one load.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Weak, mpsc};
use std::thread::{self, JoinHandle, Thread};

use crate::{BlockingTimer, Clock, Nanos, System, UnixNanos, Wall};

/// The time as of the last tick: the cheapest clock there is, for whoever can bear that it is late.
///
/// A thread writes [`System`]'s time down once per tick, and a read loads it. The thread ends when the last clone is
/// dropped. Origin and calendar are the system's, so that its points compare with those of [`System`].
///
/// # How far it is off
///
/// It is never ahead of [`System`] and never goes backwards. It is behind by at most the tick, plus as long as the
/// operating system keeps the thread from running: a fraction of a millisecond as a rule, and unbounded on a machine
/// that is overloaded, suspended, or where the process is stopped. A limiter that reads it sees its permits come in
/// portions of a tick, and refuses meanwhile what does not fit the burst: give it a burst of at least a hundred ticks.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::{Clock, Coarse, System};
///
/// let clock = Coarse::start(Duration::from_millis(1))?;
/// let read = clock.now();
/// assert!(read <= System::new().now());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Coarse {
    shared: Arc<Shared>,
}

/// Aligned, so that neither the count of clones nor a neighbour on the heap shares the line that everybody reads.
#[derive(Debug)]
#[repr(align(128))]
struct Shared {
    now: AtomicU64,
    tick: Duration,
    keeper: Thread,
}

impl Coarse {
    /// Starts the thread that keeps the time.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a tick of zero; the system's own when it has no thread to give.
    pub fn start(tick: Duration) -> io::Result<Self> {
        if tick.is_zero() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the tick of a coarse clock is above zero"));
        }
        spawn(tick).map(|(clock, _)| clock)
    }

    /// How often the time is written down.
    #[must_use]
    pub fn tick(&self) -> Duration {
        self.shared.tick
    }
}

fn spawn(tick: Duration) -> io::Result<(Coarse, JoinHandle<()>)> {
    let (hand_over, handed) = mpsc::sync_channel(1);
    let keeper = thread::Builder::new().name("steadfast-clock".into()).spawn(move || {
        if let Ok(shared) = handed.recv() {
            keep(&shared, tick);
        }
    })?;
    let now = AtomicU64::new(System.now().as_nanos());
    let shared = Arc::new(Shared { now, tick, keeper: keeper.thread().clone() });
    // Refused only by a thread that is gone, and it does not go before it was served.
    let _ = hand_over.send(Arc::downgrade(&shared));
    Ok((Coarse { shared }, keeper))
}

/// Writes the time down until nobody reads it.
fn keep(shared: &Weak<Shared>, tick: Duration) {
    while let Some(shared) = shared.upgrade() {
        shared.now.store(System.now().as_nanos(), Ordering::Relaxed);
        drop(shared);
        thread::park_timeout(tick);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.unpark();
    }
}

impl Clock for Coarse {
    #[inline]
    fn now(&self) -> Nanos {
        // One thread writes and its values rise, so that no reader, nor one that was told by it, sees time go back.
        Nanos::from_nanos(self.shared.now.load(Ordering::Relaxed))
    }
}

impl Wall for Coarse {
    fn wall(&self) -> UnixNanos {
        System.wall()
    }
}

impl BlockingTimer for Coarse {
    /// Returns once this clock says so, which is up to a tick after [`System`] does.
    fn block_until(&self, at: Nanos) {
        System.block_until(at);
        crate::system::sleep_until(self, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_the_last_clone_however_long_its_tick() {
        let (first, keeper) = spawn(Duration::from_secs(86_400)).unwrap();
        let second = first.clone();
        drop(first);
        assert!(!keeper.is_finished());
        drop(second);
        keeper.join().unwrap();
    }
}
