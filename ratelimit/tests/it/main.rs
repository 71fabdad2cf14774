//! Integration tests of `steadfast-ratelimit`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod bound;
mod contract;
mod laws;
mod limiter;
mod model;
mod precision;
mod quota;
mod threads;
#[cfg(feature = "tokio")]
mod waiting;
