//! What was expected and did not come, and what came and was not expected.

use std::error::Error as StdError;
use std::fmt;
use std::thread;

use super::transport::MockTransport;

/// The requests were not those that were scripted. Its text is a list, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmet {
    /// Replies that no request came for.
    pub missing: Vec<Missing>,
    /// Requests that no reply was scripted for: method, URL without query, and what the nearest script objected to.
    pub unexpected: Vec<String>,
}

impl Unmet {
    /// What is missing, and what was not expected.
    #[must_use]
    pub fn new(missing: Vec<Missing>, unexpected: Vec<String>) -> Self {
        Self { missing, unexpected }
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the requests are not those that were scripted:")?;
        for missing in &self.missing {
            write!(f, "\n  expected {missing}")?;
        }
        for unexpected in &self.unexpected {
            write!(f, "\n  not expected: {unexpected}")?;
        }
        Ok(())
    }
}

impl StdError for Unmet {}

/// Requests that were expected and did not all come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// What they are like, without values of headers, queries and bodies.
    pub what: String,
    /// How many were expected.
    pub expected: u64,
    /// How many came.
    pub came: u64,
}

impl Missing {
    /// What is missing.
    #[must_use]
    pub fn new(what: impl Into<String>, expected: u64, came: u64) -> Self {
        Self { what: what.into(), expected, came }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}, {} came", self.expected, self.what, self.came)
    }
}

/// Verifies when it is dropped, and panics with the list when the requests were not those that were scripted; not while the
/// thread panics already. Made by [`MockTransport::verify_on_drop`].
#[derive(Debug)]
#[must_use = "it verifies when it is dropped: keep it until the end of the test"]
pub struct VerifyOnDrop {
    transport: MockTransport,
}

impl VerifyOnDrop {
    pub(super) fn new(transport: MockTransport) -> Self {
        Self { transport }
    }
}

impl Drop for VerifyOnDrop {
    #[expect(clippy::panic, reason = "a test fails by panicking, and asked for it")]
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        if let Err(unmet) = self.transport.verify() {
            panic!("{unmet}");
        }
    }
}
