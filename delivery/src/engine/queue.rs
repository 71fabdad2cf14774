//! Who is next: those in flight when the last driver stopped, those whose deferral is over, those that had to wait.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use steadfast_clock::UnixNanos;

use super::slot::Flag;
use super::slot::{Slot, Spot};
use crate::record::DeviceState;

/// The queues. An entry counts only while its device's spot says so; others are dropped when they are met.
#[derive(Debug, Default)]
pub(super) struct Queues {
    /// In flight when the last driver stopped, by place.
    recovered: VecDeque<u32>,
    /// Their deferral is over, by when it was.
    due: VecDeque<u32>,
    /// Those that had to wait and need not any more, by place.
    ready: BinaryHeap<Reverse<u32>>,
    /// By when they may be called again, then by place; and which deferral of the device it is.
    deferred: BinaryHeap<Reverse<(UnixNanos, u32, u16)>>,
}

impl Queues {
    /// Queues a device behind its like.
    pub(super) fn push(&mut self, place: u32, slot: &mut Slot) {
        slot.spot = Spot::Queued;
        if slot.is(Flag::Recovered) {
            self.recovered.push_back(place);
        } else if slot.state == DeviceState::Deferred {
            self.due.push_back(place);
        } else {
            self.ready.push(Reverse(place));
        }
    }

    /// Queues a device before its like.
    pub(super) fn push_first(&mut self, place: u32, slot: &mut Slot) {
        slot.spot = Spot::Queued;
        if slot.is(Flag::Recovered) {
            self.recovered.push_front(place);
        } else if slot.state == DeviceState::Deferred {
            self.due.push_front(place);
        } else {
            self.ready.push(Reverse(place));
        }
    }

    /// Takes out the next device.
    pub(super) fn pop(&mut self, slots: &[Slot]) -> Option<u32> {
        let queued = |place: &u32| slots[*place as usize].spot == Spot::Queued;
        loop {
            let place = self.recovered.pop_front().or_else(|| self.due.pop_front());
            let place = place.or_else(|| self.ready.pop().map(|Reverse(place)| place))?;
            if queued(&place) {
                return Some(place);
            }
        }
    }

    /// Leaves a device alone until then.
    pub(super) fn defer(&mut self, place: u32, slot: &mut Slot, due: UnixNanos) {
        slot.spot = Spot::Deferred;
        slot.deferral = slot.deferral.wrapping_add(1);
        self.deferred.push(Reverse((due, place, slot.deferral)));
    }

    /// Queues those whose deferral is over.
    pub(super) fn wake(&mut self, now: UnixNanos, slots: &mut [Slot]) {
        while let Some(&Reverse((due, place, deferral))) = self.deferred.peek() {
            let slot = &mut slots[place as usize];
            let stale = slot.spot != Spot::Deferred || slot.deferral != deferral;
            if due > now && !stale {
                return;
            }
            self.deferred.pop();
            if !stale {
                self.push(place, slot);
            }
        }
    }

    /// When the first of the deferred may be called again.
    pub(super) fn due(&self) -> Option<UnixNanos> {
        self.deferred.peek().map(|&Reverse((due, ..))| due)
    }

    /// Whether none can be taken out. Devices that left their queue otherwise may count.
    pub(super) fn is_empty(&self) -> bool {
        self.recovered.is_empty() && self.due.is_empty() && self.ready.is_empty()
    }
}
