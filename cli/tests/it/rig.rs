//! Running the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use steadfast_providers::Vendor;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_steadfast");

thread_local! {
    /// Where the rollouts of this test are kept.
    static STORE: tempfile::TempDir = tempfile::tempdir().unwrap();
}

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
    command.env("STEADFAST_STORE", STORE.with(|folder| folder.path().join("rollouts.db")));
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

/// A fleet of simulated devices at one address, its inventory, and a file to push to it.
pub(crate) struct Fleet {
    sim: Sim,
    folder: tempfile::TempDir,
}

impl Fleet {
    /// So many devices, which are as these options of `sim fleet` say.
    pub(crate) fn start(devices: u32, nature: &[&str]) -> Self {
        Self::with_faults(devices, nature, "")
    }

    pub(crate) fn with_faults(devices: u32, nature: &[&str], script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (inventory, faults) = (path("fleet.json"), path("faults.toml"));
        std::fs::write(&faults, script).unwrap();
        std::fs::write(path("fw.bin"), vec![7; 50_000]).unwrap();
        let devices = devices.to_string();
        let sim = ["sim", "fleet", "--devices", &devices, "--one-host", "--inventory-out", &inventory];
        let sim = Sim::start(&[&sim[..], &["--faults", &faults], nature].concat(), 1);
        Self { sim, folder }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// `rollout run` of version 2.0.0 to all of it under this name, and more options.
    pub(crate) fn run(&self, id: &str, more: &[&str]) -> Command {
        let (artifact, inventory) = (self.path("fw.bin"), self.path("fleet.json"));
        let run = ["rollout", "run", "--id", id, "--artifact", &artifact, "--inventory", &inventory];
        command(&[&run[..], &["--version", "2.0.0", "--verify-within", "0s"], more].concat())
    }

    /// What the devices received, as they tell it.
    pub(crate) fn report(&self) -> serde_json::Value {
        report(&self.sim.lines[0])
    }

    /// The sums over all devices.
    pub(crate) fn total(&self, name: &str) -> u64 {
        self.report()["totals"][name].as_u64().unwrap()
    }

    /// Waits until so many pushes have begun.
    pub(crate) fn until_pushed(&self, pushes: u64) {
        while self.total("pushes") < pushes {}
    }

    /// Has devices answer that did not.
    pub(crate) fn bring_online(&self, pattern: &str) {
        let answer = ask(&self.sim.lines[0], "POST", &format!("/_sim/online/{pattern}"));
        assert!(answer.contains("changed"), "{answer}");
    }
}

/// The report of the simulator at this URL.
pub(crate) fn report(url: &str) -> serde_json::Value {
    let answer = ask(url, "GET", "/_sim/report");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap()
}

fn ask(url: &str, method: &str, path: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A run that goes on while the test does.
pub(crate) struct Background {
    child: Child,
    stderr: BufReader<ChildStderr>,
    told: String,
}

impl Background {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr, told: String::new() }
    }

    /// Waits until it tells a line with this text on stderr.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let read = self.stderr.read_line(&mut line).unwrap();
            self.told += &line;
            assert!(read > 0, "it ended without {text:?}: {}", self.told);
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it as kill -9 does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Run {
        self.stderr.read_to_string(&mut self.told).unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        Run { code, stdout, stderr: self.told }
    }
}
