//! Integration tests of `steadfast-telemetry`: one file per topic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod contract;
mod laws;
mod registry;
mod snapshot;
mod timed;
#[cfg(feature = "serde")]
mod wire;
