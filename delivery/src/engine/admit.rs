//! Devices are taken up: at the start, and later.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, NONE, Slot};
use super::state::Stage;
use super::{Engine, Facts, MOST};
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
