//! Integration tests of `steadfast-cache`: one file per topic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod contract;
mod laws;
mod lru;
mod model;
