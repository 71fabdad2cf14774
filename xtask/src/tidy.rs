//! `cargo xtask tidy`: what the architecture promises, checked. Tables are data, rules are pure functions.

mod changelog;
mod code;
mod deps;
mod finding;
mod folder;
mod metadata;
mod source;
mod table;
mod walk;

use std::io;
use std::process::ExitCode;

use crate::cargo::root;
use crate::say;
use crate::workspace::Workspace;

use finding::Finding;
use source::Source;

/// Prints one line per finding; succeeds when there is none.
pub(crate) fn run() -> io::Result<ExitCode> {
    let mut findings = workspace_findings(&Workspace::load()?)?;
    let mut files = 0;
    for path in walk::files(root(), "rs")? {
        let text = std::fs::read_to_string(&path)?;
        findings.extend(source::check(&Source::new(walk::relative(root(), &path), text)));
        files += 1;
    }
    for path in walk::files(root(), "md")? {
        let text = std::fs::read_to_string(&path)?;
        findings.extend(source::fences(&walk::relative(root(), &path), &text));
    }
    findings.sort();
    for finding in &findings {
        say::line(&finding.to_string());
    }
    if findings.is_empty() {
        say::note(&format!("tidy: {files} source files, nothing to mend"));
        return Ok(ExitCode::SUCCESS);
    }
    say::note(&format!("tidy: {} to mend", findings.len()));
    Ok(ExitCode::FAILURE)
}

fn workspace_findings(workspace: &Workspace) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let manifest = std::fs::read_to_string(&package.manifest_path)?;
        let manifest = finding::Text::new(walk::relative(root(), package.manifest_path.as_ref()), manifest);
        findings.extend(deps::check(package, &manifest));
        findings.extend(metadata::check(package, &manifest));
        if package.is_published() {
            let folder = walk::relative(root(), package.folder());
            findings.extend(folder::check(&folder, |file| package.folder().join(file).exists()));
            let changelog = package.folder().join("CHANGELOG.md");
            if let Ok(text) = std::fs::read_to_string(&changelog) {
                findings.extend(changelog::check(&package.version, &walk::relative(root(), &changelog), &text));
            }
        }
    }
    Ok(findings)
}
