//! How a cache on disk is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{System, Wall};

use super::store::Rules;
use super::{DiskCache, DiskNotice, OpenError, Tell};
use crate::ConfigError;

/// The bounds of a [`DiskCache`]: 256 MiB unless told otherwise, and no lifetime. Made by [`DiskCache::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it opens the cache"]
pub struct DiskCacheBuilder {
    path: PathBuf,
    rules: Rules,
    wall: Arc<dyn Wall + Send + Sync>,
    tell: Tell,
}

const MAX_BYTES: u64 = 256 * 1024 * 1024;
const RESOLUTION: Duration = Duration::from_secs(60);

impl DiskCacheBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            rules: Rules { max_bytes: MAX_BYTES, ttl: None, resolution: RESOLUTION },
            wall: Arc::new(System::new()),
            tell: Arc::new(|_| {}),
        }
    }

    /// Entries live this long after they were put, longer than zero, or as long as they say themselves when that is less.
    /// Reading an entry does not prolong its life.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.rules.ttl = Some(ttl);
        self
    }

    /// At most this many bytes, at least 1, counted as [`Entry::size`](crate::Entry::size) does and 256 more for each
    /// entry. The file is somewhat larger: it is kept in pages, and what is written lies beside it for a while (up to
    /// 4 MiB). Other handles on the same file hold to their own bound.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.rules.max_bytes = bytes;
        self
    }

    /// A use is noted when the last noted one lies at least so far back, one minute unless told otherwise: a note is a
    /// write. Zero notes every use.
    pub fn use_resolution(mut self, resolution: Duration) -> Self {
        self.rules.resolution = resolution;
        self
    }

    /// Lifetimes go by this calendar in place of the system's.
    pub fn wall(mut self, wall: impl Wall + Send + Sync + 'static) -> Self {
        self.wall = Arc::new(wall);
        self
    }

    /// Calls `told` when a file was set aside and the cache was begun anew: at opening, and whenever the file turns out to
    /// be corrupt. It must not use the cache.
    pub fn on_notice(mut self, told: impl Fn(&DiskNotice) + Send + Sync + 'static) -> Self {
        self.tell = Arc::new(told);
        self
    }

    /// The cache. Folders that are missing are made, for their owner alone; a file that others may use is closed to them.
    ///
    /// A file that is corrupt, or has another version of the schema, is set aside under another name, and the cache is
    /// begun anew. Waits for the disk.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a bound is zero, the file cannot be made, opened or closed to others, or is a database of
    /// something else.
    pub fn open(self) -> Result<DiskCache, OpenError> {
        if self.rules.max_bytes == 0 {
            return Err(OpenError::Config(ConfigError::ZeroBytes));
        }
        if self.rules.ttl.is_some_and(|ttl| ttl.is_zero()) {
            return Err(OpenError::Config(ConfigError::ZeroTtl));
        }
        DiskCache::over(self.path, self.rules, self.wall, self.tell)
    }
}

impl fmt::Debug for DiskCacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskCacheBuilder").field("path", &self.path).field("rules", &self.rules).finish_non_exhaustive()
    }
}
