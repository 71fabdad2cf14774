//! How many at once: permits that are held while something runs.

#[cfg(feature = "tokio")]
mod acquire;
mod busy;
mod in_flight;

use core::num::NonZeroU32;

use alloc::sync::Arc;

use crate::sync::{AtomicU32, AtomicU64, Ordering};

#[cfg(feature = "tokio")]
pub(crate) use acquire::before;
pub use busy::Busy;
pub use in_flight::{InFlight, OwnedInFlight};

/// A limit on how many run at once, lock-free. Share it by reference or in an `Arc`.
///
/// The limit can be changed at any time. Lowering it stops nobody: it admits again once enough have ended.
///
/// ```
/// use std::num::NonZeroU32;
/// use steadfast_ratelimit::Concurrency;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let connections = Concurrency::new(NonZeroU32::new(2).ok_or("zero")?);
/// let first = connections.try_acquire()?;
/// let second = connections.try_acquire()?;
/// assert_eq!(connections.try_acquire().unwrap_err().to_string(), "2 in flight, limit 2");
/// drop(first);
/// let third = connections.try_acquire()?;
/// # drop((second, third));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Concurrency {
    /// The limit in the upper half, those in flight in the lower.
    word: AtomicU64,
    /// Those in line.
    waiting: AtomicU32,
    #[cfg(feature = "tokio")]
    line: acquire::Line,
}

const fn word(limit: u32, in_flight: u32) -> u64 {
    (limit as u64) << 32 | in_flight as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
const fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

impl Concurrency {
    /// At most `limit` at once.
    #[must_use]
    pub fn new(limit: NonZeroU32) -> Self {
        Self {
            word: AtomicU64::new(word(limit.get(), 0)),
            waiting: AtomicU32::new(0),
            #[cfg(feature = "tokio")]
            line: acquire::Line::new(),
        }
    }

    /// A permit, if one is free and nobody stands in line for it.
    ///
    /// # Errors
    ///
    /// [`Busy`], when as many are in flight as may be, or somebody waits.
    pub fn try_acquire(&self) -> Result<InFlight<'_>, Busy> {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            return Err(self.busy());
        }
        self.enter().map(|in_flight| InFlight::new(self, in_flight))
    }

    /// The same, for a permit that can be sent anywhere and kept.
    ///
    /// # Errors
    ///
    /// Those of [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<OwnedInFlight, Busy> {
        self.try_acquire().map(|permit| permit.into_owned(self))
    }

    /// The limit.
    #[must_use]
    pub fn limit(&self) -> NonZeroU32 {
        NonZeroU32::new(halves(self.word.load(Ordering::Acquire)).0).unwrap_or(NonZeroU32::MIN)
    }

    /// How many run. Above the limit for a while after the limit was lowered.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        halves(self.word.load(Ordering::Acquire)).1
    }

    /// How many stand in line.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Acquire)
    }

    /// Changes the limit. Those in flight are left alone, those in line are admitted if there is room now.
    pub fn set_limit(&self, limit: NonZeroU32) {
        let _ = self.update(|_, in_flight| Some(word(limit.get(), in_flight)));
        self.wake();
    }

    /// Counts one more in flight, if there is room; tells how many there are then.
    fn enter(&self) -> Result<u32, Busy> {
        let room = |limit, in_flight| (in_flight < limit).then(|| word(limit, in_flight + 1));
        match self.update(room) {
            Ok(before) => Ok(halves(before).1 + 1),
            Err(present) => Err(self.busy_at(present)),
        }
    }

    /// One has ended.
    pub(crate) fn leave(&self) {
        // In the lower half: there is one in flight, so nothing is borrowed from the upper.
        self.word.fetch_sub(1, Ordering::SeqCst);
        self.wake();
    }

    fn update(&self, next: impl Fn(u32, u32) -> Option<u64>) -> Result<u64, u64> {
        self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |word| {
            let (limit, in_flight) = halves(word);
            next(limit, in_flight)
        })
    }

    fn busy(&self) -> Busy {
        self.busy_at(self.word.load(Ordering::Acquire))
    }

    fn busy_at(&self, word: u64) -> Busy {
        let (limit, in_flight) = halves(word);
        Busy::new(limit, in_flight, self.waiting())
    }

    /// Tells the first in line, if there is one, to look again.
    fn wake(&self) {
        #[cfg(feature = "tokio")]
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.line.wake();
        }
    }
}
