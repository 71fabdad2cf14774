//! What the tests of stores share: small rollouts, and changes numbered as a driver numbers them.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use steadfast_delivery::{
    ArtifactRecord, Change, Device, DeviceChange, DeviceState, EventKind, Failure, FailureClass, Holder, Lease,
    NewRollout, Outcome, Place, RolloutChange, RolloutStatus, Spec, Stage, Store,
};
use tempfile::TempDir;

use crate::support::devices;

/// A time in 2026, in milliseconds since 1970.
pub(crate) const NOW: u64 = 1_767_225_600_000;
pub(crate) const TTL: u64 = 30_000;

/// A folder for a moment, in memory where there is such a place: what these tests ask does not depend on the disk.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let there = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    there.unwrap()
}

pub(crate) fn spec() -> Spec {
    let mut spec = Spec::new(ArtifactRecord::new(Some("/srv/firmware.bin".into()), 8, "ab".repeat(32)));
    spec.version = Some(String::from("2.0.0"));
    spec.extra = json!({ "path": "/update" });
    spec
}

pub(crate) fn new(id: &str, n: usize) -> NewRollout {
    NewRollout::new(id, spec(), devices(n), NOW)
}

/// A driver elsewhere, of which nobody can know whether it lives.
pub(crate) fn holder(token: &str) -> Holder {
    Holder::new("elsewhere", "b1", 7, 9, token)
}

/// A rollout of `n` devices, and the lease to drive it.
pub(crate) async fn driven(store: &dyn Store, id: &str, n: usize) -> Lease {
    store.create(new(id, n)).await.unwrap();
    store.acquire(id, &holder("t1"), NOW, TTL).await.unwrap()
}

/// Numbers changes.
pub(crate) struct Pen {
    pub(crate) seq: u64,
    devices: Vec<Device>,
}

impl Pen {
    pub(crate) fn new(n: usize) -> Self {
        Self { seq: 0, devices: devices(n) }
    }

    pub(crate) fn device(&mut self, place: u32, from: DeviceState, to: DeviceState) -> DeviceChange {
        self.seq += 1;
        let id: Arc<str> = self.devices[place as usize].id().into();
        DeviceChange::new(self.seq, NOW + self.seq, Place(place), id, from, to)
    }

    pub(crate) fn moved(&mut self, place: u32, from: DeviceState, to: DeviceState) -> Change {
        Change::Device(self.device(place, from, to))
    }

    pub(crate) fn failed(&mut self, place: u32, from: DeviceState, class: FailureClass) -> DeviceChange {
        let mut change = self.device(place, from, DeviceState::Failed);
        change.tried = (3, 0);
        let mut outcome = Outcome::new(&*change.device, DeviceState::Failed);
        outcome.attempts = 3;
        outcome.failure = Some(Failure::new(Stage::Pushing, class, "no"));
        change.outcome = Some(Box::new(outcome));
        change
    }

    pub(crate) fn rollout(&mut self, kind: EventKind, status: RolloutStatus, engine: Value, done: u64) -> Change {
        self.seq += 1;
        let change = RolloutChange::new(Some((self.seq, kind)), NOW + self.seq, status, engine, done);
        Change::Rollout(Box::new(change))
    }
}
