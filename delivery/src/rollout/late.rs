//! Devices that join late: looked for in the fleet of the store, added to the store and to the machine.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock as _, Nanos, UnixNanos};

use super::chore::Chore;
use super::drive::Driver;
use super::shared::Shared;
use crate::device::Device;
use crate::engine::Facts;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::record::EventKind;
use crate::store::Place;
use crate::strategy::{LateJoiners, Strategy};

/// How many devices of the fleet are read at a time.
const PAGE: usize = 1024;
/// How often the fleet is looked through at most.
const EVERY: Duration = Duration::from_secs(10);
/// Of so many parts of the time, one at most is spent with that.
const SHARE: u32 = 10;

/// Where it was got to in the fleet.
pub(super) struct Late {
    select: Filter,
    /// The last id that was read of it; `None` before the first.
    after: Option<String>,
    /// What the store's version was when this look, and the last one, began.
    version: Option<u64>,
    began: Nanos,
    /// When the next page is due.
    pub(super) at: Nanos,
    /// Hashes of the ids that are known to take part, so that the store is not asked for them again.
    part: HashSet<u64>,
    hasher: RandomState,
}

impl Late {
    /// What is to be looked for; `None` where nobody joins.
    pub(super) fn of(strategy: &Strategy) -> Option<Box<Self>> {
        (strategy.late_joiners == LateJoiners::LastPhase).then(|| {
            Box::new(Self {
                select: strategy.select.clone(),
                after: None,
                version: None,
                began: Nanos::ZERO,
                at: Nanos::ZERO,
                part: HashSet::new(),
                hasher: RandomState::new(),
            })
        })
    }

    /// Reads the next page, and gives the devices on it that match and do not take part.
    pub(super) async fn look(mut self: Box<Self>, shared: Arc<Shared>) -> Chore {
        let found = self.page(&shared).await;
        if found.is_err() {
            // From the first page, in a while.
            (self.after, self.version) = (None, None);
            self.at = shared.timer.now().saturating_add(EVERY);
        }
        Chore::Looked(self, found)
    }

    async fn page(&mut self, shared: &Shared) -> Result<Vec<Device>, Error> {
        if self.after.is_none() {
            self.began = shared.timer.now();
            let version = shared.store.version().await?;
            if self.version.replace(version) == Some(version) {
                self.at = self.began.saturating_add(EVERY);
                return Ok(Vec::new());
            }
        }
        let page = shared.store.devices(self.after.as_deref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        let last = page.last().map(|device| device.id().to_owned());
        let mut found = Vec::new();
        for device in page {
            let hash = self.hasher.hash_one(device.id());
            if self.part.contains(&hash) || !self.select.matches(&device) {
                continue;
            }
            match shared.store.place_of(&shared.id, device.id()).await? {
                Some(_) => {
                    self.part.insert(hash);
                }
                None => found.push(device),
            }
        }
        self.after = last.filter(|_| !is_last);
        let now = shared.timer.now();
        let rest = now.since(self.began).saturating_mul(SHARE - 1).max(EVERY);
        self.at = if is_last { now.saturating_add(rest) } else { now };
        Ok(found)
    }
}

/// Adds devices behind the last place; what may work in a moment is tried again.
pub(super) async fn join(shared: Arc<Shared>, lease: crate::store::Lease, devices: Vec<Device>, first: Place) -> Chore {
    let n = devices.len() as u64;
    let joined = super::journal::patiently(&shared, || shared.store.join(&lease, devices.clone())).await;
    Chore::Joined(joined.and_then(|place| if place == first { Ok(n) } else { Err(elsewhere(&shared)) }))
}

fn elsewhere(shared: &Shared) -> Error {
    let message = format!("devices joined rollout {} at another place than expected", shared.id);
    Error::new(ErrorKind::Store, message)
}

impl Driver {
    /// Devices of the fleet match that do not take part: they do from now on, as many as the selection has room for.
    ///
    /// The machine has them first, so that it cannot end while the store takes them; none is touched before it did.
    pub(super) fn admit(&mut self, mut devices: Vec<Device>, wall: UnixNanos) {
        let limit = self.terms.strategy.select.limit.unwrap_or(u64::MAX);
        let room = limit.saturating_sub(self.engine.counts().total());
        devices.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        if self.leaving || !self.is_under_way() {
            return;
        }
        let (mut first, mut zones, mut joined) = (None, Vec::new(), Vec::new());
        for device in devices {
            let facts = self.terms.numbers.of(&device, Facts::pending());
            let Ok(place) = self.engine.join(&facts, wall) else { break };
            first.get_or_insert(place);
            zones.push(facts.zone);
            joined.push(device);
        }
        if let Some(first) = first {
            if let Some(windows) = self.terms.numbers.windows() {
                self.shared.board.more(windows.count(zones.into_iter()));
            }
            self.chores.join(joined, first);
        }
    }

    /// They are kept.
    pub(super) fn joined(&mut self, devices: u64, wall: UnixNanos) {
        self.terms.total = u32::try_from(self.engine.counts().total()).unwrap_or(u32::MAX);
        self.write_rollout(Some(EventKind::Joined { devices }), wall);
    }
}
