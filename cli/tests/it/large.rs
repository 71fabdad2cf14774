//! A large artifact to many devices: what a process holds of it does not grow with it.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use steadfast_testkit::{FleetSim, Layout};

use crate::rig::command;

const DEVICES: usize = 8;
const BYTES: u64 = 100_000_000;

/// The most memory that a process has had so far, in bytes; none once it is gone.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

#[test]
fn a_hundred_megabytes_to_eight_devices_at_once_take_little_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let fleet = runtime.block_on(FleetSim::builder(DEVICES).layout(Layout::Paths).start()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let lines: String = fleet.addresses().iter().map(|device| format!("{},{}\n", device.id, device.address)).collect();
    std::fs::write(path("fleet.csv"), format!("id,address\n{lines}")).unwrap();
    let mut artifact = std::fs::File::create(path("fw.bin")).unwrap();
    let piece: Vec<u8> = (0..1_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for _ in 0..BYTES / 1_000_000 {
        artifact.write_all(&piece).unwrap();
    }
    let (artifact, inventory, store) = (path("fw.bin"), path("fleet.csv"), path("rollouts.db"));
    let run = ["rollout", "run", "--artifact", &artifact, "--inventory", &inventory, "--store", &store];
    let mut command = command(&[&run[..], &["--version", "2.0.0"]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (_nobody, silence) = std::sync::mpsc::channel::<()>();
    let mut most = 0;
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or(0));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            // Nobody says anything: it is a pause.
            None => assert!(silence.recv_timeout(Duration::from_millis(2)).is_err()),
        }
    };
    let totals = fleet.report().totals;
    assert!(status.success() && totals.digest_ok == DEVICES as u64 && totals.digest_bad == 0, "{status} {totals:?}");
    // 256 KiB for each device and for what is read ahead, beside what the process is.
    assert!(most > 0 && most < 64 << 20, "{} MiB", most >> 20);
}
