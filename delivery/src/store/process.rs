//! Which process this is, and whether another one of this machine is still there.

use std::fs;

use super::Holder;
use crate::push::fresh_id;

impl Holder {
    /// This process, as a driver of its own: every call gives another one.
    #[must_use]
    pub fn this_process() -> Self {
        let pid = std::process::id();
        let started = stat(pid).map_or(0, |stat| stat.started);
        Self::new(host(), boot(), pid, started, fresh_id())
    }

    /// Whether it is known for sure that this process is no more: it was one of this machine since its last start, and
    /// there is none of its number and start time. `false` where that cannot be told.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        let here = self.started != 0 && !self.boot.is_empty() && self.boot == boot() && self.host == host();
        // Where even the first process is not shown, those of others are hidden, and a missing one means nothing.
        if !here || fs::metadata("/proc/1/stat").is_err() {
            return false;
        }
        stat(self.pid).is_none_or(|stat| stat.started != self.started || stat.ended)
    }
}

/// What the system tells of a process.
struct Stat {
    /// Its start, in ticks since the machine's.
    started: u64,
    /// Whether it has ended and only waits to be noticed by its parent.
    ended: bool,
}

/// Only where there is `/proc` as Linux has it (`proc_pid_stat(5)`).
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses, which may hold anything.
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(text.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let started = fields.nth(18)?.parse().ok()?;
    Some(Stat { started, ended })
}

fn host() -> String {
    let told = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| {
        let variable = if cfg!(windows) { "COMPUTERNAME" } else { "HOSTNAME" };
        std::env::var(variable).ok()
    });
    let host: String = told.unwrap_or_default().trim().chars().filter(|c| !c.is_control()).collect();
    if host.is_empty() { String::from("unknown host") } else { host }
}

/// The start of the machine, and the space that process ids belong to: in two containers of one machine the same id is
/// two processes.
fn boot() -> String {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid");
    match (start, space) {
        (Ok(start), Ok(space)) => format!("{} {}", start.trim(), space.display()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_alive_and_its_number_of_another_time_is_dead() {
        let mut holder = Holder::this_process();
        assert!(!holder.is_dead());
        holder.started += 1;
        assert!(holder.is_dead(), "another process has that number now");
        holder.boot = String::from("before");
        assert!(!holder.is_dead(), "who knows");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_ended_is_dead_before_its_parent_has_noticed_and_after() {
        let mut shell = std::process::Command::new("/bin/sh");
        let mut child = shell.args(["-c", "read line"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut holder = Holder::this_process();
        (holder.pid, holder.started) = (child.id(), stat(child.id()).unwrap().started);
        assert!(!holder.is_dead());
        drop(child.stdin.take());
        while stat(child.id()).is_some_and(|stat| !stat.ended) {
            std::thread::yield_now();
        }
        assert!(holder.is_dead());
        child.wait().unwrap();
        assert!(holder.is_dead());
    }

    #[test]
    fn every_driver_of_a_process_is_another_one() {
        assert_ne!(Holder::this_process(), Holder::this_process());
    }
}
