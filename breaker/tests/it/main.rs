//! Integration tests of `steadfast-breaker`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod contract;
mod laws;
mod model;
mod observer;
mod permit;
mod rule;
mod states;
mod threads;
