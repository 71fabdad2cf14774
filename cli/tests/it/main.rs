//! Integration tests of the command: the binary itself, as a user runs it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod cache;
mod chat;
mod demo;
mod fleet;
#[cfg(unix)]
mod kill;
#[cfg(target_os = "linux")]
mod large;
mod models;
mod providers;
mod push;
#[cfg(unix)]
mod repl;
mod rig;
mod rollout;
mod rollout_control;
mod rollout_plan;
mod rollout_steps;
mod sim;
mod trust;
mod usage;
