//! The `steadfast` command: ask an LLM whatever its provider does, push an artifact to devices, and simulate both.

mod args;
mod exit;
mod say;

mod cache;
mod chat;
mod fleet;
mod headers;
mod how;
mod models;
mod providers;
mod push;
mod rollout;
mod trust;
mod vendor;

mod files;
mod inventory;
mod progress;
mod rate;
mod store;
mod when;

mod demo;
mod sim;

use std::process::ExitCode;

fn main() -> ExitCode {
    args::run()
}
