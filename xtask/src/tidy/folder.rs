//! The files that every published folder has.

use super::finding::Finding;
use super::table::{FILES, UMBRELLA};
use crate::workspace::Package;

/// `exists` tells whether a file of the package's folder is there.
pub(crate) fn check(package: &Package, folder: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    wanted(package)
        .filter(|file| !exists(file))
        .map(|file| Finding::new(&format!("{folder}{file}"), 1, "missing: every published crate has it, write it"))
        .collect()
}

/// A crate with a library shows it in a quickstart; the umbrella leaves tests to its parts.
fn wanted(package: &Package) -> impl Iterator<Item = &'static str> {
    let quickstart = package.has("lib").then_some("examples/quickstart.rs");
    let tests = (package.name != UMBRELLA).then_some("tests/it/main.rs");
    FILES.into_iter().chain(quickstart).chain(tests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Target;

    fn missing(name: &str, kind: &str, there: &[&str]) -> Vec<String> {
        let target = Target { name: name.into(), kind: vec![kind.into()] };
        let package = Package { name: name.into(), targets: vec![target], ..Package::default() };
        check(&package, "folder/", |file| there.contains(&file)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_kind_of_crate_has_its_files() {
        let common = FILES;
        assert_eq!(missing("steadfast-clock", "lib", &common).len(), 2);
        assert_eq!(missing("steadfast-cli", "bin", &common).len(), 1);
        assert_eq!(missing("steadfast", "lib", &common).len(), 1);
        assert_eq!(missing("steadfast-cli", "bin", &[]).len(), 5);
    }
}
