//! Finding files: the tree without build output and hidden folders.

use std::io;
use std::path::{Path, PathBuf};

/// Every file below `folder` with this extension, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, extension, &mut found)?;
    found.sort();
    Ok(found)
}

/// `path` as it is told in a finding: from the root, with `/`; a folder ends with `/`, the root is empty.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let mut told: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    if path.is_dir() && !told.is_empty() {
        told.push("".into());
    }
    told.join("/")
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link is not followed: it would lead out of the tree, or round in it.
        let kind = entry.file_type()?;
        if kind.is_dir() && is_source(&entry.file_name().to_string_lossy()) {
            collect(&path, extension, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_source(folder: &str) -> bool {
    folder != "target" && !folder.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_hidden_folders_are_left_out() {
        assert!(is_source("clock"));
        assert!(!is_source("target"));
        assert!(!is_source(".git"));
    }

    #[test]
    fn this_file_is_found_once() {
        let root = crate::cargo::root();
        let found = files(&root.join("xtask"), "rs").unwrap();
        let here = found.iter().filter(|path| relative(root, path) == "xtask/src/tidy/walk.rs");
        assert_eq!(here.count(), 1);
        assert_eq!(relative(root, &root.join("xtask")), "xtask/");
        assert_eq!(relative(root, root), "");
    }
}
