//! A store in memory: for tests, and for rollouts that nobody has to pick up after a crash.

mod fleet;
mod log;
mod roll;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;

use super::{
    Change, Heartbeat, Holder, Imported, Lease, NewRollout, Place, RolloutRecord, Store, Target, TargetState, refusal,
};
use crate::device::Device;
use crate::error::{Error, ErrorKind};
use crate::record::{Command, Event, Outcome, Sent};
use fleet::Fleet;
use roll::Roll;

/// A [`Store`] that ends with the process. Clones are the same store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), steadfast_delivery::Error> {
/// use steadfast_delivery::{Device, MemoryStore, Store};
///
/// let store = MemoryStore::new();
/// store.import(vec![Device::new("till-7", "http://10.0.0.7")?]).await?;
/// assert_eq!(store.device("till-7").await?.map(|device| device.id().to_owned()), Some(String::from("till-7")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    rolls: RwLock<HashMap<String, Arc<Mutex<Roll>>>>,
    fleet: Mutex<Fleet>,
    /// How often anything was written.
    writes: AtomicU64,
}

impl MemoryStore {
    /// A store without anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rolls(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Mutex<Roll>>>> {
        self.shared.rolls.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Result<Arc<Mutex<Roll>>, Error> {
        self.rolls().get(id).cloned().ok_or_else(|| refusal::no_rollout(id))
    }

    fn read<T>(&self, id: &str, read: impl FnOnce(&mut Roll) -> Result<T, Error>) -> Result<T, Error> {
        read(&mut lock(&*self.find(id)?))
    }

    fn write<T>(&self, id: &str, write: impl FnOnce(&mut Roll) -> Result<T, Error>) -> Result<T, Error> {
        let written = self.read(id, write)?;
        self.wrote();
        Ok(written)
    }

    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        lock(&self.shared.fleet)
    }

    fn wrote(&self) {
        self.shared.writes.fetch_add(1, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, rollout: NewRollout) -> Result<(), Error> {
        if rollout.devices.len() >= u32::MAX as usize {
            return Err(refusal::too_many(&rollout.id));
        }
        let mut rolls = self.shared.rolls.write().unwrap_or_else(PoisonError::into_inner);
        if rolls.contains_key(&rollout.id) {
            return Err(refusal::exists(&rollout.id));
        }
        let made = rolls.len() as u64;
        rolls.insert(rollout.id.clone(), Arc::new(Mutex::new(Roll::new(rollout, made))));
        drop(rolls);
        self.wrote();
        Ok(())
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutRecord>, Error> {
        match self.read(id, |roll| Ok(roll.record())) {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn rollouts(&self) -> Result<Vec<RolloutRecord>, Error> {
        let rolls: Vec<_> = self.rolls().values().cloned().collect();
        let told = |roll: &Arc<Mutex<Roll>>| {
            let roll = lock(roll);
            (roll.created_ms, roll.made, roll.record())
        };
        let mut records: Vec<_> = rolls.iter().map(told).collect();
        records.sort_by_key(|(created_ms, made, _)| std::cmp::Reverse((*created_ms, *made)));
        Ok(records.into_iter().map(|(_, _, record)| record).collect())
    }

    async fn acquire(&self, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Error> {
        self.write(id, |roll| roll.tenure.acquire(id, holder, now_ms, ttl_ms))
    }

    async fn renew(&self, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Error> {
        self.write(&lease.rollout, |roll| roll.tenure.renew(lease, now_ms, ttl_ms))
    }

    async fn release(&self, lease: &Lease) -> Result<(), Error> {
        let released = self.read(&lease.rollout, |roll| Ok(roll.tenure.release(lease)))?;
        if released {
            self.wrote();
        }
        Ok(())
    }

    async fn scan(&self, id: &str) -> Result<Vec<TargetState>, Error> {
        self.read(id, |roll| Ok(roll.scan()))
    }

    async fn targets(&self, id: &str, places: &[Place]) -> Result<Vec<Target>, Error> {
        self.read(id, |roll| places.iter().map(|place| roll.target(*place)).collect())
    }

    async fn place_of(&self, id: &str, device: &str) -> Result<Option<Place>, Error> {
        self.read(id, |roll| Ok(roll.place_of(device)))
    }

    async fn join(&self, lease: &Lease, devices: Vec<Device>) -> Result<Place, Error> {
        self.write(&lease.rollout, |roll| roll.join(lease, devices))
    }

    async fn commit(&self, lease: &Lease, changes: Vec<Change>) -> Result<(), Error> {
        self.write(&lease.rollout, |roll| roll.commit(lease, changes))
    }

    async fn events(&self, id: &str, after: u64, most: usize) -> Result<Vec<Event>, Error> {
        self.read(id, |roll| Ok(roll.events(after, most)))
    }

    async fn outcomes(&self, id: &str, from: Place, most: usize, failed: bool) -> Result<Vec<(Place, Outcome)>, Error> {
        self.read(id, |roll| Ok(roll.outcomes(from, most, failed)))
    }

    async fn send(&self, id: &str, command: Command, now_ms: u64) -> Result<u64, Error> {
        self.write(id, |roll| Ok(roll.send(command, now_ms)))
    }

    async fn commands(&self, id: &str, after: u64) -> Result<Vec<Sent>, Error> {
        self.read(id, |roll| Ok(roll.commands(after)))
    }

    async fn version(&self) -> Result<u64, Error> {
        Ok(self.shared.writes.load(Ordering::Acquire))
    }

    async fn import(&self, devices: Vec<Device>) -> Result<Imported, Error> {
        let imported = self.fleet().import(devices);
        self.wrote();
        Ok(imported)
    }

    async fn devices(&self, after: Option<&str>, most: usize) -> Result<Vec<Device>, Error> {
        Ok(self.fleet().devices(after, most))
    }

    async fn device(&self, id: &str) -> Result<Option<Device>, Error> {
        Ok(self.fleet().device(id))
    }

    async fn heartbeat(&self, beats: Vec<Heartbeat>) -> Result<Vec<String>, Error> {
        let unknown = self.fleet().heartbeat(beats)?;
        self.wrote();
        Ok(unknown)
    }

    async fn heartbeats(&self, after: u64, most: usize) -> Result<Vec<(u64, Heartbeat)>, Error> {
        Ok(self.fleet().heartbeats(after, most))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("rollouts", &self.rolls().len()).finish_non_exhaustive()
    }
}
