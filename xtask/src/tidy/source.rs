//! Rules of style that hold in every source file.

use super::code::{code, is_word};
use super::finding::Finding;
use super::table::{CEILING, READS_THE_CLOCK, SYSTEM_CLOCK};

/// A source file, as written and without comments and literals.
#[derive(Debug)]
pub(crate) struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    /// The file at `path`, relative to the root.
    pub(crate) fn new(path: String, text: String) -> Self {
        let code = code(&text);
        Self { path, text, code }
    }

    /// A finding for every line of code that `broken` says is one.
    fn lines(&self, what: &str, broken: impl Fn(&str) -> bool) -> Vec<Finding> {
        let numbered = self.code.lines().enumerate().filter(|(_, line)| broken(line));
        numbered.map(|(index, _)| Finding::new(&self.path, index + 1, what)).collect()
    }
}

/// All rules, over one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = fences(&source.path, &source.text);
    for rule in
        [opens_with_its_topic, is_short, is_table_of_contents, leaves_the_clock_alone, is_done, admits_exceptions]
    {
        findings.extend(rule(source));
    }
    findings
}

/// Examples in documentation compile and run.
pub(crate) fn fences(path: &str, text: &str) -> Vec<Finding> {
    let is_fence = |line: &str| {
        let line = line.trim_start().trim_start_matches(['/', '!']).trim_start();
        line.strip_prefix("```").is_some_and(|info| info.split(',').any(|word| word.trim().starts_with("ignore")))
    };
    let what = "an example that nobody compiles: make it run offline, or call it `text`";
    let numbered = text.lines().enumerate().filter(|(_, line)| is_fence(line));
    numbered.map(|(index, _)| Finding::new(path, index + 1, what)).collect()
}

fn opens_with_its_topic(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let included = source.path.ends_with("lib.rs") && first.starts_with("#![doc = include_str!(");
    let kept = included || first.strip_prefix("//!").is_some_and(|topic| !topic.trim().is_empty());
    let what = "start with a `//!` sentence that says what lives here";
    if kept { Vec::new() } else { vec![Finding::new(&source.path, 1, what)] }
}

fn is_short(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if lines <= CEILING {
        return Vec::new();
    }
    vec![Finding::new(
        &source.path,
        CEILING + 1,
        format!("{lines} lines, {CEILING} is the ceiling: split it by concept"),
    )]
}

fn is_table_of_contents(source: &Source) -> Vec<Finding> {
    const ITEMS: [&str; 12] =
        ["async", "const", "enum", "fn", "impl", "macro_rules", "static", "struct", "trait", "type", "union", "unsafe"];
    if !source.path.ends_with("/lib.rs") && !source.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    source.lines("lib.rs and mod.rs are tables of contents: move this to a file named for it", |line| {
        let first = words(line).find(|word| !matches!(*word, "pub" | "crate" | "super" | "in"));
        first.is_some_and(|word| ITEMS.contains(&word))
    })
}

fn leaves_the_clock_alone(source: &Source) -> Vec<Finding> {
    if READS_THE_CLOCK.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    source.lines("only clock/ reads the system clock: take a `Clock`, `Wall` or `Timer`", |line| {
        SYSTEM_CLOCK.iter().any(|read| line.contains(read))
    })
}

fn is_done(source: &Source) -> Vec<Finding> {
    let mut findings = source.lines("unfinished: build it, or leave it out of the API", |line| {
        ["todo", "unimplemented"].iter().any(|name| calls_macro(line, name))
    });
    findings.extend(source.lines("an ignored test proves nothing: make it pass, or delete it", |line| {
        let attribute = line.trim_start().starts_with("#[");
        attribute && words(line).any(|word| word == "ignore")
    }));
    findings
}

fn admits_exceptions(source: &Source) -> Vec<Finding> {
    let for_tests = source.path.ends_with("tests/it/main.rs") || source.path.ends_with("tests/loom.rs");
    source.lines("`allow` outlives its reason: write `#[expect(lint, reason = \"…\")]`", |line| {
        let line = line.trim_start();
        line.starts_with("#[allow(") || (line.starts_with("#![allow(") && !for_tests)
    })
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn calls_macro(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + name.len()..).unwrap_or_default();
        !before.ends_with(is_word) && after.trim_start().starts_with('!')
    })
}

#[cfg(test)]
mod tests;
