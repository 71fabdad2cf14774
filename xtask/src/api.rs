//! `cargo xtask api`: the public API of each published library as a committed listing, so that no change goes unseen.

mod listing;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::cargo::{cargo, root, succeeds};
use crate::say;
use crate::workspace::{Package, Workspace};

/// What to do with the listings.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this crate: its folder or its full name.
    #[arg(long = "crate", value_name = "C")]
    package: Option<String>,
    /// Rewrite `<folder>/api.txt` instead of comparing with it.
    #[arg(long)]
    write: bool,
}

/// Where a crate's listing is committed.
const FILE: &str = "api.txt";

/// Compares every listing; each line that came or went is told.
pub(crate) fn check() -> io::Result<ExitCode> {
    run(&Args { package: None, write: false })
}

/// Compares or rewrites.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    let Some(packages) = workspace.chosen(args.package.as_deref()) else {
        say::note("api: no crate of the workspace is called so");
        return Ok(ExitCode::from(2));
    };
    let packages: Vec<&Package> = packages.into_iter().filter(|p| p.is_published() && p.has("lib")).collect();
    if !document(&packages)? {
        say::note("api: rustdoc failed, see above");
        return Ok(ExitCode::FAILURE);
    }
    let mut changed = 0;
    for package in packages {
        let now = match listing::read(&json_of(package)) {
            Ok(now) => now,
            Err(error) => {
                say::note(&format!("api: cannot read what this rustdoc writes: {error}"));
                return Ok(ExitCode::FAILURE);
            }
        };
        let file = package.folder().join(FILE);
        if args.write {
            std::fs::write(&file, now)?;
        } else {
            let committed = std::fs::read_to_string(&file).unwrap_or_default();
            let lines = difference(&committed, &now);
            changed += usize::from(!lines.is_empty());
            lines.iter().for_each(|line| say::line(&format!("{}: {line}", package.name)));
        }
    }
    if changed > 0 {
        say::note(&format!("api: {changed} listings differ: if that is meant, run `cargo xtask api --write`"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Has rustdoc describe the packages as JSON, which the stable one does only when told that it may.
///
/// It is told so in a build of its own, since everything in it is compiled with the same leave.
fn document(packages: &[&Package]) -> io::Result<bool> {
    let mut command = cargo(["doc", "--quiet", "--no-deps", "--lib", "--all-features"]);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .env("CARGO_TARGET_DIR", folder());
    succeeds(&mut command)
}

fn folder() -> std::path::PathBuf {
    root().join("target/api")
}

fn json_of(package: &Package) -> std::path::PathBuf {
    folder().join("doc").join(Path::new(&package.name.replace('-', "_")).with_extension("json"))
}

/// The lines that are only in one of the two, marked as a diff marks them.
fn difference(committed: &str, now: &str) -> Vec<String> {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (committed.lines().collect(), now.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    let came = new.difference(&old).map(|line| format!("+ {line}"));
    gone.chain(came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_what_went_is_told() {
        assert!(difference("a\nb\n", "b\na\n").is_empty());
        assert_eq!(difference("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
        assert_eq!(difference("", "a\n"), ["+ a"]);
    }
}
