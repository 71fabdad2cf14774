//! Devices are taken up: at the start, and later.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, NONE, Slot, Spot};
use super::state::Stage;
use super::{Engine, Facts, MOST, Zone};
use crate::error::{Error, ErrorKind};
use crate::store::Place;

impl Engine {
    /// Adds a device behind the last place. It is of the last phase, which is not over before it is done; the shares of
    /// the phases stay what they were.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::State`] when the rollout has ended or is being cancelled, or has too many devices.
    pub(crate) fn join(&mut self, facts: &Facts, now: UnixNanos) -> Result<Place, Error> {
        self.tick(now);
        if self.is_done() || self.kept.cancelling || self.slots.len() >= MOST {
            return Err(Error::new(ErrorKind::State, "no device can join the rollout any more"));
        }
        let place = u32::try_from(self.slots.len()).unwrap_or(NONE);
        self.steps.grow();
        self.slots.push(Slot::new(place, facts, &mut self.queues));
        self.admit(place);
        let last = self.steps.len() - 1;
        if self.kept.index() == last && !matches!(self.kept.stage, Stage::Ahead { .. }) {
            self.begun = place + 1;
        }
        self.tick(now);
        Ok(Place(place))
    }

    /// Tells zone and site of a device of which they were not told, such as one that had ended and is tried again.
    /// Without effect on one that is in hands or waits for another of its site.
    pub(crate) fn learn(&mut self, place: Place, zone: Zone, site: Option<u32>) {
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        if matches!(slot.spot, Spot::Hand | Spot::Site | Spot::Zone) || slot.is(Flag::Turn) {
            return;
        }
        (slot.zone, slot.site) = (zone.0, site.unwrap_or(NONE));
        self.know(place.0);
    }

    /// Makes room for zone and site of a device.
    fn know(&mut self, place: u32) {
        let slot = &self.slots[place as usize];
        if let Some(zones) = &mut self.zones {
            zones.know(slot.zone);
        }
        if let Some(sites) = &mut self.sites {
            sites.know(slot.site);
        }
    }

    /// Takes the device of a slot up.
    pub(super) fn admit(&mut self, place: u32) {
        let slot = &mut self.slots[place as usize];
        self.counts.enter(slot.state);
        self.steps.of(place).tally.enter(slot.state, slot.class);
        if slot.is(Flag::Recovered) {
            self.queues.push(place, slot);
        }
        self.know(place);
    }
}
