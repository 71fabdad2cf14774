//! A store in one SQLite file: what it keeps survives the process, and several processes may use it at once.

mod builder;
mod commit;
mod connect;
mod create;
mod fault;
mod file;
mod fleet;
mod keys;
mod lease;
mod log;
mod outcomes;
mod readers;
mod rollouts;
mod schema;
mod tally;
mod targets;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rusqlite::Connection;

use super::{
    Change, Heartbeat, Holder, Imported, Lease, NewRollout, Place, RolloutRecord, Store, Target, TargetState, beat,
};
use crate::device::Device;
use crate::error::{Error, ErrorKind};
use crate::record::{Command, Event, Outcome, Sent};
use fault::Fault;
use readers::Readers;
use writer::Writer;

pub use builder::SqliteStoreBuilder;

/// A [`Store`] in one SQLite file. Clones are the same store.
///
/// The file is in WAL mode with `synchronous = NORMAL`: what was committed survives the end of the process at any
/// moment; a loss of power may cost the last commits, but never a part of one. All writes of a process go through one
/// thread, which puts those that wait into one transaction. It is made for its owner alone (mode 0600 on Unix). Do not
/// keep it on a network file system.
///
/// Its futures need a tokio runtime: reads take place on its blocking threads.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("rollouts.db");
/// use steadfast_delivery::{Device, SqliteStore, Store};
///
/// let store = SqliteStore::open(&path).await?;
/// store.import(vec![Device::new("till-7", "http://10.0.0.7")?]).await?;
/// store.close().await;
///
/// let again = SqliteStore::open(&path).await?;
/// assert!(again.device("till-7").await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    path: Arc<Path>,
    writer: Writer,
    readers: Readers,
    /// Tells whether anything was written. Never waits for a lock.
    watch: Mutex<Option<Connection>>,
}

impl SqliteStore {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] when it cannot be made, read or written, belongs to another program, or was written by a
    /// newer version of this one; [`ErrorKind::Busy`] when another process holds it for too long.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder(path).open().await
    }

    /// Starts to say how the file is to be opened.
    pub fn builder(path: impl Into<PathBuf>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.into())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Writes what waits to be written and closes the file. Whatever is asked of it, or of its clones, afterwards, is
    /// refused. A store that is dropped does the same in the background.
    pub async fn close(&self) {
        self.shared.readers.close().await;
        drop(self.watch().take());
        // The last one that closes the file puts its log back into it.
        self.shared.writer.close().await;
    }

    fn watch(&self) -> MutexGuard<'_, Option<Connection>> {
        self.shared.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.shared.readers.read(&self.shared.path, read).await
    }

    /// `write` may be called twice, with nothing of the first call left.
    async fn write<T, F>(&self, weight: usize, write: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.shared.writer.write(weight, write).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create(&self, rollout: NewRollout) -> Result<(), Error> {
        self.write(rollout.devices.len(), move |file| create::create(file, &rollout)).await
    }

    async fn rollout(&self, id: &str) -> Result<Option<RolloutRecord>, Error> {
        let id = id.to_owned();
        match self.read(move |file| rollouts::one(file, &id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            told => told.map(Some),
        }
    }

    async fn rollouts(&self) -> Result<Vec<RolloutRecord>, Error> {
        self.read(rollouts::all).await
    }

    async fn acquire(&self, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Error> {
        let (id, holder) = (id.to_owned(), holder.clone());
        self.write(1, move |file| lease::acquire(file, &id, &holder, now_ms, ttl_ms)).await
    }

    async fn renew(&self, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Error> {
        let lease = lease.clone();
        self.write(1, move |file| lease::renew(file, &lease, now_ms, ttl_ms)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), Error> {
        let lease = lease.clone();
        self.write(1, move |file| lease::release(file, &lease)).await
    }

    async fn scan(&self, id: &str) -> Result<Vec<TargetState>, Error> {
        let id = id.to_owned();
        self.read(move |file| targets::scan(file, &id)).await
    }

    async fn targets(&self, id: &str, places: &[Place]) -> Result<Vec<Target>, Error> {
        let (id, places) = (id.to_owned(), places.to_vec());
        self.read(move |file| targets::at(file, &id, &places)).await
    }

    async fn place_of(&self, id: &str, device: &str) -> Result<Option<Place>, Error> {
        let (id, device) = (id.to_owned(), device.to_owned());
        self.read(move |file| targets::place_of(file, &id, &device)).await
    }

    async fn join(&self, lease: &Lease, devices: Vec<Device>) -> Result<Place, Error> {
        let lease = lease.clone();
        self.write(devices.len(), move |file| create::join(file, &lease, &devices)).await
    }

    async fn commit(&self, lease: &Lease, changes: Vec<Change>) -> Result<(), Error> {
        let lease = lease.clone();
        self.write(changes.len(), move |file| commit::commit(file, &lease, &changes)).await
    }

    async fn events(&self, id: &str, after: u64, most: usize) -> Result<Vec<Event>, Error> {
        let id = id.to_owned();
        self.read(move |file| log::events(file, &id, after, most)).await
    }

    async fn outcomes(&self, id: &str, from: Place, most: usize, failed: bool) -> Result<Vec<(Place, Outcome)>, Error> {
        let id = id.to_owned();
        self.read(move |file| outcomes::outcomes(file, &id, from, most, failed)).await
    }

    async fn send(&self, id: &str, command: Command, now_ms: u64) -> Result<u64, Error> {
        let id = id.to_owned();
        self.write(1, move |file| rollouts::send(file, &id, &command, now_ms)).await
    }

    async fn commands(&self, id: &str, after: u64) -> Result<Vec<Sent>, Error> {
        let id = id.to_owned();
        self.read(move |file| rollouts::commands(file, &id, after)).await
    }

    async fn version(&self) -> Result<u64, Error> {
        let watch = self.watch();
        let file = watch.as_ref().ok_or_else(|| readers::closed(&self.shared.path))?;
        connect::data_version(file).map_err(|error| fault::told(&self.shared.path, error))
    }

    async fn import(&self, devices: Vec<Device>) -> Result<Imported, Error> {
        self.write(devices.len(), move |file| fleet::import(file, &devices)).await
    }

    async fn devices(&self, after: Option<&str>, most: usize) -> Result<Vec<Device>, Error> {
        let after = after.map(str::to_owned);
        self.read(move |file| fleet::devices(file, after.as_deref(), most)).await
    }

    async fn device(&self, id: &str) -> Result<Option<Device>, Error> {
        let id = id.to_owned();
        self.read(move |file| fleet::device(file, &id)).await
    }

    async fn heartbeat(&self, beats: Vec<Heartbeat>) -> Result<Vec<String>, Error> {
        beat::check(&beats)?;
        self.write(beats.len(), move |file| fleet::heartbeat(file, &beats)).await
    }

    async fn heartbeats(&self, after: u64, most: usize) -> Result<Vec<(u64, Heartbeat)>, Error> {
        self.read(move |file| fleet::heartbeats(file, after, most)).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.shared.path).finish_non_exhaustive()
    }
}
