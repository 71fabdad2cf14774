//! Lines for people: results on stdout, everything about the work on stderr.

use std::io::Write;

/// A line of the result, on stdout. A closed pipe is not worth a panic.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line about the work, on stderr.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
