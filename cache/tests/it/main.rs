//! Integration tests of `steadfast-cache`: one file per topic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[cfg(feature = "tokio")]
mod calls;
mod contract;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "tokio")]
mod flight;
mod hit_rate;
mod laws;
mod load;
#[cfg(feature = "tokio")]
mod map;
mod memory;
mod model;
#[cfg(feature = "prompt")]
mod prompt;
#[cfg(feature = "tokio")]
mod read_through;
#[cfg(feature = "prompt")]
mod recording;
#[cfg(feature = "prompt")]
mod rule;
#[cfg(feature = "similar")]
mod similar;
mod tiered;
