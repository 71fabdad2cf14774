//! Where rollouts and the fleet are kept: the trait, and what goes in and comes out.

mod beat;
mod change;
mod code;
mod lease;
mod memory;
mod process;
mod refusal;
mod rollout;
#[cfg(feature = "sqlite")]
mod sqlite;
mod target;
mod tenure;

use async_trait::async_trait;

use crate::device::Device;
use crate::error::Error;
use crate::record::{Command, Event, Outcome, Sent};

pub use change::{Change, DeviceChange, RolloutChange};
pub use lease::{Holder, Lease};
pub use memory::MemoryStore;
pub use rollout::{ArtifactRecord, NewRollout, RolloutRecord, Spec};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteStore, SqliteStoreBuilder};
pub use target::{Heartbeat, Imported, Place, Target, TargetState};

/// Keeps rollouts, their devices and events, and the fleet's inventory.
///
/// What [`commit`](Self::commit) returned from is kept, whatever happens to the process. The state of a device and the
/// event that tells of it are written together or not at all: the events are the audit log.
///
/// One process drives a rollout, by a lease; any number of others read, and leave commands. All times are milliseconds
/// since 1970, given by the caller. There are two implementations: [`MemoryStore`], and `SqliteStore` with the feature
/// `sqlite`.
///
/// # Errors
///
/// Whatever tells of a rollout is refused with [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is none of
/// that id, but for [`rollout`](Self::rollout). Everything may fail with `Store`, when the store cannot be read or
/// written, or `Busy`, when the same may work in a moment; what failed was not done.
///
/// # Cancel safety
///
/// A dropped future may or may not have taken effect, but never in part.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds a rollout whose devices are all pending, in the order given. The caller sees to it that no two have the same
    /// id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) when there is one of that id.
    async fn create(&self, rollout: NewRollout) -> Result<(), Error>;

    /// The rollout of this id; `None` when there is none.
    async fn rollout(&self, id: &str) -> Result<Option<RolloutRecord>, Error>;

    /// All rollouts, the latest first.
    async fn rollouts(&self) -> Result<Vec<RolloutRecord>, Error>;

    /// Makes `holder` the one that drives the rollout, until `now_ms + ttl_ms` unless renewed. A lease that is over is
    /// taken over, and so is one whose holder is known to be dead.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Driven`](crate::ErrorKind::Driven) when another holds it.
    async fn acquire(&self, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Error>;

    /// Extends a lease, also one that was over but that nobody took.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LeaseLost`](crate::ErrorKind::LeaseLost) when another took it over, or it was given back.
    async fn renew(&self, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Error>;

    /// Gives a lease back. Without effect when another took it over.
    async fn release(&self, lease: &Lease) -> Result<(), Error>;

    /// What is known of every device of a rollout, by place: one small record each, for whoever starts to drive it.
    async fn scan(&self, id: &str) -> Result<Vec<TargetState>, Error>;

    /// The devices at these places, in the order asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is no such place.
    async fn targets(&self, id: &str, places: &[Place]) -> Result<Vec<Target>, Error>;

    /// The place of a device in a rollout; `None` when it does not take part.
    async fn place_of(&self, id: &str, device: &str) -> Result<Option<Place>, Error>;

    /// Adds pending devices behind the last place: late joiners. Gives their first place.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LeaseLost`](crate::ErrorKind::LeaseLost) as for [`commit`](Self::commit).
    async fn join(&self, lease: &Lease, devices: Vec<Device>) -> Result<Place, Error>;

    /// Writes states and events together, all or nothing; they are kept when this returns. Calls at the same time may
    /// share one write; they take effect in the order in which their futures are polled first.
    ///
    /// # Errors
    ///
    /// Nothing was written then. [`ErrorKind::LeaseLost`](crate::ErrorKind::LeaseLost) when another drives the rollout
    /// now. [`ErrorKind::State`](crate::ErrorKind::State) when the events are not numbered from the last one on without a
    /// gap, or a device is not in the state that it is said to leave: so the log is whole, and its end is where the
    /// devices are, whatever the driver does.
    async fn commit(&self, lease: &Lease, changes: Vec<Change>) -> Result<(), Error>;

    /// The events after the one numbered `after`, at most `most` of them, in order.
    async fn events(&self, id: &str, after: u64, most: usize) -> Result<Vec<Event>, Error>;

    /// The outcomes of devices in a final state from place `from` on, at most `most` of them, with their places, in the
    /// order of these; those that failed alone if asked so.
    async fn outcomes(&self, id: &str, from: Place, most: usize, failed: bool) -> Result<Vec<(Place, Outcome)>, Error>;

    /// Leaves a command for whoever drives the rollout. Gives its number.
    async fn send(&self, id: &str, command: Command, now_ms: u64) -> Result<u64, Error>;

    /// The commands after the one numbered `after`, in order.
    async fn commands(&self, id: &str, after: u64) -> Result<Vec<Sent>, Error>;

    /// A number that is another one whenever anything was written since, by this process or another. Cheap: it reads no
    /// table.
    async fn version(&self) -> Result<u64, Error>;

    /// Adds devices to the inventory, replacing those of the same id.
    async fn import(&self, devices: Vec<Device>) -> Result<Imported, Error>;

    /// Devices of the inventory in the order of their ids, after the id `after`, at most `most` of them.
    async fn devices(&self, after: Option<&str>, most: usize) -> Result<Vec<Device>, Error>;

    /// The device of this id; `None` when the inventory has none.
    async fn device(&self, id: &str) -> Result<Option<Device>, Error>;

    /// Notes that devices were heard of: they are online now, and run what they say. Gives the ids that the inventory
    /// does not have; nothing is noted of those.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Device`](crate::ErrorKind::Device) when an address is not usable: then nothing is noted of any.
    async fn heartbeat(&self, beats: Vec<Heartbeat>) -> Result<Vec<String>, Error>;

    /// The heartbeats noted after the one numbered `after`, at most `most`, with their numbers, in order. The newest
    /// 100,000 are kept.
    async fn heartbeats(&self, after: u64, most: usize) -> Result<Vec<(u64, Heartbeat)>, Error>;
}
