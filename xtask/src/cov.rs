//! `cargo xtask cov`: line coverage of the retry and pipeline code by the tests of the workspace.

mod report;
mod tools;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, output, root};
use crate::{say, tally};

use report::Report;
use tools::Tools;

/// The folders that the bar is for: the retry and the pipeline.
const AREAS: [&str; 2] = ["backoff/src/", "pool/src/"];

/// Per cent of lines.
const BAR: f64 = 95.0;

/// Builds with counters, runs all tests but the documentation's, and prints a line per file.
///
/// Everything it makes lies in `target/cov`, so that the ordinary build stays as it is.
pub(crate) fn run() -> io::Result<ExitCode> {
    let Some(tools) = Tools::find()? else {
        say::note("cov: no llvm-cov that matches this rustc: install it with `rustup component add llvm-tools`");
        return Ok(ExitCode::from(2));
    };
    let folder = root().join("target/cov");
    let counts = folder.join("counts");
    let programs = report::programs(&output(instrumented(&folder).args(["--no-run", "--message-format=json"]))?);
    // Build scripts and macros are counted too while building: that is not what is asked.
    if counts.exists() {
        std::fs::remove_dir_all(&counts)?;
    }
    let tests = tally::run([instrumented(&folder).arg("--no-fail-fast")])?;
    let merged = folder.join("merged.profdata");
    output(Command::new(&tools.profdata).args(["merge", "-sparse", "-o"]).arg(&merged).args(files(&counts)?))?;
    let mut export = Command::new(&tools.cov);
    export.args(["export", "--summary-only", "--instr-profile"]).arg(&merged);
    for program in &programs {
        export.arg("--object").arg(program);
    }
    let report = Report::read(&output(&mut export)?, root()).map_err(io::Error::other)?;
    let mut below = false;
    for area in AREAS {
        below |= !report.print(area, BAR);
    }
    Ok(if below || tests != ExitCode::SUCCESS { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn instrumented(folder: &Path) -> Command {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut command = cargo(["test", "--workspace", "--all-features", "--lib", "--bins", "--tests"]);
    command
        .env("RUSTFLAGS", format!("{flags} -C instrument-coverage"))
        .env("CARGO_TARGET_DIR", folder)
        // One file per program, merged as its processes end: tests of the command start it hundreds of times.
        .env("LLVM_PROFILE_FILE", folder.join("counts/%8m.profraw"));
    command
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}
