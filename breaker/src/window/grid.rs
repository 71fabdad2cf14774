//! Time cut into buckets.

use core::time::Duration;

use steadfast_clock::Nanos;

/// So many buckets make a window; a power of two.
pub(crate) const BUCKETS: u32 = 16;

/// Which bucket a point in time is in. Buckets are numbered from the clock's origin, without end.
///
/// A call counts while its bucket is among the newest [`BUCKETS`], that of `now` included: for the window at most, and
/// for one bucket less at least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    /// 2⁶⁴ over the bucket's length, rounded up: dividing is multiplying by this. Buckets are never longer for it, and
    /// shorter by one part in ten thousand where the window is a year.
    factor: u64,
}

impl Grid {
    pub(crate) fn new(window: Duration) -> Self {
        let bucket = window.as_nanos() / u128::from(BUCKETS);
        // At least 2, so that the factor fits; a rule's shortest window is far above that.
        let bucket = u64::try_from(bucket).unwrap_or(u64::MAX).max(2);
        Self { factor: u64::MAX / bucket + 1 }
    }

    /// The number of the bucket that `now` is in.
    #[inline]
    pub(crate) fn bucket(self, now: Nanos) -> u64 {
        let product = u128::from(now.as_nanos()) * u128::from(self.factor);
        (product >> 64) as u64
    }
}
