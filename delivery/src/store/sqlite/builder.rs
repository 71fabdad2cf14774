//! How a store's file is opened.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::connect::{self, Settings};
use super::readers::Readers;
use super::writer::Writer;
use super::{Shared, SqliteStore, fault};
use crate::error::{Error, ErrorKind};

/// Says how the file of a [`SqliteStore`] is opened.
#[derive(Clone, Debug)]
#[must_use]
pub struct SqliteStoreBuilder {
    path: PathBuf,
    make_folder: bool,
    settings: Settings,
}

impl SqliteStoreBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        let settings = Settings { patience: Duration::from_secs(5), max_bytes: None };
        Self { path, make_folder: false, settings }
    }

    /// Makes the folder of the file, too, for its owner alone; without it, a missing folder is an error.
    pub fn make_folder(mut self, make: bool) -> Self {
        self.make_folder = make;
        self
    }

    /// Sets how long to wait for another process that writes before a call ends with
    /// [`ErrorKind::Busy`]; default 5 s. Counted in whole milliseconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Bounds the file; what would make it larger fails as on a full disk. Rounded down to whole pages of 4 KiB, but
    /// never below what the file takes already. Its write-ahead log comes on top: at most 64 MiB, or the largest single
    /// write. Without it, the disk is the bound.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_bytes = Some(bytes);
        self
    }

    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// See [`SqliteStore::open`].
    pub async fn open(self) -> Result<SqliteStore, Error> {
        let opened = tokio::task::spawn_blocking(move || self.open_here()).await;
        opened.map_err(|error| Error::new(ErrorKind::Store, "opening a store panicked").caused_by(error))?
    }

    fn open_here(self) -> Result<SqliteStore, Error> {
        let Self { path, make_folder, settings } = self;
        // Some relative paths mean something else to SQLite.
        let path = std::path::absolute(&path).map_err(|error| {
            let text = format!("`{}` is no path of a store: {error}", path.display());
            Error::new(ErrorKind::Store, text)
        })?;
        let told = |error| fault::told(&path, error);
        let file = connect::prepare(&path, make_folder, &settings)?;
        let watch = connect::reader(&path, Duration::ZERO).map_err(told)?;
        let path = Arc::from(path.as_path());
        let writer = Writer::start(Arc::clone(&path), file)?;
        let readers = Readers::new(settings.patience);
        Ok(SqliteStore { shared: Arc::new(Shared { path, writer, readers, watch: Mutex::new(Some(watch)) }) })
    }
}
