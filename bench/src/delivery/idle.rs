//! A rollout that waits for devices to connect: what each of them takes in memory.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::{
    Artifact, ArtifactRecord, Device, DeviceStatus, Hold, NewRollout, Rollout, Spec, SqliteStore, Store, Strategy,
};

use super::noop::Nothing;
use super::order::{Order, Ran};

const DEVICES: usize = 1_000_000;
const ID: &str = "idle";

/// Puts the rollout into the order's store.
pub(super) async fn stock(order: Order) -> Ran {
    let devices = (0..DEVICES).map(|number| {
        let (b, c, d) = (number >> 16, number >> 8 & 0xff, number & 0xff);
        let mut device = Device::new(format!("dev-{number:06}"), &format!("http://127.{b}.{c}.{d}")).expect("a device");
        device.status = DeviceStatus::Offline;
        device
    });
    let artifact = artifact();
    let mut spec = Spec::new(ArtifactRecord::new(None, artifact.len(), artifact.digest_hex()));
    spec.strategy = Strategy::on_connect();
    let store = SqliteStore::open(&order.store).await.expect("a store");
    store.create(NewRollout::new(ID, spec, devices.collect(), 0)).await.expect("a rollout");
    store.close().await;
    Ran::of(DEVICES as u64, 0.0)
}

/// Drives the rollout of the order's store until it waits, and tells in place of a peak how many bytes each device takes.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) async fn run(order: Order) -> Ran {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&order.store).await.expect("a store"));
    let before = resident();
    let rollout = Rollout::resume(store, ID, artifact(), Arc::new(Nothing)).build();
    let handle = rollout.handle();
    let driving = tokio::spawn(rollout.execute());
    while handle.status().hold != Some(Hold::AwaitingDevices) {
        assert!(!driving.is_finished(), "a rollout that waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = (resident() - before) / DEVICES as u64;
    driving.abort();
    Ran { rss_kib: each, ..Ran::of(DEVICES as u64, 0.0) }
}

fn artifact() -> Artifact {
    Artifact::from_bytes("firmware")
}

/// Bytes of memory that this process has now.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
    kib * 1024
}
