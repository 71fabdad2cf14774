//! One batch of operations.

use std::time::{Duration, Instant};

use crate::Run;

/// How long a batch is: short enough to fall between two interruptions, long enough that reading the clock is nothing.
const BATCH: Duration = Duration::from_micros(30);

/// How many operations fill a batch, once caches and branch predictors are warm.
pub(super) fn size(run: &mut Run) -> u64 {
    let mut size = 1;
    while time(run, size) < BATCH {
        size *= 2;
    }
    let fastest = (0..100).map(|_| time(run, size)).min().unwrap_or(BATCH).max(Duration::from_nanos(1));
    (u128::from(size) * BATCH.as_nanos() / fastest.as_nanos()).max(1) as u64
}

/// How long so many operations take.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) fn time(run: &mut dyn FnMut(u64), operations: u64) -> Duration {
    let start = Instant::now();
    run(operations);
    start.elapsed()
}

/// Nanoseconds per operation.
pub(super) fn each(took: Duration, operations: u64) -> f64 {
    took.as_nanos() as f64 / operations as f64
}
