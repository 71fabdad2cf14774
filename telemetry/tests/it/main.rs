//! Integration tests of `steadfast-telemetry`: one file per topic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod allocation;
mod calls;
mod contract;
mod export;
mod gauge;
mod laws;
mod registry;
mod report;
mod snapshot;
mod stale;
mod threads;
mod timed;
#[cfg(feature = "serde")]
mod wire;
