//! `cargo xtask stress`: the tests on real threads of crates that have models, over and over, for what no model is large
//! enough to find.

use std::io;
use std::process::{Command, ExitCode};

use crate::program::{self, Program};
use crate::say;
use crate::workspace::Workspace;

/// Which tests to run, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this crate: its folder or its full name.
    #[arg(long = "crate", value_name = "C")]
    package: Option<String>,
    /// How many rounds.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// A test of several threads says so in its name.
const NAMED: &str = "thread";

/// Runs every round, up to the first that fails.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    let Some(packages) = workspace.chosen(args.package.as_deref()) else {
        say::note("stress: no crate of the workspace is called so");
        return Ok(ExitCode::from(2));
    };
    // What has models is what is lock-free.
    let packages: Vec<_> = packages.into_iter().filter(|p| p.folder().join("tests/loom.rs").exists()).collect();
    let programs = program::built(&packages)?;
    for round in 1..=args.rounds {
        for program in &programs {
            if !holds(program)? {
                say::note(&format!("stress: {} failed in round {round}", program.package.name));
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    say::line(&format!("stress: {} rounds of {} crates, nothing found", args.rounds, programs.len()));
    Ok(ExitCode::SUCCESS)
}

/// One round of one crate; what it says is told when it fails.
fn holds(program: &Program<'_>) -> io::Result<bool> {
    let folder = program.package.folder();
    let mut command = Command::new(&program.path);
    let ran =
        command.args([NAMED, "--skip", "laws::"]).current_dir(folder).env("CARGO_MANIFEST_DIR", folder).output()?;
    if !ran.status.success() {
        say::line(&String::from_utf8_lossy(&ran.stdout));
        say::note(&String::from_utf8_lossy(&ran.stderr));
    }
    Ok(ran.status.success())
}
