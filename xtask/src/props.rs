//! `cargo xtask props`: the property tests alone, at a depth of choice.

use std::io;
use std::process::ExitCode;

use crate::cargo::cargo;
use crate::workspace::Workspace;
use crate::{say, tally};

/// Which laws to try, and how hard.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this crate: its folder or its full name.
    #[arg(long = "crate", value_name = "C")]
    package: Option<String>,
    /// Cases per law.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,
}

/// Runs the modules `laws` of the integration tests. They take their number of cases from `PROPTEST_CASES`.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    let with_laws =
        |name: &str| workspace.packages.iter().any(|p| p.name == name && p.folder().join("tests/it/laws.rs").exists());
    let packages: Vec<&str> = match &args.package {
        None => workspace.packages.iter().map(|p| p.name.as_str()).filter(|name| with_laws(name)).collect(),
        Some(wanted) => {
            let Some(package) = workspace.packages.iter().find(|p| p.is(wanted)) else {
                say::note(&format!("props: no crate of the workspace is called {wanted}"));
                return Ok(ExitCode::from(2));
            };
            vec![&package.name]
        }
    };
    if !packages.iter().any(|name| with_laws(name)) {
        say::note("props: no laws there: property tests live in tests/it/laws.rs");
        return Ok(ExitCode::from(2));
    }
    let mut command = cargo(["test", "--all-features", "--no-fail-fast", "--test", "it"]);
    for name in packages {
        command.args(["--package", name]);
    }
    command.args(["--", "laws::"]).env("PROPTEST_CASES", args.cases.to_string());
    tally::run([&mut command])
}
