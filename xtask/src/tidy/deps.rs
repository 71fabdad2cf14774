//! The direction of dependencies, against the table.

use super::finding::{Finding, Text};
use super::table::MAY_USE;
use crate::workspace::{Dependency, Package};

/// Normal dependencies within the family are those of the table; the ones for tests have a path and no version.
pub(crate) fn check(package: &Package, manifest: &Text) -> Vec<Finding> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
        let what = format!("`{}` is in no table: give it a row in xtask/src/tidy/table.rs", package.name);
        return vec![manifest.at("name", what)];
    };
    let ours = package.dependencies.iter().filter(|d| MAY_USE.iter().any(|(name, _)| *name == d.name));
    ours.filter_map(|dependency| judge(package, dependency, allowed, manifest)).collect()
}

fn judge(package: &Package, dependency: &Dependency, allowed: &str, manifest: &Text) -> Option<Finding> {
    let name = &dependency.name;
    match dependency.kind.as_deref() {
        None if allowed.split(' ').any(|folder| name.strip_prefix("steadfast-") == Some(folder)) => None,
        None => {
            let what =
                format!("`{}` must not depend on `{name}`: see the table in xtask/src/tidy/table.rs", package.name);
            Some(manifest.after("[dependencies]", name, what))
        }
        Some("dev") if dependency.path.is_some() && dependency.req == "*" => None,
        Some("dev") => {
            let what = format!("`{name}` is for tests: name its path and no version, or publishing finds a cycle");
            Some(manifest.after("[dev-dependencies]", name, what))
        }
        Some(kind) => {
            Some(manifest.at(name, format!("`{name}` as a {kind} dependency: nothing of ours is built that way")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(package: &str, on: &str, kind: Option<&str>, req: &str) -> usize {
        let dependency = Dependency {
            name: on.into(),
            kind: kind.map(Into::into),
            req: req.into(),
            path: Some("../somewhere".into()),
        };
        let package = Package { name: package.into(), dependencies: vec![dependency], ..Package::default() };
        check(&package, &Text::new("Cargo.toml".into(), String::new())).len()
    }

    #[test]
    fn primitives_use_the_clock_and_nothing_else_of_ours() {
        assert_eq!(found("steadfast-backoff", "steadfast-clock", None, "^0.1.0"), 0);
        assert_eq!(found("steadfast-backoff", "steadfast-telemetry", None, "^0.1.0"), 1);
        assert_eq!(found("steadfast-backoff", "rand", None, "^0.10"), 0);
    }

    #[test]
    fn clients_never_use_each_other() {
        assert_eq!(found("steadfast-delivery", "steadfast-pool", None, "^0.1.0"), 0);
        assert_eq!(found("steadfast-delivery", "steadfast-providers", None, "^0.1.0"), 1);
        assert_eq!(found("steadfast-providers", "steadfast-delivery", None, "^0.1.0"), 1);
        assert_eq!(found("steadfast-pool", "steadfast-testkit", None, "^0.1.0"), 1);
        assert_eq!(found("xtask", "steadfast-clock", None, "^0.1.0"), 1);
    }

    #[test]
    fn dependencies_of_tests_have_no_version() {
        assert_eq!(found("steadfast-pool", "steadfast-testkit", Some("dev"), "*"), 0);
        assert_eq!(found("steadfast-pool", "steadfast-testkit", Some("dev"), "^0.1.0"), 1);
    }

    #[test]
    fn a_new_member_needs_a_row() {
        assert_eq!(found("steadfast-new", "rand", None, "^0.10"), 1);
    }
}
