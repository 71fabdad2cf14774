//! Integration tests of `steadfast-breaker`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod calls;
mod contract;
mod hand;
mod laws;
mod lazy;
mod observer;
mod permit;
mod rates;
mod recovery;
mod registry;
mod rule;
mod serde;
mod states;
mod threads;
mod tower;
