//! What the devices of a fleet are like: what they run at first, how they take an update, and how they tell what they run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Reply, Script};

use super::devices::Devices;
use super::event::FleetEvent;
use super::told::Told;

/// The version of a device that was given none and took no update.
const FACTORY: &str = "0.0.0";

/// Who is told what happens in a fleet.
pub(super) type Watcher = Arc<dyn Fn(&FleetEvent<'_>) + Send + Sync>;

/// What the devices of a fleet are like.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) faults: Script,
    /// What devices run at first; the last that fits counts.
    pub(super) versions: Vec<(Devices, Box<str>)>,
    /// Whose firmware does not boot, and of which version; `None` is every version.
    pub(super) bad: Vec<(Devices, Option<Box<str>>)>,
    /// Who is offline at first.
    pub(super) offline: Vec<Devices>,
    /// Who takes bodies that are coded with zstd.
    pub(super) zstd: Vec<Devices>,
    /// How long an update takes to boot.
    pub(super) reboot: Duration,
    /// What a device does with requests while it boots.
    pub(super) rebooting: Reply,
    pub(super) told: Told,
    pub(super) watcher: Option<Watcher>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            faults: Script::new(),
            versions: Vec::new(),
            bad: Vec::new(),
            offline: Vec::new(),
            zstd: Vec::new(),
            reboot: Duration::ZERO,
            rebooting: Reply::reset(),
            told: Told::default(),
            watcher: None,
        }
    }
}

/// A device, as settings ask about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub(super) id: &'a str,
    /// Its place in the order of all `of` devices by which shares are cut.
    pub(super) rank: usize,
    pub(super) of: usize,
}

impl Who<'_> {
    pub(super) fn is_of(self, devices: &Devices) -> bool {
        devices.has(self.id, self.rank, self.of)
    }
}

impl Settings {
    /// What a device runs that took no update.
    pub(super) fn factory(&self, who: Who<'_>) -> &str {
        self.versions.iter().rev().find(|(devices, _)| who.is_of(devices)).map_or(FACTORY, |(_, version)| version)
    }

    /// Whether this version boots on a device.
    pub(super) fn boots(&self, who: Who<'_>, version: Option<&str>) -> bool {
        let hits = |only: &Option<Box<str>>| only.as_deref().is_none_or(|only| Some(only) == version);
        !self.bad.iter().any(|(devices, only)| hits(only) && who.is_of(devices))
    }

    pub(super) fn begins_offline(&self, who: Who<'_>) -> bool {
        self.offline.iter().any(|devices| who.is_of(devices))
    }

    pub(super) fn takes_zstd(&self, who: Who<'_>) -> bool {
        self.zstd.iter().any(|devices| who.is_of(devices))
    }

    /// Tells the watcher, if there is one.
    pub(super) fn tell(&self, event: &FleetEvent<'_>) {
        if let Some(watcher) = &self.watcher {
            watcher(event);
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("faults", &self.faults)
            .field("versions", &self.versions)
            .field("bad", &self.bad)
            .field("offline", &self.offline)
            .field("zstd", &self.zstd)
            .field("reboot", &self.reboot)
            .finish_non_exhaustive()
    }
}
