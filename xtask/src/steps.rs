//! Named steps that all run, whatever the ones before said.

use std::io;
use std::process::ExitCode;

use crate::say;

/// The steps of one command, and which of them failed.
#[derive(Default)]
pub(crate) struct Steps {
    failed: Vec<String>,
}

impl Steps {
    /// Names the step, runs it, remembers if it failed.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> io::Result<bool>) {
        say::note(&format!("== {name}"));
        match step() {
            Ok(true) => {}
            Ok(false) => self.failed.push(name.to_owned()),
            Err(error) => self.failed.push(format!("{name} ({error})")),
        }
    }

    /// Names the failed steps, or says that there are none.
    pub(crate) fn finish(self, command: &str) -> ExitCode {
        if self.failed.is_empty() {
            say::note(&format!("{command}: all steps passed"));
            return ExitCode::SUCCESS;
        }
        say::note(&format!("{command}: {} failed:", self.failed.len()));
        for name in &self.failed {
            say::note(&format!("   {name}"));
        }
        ExitCode::FAILURE
    }
}
