//! A line of devices that wait for the same thing. It lives in the slots: it costs nothing for each device.

use super::slot::{NONE, Slot};

/// A line. A device is in one at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    head: u32,
    tail: u32,
}

impl Line {
    /// Nobody.
    pub(super) const EMPTY: Self = Self { head: NONE, tail: NONE };

    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }

    /// Adds a device at the end.
    pub(super) fn push(&mut self, place: u32, slots: &mut [Slot]) {
        slots[place as usize].link = NONE;
        if self.head == NONE {
            self.head = place;
        } else {
            slots[self.tail as usize].link = place;
        }
        self.tail = place;
    }

    /// Takes out the first device.
    pub(super) fn pop(&mut self, slots: &mut [Slot]) -> Option<u32> {
        if self.head == NONE {
            return None;
        }
        let place = self.head;
        self.head = std::mem::replace(&mut slots[place as usize].link, NONE);
        Some(place)
    }
}
