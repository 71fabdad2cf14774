//! Integration tests of `steadfast-providers`: one file per topic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod admission;
mod breaker;
mod cached;
mod canary;
mod chat;
mod clients;
#[cfg(feature = "config")]
mod config;
mod conformance;
mod contract;
mod costs;
mod history;
mod keys;
mod laws;
mod messages;
mod metered;
mod models;
mod outcomes;
mod patience;
mod responses;
mod rig;
mod router;
mod schema;
mod streams;
mod switching;
mod trace;
#[cfg(feature = "schemars")]
mod typed;
mod vendors;
