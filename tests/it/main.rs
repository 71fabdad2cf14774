//! Integration tests of `steadfast`: what the umbrella promises beyond its parts.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[cfg(all(feature = "full", feature = "testkit"))]
mod assembled;
#[cfg(feature = "testkit")]
mod faults;
mod features;
