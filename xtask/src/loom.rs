//! `cargo xtask loom`: the models of the lock-free parts, through every interleaving that their bound allows.

use std::io;
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, root};
use crate::workspace::{Package, Target, Workspace};
use crate::{say, tally};

/// Which models to check, and how deep.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this crate: its folder or its full name.
    #[arg(long = "crate", value_name = "C")]
    package: Option<String>,
    /// How often a thread may be interrupted where it would have gone on.
    #[arg(long, value_name = "N", default_value_t = PREEMPTIONS)]
    preemptions: u32,
}

/// Interruptions per thread unless told otherwise: beyond that, models grow and findings do not.
const PREEMPTIONS: u32 = 3;

/// All models at the ordinary depth.
pub(crate) fn all() -> io::Result<ExitCode> {
    run(&Args { package: None, preemptions: PREEMPTIONS })
}

/// Runs the targets `loom*` of `tests/`, crate by crate. No model anywhere is no failure.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    let Some(packages) = workspace.chosen(args.package.as_deref()) else {
        say::note("loom: no crate of the workspace is called so");
        return Ok(ExitCode::from(2));
    };
    let mut commands: Vec<Command> =
        packages.into_iter().filter_map(|package| checks(package, args.preemptions)).collect();
    if commands.is_empty() {
        say::note("loom: no models there: they live in tests/loom.rs");
    }
    tally::run(commands.iter_mut())
}

/// The run over the models of one crate, with the features that they ask for; `None` where there is none.
fn checks(package: &Package, preemptions: u32) -> Option<Command> {
    let models: Vec<&Target> = package.targets.iter().filter(|target| is_model(target)).collect();
    if models.is_empty() {
        return None;
    }
    let mut command = cargo(["test", "--release", "--no-fail-fast", "--package", &package.name]);
    for model in models {
        command.args(["--test", &model.name]);
        for feature in &model.required_features {
            command.args(["--features", feature]);
        }
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    command
        // Everything below is built anew with the flag: apart, so that the ordinary build stays as it is.
        .env("CARGO_TARGET_DIR", root().join("target/loom"))
        // What optimising across crates gains here is less than what it takes.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("RUSTFLAGS", format!("{flags} --cfg steadfast_loom"))
        .env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
    Some(command)
}

fn is_model(target: &Target) -> bool {
    target.name.starts_with("loom") && target.kind.iter().any(|kind| kind == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(targets: &[(&str, &str)]) -> Package {
        let target = |(name, kind): &(&str, &str)| Target {
            name: (*name).into(),
            kind: vec![(*kind).into()],
            required_features: vec!["std".into()],
        };
        Package { name: "steadfast-x".into(), targets: targets.iter().map(target).collect(), ..Package::default() }
    }

    #[test]
    fn only_models_are_run_with_what_they_require() {
        assert!(checks(&package(&[("it", "test"), ("loom", "example")]), 3).is_none());
        let command = checks(&package(&[("it", "test"), ("loom", "test"), ("loom_keyed", "test")]), 3).unwrap();
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        let told = "test --release --no-fail-fast --package steadfast-x --test loom --features std --test loom_keyed \
            --features std";
        assert_eq!(args.join(" "), told);
    }
}
