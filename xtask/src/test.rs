//! `cargo xtask test`: every test of the workspace and one closing line.

use std::io;
use std::process::ExitCode;

use crate::cargo::cargo;
use crate::tally;

const ALL: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];

/// Runs unit, integration and documentation tests, and compiles the examples. Benches are neither built nor run.
///
/// The targets are named because a bare `cargo test` would build every crate's `quickstart` into one and the same file.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut targets = cargo(ALL);
    targets.args(["--lib", "--bins", "--tests", "--examples"]);
    let mut documentation = cargo(ALL);
    documentation.arg("--doc");
    tally::run([&mut targets, &mut documentation])
}
