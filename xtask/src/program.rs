//! Programs that cargo builds: tests, to be run often (optimised, with the checks of a debug build), and examples.

use std::io;
use std::path::PathBuf;

use serde::Deserialize;

use crate::cargo::{cargo, output};
use crate::workspace::Package;

/// The integration tests of one crate.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) package: &'a Package,
    pub(crate) path: PathBuf,
}

/// What cargo says about a program that it built.
#[derive(Deserialize)]
struct Built {
    manifest_path: PathBuf,
    executable: Option<PathBuf>,
}

/// Builds the integration tests of `packages` with all their features.
pub(crate) fn built<'a>(packages: &[&'a Package]) -> io::Result<Vec<Program<'a>>> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let mut build = cargo(["test", "--profile", "props", "--all-features", "--test", "it", "--no-run"]);
    build.arg("--message-format=json-render-diagnostics");
    for package in packages {
        build.args(["--package", &package.name]);
    }
    let messages = output(&mut build)?;
    Ok(told(&messages).filter_map(|built| program(built, packages)).collect())
}

/// Builds an example of a package.
pub(crate) fn example(package: &str, name: &str) -> io::Result<PathBuf> {
    let mut build = cargo(["build", "--package", package, "--example", name]);
    let messages = output(build.args(["--quiet", "--message-format=json-render-diagnostics"]))?;
    let example = told(&messages).find_map(|built| built.executable);
    example.ok_or_else(|| io::Error::other(format!("{package} has no example {name}")))
}

fn told(messages: &str) -> impl Iterator<Item = Built> {
    messages.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn program<'a>(built: Built, packages: &[&'a Package]) -> Option<Program<'a>> {
    let package = packages.iter().find(|package| built.manifest_path.as_os_str() == package.manifest_path.as_str())?;
    Some(Program { package, path: built.executable? })
}
