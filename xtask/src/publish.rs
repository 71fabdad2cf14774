//! `cargo xtask publish`: packs every crate as if to publish it, and builds each from what was packed.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, output, root, succeeds};
use crate::say;
use crate::workspace::{Package, Workspace};

/// `cargo publish --workspace --dry-run` on a clean slate.
pub(crate) fn run() -> io::Result<ExitCode> {
    let workspace = Workspace::load()?;
    if let Some(home) = cargo_home() {
        forget(&home, &workspace.packages)?;
    }
    let mut command = cargo(["publish", "--workspace", "--dry-run"]);
    let mut status = Command::new("git");
    let changed = output(status.args(["status", "--porcelain"]).current_dir(root())).map_or(true, |s| !s.is_empty());
    if changed {
        say::note("uncommitted changes: packing them too (--allow-dirty)");
        command.arg("--allow-dirty");
    }
    Ok(if succeeds(&mut command)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Removes what an earlier dry run has unpacked.
///
/// A dry run builds each crate against those packed beside it, which cargo unpacks into its home as if they came from a
/// registry. There it keeps them by name and version, and a version that is there already is not unpacked again: crates
/// changed since an earlier run at the same path would be built against the old ones.
fn forget(home: &Path, packages: &[Package]) -> io::Result<()> {
    let Ok(sources) = fs::read_dir(home.join("registry/src")) else { return Ok(()) };
    for source in sources {
        let source = source?;
        if !is_of_a_dry_run(&source.file_name().to_string_lossy()) {
            continue;
        }
        for package in packages {
            let unpacked = source.path().join(format!("{}-{}", package.name, package.version));
            if unpacked.is_dir() {
                fs::remove_dir_all(&unpacked)?;
            }
        }
    }
    Ok(())
}

/// Registries are kept as `host-hash`; the one of a dry run is a folder and has no host.
fn is_of_a_dry_run(source: &str) -> bool {
    source.starts_with('-')
}

/// Where cargo keeps what it has unpacked.
fn cargo_home() -> Option<PathBuf> {
    let user = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_dry_run_has_unpacked_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let package = Package { name: "ours".into(), version: "1.2.3".into(), ..Package::default() };
        let folders = ["-0a1b/ours-1.2.3", "-0a1b/ours-1.2.4", "-0a1b/other-1.2.3", "index.crates.io-0a1b/ours-1.2.3"];
        let folders = folders.map(|folder| home.path().join("registry/src").join(folder));
        for folder in &folders {
            fs::create_dir_all(folder).unwrap();
        }
        forget(home.path(), &[package]).unwrap();
        assert_eq!(folders.each_ref().map(|folder| folder.is_dir()), [false, true, true, true]);
    }

    #[test]
    fn a_home_without_a_registry_is_fine() {
        let home = tempfile::tempdir().unwrap();
        forget(home.path(), &[]).unwrap();
    }
}
