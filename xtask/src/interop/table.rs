//! The outcomes as they are committed: one Markdown table, with what is said about them.

use std::fmt;

use super::outcome::{Asked, Outcome};

/// What both clients made of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    fault: String,
    pub(super) asked: String,
    pub(super) sdk: String,
    pub(super) ours: String,
    /// Whether both do the same after as many requests.
    agree: bool,
}

impl Row {
    /// The outcomes of the official SDK and of ours.
    pub(super) fn new(fault: &str, asked: Asked, sdk: &Outcome, ours: &Outcome) -> Self {
        let agree = (sdk.requests, sdk.kind()) == (ours.requests, ours.kind());
        Self { fault: fault.to_owned(), asked: asked.to_string(), sdk: sdk.to_string(), ours: ours.to_string(), agree }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}: official SDK {}; steadfast {}", self.fault, self.asked, self.sdk, self.ours)
    }
}

/// The table, and the text around it.
#[derive(Debug)]
pub(super) struct Table {
    before: String,
    lines: Vec<Line>,
    after: String,
}

/// A committed row.
#[derive(Debug)]
struct Line {
    /// Fault, question, what the SDK does, what ours does, and why they differ.
    cells: [String; 5],
    /// Whether it was compared or written.
    met: bool,
    agree: bool,
}

impl Table {
    /// The table of a text is what follows its first line of dashes.
    pub(super) fn read(text: &str) -> Self {
        let (mut before, mut lines, mut after) = (String::new(), Vec::new(), String::new());
        let mut within = None;
        for line in text.split_inclusive('\n') {
            let cells = line.trim().strip_prefix("| ").and_then(|line| line.strip_suffix('|'));
            match (within, cells) {
                (Some(true), Some(cells)) => {
                    let mut cells = cells.split(" | ").map(|cell| cell.trim().to_owned());
                    let cells = std::array::from_fn(|_| cells.next().unwrap_or_default());
                    lines.push(Line { cells, met: false, agree: true });
                }
                (Some(_), _) => {
                    within = Some(false);
                    after.push_str(line);
                }
                (None, _) => {
                    before.push_str(line);
                    within = line.starts_with("|---").then_some(true);
                }
            }
        }
        Self { before, lines, after }
    }

    fn find(&mut self, row: &Row) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.cells[0] == row.fault && line.cells[1] == row.asked)
    }

    /// How a row differs from the one that is committed.
    pub(super) fn difference(&mut self, row: &Row) -> Option<String> {
        let Some(line) = self.find(row) else { return Some(format!("not in the table: {row}")) };
        line.met = true;
        let [_, _, sdk, ours, _] = &line.cells;
        let same = *sdk == row.sdk && *ours == row.ours;
        (!same).then(|| format!("{row}; the table has {sdk} and {ours}"))
    }

    /// Writes a row down. What is said about it stays.
    pub(super) fn put(&mut self, row: Row) {
        let agree = row.agree;
        if let Some(line) = self.find(&row) {
            [line.cells[2], line.cells[3]] = [row.sdk, row.ours];
            (line.met, line.agree) = (true, agree);
        } else {
            let cells = [row.fault, row.asked, row.sdk, row.ours, String::new()];
            self.lines.push(Line { cells, met: true, agree });
        }
    }

    /// Drops what was not written, and tells of each row in which the clients differ and nobody says why.
    pub(super) fn settle(&mut self) -> Vec<String> {
        self.lines.retain(|line| line.met);
        let unsaid = self.lines.iter().filter(|line| !line.agree && line.cells[4].is_empty());
        unsaid.map(|line| format!("say in the table why they differ: {}", line.cells[..4].join("; "))).collect()
    }

    /// Rows that nothing was compared with.
    pub(super) fn left_over(&self) -> Vec<String> {
        let left = self.lines.iter().filter(|line| !line.met);
        left.map(|line| format!("in the table and not compared: {}; {}", line.cells[0], line.cells[1])).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.before)?;
        for line in &self.lines {
            writeln!(f, "| {} |", line.cells.join(" | ").trim_end())?;
        }
        f.write_str(&self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Api;
    use super::*;

    const TEXT: &str = "# Title\n\n| fault | asked | SDK | ours | why |\n|---|---|---|---|---|\n\
                        | none | Messages | `ok`, 1 request | `ok`, 1 request | |\n\
                        | gone | Messages | `ok`, 1 request | `ok`, 1 request | |\n\nThe end.\n";

    fn row(fault: &str, what: &str) -> Row {
        let outcome = |what: &str| Outcome { what: what.to_owned(), requests: 1 };
        Row::new(fault, Asked { api: Api::Messages, stream: false }, &outcome(what), &outcome("ok"))
    }

    #[test]
    fn what_is_as_committed_is_no_difference() {
        let mut table = Table::read(TEXT);
        assert_eq!(table.to_string(), TEXT);
        assert_eq!(table.difference(&row("none", "ok")), None);
        assert_eq!(table.left_over(), ["in the table and not compared: gone; Messages"]);
        assert!(table.difference(&row("none", "Error")).unwrap().contains("Error"));
        assert!(table.difference(&row("new", "ok")).unwrap().starts_with("not in the table"));
    }

    #[test]
    fn rows_are_written_and_what_is_said_about_them_stays() {
        let mut table = Table::read(&TEXT.replace("| `ok`, 1 request | |", "| `ok`, 1 request | on purpose |"));
        table.put(row("none", "Error"));
        table.put(row("new", "Error"));
        let unsaid = table.settle();
        assert_eq!(unsaid, ["say in the table why they differ: new; Messages; `Error`, 1 request; `ok`, 1 request"]);
        let written = table.to_string();
        assert!(
            written.contains("| none | Messages | `Error`, 1 request | `ok`, 1 request | on purpose |\n"),
            "{written}"
        );
        assert!(written.contains("| new | Messages | `Error`, 1 request | `ok`, 1 request | |\n"), "{written}");
        assert!(!written.contains("gone") && written.ends_with("\nThe end.\n"), "{written}");
    }
}
