//! `cargo xtask features`: each published library with no feature, and with each of its features alone.

use std::io;
use std::process::ExitCode;

use crate::cargo::{cargo, succeeds};
use crate::steps::Steps;
use crate::workspace::{Package, Workspace};

/// Runs every step, also after one has failed.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut steps = Steps::default();
    let workspace = Workspace::load()?;
    for package in workspace.packages.iter().filter(|package| package.is_published() && package.has("lib")) {
        for feature in alone(package) {
            let name = format!("{}, {}", package.name, feature.map_or("no features".into(), |f| format!("only {f}")));
            steps.run(&name, || clippy(&package.name, feature));
        }
    }
    Ok(steps.finish("features"))
}

/// `None` for no feature at all, then each that is not just a name for others that are here, too.
fn alone(package: &Package) -> impl Iterator<Item = Option<&str>> {
    let named = package.features.iter().filter(|(name, implied)| {
        let is_list = implied.iter().all(|other| package.features.contains_key(other));
        name.as_str() != "default" && (implied.len() < 2 || !is_list)
    });
    std::iter::once(None).chain(named.map(|(name, _)| Some(name.as_str())))
}

/// Clippy rather than a check: it finds what only the other features use, too.
fn clippy(package: &str, feature: Option<&str>) -> io::Result<bool> {
    let mut command = cargo(["clippy", "--quiet", "--lib", "--no-default-features", "--package", package]);
    if let Some(feature) = feature {
        command.args(["--features", feature]);
    }
    succeeds(command.args(["--", "-D", "warnings"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_and_lists_of_features_are_left_out() {
        let table = [("default", &["a", "b"][..]), ("full", &["a", "b"]), ("a", &["dep:x"]), ("b", &["a"]), ("c", &[])];
        let features = table.iter().map(|(name, implied)| {
            (String::from(*name), implied.iter().copied().map(String::from).collect::<Vec<String>>())
        });
        let package = Package { features: features.collect(), ..Package::default() };
        let found: Vec<_> = alone(&package).collect();
        assert_eq!(found, [None, Some("a"), Some("b"), Some("c")]);
    }
}
