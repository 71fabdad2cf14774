//! The tier on disk: entries that outlive the process, in one SQLite file.

mod builder;
mod counts;
mod error;
mod file;
mod notice;
mod record;
mod schema;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use steadfast_clock::Wall;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::{Cache, CacheError, CacheKey, Entry, Stats};

pub use builder::DiskCacheBuilder;
pub use error::OpenError;
pub use notice::DiskNotice;

use counts::Counts;
use store::{Found, Kept, Rules};

/// A cache in one SQLite file, which several handles and several processes may use at once.
///
/// The file is for its owner alone (mode 0600 where there are modes). Keys are digests; bodies and notes are kept as they
/// are, neither encrypted nor compressed. Each entry has a SHA-256 of all of it: what was changed on disk is never
/// served. Lifetimes go by the calendar, so that they mean the same in every process.
///
/// The methods ending in `_blocking` wait for the disk, and up to a second for other writers. The ones of [`Cache`] do
/// the same on a thread for blocking work when they are called inside of a tokio runtime, and at once elsewhere.
///
/// ```
/// use steadfast_cache::{CacheKey, DiskCache, Entry};
/// use steadfast_clock::{System, Wall};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("steadfast/answers.sqlite");
/// let key = CacheKey::from_bytes([7; 32]); // a digest of the request
/// let cache = DiskCache::builder(&path).max_bytes(64 << 20).open()?;
/// cache.put_blocking(key, &Entry::new("an answer", System::new().wall()))?;
/// drop(cache);
///
/// let again = DiskCache::builder(&path).open()?;
/// assert_eq!(again.get_blocking(&key)?.map(|entry| entry.value().clone()), Some("an answer".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DiskCache(Arc<Shared>);

struct Shared {
    path: PathBuf,
    rules: Rules,
    wall: Arc<dyn Wall + Send + Sync>,
    tell: Tell,
    /// `None` after the file was found corrupt and could not be begun anew.
    connection: Mutex<Option<Connection>>,
    /// Who may wait for the connection on a thread: the others wait without one.
    turns: Semaphore,
    counts: Counts,
}

type Tell = Arc<dyn Fn(&DiskNotice) + Send + Sync>;

/// One holds the connection, one more is ready to take it.
const TURNS: usize = 2;

impl DiskCache {
    /// Starts to open the cache in the file at `path`, which is created if there is none.
    pub fn builder(path: impl Into<PathBuf>) -> DiskCacheBuilder {
        DiskCacheBuilder::new(path.into())
    }

    fn over(path: PathBuf, rules: Rules, wall: Arc<dyn Wall + Send + Sync>, tell: Tell) -> Result<Self, OpenError> {
        let connection = schema::open(&path, &*tell)?;
        Ok(Self(Arc::new(Shared {
            path,
            rules,
            wall,
            tell,
            connection: Mutex::new(Some(connection)),
            turns: Semaphore::new(TURNS),
            counts: Counts::default(),
        })))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The entry under `key`, if there is one that has not expired. It may be stale: ask [`Entry::freshness`].
    ///
    /// # Errors
    ///
    /// [`CacheError::Corrupt`] when the entry is not what was put: it is let go. [`CacheError::Unavailable`] when the file
    /// could not be read.
    pub fn get_blocking(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        let counts = &self.0.counts;
        let found = self.0.with(|connection, wall, rules| store::get(connection, key, wall, rules));
        match &found {
            Ok(Found::Entry(entry)) => counts.hit(entry, self.0.wall.wall()),
            _ => counts.missed(),
        }
        match found? {
            Found::Entry(entry) => Ok(Some(entry)),
            Found::Nothing => Ok(None),
            Found::Expired => {
                counts.let_go(0, 1);
                Ok(None)
            }
            Found::Damaged => Err(CacheError::Corrupt("the entry is not what was put".into())),
        }
    }

    /// Keeps `entry` under `key` in place of what was there; tells whether it was kept. One that is larger than the bound,
    /// or has expired already, is not, and what was there is gone all the same.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the file could not be written. What was there is unchanged then.
    pub fn put_blocking(&self, key: CacheKey, entry: &Entry) -> Result<bool, CacheError> {
        let Kept { kept, evicted, expired } =
            self.0.with(|connection, wall, rules| store::put(connection, &key, entry, wall, rules))?;
        self.0.counts.put(kept);
        self.0.counts.let_go(evicted, expired);
        Ok(kept)
    }

    /// Lets go of what is under `key`; tells whether there was something, expired or not.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the file could not be written.
    pub fn remove_blocking(&self, key: &CacheKey) -> Result<bool, CacheError> {
        self.0.with(|connection, _, _| store::remove(connection, key))
    }

    /// Lets go of everything, whoever put it.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the file could not be written.
    pub fn clear_blocking(&self) -> Result<(), CacheError> {
        self.0.with(|connection, _, _| store::clear(connection))
    }

    /// How many entries the file holds. The expired ones count until they are let go.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the file could not be read.
    pub fn len_blocking(&self) -> Result<u64, CacheError> {
        self.0.with(|connection, _, _| store::totals(connection)).map(|totals| totals.entries)
    }

    /// What the entries of the file count against the byte bound.
    ///
    /// # Errors
    ///
    /// [`CacheError`] when the file could not be read.
    pub fn bytes_blocking(&self) -> Result<u64, CacheError> {
        self.0.with(|connection, _, _| store::totals(connection)).map(|totals| totals.bytes)
    }

    /// What happened through this handle and its clones.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.counts.read()
    }

    /// Runs `work` where it blocks nobody.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, CacheError> + Send + 'static,
    ) -> Result<T, CacheError> {
        let Ok(runtime) = Handle::try_current() else {
            return work(self);
        };
        let _turn = self.0.turns.acquire().await.map_err(unavailable)?;
        let cache = self.clone();
        runtime.spawn_blocking(move || work(&cache)).await.map_err(unavailable)?
    }
}

impl Shared {
    /// Does something with the connection. A file that turns out to be corrupt is set aside and begun anew.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection, &dyn Wall, &Rules) -> rusqlite::Result<T>,
    ) -> Result<T, CacheError> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(schema::open(&self.path, &*self.tell).map_err(unavailable)?);
        }
        let Some(connection) = slot.as_mut() else {
            return Err(unavailable("the file is not open"));
        };
        match work(connection, &*self.wall, &self.rules) {
            Ok(done) => Ok(done),
            Err(error) if schema::is_corrupt(&error) => {
                *slot = None;
                *slot = schema::anew(&self.path, &*self.tell).ok();
                Err(CacheError::Corrupt(error.into()))
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CacheError {
    CacheError::Unavailable(error.into())
}

#[async_trait]
impl Cache for DiskCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        let key = *key;
        self.aside(move |cache| cache.get_blocking(&key)).await
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        self.aside(move |cache| cache.put_blocking(key, &entry)).await
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        let key = *key;
        self.aside(move |cache| cache.remove_blocking(&key)).await
    }
}

impl fmt::Debug for DiskCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskCache")
            .field("path", &self.0.path)
            .field("max_bytes", &self.0.rules.max_bytes)
            .field("ttl", &self.0.rules.ttl)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// How long a handle waits for another writer.
const PATIENCE: Duration = Duration::from_secs(1);
