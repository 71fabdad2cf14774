//! The processes: the fleet's on the first core, a contestant's on the second.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use steadfast_testkit::Tally;

use super::fleet::{Served, totals};
use super::order::{Order, Ran};

/// A fleet in a process of its own; it ends with this value.
pub(super) struct Fleet {
    child: Child,
    asking: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(super) served: Served,
}

impl Fleet {
    pub(super) fn start(devices: usize, secret: bool, folder: &Path) -> Self {
        let mut command = Command::new(own());
        command.arg("--fleet").arg(devices.to_string()).arg(if secret { "tls" } else { "plain" }).arg(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let asking = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let served = serde_json::from_str(&line(&mut answers)).expect("what the fleet said");
        Self { child, asking, answers, served }
    }

    /// What its devices received so far.
    pub(super) fn totals(&mut self) -> Tally {
        writeln!(self.asking.as_mut().expect("a pipe"), "totals").expect("a fleet that runs");
        totals(&line(&mut self.answers))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        drop(self.asking.take());
        let _ = self.child.wait();
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("a fleet that answers");
    line
}

/// Has this program, as `who`, carry out an order on the second core.
pub(super) fn ours(who: &str, order: &Order, folder: &Path) -> Ran {
    run(Command::new(own()).arg(who), order, folder)
}

/// Has this program, as `who`, carry out an order on all cores.
pub(super) fn ours_anywhere(who: &str, order: &Order, folder: &Path) -> Ran {
    carry_out(Command::new(own()).arg(who), order, folder)
}

/// Has a program carry out an order on the second core.
pub(super) fn run(command: &mut Command, order: &Order, folder: &Path) -> Ran {
    // What it starts is where its thread is; this one stays where it was.
    thread::scope(|scope| {
        let pinned = scope.spawn(|| {
            pin(1);
            carry_out(command, order, folder)
        });
        pinned.join().expect("a contestant")
    })
}

fn carry_out(command: &mut Command, order: &Order, folder: &Path) -> Ran {
    let file = folder.join("order.json");
    order.write(&file);
    let output = command.arg(&file).stderr(Stdio::inherit()).output().expect("a contestant");
    assert!(output.status.success(), "a contestant failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("what a contestant said")
}

/// Puts this thread, and what it starts from now on, on one core, if there are that many.
pub(super) fn pin(at: usize) {
    if let Some(core) = core_affinity::get_core_ids().and_then(|cores| cores.get(at).copied()) {
        core_affinity::set_for_current(core);
    }
}

fn own() -> PathBuf {
    std::env::current_exe().expect("a program that knows where it is")
}
