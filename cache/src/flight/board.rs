//! The flights under way by key: the machine behind its locks, and the only place that starts and cancels tasks.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::FlightError;
use super::roster::{Next, Roster};
use super::task::Task;

/// What a flight comes to.
pub(super) type Outcome<V, E> = Result<V, FlightError<E>>;

/// The call itself.
pub(super) type Call<V, E> = Pin<Box<dyn Future<Output = Result<V, E>> + Send>>;

/// How a follower would start a flight, and on which runtime.
pub(super) struct Spare<V, E> {
    pub(super) make: Box<dyn FnOnce() -> Call<V, E> + Send>,
    pub(super) runtime: Handle,
}

/// What the followers of a flight and its task share.
pub(super) struct Flight<K, V, E> {
    key: K,
    landed: OnceLock<Landed<V, E>>,
}

/// What came of a flight.
pub(super) struct Landed<V, E> {
    pub(super) outcome: Outcome<V, E>,
    /// The seat whose call it was, if its holder was still there.
    pub(super) maker: Option<usize>,
}

type Passengers<V, E> = Roster<Spare<V, E>, Waker, AbortHandle>;
type Flights<K, V, E> = HashMap<K, (Arc<Flight<K, V, E>>, Passengers<V, E>), SeedableRandomState>;

pub(super) struct Board<K, V, E> {
    /// Seeded from the operating system's randomness: whoever words the requests has a say in their keys.
    hasher: SeedableRandomState,
    /// Nothing of the caller's but `Hash`, `Eq` and `Clone` of keys runs while one of these is locked.
    shards: [Mutex<Flights<K, V, E>>; SHARDS],
}

const SHARDS: usize = 16;

impl<K, V, E> Flight<K, V, E> {
    /// What came of it; `None` while it is under way.
    pub(super) fn landed(&self) -> Option<&Landed<V, E>> {
        self.landed.get()
    }
}

impl<K, V, E> Board<K, V, E> {
    pub(super) fn new() -> Self {
        let seed = RandomState::new().hash_one(0u8);
        let hasher = SeedableRandomState::with_seed(seed, SharedSeed::global_random());
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::with_hasher(hasher.clone())));
        Self { hasher, shards }
    }

    /// How many flights are under way.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }
}

impl<K: Hash + Eq, V, E> Board<K, V, E> {
    fn shard(&self, key: &K) -> MutexGuard<'_, Flights<K, V, E>> {
        // From the middle of the hash: the table below goes by both of its ends.
        let [_, _, _, byte, ..] = self.hasher.hash_one(key).to_le_bytes();
        lock(&self.shards[usize::from(byte) % SHARDS])
    }

    /// Sees to it that the holder of a seat is woken when the flight lands, unless it has.
    pub(super) fn wait(&self, flight: &Arc<Flight<K, V, E>>, seat: usize, waker: Waker) {
        let mut shard = self.shard(&flight.key);
        // It lands under this lock: what is still on the board will see the waker.
        let replaced = roster(&mut shard, flight).and_then(|roster| roster.wait(seat, waker));
        drop(shard);
        drop(replaced);
    }

    /// Gives up a seat, and cancels the flight if that was the last one.
    pub(super) fn leave(&self, flight: &Arc<Flight<K, V, E>>, seat: usize) {
        let mut shard = self.shard(&flight.key);
        let left = roster(&mut shard, flight).map(|roster| roster.leave(seat));
        drop(shard);
        if let Some((_, Some(cancel))) = &left {
            cancel.abort();
        }
    }

    /// Lands a flight: its key is free from here on, and its followers are told.
    pub(super) fn land(&self, flight: &Arc<Flight<K, V, E>>, outcome: Outcome<V, E>) {
        land(self.shard(&flight.key), flight, outcome);
    }
}

impl<K, V, E> Board<K, V, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Takes a seat in the flight of `key`, which is started if there is none.
    pub(super) fn join(self: &Arc<Self>, key: K, spare: Spare<V, E>) -> (Arc<Flight<K, V, E>>, usize) {
        let mut shard = self.shard(&key);
        match shard.entry(key) {
            Entry::Occupied(mut entry) => {
                let (flight, roster) = entry.get_mut();
                (Arc::clone(flight), roster.join(spare))
            }
            Entry::Vacant(entry) => {
                let flight = Arc::new(Flight { key: entry.key().clone(), landed: OnceLock::new() });
                let (roster, seat, launch) = Roster::new();
                entry.insert((Arc::clone(&flight), roster));
                drop(shard);
                self.launch(&flight, spare, launch);
                (flight, seat)
            }
        }
    }

    /// Goes on from a flight that ended without a result: starts another, or tells those who are left.
    pub(super) fn lost(self: &Arc<Self>, flight: &Arc<Flight<K, V, E>>, why: FlightError<E>) {
        let mut shard = self.shard(&flight.key);
        let Some(roster) = roster(&mut shard, flight) else { return };
        match roster.ended() {
            Next::Launch(spare, launch) => {
                drop(shard);
                self.launch(flight, spare, launch);
            }
            Next::Tell => land(shard, flight, Err(why)),
            Next::Close => {
                let closed = shard.remove(&flight.key);
                drop(shard);
                drop(closed);
            }
        }
    }

    /// Starts the task of a flight. No lock is held: a runtime that is shut down drops the task here and now.
    fn launch(self: &Arc<Self>, flight: &Arc<Flight<K, V, E>>, spare: Spare<V, E>, launch: u32) {
        let task = Task::new(spare.make, Arc::clone(self), Arc::clone(flight));
        let cancel = spare.runtime.spawn(task).abort_handle();
        let mut shard = self.shard(&flight.key);
        let at_once = roster(&mut shard, flight).and_then(|roster| roster.launched(launch, cancel));
        drop(shard);
        if let Some(cancel) = at_once {
            cancel.abort();
        }
    }
}

/// The roster of this very flight, while it is under way: the key may have another by now.
fn roster<'a, K: Hash + Eq, V, E>(
    flights: &'a mut Flights<K, V, E>,
    flight: &Arc<Flight<K, V, E>>,
) -> Option<&'a mut Passengers<V, E>> {
    let (listed, roster) = flights.get_mut(&flight.key)?;
    Arc::ptr_eq(listed, flight).then_some(roster)
}

fn land<K: Hash + Eq, V, E>(
    mut flights: MutexGuard<'_, Flights<K, V, E>>,
    flight: &Arc<Flight<K, V, E>>,
    outcome: Outcome<V, E>,
) {
    // What is listed is this flight: it is taken off the list only here and when it is closed, each of which ends it.
    let listed = flights.remove(&flight.key);
    let maker = listed.as_ref().and_then(|(_, roster)| roster.maker());
    // Refused only by a flight that has landed, and none lands twice.
    let refused = flight.landed.set(Landed { outcome, maker });
    drop(flights);
    drop(refused);
    if let Some((_, mut roster)) = listed {
        // All are woken before anything of theirs is dropped.
        roster.wakers().for_each(Waker::wake);
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
