//! What a driver does beside: keeps its lease, reads commands and heartbeats that others left, looks for late joiners.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use steadfast_clock::{Clock as _, Nanos};

use super::late::{self, Late};
use super::shared::Shared;
use crate::device::Device;
use crate::error::{Error, ErrorKind};
use crate::record::Sent;
use crate::store::{Heartbeat, Lease, Place};

/// How often others are looked for while something is in flight, and while nothing is.
const BUSY: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_secs(1);
/// How many heartbeats are read at a time.
const BEATS: usize = 1024;
/// A lease that could not be renewed for a passing reason is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// What came of a chore.
pub(super) enum Chore {
    Renewed(Result<(), Error>),
    Read(Result<Box<Read>, Error>),
    /// Where the devices are that were heard of.
    Found(Vec<(Place, Heartbeat)>),
    /// Devices of the fleet that match and do not take part.
    Looked(Box<Late>, Result<Vec<Device>, Error>),
    /// So many devices joined.
    Joined(Result<u64, Error>),
}

/// What others left.
pub(super) struct Read {
    version: u64,
    pub(super) commands: Vec<Sent>,
    beats: Vec<(u64, Heartbeat)>,
}

/// What a driver does beside, one thing at a time.
pub(super) struct Chores {
    shared: Arc<Shared>,
    lease: Lease,
    ttl: Duration,
    renew_at: Nanos,
    read_at: Nanos,
    /// What the store's version was when it was read last.
    version: Option<u64>,
    commands_read: u64,
    /// Heartbeats of before this time, in milliseconds since 1970, tell nothing that the rollout does not know.
    since_ms: u64,
    beats_read: u64,
    beats: Vec<Heartbeat>,
    was_read: bool,
    /// When the lease was renewed last.
    renewed: Nanos,
    /// Where it was got to in the fleet, where devices may join and nobody is looking.
    late: Option<Box<Late>>,
    joining: bool,
    doing: Option<BoxFuture<'static, Chore>>,
}

impl Chores {
    pub(super) fn new(
        shared: Arc<Shared>,
        lease: Lease,
        ttl: Duration,
        commands_read: u64,
        since_ms: u64,
        late: Option<Box<Late>>,
    ) -> Self {
        let now = shared.timer.now();
        Self {
            lease,
            ttl,
            renew_at: now.saturating_add(ttl / 3),
            // At once: commands may wait for whoever comes.
            read_at: now,
            version: None,
            commands_read,
            since_ms,
            beats_read: 0,
            beats: Vec::new(),
            was_read: false,
            renewed: now,
            late: late.filter(|_| !shared.private),
            joining: false,
            doing: None,
            shared,
        }
    }

    /// A device was heard of.
    pub(super) fn heard(&mut self, beat: Heartbeat) {
        self.beats.push(beat);
    }

    /// Begins what is due, unless something is being done.
    pub(super) fn begin(&mut self, now: Nanos) {
        if self.doing.is_some() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        if !self.beats.is_empty() {
            let beats = std::mem::take(&mut self.beats);
            self.doing = Some(Box::pin(find(shared, beats)));
        } else if now >= self.renew_at && !shared.private {
            let (lease, ttl_ms) = (self.lease.clone(), u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX));
            self.doing =
                Some(Box::pin(
                    async move { Chore::Renewed(shared.store.renew(&lease, shared.now_ms(), ttl_ms).await) },
                ));
        } else if now >= self.read_at && !shared.private {
            let (version, commands, beats) = (self.version, self.commands_read, self.beats_read);
            self.doing = Some(Box::pin(async move { Chore::Read(read(shared, version, commands, beats).await) }));
        } else if let Some(late) = self.late.take_if(|late| now >= late.at && self.was_read) {
            self.doing = Some(Box::pin(late.look(shared)));
        }
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Nanos> {
        let look_at = self.late.as_ref().filter(|_| self.was_read).map_or(self.read_at, |late| late.at);
        (!self.shared.private && self.doing.is_none()).then(|| self.renew_at.min(self.read_at).min(look_at))
    }

