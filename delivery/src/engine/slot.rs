//! What is remembered of a device: sixteen bytes.

use steadfast_clock::UnixNanos;

use super::facts::Facts;
use super::queue::Queues;
use crate::failure::FailureClass;
use crate::record::DeviceState;

/// No site; no next one in a line.
pub(super) const NONE: u32 = u32::MAX;

/// Where a place is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Its turn has not come.
    Ahead,
    /// In one of the queues from which devices are claimed.
    Queued,
    /// Among the deferred.
    Deferred,
    /// In the line of its zone, which is closed.
    Zone,
    /// In the line of its site, of which enough are in hands.
    Site,
    /// In no line: it is offline, and is waited for.
    Away,
    /// Claimed.
    Hand,
    /// In a final state.
    Done,
}

/// A device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) state: DeviceState,
    pub(super) class: Option<FailureClass>,
    pub(super) spot: Spot,
    flags: u8,
    pub(super) zone: u16,
    /// Tells its present deferral from earlier ones.
    pub(super) deferral: u16,
    pub(super) site: u32,
    /// The next one in its line; its index among those in hands.
    pub(super) link: u32,
}

/// Something that is so of a device or not.
#[derive(Clone, Copy)]
pub(super) enum Flag {
    /// It is known to be away.
    Offline = 1,
    /// It was in flight when the last driver stopped.
    Recovered = 2,
    /// Bytes may have reached it.
    Pushed = 4,
    /// One of its site's turns is its.
    Turn = 8,
}

impl Slot {
    /// A device as it is known; one that is deferred is queued as that.
    pub(super) fn new(place: u32, facts: &Facts, queues: &mut Queues) -> Self {
        let mut slot = Self {
            state: facts.state,
            class: facts.class.filter(|_| facts.state == DeviceState::Failed),
            spot: if facts.state.is_final() { Spot::Done } else { Spot::Ahead },
            flags: 0,
            zone: facts.zone.0,
            deferral: 0,
            site: facts.site.unwrap_or(NONE),
            link: NONE,
        };
        slot.set(Flag::Offline, facts.offline);
        slot.set(Flag::Pushed, facts.pushed);
        slot.set(Flag::Recovered, matches!(facts.state, DeviceState::Pushing | DeviceState::Verifying));
        if slot.state == DeviceState::Deferred {
            queues.defer(place, &mut slot, UnixNanos::from_nanos(facts.due_ms.saturating_mul(1_000_000)));
        }
        slot
    }

    pub(super) fn is(&self, flag: Flag) -> bool {
        self.flags & flag as u8 != 0
    }

    pub(super) fn set(&mut self, flag: Flag, to: bool) {
        self.flags = if to { self.flags | flag as u8 } else { self.flags & !(flag as u8) };
    }
}
