//! The connections that read: a few, each used by one call at a time, on blocking threads.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connect;
use super::fault::Fault;
use crate::error::{Error, ErrorKind};

/// So many calls read at once; others wait for them.
const READERS: u32 = 4;

pub(super) struct Readers {
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, turns: Arc::new(Semaphore::new(READERS as usize)), idle: Arc::default() }
    }

    /// Reads in one transaction: all of it is of one moment.
    pub(super) async fn read<T, F>(&self, path: &Arc<Path>, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| closed(path))?;
        let (idle, patience, path) = (Arc::clone(&self.idle), self.patience, Arc::clone(path));
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let known = lock(&idle).pop();
            let file = match known {
                Some(file) => file,
                None => connect::reader(&path, patience).map_err(|error| Fault::from(error).told(&path))?,
            };
            let told = within(&file, read).map_err(|fault| fault.told(&path));
            // One that failed may be of no use any more.
            if told.as_ref().err().is_none_or(|error| !matches!(error.kind(), ErrorKind::Store)) {
                lock(&idle).push(file);
            }
            told
        });
        done.await.map_err(|error| Error::new(ErrorKind::Store, "reading a store panicked").caused_by(error))?
    }

    /// Waits for those that read, and refuses whatever comes.
    pub(super) async fn close(&self) {
        // Of one that is closed already, nobody reads.
        let _all = self.turns.acquire_many(READERS).await;
        self.turns.close();
        lock(&self.idle).clear();
    }
}

fn within<T>(file: &Connection, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    let transaction = file.unchecked_transaction()?;
    let told = read(&transaction);
    transaction.finish()?;
    told
}

pub(super) fn closed(path: &Path) -> Error {
    Error::new(ErrorKind::Store, format!("{} was closed: open it anew", path.display()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
