//! What the figures of one call cost: those of the pool and of the host, as the pool takes them.

use std::hint::black_box;
use std::time::Duration;

use steadfast_telemetry::{Calls, Registry};

use crate::Row;

pub(super) const ROWS: &[fn() -> Row] = &[one_call];

/// What they may cost, in nanoseconds.
const AT_MOST: f64 = 1_000.0;

/// A call with one attempt and an answer.
fn one_call() -> Row {
    let total = Calls::new(Registry::new(), "pool");
    let host = total.host("127.0.0.1:8080");
    Row::new("pool: the figures of one call, ns", move |n| {
        for call in 0..n {
            let elapsed = Duration::from_nanos(50_000 + (call & 0xFFFF));
            for calls in [&total, &host] {
                calls.requests.inc();
                calls.active.add(1);
                calls.attempts.inc();
                calls.bytes_out.add(black_box(200));
                calls.bytes_in.add(black_box(300));
                calls.attempt_latency.record_duration(elapsed);
                calls.succeeded.inc();
                calls.ended(black_box(200));
                calls.latency.record_duration(elapsed);
                calls.active.sub(1);
            }
        }
    })
    .reach_ns(AT_MOST)
}
