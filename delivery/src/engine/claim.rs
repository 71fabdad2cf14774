//! Devices go into hands and come back.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, NONE, Spot};
use super::{Effect, Engine, Moved};
use crate::failure::FailureClass;
use crate::record::DeviceState;
use crate::store::Place;
use crate::strategy::WhenOffline;

impl Engine {
    /// Appends at most `most` devices that may be worked on now. They count as claimed until they are given back or
    /// moved to a state that is not in flight.
    pub(crate) fn claim(&mut self, most: usize, now: UnixNanos, places: &mut Vec<Place>) {
        self.tick(now);
        let full = places.len().saturating_add(most);
        loop {
            let begun = self.begun;
            let mut skipped = Vec::new();
            while places.len() < full && self.may_start() {
                let Some(place) = self.next() else { break };
                if self.enters(place, &mut skipped) {
                    self.take(place);
                    places.push(Place(place));
                }
            }
            if !skipped.is_empty() {
                self.effects.push(Effect::Settle { places: skipped, to: DeviceState::Skipped });
            }
            self.advance();
            if self.begun == begun || places.len() >= full {
                return;
            }
        }
    }

    /// Gives a claimed device back with which nothing was done: it is as before, and the first of its like.
    pub(crate) fn unclaim(&mut self, place: Place) {
        if self.let_go(place.0) {
            self.queues.push_first(place.0, &mut self.slots[place.0 as usize]);
            self.returned(place.0);
        }
    }

    /// What became of a claimed device. Of others, nothing counts: a final state is final.
    pub(crate) fn moved(&mut self, place: Place, to: Moved, now: UnixNanos) {
        self.now = now;
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        if slot.spot != Spot::Hand {
            return;
        }
        slot.set(Flag::Recovered, false);
        if let Moved::Pushing = to {
            slot.set(Flag::Pushed, true);
        }
        let class = if let Moved::Failed(class) = to { Some(class) } else { None };
        self.set(place.0, to.state(), class);
        match to {
            Moved::Pushing | Moved::Verifying => {}
            Moved::Deferred { due } => {
                self.let_go(place.0);
                self.queues.defer(place.0, &mut self.slots[place.0 as usize], due);
                self.returned(place.0);
            }
            Moved::Pending => {
                self.let_go(place.0);
                self.queues.push(place.0, &mut self.slots[place.0 as usize]);
                self.returned(place.0);
            }
            Moved::Succeeded | Moved::Failed(_) | Moved::Skipped | Moved::Cancelled => {
                self.let_go(place.0);
                self.slots[place.0 as usize].spot = Spot::Done;
                self.advance();
            }
        }
    }

    /// A device was heard from: if it was away, it may be claimed.
    pub(crate) fn beat(&mut self, place: Place, now: UnixNanos) {
        self.now = now;
        let Some(slot) = self.slots.get_mut(place.0 as usize) else { return };
        slot.set(Flag::Offline, false);
        if slot.spot == Spot::Away {
            self.queues.push(place.0, slot);
            self.away -= 1;
            self.steps.of(place.0).tally.away -= 1;
        }
    }

    /// Whether devices may be started at all.
    pub(super) fn may_start(&self) -> bool {
        let kept = &self.kept;
        kept.started.is_some() && kept.paused.is_none() && !kept.cancelling && kept.ended.is_none()
    }

    /// Whether all that may be started was looked at.
    pub(super) fn is_idle(&self) -> bool {
        self.queues.is_empty() && self.cursor >= self.begun
    }

    /// A device came back that is not done: unless it may not go on.
    fn returned(&mut self, place: u32) {
        let over = self.zones.as_ref().is_some_and(|zones| zones.is_over(self.slots[place as usize].zone));
        if over && !self.kept.cancelling {
            self.settle_one(place, DeviceState::Failed);
            self.effects.push(Effect::Settle { places: vec![Place(place)], to: DeviceState::Failed });
        }
        self.advance();
    }

    /// The next device that may be started as far as its turn goes.
    fn next(&mut self) -> Option<u32> {
        while let Some(place) = self.queues.pop(&self.slots) {
            if place < self.begun {
                return Some(place);
            }
            // Left over from a phase whose beginning was not kept.
            self.slots[place as usize].spot = Spot::Ahead;
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

    /// Whether a device whose turn has come is started; otherwise it is put where it belongs.
    fn enters(&mut self, place: u32, skipped: &mut Vec<Place>) -> bool {
        let slot = &mut self.slots[place as usize];
        if slot.is(Flag::Offline) && slot.state == DeviceState::Pending {
            match self.offline {
                WhenOffline::Skip => {
                    self.settle_one(place, DeviceState::Skipped);
                    skipped.push(Place(place));
                }
                WhenOffline::Wait => {
                    slot.spot = Spot::Away;
                    self.away += 1;
                    self.steps.of(place).tally.away += 1;
                }
            }
            return false;
        }
        let open = self.zones.as_mut().is_none_or(|zones| zones.enter(place, &mut self.slots));
        let Some(sites) = &mut self.sites else { return open };
        if !open {
            sites.leave(place, &mut self.slots, &mut self.queues);
        }
        open && sites.enter(place, &mut self.slots)
    }

    /// Takes a device into hands.
    fn take(&mut self, place: u32) {
        let slot = &mut self.slots[place as usize];
        slot.spot = Spot::Hand;
        slot.link = index(self.hand.len());
        self.hand.push(place);
    }

    /// Takes a device out of hands, and its turn from it; whether it was there.
    fn let_go(&mut self, place: u32) -> bool {
        let Some(slot) = self.slots.get_mut(place as usize).filter(|slot| slot.spot == Spot::Hand) else {
            return false;
        };
        slot.spot = Spot::Ahead;
        let at = std::mem::replace(&mut slot.link, NONE) as usize;
        self.hand.swap_remove(at);
        if let Some(&moved) = self.hand.get(at) {
            self.slots[moved as usize].link = index(at);
        }
        if let Some(sites) = &mut self.sites {
            sites.leave(place, &mut self.slots, &mut self.queues);
        }
        true
    }

    /// Sets the state of a device, and counts.
    pub(super) fn set(&mut self, place: u32, to: DeviceState, class: Option<FailureClass>) {
        let slot = &mut self.slots[place as usize];
        let tally = &mut self.steps.of(place).tally;
        self.counts.shift(slot.state, to);
        tally.shift(slot.state, to);
        slot.state = to;
        if slot.class != class {
            tally.reclass(slot.class, class);
            slot.class = class;
        }
    }
}

/// Fewer than 2³² are in hands: each has a place.
fn index(among: usize) -> u32 {
    u32::try_from(among).unwrap_or(NONE)
}
