//! The version of a crate is the newest heading of its changelog.

use super::finding::Finding;

/// The first `## ` heading starts with `version`.
pub(crate) fn check(version: &str, path: &str, text: &str) -> Option<Finding> {
    let newest = text.lines().enumerate().find_map(|(index, line)| Some((index + 1, line.strip_prefix("## ")?)));
    let Some((line, heading)) = newest else {
        return Some(Finding::new(path, 1, format!("no version yet: add the heading `## {version} (unreleased)`")));
    };
    let told = heading.split_whitespace().next().unwrap_or_default();
    let told = told.trim_start_matches('[').trim_end_matches(']');
    (told != version).then(|| {
        Finding::new(path, line, format!("the newest heading is `{told}`, Cargo.toml says {version}: make them equal"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_heading_counts() {
        let log = "# Changelog\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-11-22)\n";
        assert_eq!(check("0.2.0", "CHANGELOG.md", log), None);
        let found = check("0.1.0", "CHANGELOG.md", log).map(|f| f.to_string());
        assert!(found.is_some_and(|f| f.starts_with("CHANGELOG.md:3: ")));
        assert_eq!(check("0.2.0", "CHANGELOG.md", "## [0.2.0] 2026-11-22\n"), None);
        assert!(check("0.1.0", "CHANGELOG.md", "# Changelog\n").is_some());
    }
}
