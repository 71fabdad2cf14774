//! What time and ends do to devices: windows open and close, and what is not done ends without having been worked on.

use super::slot::{Slot, Spot};
use super::{Effect, Engine, Zone};
use crate::failure::FailureClass;
use crate::record::DeviceState;
use crate::store::Place;

impl Engine {
    /// Queues those whose deferral is over, and those whose window opened; stops and fails those whose window closed.
    pub(super) fn turn(&mut self) {
        self.queues.wake(self.now, &mut self.slots);
        let Some(zones) = &mut self.zones else { return };
        let turned = zones.turn(self.now, self.kept.started_at(), &mut self.slots, &mut self.queues);
        for Zone(zone) in turned.stop {
            self.stop(DeviceState::Pending, |slot| slot.zone == zone);
        }
        if !turned.over.is_empty() && !self.kept.cancelling {
            let over: Vec<u16> = turned.over.into_iter().map(|zone| zone.0).collect();
            self.settle(DeviceState::Failed, |slot| over.contains(&slot.zone));
        }
    }

    /// Asks for the work on claimed devices to be stopped.
    pub(super) fn stop(&mut self, then: DeviceState, which: impl Fn(&Slot) -> bool) {
        let mut places: Vec<Place> = self.hand.iter().copied().map(Place).collect();
        places.retain(|place| which(&self.slots[place.0 as usize]));
        if !places.is_empty() {
            places.sort_unstable();
            self.effects.push(Effect::StopInFlight { places, then });
        }
    }

    /// Makes this the final state of all those devices that are in none and in nobody's hands. They are in no zone's line
    /// any more.
    pub(super) fn settle(&mut self, to: DeviceState, which: impl Fn(&Slot) -> bool) {
        if self.counts.unfinished() == self.hand.len() as u64 {
            return;
        }
        let mut places = Vec::new();
        if let Some(sites) = &mut self.sites {
            sites.disband();
        }
        for place in (0..).take(self.slots.len()) {
            let slot = &self.slots[place as usize];
            match slot.spot {
                Spot::Done | Spot::Hand => {}
                _ if which(slot) => {
                    places.push(Place(place));
                    self.settle_one(place, to);
                }
                // The lines of sites were begun anew.
                Spot::Site => self.queues.push(place, &mut self.slots[place as usize]),
                _ => {}
            }
        }
        if !places.is_empty() {
            self.effects.push(Effect::Settle { places, to });
        }
    }

    pub(super) fn settle_one(&mut self, place: u32, to: DeviceState) {
        if self.slots[place as usize].spot == Spot::Away {
            self.away -= 1;
            self.steps.of(place).tally.away -= 1;
        }
        self.slots[place as usize].spot = Spot::Done;
        let class = (to == DeviceState::Failed).then_some(FailureClass::TimedOut);
        self.set(place, to, class);
        if let Some(sites) = &mut self.sites {
            sites.leave(place, &mut self.slots, &mut self.queues);
        }
    }
}
