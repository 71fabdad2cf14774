//! A live estimate of latency quantiles, lock-free and in bounded memory.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::HedgeQuantile;
use super::buckets::{BUCKETS, bucket, longest};
use crate::ConfigError;
use crate::sync::{AtomicU64, Ordering, Padded};

/// The quantiles of the newest latencies, shared by any number of threads.
///
/// It knows between half and the whole of its window, the newest samples exactly: they are counted in two halves, and
/// with each half that is full the older one is forgotten. A quantile is told as the upper end of its bucket: never
/// below the exact one, and at most 1/32 + 1.03 µs above it, for latencies up to 4.8 hours. It holds 15 KiB.
///
/// Observing is two atomic operations, never a pass over the buckets; each bucket carries the number of the half that it
/// counts, so an old one is overwritten by the first sample that needs it. A sample is lost only when its thread is
/// overtaken, in the middle of observing, by half a window of others. The scale is that of HdrHistogram.
///
/// ```
/// use std::time::Duration;
/// use steadfast_backoff::Latency;
///
/// let latency = Latency::new();
/// for ms in 1..=200 {
///     latency.observe(Duration::from_millis(ms));
/// }
/// let p95 = latency.quantile(0.95).unwrap();
/// assert!((190..=196).contains(&p95.as_millis()), "{p95:?}");
/// ```
pub struct Latency {
    /// How many samples were ever observed.
    samples: Padded<AtomicU64>,
    /// Two halves, one after the other: in each bucket the number of the half in the upper 32 bits, below it the count.
    buckets: Box<[AtomicU64]>,
    half: u32,
    needed: u32,
}

const WINDOW: u32 = 2048;
const NEEDED: u32 = 100;
const MAX_WINDOW: u32 = 1 << 30;

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl Latency {
    /// An estimate over the newest 1,024 to 2,048 samples, which tells nothing before it has 100.
    #[must_use]
    pub fn new() -> Self {
        Self::sized(WINDOW / 2, NEEDED)
    }

    /// An estimate over the newest `window / 2` to `window` samples, which tells nothing before it has `needed`.
    ///
    /// # Errors
    ///
    /// A window outside 2 ..= 2³⁰; samples needed outside 1 ..= `window / 2`.
    pub fn with_window(window: u32, needed: u32) -> Result<Self, ConfigError> {
        if !(2..=MAX_WINDOW).contains(&window) {
            return Err(ConfigError::LatencyWindow { window });
        }
        if !(1..=window / 2).contains(&needed) {
            return Err(ConfigError::LatencySamples { samples: needed, window });
        }
        Ok(Self::sized(window / 2, needed))
    }

    fn sized(half: u32, needed: u32) -> Self {
        let buckets = (0..2 * BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { samples: Padded(AtomicU64::new(0)), buckets, half, needed }
    }

    /// Takes a sample.
    pub fn observe(&self, latency: Duration) {
        let number = self.samples.0.fetch_add(1, Ordering::Relaxed);
        let half = self.half_of(number);
        let cell = &self.buckets[offset(half) + bucket(latency)];
        let count = |cell: u64| match half.wrapping_sub(tag(cell)) {
            0 => Some(cell + 1),
            // Whoever has overtaken this thread by a half already counts a newer one here.
            behind if behind > u32::MAX / 2 => None,
            _ => Some((u64::from(half) << 32) + 1),
        };
        // `Err` only where the sample is too old to be known.
        let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
    }

    /// How many samples are known: at most the window.
    #[must_use]
    pub fn samples(&self) -> u32 {
        self.counts(self.samples.0.load(Ordering::Relaxed)).map(|(_, count)| count).fold(0, u32::saturating_add)
    }

    /// The latency that a fraction `quantile` of the samples known does not exceed; `None` before there are enough of
    /// them. A pass over the buckets up to that latency: some hundred nanoseconds.
    ///
    /// What is outside 0.0 ..= 1.0 is read as the end that is nearer, and what is not a number as 1.0.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        // Told by their numbers, without a pass; a sample that is being observed right now may not be in its bucket yet.
        let observed = self.samples.0.load(Ordering::Relaxed);
        let half = u64::from(self.half);
        let forgotten = (observed.saturating_sub(1) / half).saturating_sub(1) * half;
        let known = u32::try_from(observed - forgotten).unwrap_or(u32::MAX);
        if known < self.needed {
            return None;
        }
        let rank = rank(quantile, known);
        let mut below = 0u32;
        let mut last = None;
        for (bucket, count) in self.counts(observed) {
            below = below.saturating_add(count);
            if count > 0 {
                last = Some(longest(bucket));
            }
            if below >= rank {
                break;
            }
        }
        last
    }

    /// A [`HedgeDelay`](crate::HedgeDelay) of this quantile: 0.95 starts a hedge for one call in twenty.
    ///
    /// # Errors
    ///
    /// A quantile that is not above 0.0 and below 1.0.
    pub fn at(self: &Arc<Self>, quantile: f64) -> Result<HedgeQuantile, ConfigError> {
        HedgeQuantile::new(Arc::clone(self), quantile)
    }

    /// The buckets from the shortest latency to the longest, each with its count in both halves that are known when
    /// `observed` samples were observed.
    fn counts(&self, observed: u64) -> impl Iterator<Item = (usize, u32)> {
        let newest = self.half_of(observed.saturating_sub(1));
        let (new, old) = (offset(newest), offset(newest.wrapping_sub(1)));
        (0..BUCKETS).map(move |bucket| {
            let count = |offset: usize, half: u32| {
                let cell = self.buckets[offset + bucket].load(Ordering::Relaxed);
                if tag(cell) == half { count(cell) } else { 0 }
            };
            (bucket, count(new, newest) + count(old, newest.wrapping_sub(1)))
        })
    }

    /// The number of the half that a sample belongs to; it wraps after 2³² halves.
    #[expect(clippy::cast_possible_truncation, reason = "wraps on purpose: tags are compared with their neighbours")]
    fn half_of(&self, sample: u64) -> u32 {
        (sample / u64::from(self.half)) as u32
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latency")
            .field("samples", &self.samples())
            .field("median", &self.quantile(0.5))
            .field("p95", &self.quantile(0.95))
            .finish_non_exhaustive()
    }
}

/// Where the buckets of a half begin.
fn offset(half: u32) -> usize {
    if half % 2 == 0 { 0 } else { BUCKETS }
}

/// The half that a bucket counts.
fn tag(cell: u64) -> u32 {
    (cell >> 32) as u32
}

/// What a bucket counts.
#[expect(clippy::cast_possible_truncation, reason = "the lower half of 64 bits")]
fn count(cell: u64) -> u32 {
    cell as u32
}

/// The number of the sample at a quantile of `known`, 1 for the shortest.
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, and `known` is the largest")]
#[expect(clippy::cast_sign_loss, reason = "clamped to be no less than zero")]
fn rank(quantile: f64, known: u32) -> u32 {
    let quantile = if quantile.is_nan() { 1.0 } else { quantile.clamp(0.0, 1.0) };
    let exact = quantile * f64::from(known);
    let below = exact as u32;
    // Rounded up, but for what the product of two floats is off by.
    let up = u32::from(exact - f64::from(below) > 1e-6);
    (below + up).clamp(1, known.max(1))
}
