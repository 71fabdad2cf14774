//! Integration tests of `steadfast-ratelimit`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod adaptive;
mod bound;
mod bucket;
#[cfg(feature = "calendar")]
mod calendar;
mod change;
mod concurrency;
#[cfg(feature = "serde")]
mod configs;
mod contract;
mod follow;
mod keyed;
mod laws;
#[cfg(feature = "tower")]
mod layers;
mod lease;
mod limiter;
mod limits;
mod model;
mod pause;
mod precision;
mod quota;
mod refund;
#[cfg(feature = "serde")]
mod serde;
mod threads;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "tokio")]
mod waiting;
