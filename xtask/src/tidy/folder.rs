//! The files that every published folder has.

use super::finding::Finding;
use super::table::FILES;

/// `exists` tells whether a file of the package's folder is there.
pub(crate) fn check(folder: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    FILES
        .into_iter()
        .filter(|file| !exists(file))
        .map(|file| Finding::new(&format!("{folder}{file}"), 1, "missing: every published crate has it, write it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_file_is_named() {
        assert!(check("clock/", |_| true).is_empty());
        assert_eq!(check("clock/", |_| false).len(), FILES.len());
        let findings = check("clock/", |file| file != "tests/it/main.rs");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().starts_with("clock/tests/it/main.rs:1: missing"));
    }
}
