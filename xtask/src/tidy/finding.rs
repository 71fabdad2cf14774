//! What is wrong, where, and what to do: one line each.

use std::fmt;

/// One promise that is not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// `line` counts from 1; `what` says what is wrong and what to do.
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// A file that findings point into.
#[derive(Debug)]
pub(crate) struct Text {
    path: String,
    text: String,
}

impl Text {
    /// The file at `path`, relative to the root.
    pub(crate) fn new(path: String, text: String) -> Self {
        Self { path, text }
    }

    /// A finding at the first line that starts with `start`, or at line 1.
    pub(crate) fn at(&self, start: &str, what: impl Into<String>) -> Finding {
        self.after("", start, what)
    }

    /// A finding at the first line that starts with `start` after the line `section`, or at line 1.
    pub(crate) fn after(&self, section: &str, start: &str, what: impl Into<String>) -> Finding {
        let numbered = self.text.lines().enumerate();
        let line = numbered
            .skip_while(|(_, line)| !section.is_empty() && line.trim() != section)
            .find(|(_, line)| line.trim_start().starts_with(start))
            .map_or(1, |(index, _)| index + 1);
        Finding::new(&self.path, line, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_the_line_in_its_section() {
        let text = "[dependencies]\nclock = 1\n\n[dev-dependencies]\nclock = 2\n";
        let text = Text::new("a/Cargo.toml".into(), text.into());
        assert_eq!(text.at("clock", "no").to_string(), "a/Cargo.toml:2: no");
        assert_eq!(text.after("[dev-dependencies]", "clock", "no").to_string(), "a/Cargo.toml:5: no");
        assert_eq!(text.at("pool", "no").to_string(), "a/Cargo.toml:1: no");
    }
}
