//! `cargo xtask lint`: formatting, clippy, rustdoc and tidy.

use std::io;
use std::process::ExitCode;

use crate::cargo::{cargo, succeeds};
use crate::steps::Steps;
use crate::tidy;

/// Crates that are used alone: each must be clean with its default features, without the others' features beside it.
const ALONE: [&str; 8] = [
    "steadfast",
    "steadfast-clock",
    "steadfast-backoff",
    "steadfast-ratelimit",
    "steadfast-breaker",
    "steadfast-telemetry",
    "steadfast-cache",
    "steadfast-pool",
];

/// Crates whose core needs no standard library; pool without its bundled transport.
const BARE: [&str; 6] =
    ["steadfast", "steadfast-clock", "steadfast-backoff", "steadfast-ratelimit", "steadfast-breaker", "steadfast-pool"];

/// The benches are a workspace of their own; they break when an API changes and nobody looks.
const BENCH: [&str; 2] = ["--manifest-path", "bench/Cargo.toml"];

/// Runs every step, also after one has failed.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("fmt", || succeeds(&mut cargo(["fmt", "--all", "--check"])));
    steps.run("fmt, bench", || succeeds(cargo(["fmt", "--check"]).args(BENCH)));
    steps.run("clippy, all features", || clippy(&["--workspace", "--all-targets", "--all-features"]));
    for name in ALONE {
        steps.run(&format!("clippy, default features: {name}"), || clippy(&["--package", name, "--all-targets"]));
    }
    for name in BARE {
        let args = ["--package", name, "--lib", "--no-default-features"];
        steps.run(&format!("clippy, no features: {name}"), || clippy(&args));
    }
    steps.run("clippy, bench", || clippy(&[&BENCH[..], &["--all-targets"]].concat()));
    steps.run("rustdoc", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
        succeeds(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.run("tidy", || Ok(tidy::run()? == ExitCode::SUCCESS));
    Ok(steps.finish("lint"))
}

fn clippy(args: &[&str]) -> io::Result<bool> {
    succeeds(cargo(["clippy"]).args(args).args(["--", "-D", "warnings"]))
}
