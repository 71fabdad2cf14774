//! Integration tests of `steadfast-clock`: one file per topic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod coarse;
mod contract;
mod human;
mod laws;
mod manual;
mod timeouts;
mod tsc;
