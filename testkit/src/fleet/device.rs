//! One simulated device: pure bookkeeping of what it received and what it runs.

use super::report::Tally;

/// The version of a device that took no update.
const FACTORY: &str = "0.0.0";

/// A device's memory.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// What it runs; `None` is the factory's version.
    version: Option<Box<str>>,
    /// What the latest accepted push said of its version.
    accepted: Option<Box<str>>,
    tally: Tally,
    /// How often each step of the script was used on it.
    pub(super) used: Vec<u64>,
}

/// What came of the body of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// It ended early.
    Cut,
    /// It came whole, and no digest was announced.
    Unchecked,
    /// It came whole and matches.
    Match,
    /// It came whole and does not match.
    Mismatch,
}

impl Device {
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(FACTORY)
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { devices: 1, ..self.tally }
    }

    /// A push begins.
    pub(super) fn push(&mut self, version: Option<&str>) {
        self.tally.pushes += 1;
        let same = match (version, self.accepted.as_deref()) {
            (Some(new), Some(old)) => new == old,
            _ => true,
        };
        if self.tally.accepted > 0 && same {
            self.tally.pushes_after_success += 1;
        }
    }

    /// The body of a push is over.
    pub(super) fn receive(&mut self, received: Received) {
        match received {
            Received::Cut => self.tally.cut += 1,
            Received::Unchecked => {}
            Received::Match => self.tally.digest_ok += 1,
            Received::Mismatch => self.tally.digest_bad += 1,
        }
    }

    /// The device itself accepts a push; it runs the new version only when the digest says that it has it.
    pub(super) fn accept(&mut self, version: Option<&str>, received: Received) {
        self.tally.accepted += 1;
        self.accepted = version.map(Box::from);
        if let (Some(version), Received::Match) = (version, received) {
            self.version = Some(Box::from(version));
        }
    }
}
