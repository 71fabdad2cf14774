//! Conversations at a terminal, which is the test's.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::rig::{Sim, command, file};

/// The command at a terminal.
struct Terminal {
    child: Child,
    screen: File,
    shown: String,
}

impl Terminal {
    fn start(args: &[&str], state: &std::path::Path) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap();
        let line = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let ends = [line.try_clone().unwrap(), line.try_clone().unwrap(), line];
        let [stdin, stdout, stderr] = ends.map(Stdio::from);
        let mut command = command(args);
        command.env("TERM", "xterm").env("STEADFAST_STATE_DIR", state);
        let child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
        drop(command);
        Self { child, screen: File::from(screen), shown: String::new() }
    }

    fn types(&mut self, keys: &str) {
        self.screen.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads what is shown until this is; gives all up to it, and goes on behind it.
    fn shows(&mut self, expected: &str) -> String {
        loop {
            if let Some(at) = self.shown.find(expected) {
                let rest = self.shown.split_off(at + expected.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let mut bytes = [0; 4096];
            match self.screen.read(&mut bytes) {
                Ok(read) if read > 0 => self.shown += &String::from_utf8_lossy(&bytes[..read]),
                _ => panic!("`{expected}` was not shown, but {}", self.shown),
            }
        }
    }

    /// Waits for the prompt, then types a line.
    fn says(&mut self, line: &str) {
        self.shows("> ");
        self.types(line);
        self.types("\r");
    }

    fn ends(mut self) {
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_conversation_goes_on_is_saved_and_loaded() {
    let (_sim, openai, _) = Sim::llm(&["--answer", "Wings."]);
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("chat.json");
    let saved = saved.to_str().unwrap();
    let mut terminal = Terminal::start(&["chat", "--base-url", &openai, "--system", "Be brief."], folder.path());
    terminal.shows("/help tells what there is");
    terminal.says("what keeps bees up?");
    terminal.shows("Wings.\r\n");
    terminal.says("/retry");
    terminal.shows("Wings.\r\n");
    terminal.says("/system");
    terminal.shows("Be brief.\r\n");
    terminal.says(&format!("/save {saved}"));
    terminal.shows("2 messages saved");
    terminal.says("/model other");
    terminal.says("/model");
    terminal.shows("other\r\n");
    terminal.says("/clear");
    terminal.says("/retry");
    terminal.shows("error: nothing was asked so far");
    terminal.says(&format!("/load {saved}"));
    terminal.shows("2 messages loaded");
    // Two lines, pasted.
    terminal.says("\x1b[200~and\nbumblebees?\x1b[201~");
    terminal.shows("Wings.\r\n");
    terminal.says("/usage");
    terminal.shows("3 answers, ");
    terminal.says("/nothing");
    terminal.shows("error: there is no /nothing");
    terminal.shows("> ");
    terminal.types("\x03");
    terminal.shows("(Ctrl-D ends)");
    terminal.shows("> ");
    terminal.types("\x04");
    terminal.ends();
    let history = folder.path().join("chat_history");
    assert_eq!(std::fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&history).unwrap().contains("what keeps bees up?"));
}

#[test]
fn an_interrupt_cancels_the_answer_and_not_the_conversation() {
    // Some of the answer is shown, and by then the interrupt is awaited.
    let script = "[[step]]\ntimes = 1\nthen = { stall_after = 900 }\n";
    let (_faults, faults) = file("faults.toml", script);
    let answer = "Wings, and a lot of them, beating very fast indeed, all day long, come rain or shine.";
    let (_sim, openai, _) = Sim::llm(&["--answer", answer, "--faults", &faults]);
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(&["chat", "--no-history", "--base-url", &openai], folder.path());
    terminal.says("what keeps bees up?");
    terminal.shows("Wings");
    kill_process(Pid::from_child(&terminal.child), Signal::INT).unwrap();
    terminal.shows("cancelled (/retry asks again)");
    terminal.says("/retry");
    terminal.shows("come rain or shine.\r\n");
    terminal.says("/usage");
    terminal.shows("1 attempt of unknown cost");
    terminal.says("/quit");
    terminal.ends();
    assert!(!folder.path().join("chat_history").exists());
}
