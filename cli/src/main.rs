//! The `steadfast` command: ask an LLM whatever its provider does, push an artifact to devices, and simulate both.

mod args;
mod exit;
mod say;

mod cache;
mod chat;
mod headers;
mod models;
mod providers;
mod push;
mod rollout;
mod vendor;

mod files;
mod inventory;
mod progress;

mod demo;
mod sim;

use std::process::ExitCode;

fn main() -> ExitCode {
    args::run()
}
