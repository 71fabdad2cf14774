//! Integration tests of `steadfast-delivery`: one file per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod artifact;
mod auth;

mod bandwidth;
mod contract;
mod crash;
mod deferral;
mod device;
mod eta;
mod explain;
mod filter;
mod fleet;
mod late;
mod laws;
mod polling;
mod proof;
mod push;
mod redfish;
mod resumable;
mod rollout;
mod series;
mod signature;
mod site;
mod store;
mod strategies;
mod support;
mod swupdate;
mod takeover;
mod verify;
mod version;
mod window;
#[cfg(feature = "zstd")]
mod zstd;
