//! Running the binary.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use steadfast_providers::Vendor;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_steadfast");

/// What a finished run left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Ended with this code, one line on stderr and nothing on stdout.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, expected: &str) {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(self.stderr.contains(expected), "{}", self.stderr);
        assert_eq!(self.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("backtrace"), "{}", self.stderr);
        assert_eq!(self.stdout, "");
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// The command in an environment without keys.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args);
    for vendor in Vendor::all() {
        command.env_remove(vendor.key_variable).env_remove(vendor.url_variable);
    }
    command.env_remove("STEADFAST_CACHE_DIR").env_remove("STEADFAST_STATE_DIR");
    command.stdin(Stdio::null());
    command
}

pub(crate) fn run(args: &[&str]) -> Run {
    finish(&mut command(args))
}

pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn with_stdin(args: &[&str], input: &str) -> Run {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A simulator that runs until it is dropped, and its first lines.
pub(crate) struct Sim {
    child: Child,
    pub(crate) lines: Vec<String>,
}

impl Sim {
    pub(crate) fn start(args: &[&str], lines: usize) -> Self {
        let mut child = command(args).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = stdout.lines().take(lines).map(Result::unwrap).collect();
        Self { child, lines }
    }

    /// Two base URLs.
    pub(crate) fn llm(faults: &[&str]) -> (Self, String, String) {
        let sim = Self::start(&[&["sim", "llm"], faults].concat(), 2);
        let url = |line: &str, name: &str| line.strip_prefix(name).unwrap().to_owned();
        let (openai, anthropic) = (url(&sim.lines[0], "openai "), url(&sim.lines[1], "anthropic "));
        (sim, openai, anthropic)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A file with this text in a folder of its own.
pub(crate) fn file(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
