//! Who drives a rollout.

use serde::{Deserialize, Serialize};

/// A process that drives, or wants to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Holder {
    /// The machine.
    pub host: String,
    /// Which start of that machine, so that a process id of before means nothing; empty where it cannot be told.
    pub boot: String,
    /// The process.
    pub pid: u32,
    /// When that process started, in ticks of the system, so that a reused process id means nothing; 0 where it cannot be told.
    pub started: u64,
    /// Different for every driver, also of one process.
    pub token: String,
}

/// The right to drive a rollout. Every take-over has a higher number, and a store refuses to write for a lower one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The rollout's id.
    pub rollout: String,
    /// The number.
    pub number: u64,
    /// Who has it.
    pub holder: Holder,
}

impl Holder {
    /// A process.
    #[must_use]
    pub fn new(
        host: impl Into<String>,
        boot: impl Into<String>,
        pid: u32,
        started: u64,
        token: impl Into<String>,
    ) -> Self {
        Self { host: host.into(), boot: boot.into(), pid, started, token: token.into() }
    }
}

impl Lease {
    /// A lease.
    #[must_use]
    pub fn new(rollout: impl Into<String>, number: u64, holder: Holder) -> Self {
        Self { rollout: rollout.into(), number, holder }
    }
}
