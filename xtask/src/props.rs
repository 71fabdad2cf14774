//! `cargo xtask props`: the property tests alone, at a depth of choice, as many at once as there are cores.

mod law;
mod turns;

use std::io;
use std::process::ExitCode;

use crate::workspace::Workspace;
use crate::{program, say};

/// Which laws to try, and how hard.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this crate: its folder or its full name.
    #[arg(long = "crate", value_name = "C")]
    package: Option<String>,
    /// Only laws with this in their name.
    #[arg(long = "law", value_name = "TEXT", default_value = "")]
    law: String,
    /// Cases per law.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,
}

/// Runs the modules `laws` of the integration tests, each law in a process of its own.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    let Some(packages) = workspace.chosen(args.package.as_deref()) else {
        say::note("props: no crate of the workspace is called so");
        return Ok(ExitCode::from(2));
    };
    // `laws.rs`, or a folder beside it or instead of it.
    let has_laws = |folder: &std::path::Path| ["laws.rs", "laws/mod.rs"].iter().any(|file| folder.join(file).exists());
    let packages: Vec<_> = packages.into_iter().filter(|p| has_laws(&p.folder().join("tests/it"))).collect();
    let mut laws = law::all(&program::built(&packages)?)?;
    laws.retain(|law| law.name().contains(&args.law));
    if laws.is_empty() {
        say::note("props: no such laws: property tests live in tests/it/laws.rs and below tests/it/laws/");
        return Ok(ExitCode::from(2));
    }
    let failed = turns::run(&laws, args.cases)?;
    say::line(&format!("{} passed, {failed} failed", laws.len() - failed));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
