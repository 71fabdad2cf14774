//! Devices go into hands and come back.

use steadfast_clock::UnixNanos;

use super::slot::{Flag, NONE, Slot, Spot};
use super::state::Stage;
use super::{Effect, Engine, Facts, MOST, Moved, Zone};
use crate::error::{Error, ErrorKind};
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

    /// Whether devices may be started at all.
    pub(super) fn may_start(&self) -> bool {
        let kept = &self.kept;
        kept.started.is_some() && kept.paused.is_none() && !kept.cancelling && kept.ended.is_none()
    }

    /// Whether all that may be started was looked at.
    pub(super) fn is_idle(&self) -> bool {
        self.queues.is_empty() && self.cursor >= self.begun
    }

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

    fn settle_one(&mut self, place: u32, to: DeviceState) {
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
