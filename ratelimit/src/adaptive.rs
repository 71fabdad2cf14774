//! A concurrency limit that finds its level.

mod aimd;
mod permit;
#[cfg(feature = "serde")]
mod serde;

#[cfg(feature = "tokio")]
use core::future::Future;
use core::num::NonZeroU32;

use alloc::sync::Arc;

#[cfg(feature = "tokio")]
use steadfast_clock::{Nanos, Timer};

use crate::sync::{AtomicU64, Ordering};
use crate::{Busy, Concurrency};

pub use aimd::{Aimd, AimdError, Level, Sample, Signal};
pub use permit::{AdaptivePermit, OwnedAdaptivePermit};

/// A [`Concurrency`] limit that rises while it is used up and all goes well, and falls when the other side is
/// overloaded: [`Aimd`] decides by how much.
///
/// Every permit says how it went; one that is dropped without a word changes nothing.
///
/// ```
/// use std::num::NonZeroU32;
/// use steadfast_ratelimit::{AdaptiveConcurrency, Aimd};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = AdaptiveConcurrency::new(Aimd::new(1, 100)?.start(10)?.decrease_to(0.5)?);
/// let permit = server.try_acquire()?;
/// // ... the server answers 503:
/// permit.overload();
/// assert_eq!(server.limit().get(), 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AdaptiveConcurrency {
    limit: Concurrency,
    aimd: Aimd,
    level: AtomicU64,
}

impl AdaptiveConcurrency {
    /// A limit at its starting level.
    #[must_use]
    pub fn new(aimd: Aimd) -> Self {
        let level = aimd.first();
        Self { limit: Concurrency::new(level.limit()), aimd, level: AtomicU64::new(level.into_bits()) }
    }

    /// A permit, if one is free and nobody stands in line for it.
    ///
    /// # Errors
    ///
    /// [`Busy`], when as many are in flight as may be, or somebody waits.
    pub fn try_acquire(&self) -> Result<AdaptivePermit<'_>, Busy> {
        self.limit.try_acquire().map(|permit| AdaptivePermit::new(self, permit))
    }

    /// The same, for a permit that can be sent anywhere and kept.
    ///
    /// # Errors
    ///
    /// Those of [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<OwnedAdaptivePermit, Busy> {
        self.try_acquire().map(|permit| permit.into_owned(self))
    }

    /// Waits in line for a permit, as [`Concurrency::acquire`] does.
    ///
    /// # Errors
    ///
    /// [`Busy`], when there is none by `deadline`.
    ///
    /// # Cancel safety
    ///
    /// That of [`Concurrency::acquire`].
    #[cfg(feature = "tokio")]
    pub fn acquire<T: Timer + ?Sized>(
        &self,
        deadline: Option<Nanos>,
        timer: &T,
    ) -> impl Future<Output = Result<AdaptivePermit<'_>, Busy>> + Send {
        let served = self.limit.acquire(deadline, timer);
        async { served.await.map(|permit| AdaptivePermit::new(self, permit)) }
    }

    /// The limit at present.
    #[must_use]
    pub fn limit(&self) -> NonZeroU32 {
        self.level().limit()
    }

    /// How many run.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.limit.in_flight()
    }

    /// How many stand in line.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.limit.waiting()
    }

    fn level(&self) -> Level {
        Level::from_bits(self.level.load(Ordering::Acquire))
    }

    fn sample(&self, in_flight: u32) -> Sample {
        Sample::new(self.level(), in_flight)
    }

    fn leave(&self) {
        self.limit.leave();
    }

    fn report(&self, signal: Signal, sample: Sample) {
        let mut before = self.level();
        loop {
            let after = self.aimd.on(before, signal, sample);
            if after == before {
                return;
            }
            let (old, new) = (before.into_bits(), after.into_bits());
            match self.level.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if after.limit() == before.limit() => return,
                Ok(_) => break,
                Err(present) => before = Level::from_bits(present),
            }
        }
        // The level may move on before it is put in force: whoever comes last puts the last one in force.
        loop {
            let limit = self.limit();
            self.limit.set_limit(limit);
            if self.limit() == limit {
                return;
            }
        }
    }
}
