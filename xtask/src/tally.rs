//! Counting tests while their output streams by.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use crate::say;

/// What a run of tests said so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    /// The test binary that is running: its last `test result:`, passed and failed, once it has told one.
    current: Option<Option<(u64, u64)>>,
    /// Binaries that ended without a result.
    died: u64,
}

/// Runs each of `commands` (a `cargo test`), shows the output as it comes, and ends with the closing line over it all.
pub(crate) fn run<'a>(commands: impl IntoIterator<Item = &'a mut Command>) -> io::Result<ExitCode> {
    let mut total = Tally::default();
    for command in commands {
        let one = watch(command)?;
        total.passed += one.passed;
        total.failed += one.failed;
    }
    say::line(&total.to_string());
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn watch(command: &mut Command) -> io::Result<Tally> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut shown = io::stdout();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            shown.write_all(&line)?;
            shown.flush()?;
            tally.read(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    if let Some(complaint) = tally.close(child.wait()?.success()) {
        say::line(&complaint);
    }
    Ok(tally)
}

impl Tally {
    /// A failed test's output is shown before its binary's result and may hold such a line too: the last one counts.
    fn read(&mut self, line: &str) {
        let line = without_colour(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            self.current = Some(Some((number_before(result, " passed"), number_before(result, " failed"))));
        } else if starts_a_binary(&line) {
            self.end_binary();
            self.current = Some(None);
        }
    }

    fn end_binary(&mut self) {
        match self.current.take() {
            Some(Some((passed, failed))) => {
                self.passed += passed;
                self.failed += failed;
            }
            Some(None) => self.died += 1,
            None => {}
        }
    }

    /// Counts what died without a result as failed, and says so.
    fn close(&mut self, succeeded: bool) -> Option<String> {
        self.end_binary();
        if self.died > 0 {
            self.failed += self.died;
            return Some(format!("{} test binaries ended without a result: counted as failed", self.died));
        }
        if !succeeded && self.failed == 0 {
            self.failed = 1;
            return Some("cargo failed before any test did (see its error above): counted as failed".into());
        }
        None
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `running 3 tests`
fn starts_a_binary(line: &str) -> bool {
    let rest = line.trim_end().strip_prefix("running ");
    let count = rest.and_then(|rest| rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test")));
    count.is_some_and(|count| count.parse::<u64>().is_ok())
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// `line` without terminal colours, which `CARGO_TERM_COLOR=always` puts even into a pipe.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic());
        rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests;
