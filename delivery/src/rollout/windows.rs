//! Maintenance windows, as the machine of a rollout asks for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::UnixNanos;

use crate::engine::{self, Opening, Openings};
use crate::window::{AtEnd, Leftover, Window, WindowState, Zone};

/// A window in the zones of the devices. Clones share their numbers: devices that join may be of a new zone.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    window: Arc<Window>,
    names: Arc<Mutex<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    /// By number; `None` for names of zones that nobody knows: there it never opens.
    zones: Vec<Option<Zone>>,
    numbers: HashMap<Option<String>, u16>,
}

impl Windows {
    pub(super) fn new(window: Window) -> Self {
        Self { window: Arc::new(window), names: Arc::default() }
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// How many devices are in which zone that is known.
    pub(super) fn count(&self, devices: impl Iterator<Item = engine::Zone>) -> Vec<(Zone, u64)> {
        let names = self.names();
        let mut counts = vec![0; names.zones.len()];
        for zone in devices {
            if let Some(count) = counts.get_mut(usize::from(zone.0)) {
                *count += 1;
            }
        }
        names.zones.iter().zip(counts).filter_map(|(zone, count)| Some((zone.clone()?, count))).collect()
    }

    /// The number of the zone of a device whose record names this one, or none.
    pub(super) fn zone(&self, timezone: Option<&str>) -> engine::Zone {
        let name = timezone.map(str::to_owned);
        let mut names = self.names();
        if let Some(number) = names.numbers.get(&name) {
            return engine::Zone(*number);
        }
        let zone = self.window.zone_for(timezone).ok();
        let same = names.zones.iter().position(|known| *known == zone);
        let index = same.unwrap_or_else(|| {
            names.zones.push(zone);
            names.zones.len() - 1
        });
        let number = u16::try_from(index).unwrap_or(u16::MAX);
        names.numbers.insert(name, number);
        engine::Zone(number)
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Openings for Windows {
    fn at(&self, zone: engine::Zone, now: UnixNanos) -> Opening {
        let names = self.names();
        let Some(Some(zone)) = names.zones.get(usize::from(zone.0)) else { return Opening::Closed { next: None } };
        match self.window.state_at(now, zone) {
            WindowState::Open { until } => Opening::Open { until },
            WindowState::Closed { next } => Opening::Closed { next: next.map(|opening| opening.start) },
        }
    }

    fn reserve(&self) -> Duration {
        self.window.reserve
    }

    fn stops(&self) -> bool {
        self.window.at_end == AtEnd::Stop
    }

    fn only_first(&self) -> bool {
        self.window.leftover == Leftover::Fail
    }
}
