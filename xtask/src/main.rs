//! `cargo xtask`: every developer command of the workspace, one file each.

mod api;
mod bench;
mod ci;
mod cov;
mod features;
mod fuzz;
mod interop;
mod lint;
mod loom;
mod nostd;
mod props;
mod publish;
mod stress;
mod test;
mod tidy;

mod cargo;
mod program;
mod say;
mod steps;
mod tally;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The developer commands of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Run every test of the workspace: unit, integration, documentation and property tests.
    Test,
    /// Check formatting, clippy, features, rustdoc, public API and tidy, all of them even if one fails.
    Lint,
    /// Check what the architecture promises: dependency table, per-crate files, metadata, source rules.
    Tidy,
    /// Run the property tests alone, at depth.
    Props(props::Args),
    /// Run the tests on real threads, over and over.
    Stress(stress::Args),
    /// Check each published library with no feature, and with each of its features alone.
    Features,
    /// Compare the public API of each published library with its listing.
    Api(api::Args),
    /// Build the core of the primitives into a program without a standard library.
    Nostd,
    /// Check the models of the lock-free parts.
    Loom(loom::Args),
    /// Pack every crate as if to publish it, and build each from what was packed.
    Publish,
    /// Do what `.ci/run` does: test, lint, nostd, loom, publish dry run.
    Ci,
    /// Measure the line coverage of the retry and pipeline code.
    Cov,
    /// Run what reads foreign bytes on bytes that an engine makes up.
    Fuzz(fuzz::Args),
    /// Compare the LLM clients with the official Python SDKs on the same faults; installs those into target/interop.
    Interop(interop::Args),
    /// Measure ours against the peers, and record it.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Test => test::run(),
        Command::Lint => lint::run(),
        Command::Tidy => tidy::run(),
        Command::Props(args) => props::run(&args),
        Command::Stress(args) => stress::run(&args),
        Command::Features => features::run(),
        Command::Api(args) => api::run(&args),
        Command::Nostd => nostd::run(),
        Command::Loom(args) => loom::run(&args),
        Command::Publish => publish::run(),
        Command::Ci => ci::run(),
        Command::Cov => cov::run(),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Interop(args) => interop::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    done.unwrap_or_else(|error| {
        say::note(&format!("xtask: {error}"));
        ExitCode::FAILURE
    })
}
