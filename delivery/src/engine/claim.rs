//! Devices go into hands and come back.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, NONE, Spot};
use super::{Effect, Engine, Moved};
use crate::record::DeviceState;
use crate::store::Place;
use crate::strategy::WhenOffline;

impl Engine {
    /// Appends at most `most` devices that may be worked on now. They count as claimed until they are given back or
    /// moved to a state that is not in flight.
    pub(crate) fn claim(&mut self, most: usize, now: UnixNanos, places: &mut Vec<Place>) {
        self.tick(now);
        let full = places.len().saturating_add(most);
        let mut skipped = Vec::new();
        while places.len() < full && self.may_start() {
            let Some(place) = self.next() else { break };
            if self.stays(place, &mut skipped) {
                continue;
            }
            self.take(place);
            places.push(Place(place));
        }
        if !skipped.is_empty() {
            self.effects.push(Effect::Settle { places: skipped, to: DeviceState::Skipped });
            self.advance();
        }
    }

    /// Gives a claimed device back with which nothing was done: it is as before, and the first of its like.
    pub(crate) fn unclaim(&mut self, place: Place) {
        if self.let_go(place.0) {
            self.queues.push_first(place.0, &mut self.slots[place.0 as usize]);
            self.advance();
        }
    }

    /// A device goes from one state to another. A final state is final: what comes later is not counted. Of a device
    /// that was not claimed only a final state counts.
    pub(crate) fn moved(&mut self, place: Place, to: Moved, now: UnixNanos) {
        self.now = now;
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        let state = to.state();
        if slot.spot == Spot::Done || (slot.spot != Spot::Hand && !state.is_final()) {
            return;
        }
        self.counts.shift(slot.state, state);
        slot.state = state;
        slot.set(Flag::Recovered, false);
        if let Moved::Pushing = to {
            slot.set(Flag::Pushed, true);
        }
        if matches!(to, Moved::Pushing | Moved::Verifying) {
            return;
        }
        if !self.let_go(place.0) && self.slots[place.0 as usize].spot == Spot::Away {
            self.away -= 1;
        }
        let slot = &mut self.slots[place.0 as usize];
        match to {
            Moved::Deferred { due } => self.queues.defer(place.0, slot, due),
            Moved::Pending => self.queues.push(place.0, slot),
            _ => {
                slot.spot = Spot::Done;
                slot.class = if let Moved::Failed(class) = to { Some(class) } else { None };
            }
        }
        self.advance();
    }

    /// A device was heard from: if it was away, it may be claimed.
    pub(crate) fn beat(&mut self, place: Place, now: UnixNanos) {
        self.now = now;
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        slot.set(Flag::Offline, false);
        if slot.spot == Spot::Away {
            self.away -= 1;
            self.queues.push(place.0, slot);
        }
    }

    /// Whether devices may be started at all.
    pub(super) fn may_start(&self) -> bool {
        self.kept.started && self.kept.paused.is_none() && self.kept.ending.is_none() && self.kept.ended.is_none()
    }

    /// The next device that may be started as far as its turn goes.
    fn next(&mut self) -> Option<u32> {
        if let Some(place) = self.queues.pop(&self.slots) {
            return Some(place);
        }
        while self.cursor < self.begun {
            let place = self.cursor;
            self.cursor += 1;
            if self.slots[place as usize].spot == Spot::Ahead {
                return Some(place);
            }
        }
        None
    }

    /// Whether a device is not started although its turn has come; it is put where it belongs.
    fn stays(&mut self, place: u32, skipped: &mut Vec<Place>) -> bool {
        let slot = &mut self.slots[place as usize];
        if slot.is(Flag::Offline) && slot.state == DeviceState::Pending {
            match self.offline {
                WhenOffline::Skip => {
                    self.counts.shift(slot.state, DeviceState::Skipped);
                    slot.state = DeviceState::Skipped;
                    slot.spot = Spot::Done;
                    skipped.push(Place(place));
                }
                WhenOffline::Wait => {
                    slot.spot = Spot::Away;
                    self.away += 1;
                }
            }
            return true;
        }
        false
    }

    /// Takes a device into hands.
    fn take(&mut self, place: u32) {
        let slot = &mut self.slots[place as usize];
        slot.spot = Spot::Hand;
        slot.link = u32::try_from(self.hand.len()).unwrap_or(NONE);
        self.hand.push(place);
    }

    /// Takes a device out of hands; whether it was there.
    fn let_go(&mut self, place: u32) -> bool {
        let Some(slot) = self.slots.get(place as usize).filter(|slot| slot.spot == Spot::Hand) else { return false };
        let index = slot.link as usize;
        self.hand.swap_remove(index);
        if let Some(&moved) = self.hand.get(index) {
            self.slots[moved as usize].link = slot_index(index);
        }
        self.slots[place as usize].link = NONE;
        self.slots[place as usize].spot = Spot::Ahead;
        true
    }
}

fn slot_index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}