    /// Takes note of where it was got to in the fleet; gives the devices that may join.
    ///
    /// # Errors
    ///
    /// When the fleet cannot be read, and that does not pass.
    pub(super) fn looked(&mut self, late: Box<Late>, found: Result<Vec<Device>, Error>) -> Result<Vec<Device>, Error> {
        self.late = Some(late);
        match found {
            Err(error) if error.is_retryable() => Ok(Vec::new()),
            found => found,
        }
    }

    /// Adds devices to the store. To be called when a chore is done, before another one is begun.
    pub(super) fn join(&mut self, devices: Vec<Device>, first: Place) {
        self.joining = true;
        self.doing = Some(Box::pin(late::join(Arc::clone(&self.shared), self.lease.clone(), devices, first)));
    }

    /// Whether the machine has devices that the store has not.
    pub(super) fn is_joining(&self) -> bool {
        self.joining
    }

    /// Whether what others left was never read.
    pub(super) fn is_new(&self) -> bool {
        !self.shared.private && !self.was_read
    }

    /// Completes when a chore is done; not while none is.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub(super) async fn done(&mut self) -> Chore {
        let chore = match &mut self.doing {
            Some(doing) => doing.await,
            None => std::future::pending().await,
        };
        self.doing = None;
        self.joining = false;
        chore
    }

    /// Takes note of what came of renewing the lease.
    ///
    /// # Errors
    ///
    /// When it is lost, or could not be renewed for as long as it lasts.
    pub(super) fn renewed(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        let now = self.shared.timer.now();
        match result {
            Ok(()) => {
                self.renewed = now;
                self.renew_at = now.saturating_add(self.ttl / 3);
                Ok(())
            }
            Err(error) if error.is_retryable() && now.since(self.renewed) < self.ttl => {
                self.renew_at = now.saturating_add(AGAIN.min(self.ttl / 3));
                Ok(())
            }
            Err(error) if error.is_retryable() => {
                let message = format!("the lease of rollout {} could not be renewed in time: {error}", self.shared.id);
                Err(Error::new(ErrorKind::LeaseLost, message).caused_by(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes note of what others left; gives the commands.
    pub(super) fn took(&mut self, read: Result<Box<Read>, Error>, busy: bool) -> Result<Vec<Sent>, Error> {
        self.read_at = self.shared.timer.now().saturating_add(if busy { BUSY } else { IDLE });
        let read = match read {
            Ok(read) => *read,
            Err(error) if error.is_retryable() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        self.version = Some(read.version);
        if let Some(last) = read.commands.last() {
            self.commands_read = last.number;
        }
        self.was_read = true;
        if let Some((last, _)) = read.beats.last() {
            self.beats_read = *last;
        }
        if read.beats.len() >= BEATS {
            // There may be more.
            (self.version, self.read_at) = (None, Nanos::ZERO);
        }
        let since_ms = self.since_ms;
        self.beats.extend(read.beats.into_iter().map(|(_, beat)| beat).filter(|beat| beat.at_ms >= since_ms));
        Ok(read.commands)
    }
}

async fn read(shared: Arc<Shared>, version: Option<u64>, commands: u64, beats: u64) -> Result<Box<Read>, Error> {
    let now = shared.store.version().await?;
    if version == Some(now) {
        return Ok(Box::new(Read { version: now, commands: Vec::new(), beats: Vec::new() }));
    }
    let commands = shared.store.commands(&shared.id, commands).await?;
    let beats = shared.store.heartbeats(beats, BEATS).await?;
    Ok(Box::new(Read { version: now, commands, beats }))
}

/// Finds the places of devices; those that do not take part are left out.
async fn find(shared: Arc<Shared>, beats: Vec<Heartbeat>) -> Chore {
    let mut found = Vec::new();
    for beat in beats {
        match shared.store.place_of(&shared.id, &beat.device).await {
            Ok(Some(place)) => found.push((place, beat)),
            Ok(None) => {}
            Err(error) => tracing::warn!(rollout = &*shared.id, device = beat.device, "a heartbeat is lost: {error}"),
        }
    }
    Chore::Found(found)
}
