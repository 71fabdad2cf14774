//! Measures the rows of the area `llm` that are in bytes; one JSON object a row on stdout. Apart from the others, whose
//! time the counting would take.

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let used = || {
        let stats = ALLOCATOR.stats();
        stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
    };
    steadfast_bench::http::program(|served, wanted| {
        for outcome in steadfast_bench::llm::bytes(served, wanted, used) {
            println!("{}", serde_json::to_string(&outcome).expect("plain data"));
        }
    })
}
