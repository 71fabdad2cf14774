//! The scale of a latency histogram: linear within powers of two.

use core::time::Duration;

/// Buckets to a power of two: the relative width of a bucket is at most one in this many.
const STEPS: u64 = 32;

/// How many buckets there are. Models are checked with a handful, all that loom can follow.
#[cfg(not(steadfast_loom))]
pub(crate) const BUCKETS: usize = 960;
#[cfg(steadfast_loom)]
pub(crate) const BUCKETS: usize = 2;

/// The bucket of a latency. The finest are a unit wide; all above 4.8 hours share the last.
#[expect(clippy::cast_possible_truncation, reason = "cut at the last bucket, which is far below")]
pub(crate) fn bucket(latency: Duration) -> usize {
    let units = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX) >> UNIT_BITS;
    let octave = (units | STEPS).ilog2() - STEPS.ilog2();
    let within = units >> octave;
    (u64::from(octave) * STEPS + within).min(BUCKETS as u64 - 1) as usize
}

/// The longest latency of a bucket.
pub(crate) fn longest(bucket: usize) -> Duration {
    let bucket = bucket as u64;
    let octave = (bucket / STEPS).saturating_sub(1);
    let within = bucket - octave * STEPS;
    Duration::from_nanos(((within + 1) << octave << UNIT_BITS) - 1)
}

/// The unit is 2¹⁰ ns.
const UNIT_BITS: u32 = 10;
