//! The matrix as it is committed: a table in Markdown.

use std::path::PathBuf;

/// The rows of a table: what the first column says, and the other cells.
pub(super) type Table = Vec<(String, Vec<String>)>;

/// What an empty cell says: there is no such thing.
pub(super) const NONE: &str = "–";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/outcomes.md")
}

/// The head of the table.
pub(super) fn head(columns: &[String]) -> String {
    format!("| fault | {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len() + 1))
}

/// The table of the document.
pub(super) fn read(columns: &[String]) -> Table {
    let text = std::fs::read_to_string(path()).unwrap();
    let head = head(columns);
    let (_, rest) = text.split_once(&head).unwrap();
    let lines = rest.trim_start_matches('\n').lines().take_while(|line| line.starts_with('|'));
    lines.map(parse).collect()
}

fn parse(line: &str) -> (String, Vec<String>) {
    let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
    (cells.next().unwrap_or_default(), cells.collect())
}

/// Replaces the table of the document.
pub(super) fn write(columns: &[String], table: &Table) {
    let text = std::fs::read_to_string(path()).unwrap();
    let before = text.split_once("| fault |").map_or(text.as_str(), |(before, _)| before);
    let after: String = match text.split_once("| fault |") {
        Some((_, rest)) => rest.lines().skip_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect(),
        None => String::new(),
    };
    let mut lines = head(columns);
    for (name, cells) in table {
        lines.push_str(&format!("\n| {name} | {} |", cells.join(" | ")));
    }
    std::fs::write(path(), format!("{before}{lines}\n{after}")).unwrap();
}
