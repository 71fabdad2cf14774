//! What a contestant is told, and what it tells.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The work of one run, in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// Who gets the artifact, in this order.
    pub(super) devices: Vec<Device>,
    /// The file with the artifact.
    pub(super) artifact: PathBuf,
    /// The certificates to trust; empty without TLS.
    pub(super) roots: PathBuf,
    /// How many devices at once.
    pub(super) concurrency: usize,
    /// Where ours keeps the rollout; empty for memory.
    pub(super) store: PathBuf,
}

/// One device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) address: String,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Ran {
    /// Devices that took the artifact and reported its version.
    pub(super) succeeded: u64,
    /// From the first device to the last.
    pub(super) seconds: f64,
    /// The processor's time of the whole process, in the kernel, too.
    pub(super) cpu: f64,
    /// The most memory that the process ever had, in KiB.
    pub(super) rss_kib: u64,
}

/// The version that is delivered.
pub(super) const VERSION: &str = "2.0.0";

impl Order {
    pub(super) fn read(path: &str) -> Self {
        let text = fs::read_to_string(path).expect("an order");
        serde_json::from_str(&text).expect("an order as it was written")
    }

    pub(super) fn write(&self, path: &Path) {
        fs::write(path, serde_json::to_string(self).expect("plain data")).expect("a folder that can be written to");
    }
}

impl Ran {
    /// What a run came to that took so long in this process, to now.
    pub(super) fn of(succeeded: u64, seconds: f64) -> Self {
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let cpu = spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9;
        Self { succeeded, seconds, cpu, rss_kib: peak() }
    }

    pub(super) fn tell(&self) {
        println!("{}", serde_json::to_string(self).expect("plain data"));
    }
}

/// The most memory that this process ever had, in KiB.
pub(super) fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
