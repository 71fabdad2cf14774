//! `cargo xtask lint`: formatting, clippy, features, rustdoc, public API and tidy.

use std::io;
use std::process::ExitCode;

use crate::cargo::{cargo, succeeds};
use crate::steps::Steps;
use crate::{api, features, tidy};

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

/// Workspaces of their own; they break when an API changes and nobody looks.
const APART: [(&str, &str); 3] =
    [("bench", "bench/Cargo.toml"), ("fuzz", "fuzz/Cargo.toml"), ("nostd", "xtask/nostd/Cargo.toml")];

/// Runs every step, also after one has failed.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    steps.run("fmt", || succeeds(&mut cargo(["fmt", "--all", "--check"])));
    for (name, manifest) in APART {
        steps.run(&format!("fmt, {name}"), || succeeds(&mut cargo(["fmt", "--check", "--manifest-path", manifest])));
    }
    steps.run("clippy, all features", || clippy(&["--workspace", "--all-targets", "--all-features"]));
    for name in ALONE {
        steps.run(&format!("clippy, default features: {name}"), || clippy(&["--package", name, "--all-targets"]));
    }
    steps.run("clippy, each feature alone", || Ok(features::run()? == ExitCode::SUCCESS));
    for (name, manifest) in &APART[..2] {
        steps.run(&format!("clippy, {name}"), || clippy(&["--manifest-path", manifest, "--all-targets"]));
    }
    steps.run("rustdoc", || {
        let mut command = cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
        succeeds(command.env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.run("public API", || Ok(api::check()? == ExitCode::SUCCESS));
    steps.run("tidy", || Ok(tidy::run()? == ExitCode::SUCCESS));
    Ok(steps.finish("lint"))
}

fn clippy(args: &[&str]) -> io::Result<bool> {
    succeeds(cargo(["clippy"]).args(args).args(["--", "-D", "warnings"]))
}
