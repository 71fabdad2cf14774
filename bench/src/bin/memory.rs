//! Measures the area `memory`; one JSON object a row on stdout.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let used = || {
        let stats = ALLOCATOR.stats();
        stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
    };
    for outcome in steadfast_bench::memory::outcomes(used) {
        println!("{}", serde_json::to_string(&outcome).expect("plain data"));
    }
}
