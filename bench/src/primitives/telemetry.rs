//! Counting and recording through a handle, on one thread.

use std::hint::black_box;

use histogram::AtomicHistogram;
use prometheus::IntCounter;
use steadfast_telemetry::{Counter, Histogram};

use super::Make;
use crate::Row;

pub(super) const ROWS: &[Make] = &[counter, histogram];

/// Latencies in nanoseconds, spread over three decades by a multiplier that visits them all.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// One more.
fn counter() -> Row {
    let ours = Counter::new();
    let prometheus = IntCounter::new("calls", "calls so far").expect("a name that works");
    Row::new("counter: add", move |n| {
        for _ in 0..n {
            ours.inc();
        }
    })
    .peer("prometheus", move |n| {
        for _ in 0..n {
            prometheus.inc();
        }
    })
    .reach(0.18, "prometheus")
}

/// One value. `AtomicHistogram` can be shared as ours can; hdrhistogram has one owner.
fn histogram() -> Row {
    let ours = Histogram::new();
    let (mut a, mut b, mut c) = (0u64, 0u64, 0u64);
    let atomic = AtomicHistogram::new(7, 64).expect("a configuration that works");
    let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("bounds that work");
    Row::new("histogram: record", move |n| {
        for _ in 0..n {
            ours.record(next(&mut a));
        }
    })
    .peer("histogram (atomic)", move |n| {
        for _ in 0..n {
            let _ = black_box(atomic.increment(next(&mut b)));
        }
    })
    .peer("hdrhistogram (one owner)", move |n| {
        for _ in 0..n {
            let _ = black_box(hdr.record(next(&mut c)));
        }
    })
    .reach(1.0, "histogram (atomic)")
}

/// Between 1 µs and about 1 ms.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(SPREAD);
    1_000 + (*state >> 44)
}
