//! What a crate tells about itself on crates.io, and what it may build.

use super::finding::{Finding, Text};
use super::table::{CATEGORIES, LICENSE, PROGRAMS, UNPUBLISHED};
use crate::workspace::Package;

/// Complete and true for what is published; one program in the product.
pub(crate) fn check(package: &Package, manifest: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    if package.is_published() == (package.name == UNPUBLISHED) {
        findings.push(manifest.at("publish", format!("only `{UNPUBLISHED}` has `publish = false`")));
    }
    if package.has("bin") && !PROGRAMS.contains(&package.name.as_str()) {
        findings
            .push(manifest.at("[[bin]]", "a program outside cli/: `cargo run` must have one choice, move it there"));
    }
    if package.is_published() {
        findings.extend(published(package).into_iter().map(|(key, what)| manifest.at(key, what)));
    }
    findings
}

/// Key and complaint for each thing that crates.io shows.
fn published(package: &Package) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let mut demand = |kept: bool, key: &'static str, what: &str| {
        if !kept {
            wrong.push((key, what.to_owned()));
        }
    };
    demand(
        package.description.as_ref().is_some_and(|d| !d.trim().is_empty()),
        "description",
        "say what the crate is for",
    );
    demand(package.license.as_deref() == Some(LICENSE), "license", "take the licence of the workspace");
    demand(package.readme.as_deref() == Some("README.md"), "readme", "set `readme = \"README.md\"`");
    demand(package.rust_version.is_some(), "rust-version", "take the rust-version of the workspace");
    demand((1..=5).contains(&package.keywords.len()), "keywords", "give one to five keywords");
    demand((1..=5).contains(&package.categories.len()), "categories", "give one to five categories");
    for keyword in package.keywords.iter().filter(|k| !is_keyword(k)) {
        demand(
            false,
            "keywords",
            &format!("`{keyword}`: at most 20 letters, digits, `-` or `_`, starting with a letter"),
        );
    }
    for category in package.categories.iter().filter(|c| !CATEGORIES.contains(&c.as_str())) {
        demand(false, "categories", &format!("`{category}` is not in the table of crates.io categories that we use"));
    }
    let invented = "nobody decided this: leave it out until there is such a place";
    demand(package.authors.is_empty(), "authors", invented);
    demand(package.repository.is_none(), "repository", invented);
    demand(package.homepage.is_none(), "homepage", invented);
    demand(package.documentation.is_none(), "documentation", invented);
    wrong
}

fn is_keyword(keyword: &str) -> bool {
    keyword.len() <= 20
        && keyword.starts_with(|c: char| c.is_ascii_alphabetic())
        && keyword.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Target;

    fn complete() -> Package {
        Package {
            name: "steadfast-clock".into(),
            description: Some("What time it is.".into()),
            license: Some(LICENSE.into()),
            readme: Some("README.md".into()),
            rust_version: Some("1.85".into()),
            keywords: vec!["clock".into()],
            categories: vec!["date-and-time".into()],
            ..Package::default()
        }
    }

    fn found(change: impl FnOnce(&mut Package)) -> Vec<String> {
        let mut package = complete();
        change(&mut package);
        let findings = check(&package, &Text::new("Cargo.toml".into(), String::new()));
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn complete_metadata_passes() {
        assert_eq!(found(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn what_the_registry_would_refuse_is_refused_here() {
        assert_eq!(found(|p| p.description = None).len(), 1);
        assert_eq!(found(|p| p.keywords = vec!["a".into(); 6]).len(), 1);
        assert_eq!(found(|p| p.keywords = vec!["two words".into(), "123".into()]).len(), 2);
        assert_eq!(found(|p| p.categories = vec!["resilience".into()]).len(), 1);
    }

    #[test]
    fn invented_places_are_refused() {
        assert_eq!(found(|p| p.repository = Some("https://example.com".into())).len(), 1);
        assert_eq!(found(|p| p.authors = vec!["Somebody".into()]).len(), 1);
    }

    #[test]
    fn there_is_one_program_and_one_unpublished_member() {
        let program = Target { name: "tool".into(), kind: vec!["bin".into()], ..Target::default() };
        assert_eq!(found(|p| p.targets.push(program)).len(), 1);
        assert_eq!(found(|p| p.publish = Some(Vec::new())).len(), 1);
        assert_eq!(found(|p| p.name = "xtask".into()).len(), 1);
    }
}
